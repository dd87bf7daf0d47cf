"""A picture -> the faces in it. The three networks of Google's Face Landmarker, run by onnxruntime on the CPU.

The way is MediaPipe's: detector on the whole picture -> crop level with the eyes -> mesh -> scores, and for a video
the crop from the landmarks before. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs" (2019); Grishchenko et al., "Blendshapes GHUM" (2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import BadInput
from ...files import asset
from ...networks import open_network
from .crop import Region, around_box, around_points, cut, letterbox
from .detect import ENOUGH, SIDE, detections
from .layout import COUNT, SCORE_CHANNELS, SCORED
from .records import Appearance, Detection, Landmarks
from .search import (
    SURE,
    SURER,
    TURNS,
    UPRIGHT,
    distinct,
    looks,
    scaled,
    scaled_back,
    shrink,
    shrink_times,
    turned,
)

MESH_SIDE = 256  # pixels of the mesh network's input
PRESENT = 0.5  # least presence of a face
CROP_SIDE = 96  # pixels of the crop in an Appearance


class Landmarker:
    """Loads the networks once; then answers for one picture at a time. May be used from several threads."""

    def __init__(self, threads: int = 2) -> None:
        """``threads``: how many onnxruntime may use. Raises NotReady when a network is missing."""
        self._detector = open_network(asset("face_detector.onnx"), threads)
        self._mesh = open_network(asset("face_mesh.onnx"), threads)
        self._scores = open_network(asset("face_scores.onnx"), 1)

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        """Faces that stand out in the whole of ``image`` (H, W, 3) uint8 RGB, surest first."""
        _check(image)
        return self._detect_in(image, letterbox(image.shape[1], image.shape[0]))

    def faces(self, image: np.ndarray, most: int = 1) -> tuple[Landmarks, ...]:
        """At most ``most`` faces in ``image`` (H, W, 3) uint8 RGB, largest first.

        An upright face that MediaPipe finds is given as MediaPipe gives it. When there is nothing, the picture is searched: from
        further off, turned by quarters, and in tiles. ``Landmarks.turn`` says how a turned face becomes upright.
        """
        found = self._read_all(image, self._best_way_up(image, self.detect(image)), most)
        if found:
            return found
        shrunk: dict[int, np.ndarray] = {}
        for regions in looks(image.shape[1], image.shape[0]):
            seen = [detection for region in regions for detection in self._look(image, region, shrunk)]
            seen = distinct(sorted(seen, key=lambda d: -d.score))
            found = self._read_all(image, seen, most, refine=True)
            if found:
                return found
        return ()

    def follow(self, image: np.ndarray, previous: Landmarks) -> Landmarks | None:
        """The face of the picture before in the next one, or None when it is not there any more.

        Given the same picture again, this refines ``previous``: its crop is centred better than the detector's.
        """
        _check(image)
        return self._read(image, around_points(previous.points))

    def appearance(self, image: np.ndarray, face: Landmarks) -> Appearance:
        """How ``face`` of ``image`` (H, W, 3) uint8 RGB looks to the mesh network."""
        from PIL import Image

        _check(image)
        pixels = cut(image, around_points(face.points), MESH_SIDE, repeat_edge=True)
        fine, coarse = self._mesh.run(
            ["features_8", "features_4"], {"image": (pixels / 255)[None].astype(np.float32)}
        )
        small = Image.fromarray(pixels.astype(np.uint8)).resize((CROP_SIDE, CROP_SIDE), Image.Resampling.BOX)
        return Appearance(np.asarray(small), np.asarray(fine)[0], np.asarray(coarse)[0])

    def _detect_in(self, image: np.ndarray, region: Region, least: float = ENOUGH) -> tuple[Detection, ...]:
        pixels = cut(image, region, SIDE, repeat_edge=False) / 127.5 - 1
        raw, logits = self._detector.run(["boxes", "scores"], {"image": pixels[None].astype(np.float32)})
        return detections(np.asarray(raw)[0], np.asarray(logits)[0, :, 0], region, least)

    def _best_way_up(self, image: np.ndarray, seen: tuple[Detection, ...]) -> tuple[Detection, ...]:
        """``seen``, or what a turned picture shows when the detector is surer of that.

        A face upside down or on its side is often taken for a face as it is, with landmarks that are wrong; but not
        with the certainty of an upright one.
        """
        if not seen or seen[0].score >= UPRIGHT:
            return seen
        whole = letterbox(image.shape[1], image.shape[0])
        for turn in TURNS:
            other = self._detect_in(image, turned(whole, turn))
            if other and other[0].score > seen[0].score + SURER:
                seen = other
        return seen

    def _look(self, image: np.ndarray, region: Region, shrunk: dict[int, np.ndarray]) -> list[Detection]:
        """Detections in ``region`` of the picture, shrunk first so that fine patterns do not disturb."""
        times = shrink_times(region, image)
        if times not in shrunk:
            shrunk[times] = shrink(image, times)
        return [
            scaled_back(detection, times)
            for detection in self._detect_in(shrunk[times], scaled(region, 1 / times), SURE)
        ]

    def _read_all(
        self, image: np.ndarray, seen: Sequence[Detection], most: int, refine: bool = False
    ) -> tuple[Landmarks, ...]:
        """The faces behind detections, largest first; ``refine`` reads each once more from a better crop."""
        found: list[Landmarks] = []
        for detection in sorted(seen, key=lambda d: -d.size):
            face = self._read(image, around_box(detection.box, detection.points[0], detection.points[1]))
            if face is not None and (refine or face.turn):
                # The detector's box of a turned face lies badly: its crop is centred by the landmarks instead.
                face = self.follow(image, face)
            if face is not None:
                found = distinct([*found, face])
            if len(found) >= most:
                break
        return tuple(sorted(found, key=lambda face: -face.size))

    def _read(self, image: np.ndarray, region: Region) -> Landmarks | None:
        """The face in ``region``, or None when the mesh network sees none there."""
        pixels = cut(image, region, MESH_SIDE, repeat_edge=True) / 255
        raw, flag = self._mesh.run(["landmarks", "presence"], {"image": pixels[None].astype(np.float32)})
        presence = float(1 / (1 + np.exp(-np.asarray(flag).item())))
        if presence < PRESENT:
            return None
        shares = np.asarray(raw).reshape(COUNT, 3) / MESH_SIDE
        points = region.to_picture(shares[:, :2]).astype(np.float32)
        depth = shares[:, 2] * np.float32(region.size[0])
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        face = Landmarks(points, depth, np.zeros(52, np.float32), presence, (left, top, right, bottom))
        return Landmarks(points, depth, self._score(face), presence, face.box)

    def _score(self, face: Landmarks) -> np.ndarray:
        """(52,) expression scores; a face that lies on its side is turned by quarters first."""
        quarter = np.linalg.matrix_power(np.array([[0, -1], [1, 0]], np.float32), face.turn)
        (output,) = self._scores.run(["scores"], {"points": (face.points[SCORED] @ quarter)[None]})
        scores = np.zeros(52, np.float32)
        scores[SCORE_CHANNELS] = np.asarray(output)[1:]
        return scores


def _check(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise BadInput(f"the picture is {image.dtype} {image.shape}; expected uint8 (height, width, 3), RGB")
