"""What is found in a picture: boxes (Detection) and faces (Landmarks), in the pixels of that picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .layout import ACROSS, DOWN, OUTER_EYES


@dataclass(frozen=True)
class Detection:
    """A face as the detector sees it, in pixels: x to the right, y down, (0, 0) the picture's top left corner."""

    box: tuple[float, float, float, float]  # left, top, right, bottom; may reach beyond the picture
    score: float  # 0..1
    points: (
        np.ndarray
    )  # (6, 2) float32: right eye, left eye, nose tip, mouth, right and left ear (the person's own)

    @property
    def size(self) -> float:
        """The box's area in square pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


@dataclass(frozen=True)
class Landmarks:
    """One face, in pixels: x to the right, y down, (0, 0) the picture's top left corner.

    The numbers are MediaPipe's. The first pixel's middle is (0.5, 0.5) to within half a pixel of the network's
    crop: 0.3 pixels where the eyes are 60 apart (docs/landmarker.md).
    """

    points: (
        np.ndarray
    )  # (478, 2) float32 pixels, MediaPipe's order: 468 of the surface, then 5 + 5 of the irises
    depth: np.ndarray  # (478,) float32 in the same pixels: MediaPipe's z, smaller is nearer the camera
    scores: np.ndarray  # (52,) float32, 0..1, columns as records.ARKIT_NAMES; tongueOut has no score and is 0
    presence: float  # 0..1: how sure the mesh network is that its crop shows a face
    box: tuple[float, float, float, float]  # left, top, right, bottom of the points

    @property
    def eye_distance(self) -> float:
        """Pixels between the outer corners of the eyes."""
        return float(np.linalg.norm(self._eye_line))

    @property
    def roll(self) -> float:
        """Radians from the picture's horizontal to the eye line; above 0 the face leans to the right (clockwise)."""
        across, down = self._eye_line
        return float(np.arctan2(down, across))

    @property
    def turn(self) -> int:
        """Quarter turns 0..3 after which ``np.rot90(image, turn)`` shows this face upright to within 45 degrees."""
        return int(np.rint(self.roll / (np.pi / 2))) % 4

    @property
    def size(self) -> float:
        """The box's area in square pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)

    @property
    def yaw(self) -> float:
        """Radians the face is turned to its own left, from the landmarks' depth; within 6 degrees up to 60."""
        across, _, away = self._upright_step(*ACROSS)
        return float(np.arctan2(away, across))

    @property
    def pitch(self) -> float:
        """Radians the face is nodded down, from the landmarks' depth; 0 is a forehead right above the chin."""
        _, down, away = self._upright_step(*DOWN)
        return float(-np.arctan2(away, down))

    def _upright_step(self, start: list[int], end: list[int]) -> np.ndarray:
        """(3,) mean way between landmarks: along the eye line, down from it, away from the camera; pixels."""
        across, down = (self.points[end] - self.points[start]).mean(axis=0)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        away = (self.depth[end] - self.depth[start]).mean()
        return np.array([cos * across + sin * down, cos * down - sin * across, away])

    @property
    def _eye_line(self) -> np.ndarray:
        right, left = OUTER_EYES
        return self.points[left] - self.points[right]


@dataclass(frozen=True)
class Appearance:
    """How a face looks to the mesh network: its crop, and two of the network's inner images."""

    crop: np.ndarray  # (96, 96, 3) uint8, level with the eyes
    fine: np.ndarray  # (128, 8, 8) float32
    coarse: np.ndarray  # (128, 4, 4) float32
