"""Lips that just touch at rest, and shapes that do not push one lip through the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bake.anatomy import LIP_PAIRS, Anatomy
from dxtalker.records import ARKIT_INDEX

REACH = 0.012  # metres from the seam at which a correction has died out
FRIENDLY = 0.08  # share of a smile in the resting face: the plain average looks stern
# Shape -> (deepest crossing left at weight 1 in metres, the upper lip's share of the correction).
# A pressed lip yields, so a little crossing stays; a shrugging lower lip lifts the upper one.
LIMITS = {
    "mouthSmileLeft": (0.0, 0.5),
    "mouthSmileRight": (0.0, 0.5),
    "mouthPucker": (0.0005, 0.5),
    "mouthPressLeft": (0.0004, 0.5),
    "mouthPressRight": (0.0004, 0.5),
    "mouthFunnel": (0.0008, 0.5),
    "mouthRollLower": (0.0010, 0.7),
    "mouthShrugLower": (0.0006, 1.0),
}


@dataclass(frozen=True)
class Seam:
    """The line where the lips meet, over the signed x of its pairs, and how each point belongs to it."""

    upper: np.ndarray  # (K,) source points in order of x
    lower: np.ndarray  # (K,)
    x: np.ndarray  # (N,) metres, of every source point
    up: np.ndarray  # (N,) 0..1: how much a point moves with the upper lip's edge
    down: np.ndarray  # (N,) 0..1: with the lower lip's edge

    def gap(self, values: np.ndarray) -> np.ndarray:
        """(K,) vertical distance between the pairs."""
        return values[self.upper, 1] - values[self.lower, 1]

    def widen(self, values: np.ndarray, amount: np.ndarray, share: float) -> None:
        """Add ``amount`` (K,) to the gap, in place; the upper lip takes ``share`` of it."""
        at = self.x[self.lower]
        ends = np.array([1.15 * at[0], *at, 1.15 * at[-1]])
        along = np.interp(self.x, ends, [0, *amount, 0])
        values[:, 1] += along * (share * self.up - (1 - share) * self.down)


def lip_pairs(anatomy: Anatomy) -> list[tuple[int, int]]:
    """Facing source points, upper and lower: the middle, then outwards, left and right in turn."""
    pairs = [LIP_PAIRS[0]]
    for upper, lower in LIP_PAIRS[1:]:
        pairs += [(upper, lower), (int(anatomy.mirror[upper]), int(anatomy.mirror[lower]))]
    return pairs


def find_seam(anatomy: Anatomy) -> Seam:
    points = anatomy.points
    pairs = np.array(sorted(lip_pairs(anatomy), key=lambda pair: points[pair[1], 0]))
    middle = points[pairs].mean(1)
    x = points[:, 0]
    y, z = (np.interp(x, middle[:, 0], middle[:, axis]) for axis in (1, 2))
    beyond = np.maximum(np.abs(x) - middle[-1, 0], 0)
    away = np.linalg.norm(np.column_stack([beyond, points[:, 1] - y, points[:, 2] - z]), axis=1)
    near = np.clip(1 - away / REACH, 0, 1)
    near = near * near * (3 - 2 * near)
    # An opening jaw tells the lower lip from the upper one.
    drop = anatomy.deltas[ARKIT_INDEX["jawOpen"]][:, 1]
    high, low = (np.interp(x, middle[:, 0], drop[pairs[:, k]]) for k in (0, 1))
    lower = np.clip((drop - high) / np.minimum(low - high, -1e-4), 0, 1)
    return Seam(pairs[:, 0], pairs[:, 1], x, near * (1 - lower), near * lower)


def settle_lips(anatomy: Anatomy) -> Anatomy:
    """Close the rest pose's slit, limit each shape's crossing, lift the corners of the mouth a little."""
    seam = find_seam(anatomy)
    points, deltas = anatomy.points.copy(), anatomy.deltas.copy()
    for _ in range(4):
        seam.widen(points, -seam.gap(points), 0.5)
    for name, (crossing, share) in LIMITS.items():
        delta = deltas[ARKIT_INDEX[name]]
        for _ in range(4):
            seam.widen(delta, np.maximum(-seam.gap(delta) - crossing, 0), share)
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        points += FRIENDLY * deltas[ARKIT_INDEX[name]]
    return replace(anatomy, points=points, deltas=deltas)
