"""Scan conversion: which pixels a triangle covers, and how near it is there.

Triangles are cut into rows, rows into pixels, for all triangles at once. A pixel belongs to the triangle
that covers its sampling point; along a shared edge both triangles compute the same crossing, so that
exactly one of them owns the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Corners:
    """Triangles on the screen; x, y, near each (3, F) float32: pixels, pixels, 1/metres."""

    x: np.ndarray
    y: np.ndarray
    near: np.ndarray  # 1 / depth, linear across the screen

    def pick(self, which: np.ndarray) -> Corners:
        """The triangles at ``which``, an index or a mask."""
        return Corners(self.x[:, which], self.y[:, which], self.near[:, which])

    def slopes(self) -> np.ndarray:
        """(6, F): change per pixel in x, then in y, of the second and third corner's share and of ``near``."""
        ax, ay = self.x[1] - self.x[0], self.y[1] - self.y[0]
        bx, by = self.x[2] - self.x[0], self.y[2] - self.y[0]
        area = ax * by - ay * bx
        scale = 1 / np.where(np.abs(area) < 1e-9, np.float32(1e-9), area)
        second_x, second_y, third_x, third_y = by * scale, -bx * scale, -ay * scale, ax * scale
        da, db = self.near[1] - self.near[0], self.near[2] - self.near[0]
        return np.stack(
            [second_x, second_y, third_x, third_y, da * second_x + db * third_x, da * second_y + db * third_y]
        )


@dataclass(frozen=True)
class Fragments:
    """Covered sampling points, each (N,)."""

    pixel: np.ndarray  # int64, row · width + column
    triangle: np.ndarray  # int64, index into the Corners
    near: np.ndarray  # float32, 1 / depth


def facing(corners: Corners, least: float = 1e-4) -> np.ndarray:
    """(F,) bool: wound counter-clockwise as seen, and larger than ``least`` square pixels."""
    ax, ay = corners.x[1] - corners.x[0], corners.y[1] - corners.y[0]
    bx, by = corners.x[2] - corners.x[0], corners.y[2] - corners.y[0]
    return ay * bx - ax * by > 2 * least


def fragments(corners: Corners, size: tuple[int, int], at: tuple[float, float] = (0.5, 0.5)) -> Fragments:
    """Every (pixel, triangle) whose sampling point, ``at`` within the pixel, the triangle covers."""
    triangle, row, first, count = _spans(corners, size, at)
    total = int(count.sum())
    span = np.repeat(np.arange(len(count)), count)
    column = np.arange(total) + np.repeat(first - (np.cumsum(count) - count), count)
    _, _, _, _, near_x, near_y = corners.slopes()
    across = near_x[triangle]
    start = (
        corners.near[0][triangle]
        + (row + np.float32(at[1]) - corners.y[0][triangle]) * near_y[triangle]
        + (np.float32(at[0]) - corners.x[0][triangle]) * across
    ).astype(np.float32)
    near = start[span] + column.astype(np.float32) * across[span]
    return Fragments((row * size[0])[span] + column, triangle[span], near)


def _spans(
    corners: Corners, size: tuple[int, int], at: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of triangles: triangle, row, first column and number of columns, each (R,) int64."""
    (x0, x1, x2), (y0, y1, y2) = _downwards(corners.x, corners.y)
    top = np.maximum(np.ceil(y0 - np.float32(at[1])), 0).astype(np.int64)
    bottom = np.minimum(np.ceil(y2 - np.float32(at[1])), size[1]).astype(np.int64)
    rows = np.maximum(bottom - top, 0)
    triangle = np.repeat(np.arange(len(rows)), rows)
    row = np.arange(len(triangle)) + np.repeat(top - (np.cumsum(rows) - rows), rows)
    with np.errstate(divide="ignore", invalid="ignore"):  # level edges cross no row
        long, upper, lower = (x2 - x0) / (y2 - y0), (x1 - x0) / (y1 - y0), (x2 - x1) / (y2 - y1)
    y = (row + at[1]).astype(np.float32)
    below_top = y - y0[triangle]
    one = x0[triangle] + below_top * long[triangle]
    with np.errstate(invalid="ignore"):
        other = np.where(
            y < y1[triangle],
            x0[triangle] + below_top * upper[triangle],
            x1[triangle] + (y - y1[triangle]) * lower[triangle],
        )
    first = np.clip(np.ceil(np.minimum(one, other) - np.float32(at[0])), 0, size[0]).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(one, other) - np.float32(at[0])), 0, size[0]).astype(np.int64)
    kept = last > first
    return triangle[kept], row[kept], first[kept], (last - first)[kept]


def _downwards(x: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The corners from top to bottom, so that an edge is walked the same way from both its sides."""
    xs, ys = list(x), list(y)
    for i, j in ((0, 1), (1, 2), (0, 1)):
        swap = (ys[i] > ys[j]) | ((ys[i] == ys[j]) & (xs[i] > xs[j]))
        xs[i], xs[j] = np.where(swap, xs[j], xs[i]), np.where(swap, xs[i], xs[j])
        ys[i], ys[j] = np.where(swap, ys[j], ys[i]), np.where(swap, ys[i], ys[j])
    return xs, ys


def nearest(found: Fragments, slots: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The z-buffer: for each slot that is covered, (slot, triangle, near), each (M,), slots ascending.

    ``found.pixel`` are slots in 0..slots-1. Depth and triangle share one integer, so that a single
    maximum settles both: positive floats order like their bits.
    """
    key = found.near.view(np.int32).astype(np.int64) << 32 | found.triangle
    buffer = np.zeros(slots, np.int64)
    np.maximum.at(buffer, found.pixel, key)
    covered = np.flatnonzero(buffer)
    winner = buffer[covered]
    return covered, winner & 0xFFFFFFFF, (winner >> 32).astype(np.int32).view(np.float32)
