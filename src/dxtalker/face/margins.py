"""Where two edges of skin meet, the lips and the lids: how far apart they are, and how to move them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Margin:
    """Two facing edges and the skin that moves with them. Indices name vertices of one head."""

    upper: np.ndarray  # (K,) int32, the upper edge from the head's right to its left
    lower: np.ndarray  # (K, 2) int32, the two vertices of the lower edge that each upper one stands between
    mix: np.ndarray  # (K,) float32, share of the second of the two
    near: np.ndarray  # (N,) int32, the skin around
    at: np.ndarray  # (N,) float32, 0..K-1: where each of them stands along the edge
    up: np.ndarray  # (N,) float32 0..1: how far it moves with the upper edge
    down: np.ndarray  # (N,) float32 0..1: and with the lower edge

    def below(self, values: np.ndarray) -> np.ndarray:
        """(..., K, 3): ``values`` (..., V, 3) on the lower edge, facing the upper one's vertices."""
        first, second = values[..., self.lower[:, 0], :], values[..., self.lower[:, 1], :]
        return first + self.mix[:, None] * (second - first)

    def gap(self, values: np.ndarray) -> np.ndarray:
        """(..., K): how far the upper edge is above the lower one; ``values`` (..., V, 3) places or shapes."""
        return values[..., self.upper, 1] - self.below(values)[..., 1]

    def along(self, amount: np.ndarray) -> np.ndarray:
        """(N,): ``amount`` (K,) of the edge's vertices, on the skin around."""
        return np.interp(self.at, np.arange(len(amount)), amount)

    def widen(self, values: np.ndarray, amount: np.ndarray, share: float) -> None:
        """Add ``amount`` (K,) metres to the gap, in place; the upper edge takes ``share`` of it."""
        step = self.along(amount) * (share * self.up - (1 - share) * self.down)
        values[self.near, 1] += step.astype(values.dtype)

    def picked(self, number: np.ndarray) -> Margin:
        """The same margin where old vertex i is called ``number[i]``; -1 drops it from the skin around."""
        kept = number[self.near] >= 0
        edges = number[self.upper].astype(np.int32), number[self.lower].astype(np.int32)
        around = number[self.near[kept]].astype(np.int32), self.at[kept], self.up[kept], self.down[kept]
        return Margin(*edges, self.mix, *around)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """For a file: the fields as ``<name>_<field>``."""
        return {f"{name}_{field}": getattr(self, field) for field in FIELDS}

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray], name: str) -> Margin:
        """From ``arrays`` as ``arrays()`` wrote them."""
        return Margin(*(arrays[f"{name}_{field}"] for field in FIELDS))


FIELDS = ("upper", "lower", "mix", "near", "at", "up", "down")


def make_margin(
    points: np.ndarray, upper: np.ndarray, lower: np.ndarray, lowers: np.ndarray, reach: float
) -> Margin:
    """The margin of two edges given as rows of ``points`` (V, 3), each in order of x.

    ``lowers`` (V,) 0..1 tells what belongs to the lower edge; ``reach`` in metres is where the edge's motion
    has died out.
    """
    x = points[lower, 0]
    after = np.clip(np.searchsorted(x, points[upper, 0]), 1, len(lower) - 1)
    mix = np.clip((points[upper, 0] - x[after - 1]) / (x[after] - x[after - 1]), 0, 1)
    pairs = np.column_stack([lower[after - 1], lower[after]])
    middle = (points[upper] + points[pairs[:, 0]] + mix[:, None] * np.diff(points[pairs], axis=1)[:, 0]) / 2
    ends = middle[0, 0], middle[-1, 0]
    at = np.interp(points[:, 0], middle[:, 0], np.arange(len(upper)))
    y, z = (np.interp(points[:, 0], middle[:, 0], middle[:, k]) for k in (1, 2))
    beyond = np.maximum(np.maximum(ends[0] - points[:, 0], points[:, 0] - ends[1]), 0)
    away = np.linalg.norm(np.column_stack([beyond, points[:, 1] - y, points[:, 2] - z]), axis=1)
    near = np.clip(1 - away / reach, 0, 1)
    near = near * near * (3 - 2 * near)
    margin = Margin(
        upper.astype(np.int32),
        pairs.astype(np.int32),
        mix.astype(np.float32),
        np.flatnonzero(near > 0).astype(np.int32),
        *(np.zeros(0, np.float32),) * 3,
    )
    kept = margin.near
    fields = at[kept], (near * (1 - lowers))[kept], (near * lowers)[kept]
    return replace(
        margin, **{k: v.astype(np.float32) for k, v in zip(("at", "up", "down"), fields, strict=True)}
    )
