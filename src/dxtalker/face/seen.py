"""What the landmarker saw of one face in every picture of a video: followed once, cut and fitted as often as wanted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import BadInput
from .fit import Observation
from .landmarks import OUTER_EYES, Landmarker, Landmarks

SMALLEST = 24.0  # pixels between the outer eye corners: a smaller face is none
STEP = 1 / 16  # pixels: landmarks are kept as int16 in such steps


@dataclass
class Seen:
    """One face through T pictures of one size; 6 kB a picture."""

    size: tuple[int, int]  # pixels, width and height
    present: np.ndarray  # (T,) bool
    points: np.ndarray  # (P, 478, 3) int16, x, y, depth in STEPs, of the frames with a face
    scores: np.ndarray  # (P, 52) float32
    pose: np.ndarray  # (P, 2) float32 radians, yaw and pitch by the landmarks' depth
    place: np.ndarray = field(init=False)  # (T,) which of the P

    def __post_init__(self) -> None:
        self.place = np.cumsum(self.present) - 1

    def __len__(self) -> int:
        return len(self.present)

    def cut(self, first: int, stop: int) -> Seen:
        """Frames ``first`` up to, not including, ``stop``."""
        kept = slice(int(self.present[:first].sum()), int(self.present[:stop].sum()))
        return Seen(
            self.size, self.present[first:stop], self.points[kept], self.scores[kept], self.pose[kept]
        )

    def observation(self, frame: int) -> Observation:
        """What the fit needs of a frame with a face."""
        marks = self.points[self.place[frame]] * STEP
        return Observation(marks[:, :2], marks[:, 2], self.scores[self.place[frame]], self.size)

    @property
    def eye_distance(self) -> np.ndarray:
        """(T,) float32 pixels between the outer eye corners; NaN where there is no face."""
        right, left = (self.points[:, i, :2] * STEP for i in OUTER_EYES)
        return self.spread(np.linalg.norm(right - left, axis=1))

    def landmarks(self) -> np.ndarray:
        """(T, 478, 3) float32 pixels; NaN where there is no face."""
        return self.spread(self.points * STEP)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(P, ...) of the frames with a face -> (T, ...) float32 of all frames; NaN where there is no face."""
        full = np.full((len(self.present), *values.shape[1:]), np.nan, np.float32)
        full[self.present] = values
        return full


class Watch:
    """Follows the largest face picture by picture; one that is lost is looked for anew."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker
        self._size: tuple[int, int] | None = None
        self._face: Landmarks | None = None
        self._present: list[bool] = []
        self._points: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []
        self._pose: list[tuple[float, float]] = []

    def see(self, frame: np.ndarray, anew: bool = False, search: bool = True) -> Landmarks | None:
        """The face in the next picture (H, W, 3) uint8 RGB, or None.

        ``anew`` does not follow the face before: another shot begins here. Without ``search`` a face that is not
        followed is passed over, which saves the time of looking closely. Raises BadInput for a picture of another size.
        """
        shape = (frame.shape[1], frame.shape[0])
        if self._size not in (None, shape):
            width, height = self._size or shape
            raise BadInput(
                f"frame {len(self._present)} is {shape[0]}x{shape[1]} pixels, the ones before {width}x{height}"
            )
        self._size = shape
        face = self._landmarker.follow(frame, self._face) if self._face is not None and not anew else None
        if face is None and search and (found := self._landmarker.faces(frame)):
            # Once more from a crop that the landmarks centre: what following gives.
            face = self._landmarker.follow(frame, found[0]) or found[0]
        if face is not None and face.eye_distance < SMALLEST * max(np.cos(face.yaw), 0.3):
            face = None
        self._face = face
        self._present.append(face is not None)
        if face is not None:
            marks = np.column_stack([face.points, face.depth]) / STEP
            self._points.append(np.clip(np.rint(marks), -32768, 32767).astype(np.int16))
            self._scores.append(face.scores)
            self._pose.append((face.yaw, face.pitch))
        return face

    def seen(self) -> Seen:
        """All pictures so far."""
        return Seen(
            self._size or (0, 0),
            np.array(self._present, bool),
            np.array(self._points, np.int16).reshape(-1, 478, 3),
            np.array(self._scores, np.float32).reshape(-1, 52),
            np.array(self._pose, np.float32).reshape(-1, 2),
        )
