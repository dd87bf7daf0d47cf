"""Points laid on other points by turning, scaling and moving them (Umeyama 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + shift."""

    scale: float
    rotation: np.ndarray  # (3, 3) float64
    shift: np.ndarray  # (3,) float64

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) of points (N, 3)."""
        return self.scale * points @ self.rotation.T + self.shift


def similarity(points: np.ndarray, target: np.ndarray) -> Similarity:
    """What lays ``points`` (N, 3) nearest to ``target`` (N, 3), in the sense of least squares."""
    centre, middle = points.mean(axis=0), target.mean(axis=0)
    a, b = points - centre, target - middle
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ flip @ vt
    scale = float((s * np.diag(flip)).sum() / (a**2).sum())
    return Similarity(scale, rotation, middle - scale * rotation @ centre)
