"""A picture -> the faces in it. The three networks of Google's Face Landmarker, run by onnxruntime on the CPU.

The way is MediaPipe's: detector on the whole picture -> crop level with the eyes -> mesh -> scores, and for a video
the crop from the landmarks before. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs" (2019); Grishchenko et al., "Blendshapes GHUM" (2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import BadInput
from ...files import asset
from .crop import Region, around_box, around_points, cut, letterbox
from .detect import SIDE, detections
from .layout import COUNT, SCORE_CHANNELS, SCORED
from .records import Detection, Landmarks

if TYPE_CHECKING:
    import onnxruntime

MESH_SIDE = 256  # pixels of the mesh network's input
PRESENT = 0.5  # least presence of a face


class Landmarker:
    """Loads the networks once; then answers for one picture at a time. May be used from several threads."""

    def __init__(self, threads: int = 2) -> None:
        """``threads``: how many onnxruntime may use. Raises NotReady when a network is missing."""
        self._detector = _session("face_detector.onnx", threads)
        self._mesh = _session("face_mesh.onnx", threads)
        self._scores = _session("face_scores.onnx", 1)

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        """Faces that stand out in the whole of ``image`` (H, W, 3) uint8 RGB, surest first."""
        _check(image)
        return self._detect_in(image, letterbox(image.shape[1], image.shape[0]))

    def faces(self, image: np.ndarray, most: int = 1) -> tuple[Landmarks, ...]:
        """At most ``most`` faces in ``image`` (H, W, 3) uint8 RGB, largest first."""
        found = []
        for detection in sorted(self.detect(image), key=lambda d: -d.size):
            face = self._read(image, around_box(detection.box, detection.points[0], detection.points[1]))
            if face is not None:
                found.append(face)
            if len(found) == most:
                break
        return tuple(sorted(found, key=lambda face: -face.size))

    def follow(self, image: np.ndarray, previous: Landmarks) -> Landmarks | None:
        """The face of the picture before in the next one, or None when it is not there any more.

        Given the same picture again, this refines ``previous``: its crop is centred better than the detector's.
        """
        _check(image)
        return self._read(image, around_points(previous.points))

    def _detect_in(self, image: np.ndarray, region: Region) -> tuple[Detection, ...]:
        pixels = cut(image, region, SIDE, repeat_edge=False) / 127.5 - 1
        raw, logits = self._detector.run(["boxes", "scores"], {"image": pixels[None].astype(np.float32)})
        return detections(np.asarray(raw)[0], np.asarray(logits)[0, :, 0], region)

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


def _session(name: str, threads: int) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(asset(name)), options, providers=["CPUExecutionProvider"])


def _check(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise BadInput(f"the picture is {image.dtype} {image.shape}; expected uint8 (height, width, 3), RGB")
