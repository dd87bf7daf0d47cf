"""How one picture sees a head: a pinhole camera, where the head stands before it, and its expression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .head import Head

TO_PICTURE = np.array([1.0, -1.0, -1.0])  # our axes (+Y up, +Z to the viewer) to a picture's (down, away)


@dataclass(frozen=True)
class View:
    """One picture's camera and face. A head's point p is seen at ``project(p)``."""

    size: tuple[int, int]  # pixels, width and height of the upright picture
    focal: float  # pixels
    rotation: (
        np.ndarray
    )  # (3, 3) float64, the head's axes to the camera's (+X right in the picture, +Y up, +Z back)
    translation: np.ndarray  # (3,) float64 metres, the head's origin in the camera's axes; z < 0 is in front
    expression: np.ndarray  # (52,) float32, ARKit weights

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the head, metres, in the camera's axes."""
        return points @ self.rotation.T + self.translation

    def project(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the head, metres, to (N, 2) pixels, origin at the picture's top left."""
        seen = self.place(points) * TO_PICTURE
        centre = np.array(self.size) / 2
        return centre + self.focal * seen[:, :2] / seen[:, 2:]

    def directions(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) unit vectors, in the head's axes, from its points (N, 3) towards the camera."""
        eye = -self.rotation.T @ self.translation
        away = eye - points
        return away / np.linalg.norm(away, axis=1, keepdims=True)

    def shape(self, head: Head) -> np.ndarray:
        """Vertices (V, 3) metres of ``head`` with this picture's expression, in the head's own axes."""
        return head.shape(self.expression)

    def upright(self) -> np.ndarray:
        """(2, 2): turns vectors of the picture so that the face in them stands upright."""
        down = -self.rotation[:2, 1] * [1, -1]
        down = down / max(float(np.linalg.norm(down)), 1e-6)
        return np.array([[down[1], -down[0]], [down[0], down[1]]])

    def turned(self) -> np.ndarray:
        """(2,) radians: the head's yaw and pitch before the camera, as ``rotation_matrix`` counts them."""
        yaw = np.arctan2(self.rotation[0, 2], self.rotation[2, 2])
        return np.array([yaw, -np.arcsin(np.clip(self.rotation[1, 2], -1, 1))])
