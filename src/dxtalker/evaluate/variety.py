"""How takes differ from each other, and how a model's motion as a whole differs from people's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .regions import Regions


@dataclass(frozen=True)
class Spread:
    """Standard deviation across takes of one clip, averaged over frames; ``takes`` 2 or more."""

    lips_mm: float  # of the opening
    brows_mm: float  # of the brows' mean height
    lids_mm: float  # of the gap between the lids
    head_deg: float  # of the head's rotation, length over its three angles

    @staticmethod
    def mean(parts: Sequence[Spread], frames: Sequence[int]) -> Spread:
        """Of clips, weighted by their frames."""
        rows = [[p.lips_mm, p.brows_mm, p.lids_mm, p.head_deg] for p in parts]
        return Spread(*(float(x) for x in np.average(rows, axis=0, weights=frames)))


def spread(curves: Sequence[np.ndarray], rotations: Sequence[np.ndarray], where: Regions) -> Spread:
    """Of takes of one clip: curves (T, 52) and head rotation (T, 3) radians of each.

    Diversity as the deviation between samples of one sound, as in ProbTalk3D (2024), but region by region: lips should agree.
    """
    stacked, turned = np.stack(curves), np.degrees(np.stack(rotations))

    def gauge(shape: np.ndarray) -> float:
        return float((stacked @ shape).std(axis=0, ddof=1).mean())

    return Spread(
        lips_mm=gauge(where.lip_gap),
        brows_mm=gauge(where.brow_height),
        lids_mm=gauge(where.lid_gap),
        head_deg=float(np.linalg.norm(turned.std(axis=0, ddof=1), axis=1).mean()),
    )


@dataclass(frozen=True)
class Moments:
    """Of frames as points: enough for a Gaussian, and added up clip by clip."""

    count: int
    total: np.ndarray  # (C,) float64
    outer: np.ndarray  # (C, C) float64

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.count + other.count, self.total + other.total, self.outer + other.outer)

    @staticmethod
    def of(frames: np.ndarray) -> Moments:
        """Of (T, C)."""
        points = frames.astype(np.float64)
        return Moments(len(points), points.sum(axis=0), points.T @ points)

    def gaussian(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean (C,) and covariance (C, C)."""
        mean = self.total / self.count
        return mean, self.outer / self.count - np.outer(mean, mean)


def frechet(one: Moments, other: Moments) -> float:
    """Fréchet distance of two Gaussians, in the square of the points' unit (Dowson and Landau, 1982).

    |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½). DualTalk (2025) and TIMAR use it on motion parameters; it depends on their
    scale, so ours are millimetres that each curve moves the face, or degrees.
    """
    (m1, s1), (m2, s2) = one.gaussian(), other.gaussian()
    values, vectors = np.linalg.eigh(s1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ s2 @ root), 0)).sum()
    return float(max(((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * mixed, 0.0))
