"""How deep lips stand in each other between the vertices of their edges: the surfaces, compared cell by cell.

Both lips' triangles are drawn, as a renderer draws them, into a map of heights seen from above; where the lower
lip's top is above the upper lip's bottom, they cross. That is one pass over many shapes at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .margins import Margin

CELL = np.float32(0.0008)  # metres, side of a cell of the map
THICK = 0.004  # metres: what is deeper lies beyond the lip, not in it
CORNER = 2  # vertices at either end of the edge that are left out: there the skin of both lips is one fold
PART_OF = 0.25  # vertices that move with an edge by this share or more belong to its lip
APART = 0.003  # metres: the widest gap that is told
FLAT = 1e-9  # square metres: smaller triangles, seen from above, stand upright


@dataclass(frozen=True)
class Contact:
    """The triangles of both lips near the line where they meet."""

    upper: np.ndarray  # (U, 3) int, rows of ``vertices``
    lower: np.ndarray  # (L, 3) int
    vertices: np.ndarray  # (N,) int, of the head
    edge: np.ndarray  # (2, K) int, rows of ``vertices``: the upper edge, and the nearer of the lower one's

    @staticmethod
    def of(triangles: np.ndarray, lips: Margin) -> Contact:
        """From a head's ``triangles`` (F, 3) and its lips."""
        inner = (lips.at > CORNER) & (lips.at < len(lips.upper) - 1 - CORNER)
        high, low = inner & (lips.up >= PART_OF), inner & (lips.down >= PART_OF)
        side = np.zeros((2, int(triangles.max()) + 1), bool)
        side[0, lips.near[high & (lips.up > lips.down)]] = True
        side[1, lips.near[low & (lips.down >= lips.up)]] = True
        upper, lower = (triangles[own[triangles].all(1)] for own in side)
        facing = lips.lower[np.arange(len(lips.mix)), (lips.mix > 0.5).astype(int)]
        vertices = np.unique(np.concatenate([upper.ravel(), lower.ravel(), lips.upper, facing]))
        number = np.full(side.shape[1], -1)
        number[vertices] = np.arange(len(vertices))
        return Contact(number[upper], number[lower], vertices, number[np.stack([lips.upper, facing])])

    def depth(self, places: np.ndarray) -> np.ndarray:
        """(S, K): metres by which the lips cross around each vertex of the edge; negative: how far they are apart.

        ``places`` (S, N, 3) are those of ``vertices`` in S poses. 0 where neither lip is above the other.
        """
        places = np.asarray(places, np.float32)
        origin = places.min((0, 1))
        size = np.ceil((places.max((0, 1)) - origin) / CELL)[[0, 2]].astype(int) + 1
        cells = len(places), int(size[0]), int(size[1])
        bottom = np.full(cells, np.inf, np.float32)
        top = np.full(cells, -np.inf, np.float32)
        _draw(np.minimum, bottom, places, self.upper, -1.0, origin)
        _draw(np.maximum, top, places, self.lower, 1.0, origin)
        deep = top - bottom
        deep = np.where(deep < THICK, deep, -np.inf).max(2)  # (S, X)
        x = origin[0] + (np.arange(cells[1]) + 0.5) * CELL
        middle = places[:, self.edge, 0].mean(1)  # (S, K)
        found = np.full(middle.shape, -np.inf, np.float32)
        for pose in range(len(places)):
            columns = np.flatnonzero(deep[pose] > -APART)
            at = np.interp(x[columns], middle[pose], np.arange(middle.shape[1]))
            for index in (np.floor(at), np.ceil(at)):
                np.maximum.at(found[pose], index.astype(int), deep[pose, columns])
        return np.where(found > -APART, found, 0)


def spread(depth: np.ndarray, reach: int) -> np.ndarray:
    """(..., K): ``depth`` (..., K), the largest among ``reach`` neighbours either side, smoothed; 0 at the ends."""
    count = depth.shape[-1]
    wide = np.stack([_shifted(depth, shift) for shift in range(-reach, reach + 1)]).max(0)
    for _ in range(2):
        wide = 0.25 * _shifted(wide, -1) + 0.5 * wide + 0.25 * _shifted(wide, 1)
    ends = np.minimum(np.arange(count), np.arange(count)[::-1])
    return wide * np.clip(ends / (CORNER + 1), 0, 1)


def _shifted(values: np.ndarray, shift: int) -> np.ndarray:
    count = values.shape[-1]
    return values[..., np.clip(np.arange(count) + shift, 0, count - 1)]


def _draw(
    keep: np.ufunc,
    heights: np.ndarray,
    places: np.ndarray,
    triangles: np.ndarray,
    sign: float,
    origin: np.ndarray,
) -> None:
    """Draw ``triangles`` that look up (``sign`` 1) or down (-1) into ``heights`` (S, X, Z), in place."""
    corners = places[:, triangles]  # (S, T, 3, 3)
    a, b, c = (corners[:, :, k] for k in range(3))
    area = (b[..., 2] - a[..., 2]) * (c[..., 0] - a[..., 0]) - (b[..., 0] - a[..., 0]) * (
        c[..., 2] - a[..., 2]
    )
    pose, which = np.nonzero(sign * area > FLAT)
    area = area[pose, which]
    corner = corners[pose, which]  # (M, 3, 3)
    low = np.floor((corner.min(1) - origin) / CELL).astype(int)[:, [0, 2]]
    wide, long = (np.floor((corner.max(1) - origin) / CELL).astype(int)[:, [0, 2]] - low + 1).T
    count = wide * long  # cells of each triangle's bounding box
    own = np.repeat(np.arange(len(count)), count)
    inside = np.arange(len(own)) - np.repeat(np.cumsum(count) - count, count)
    column, row = low[own].T + np.divmod(inside, long[own])
    a, ab, ac = (side.T for side in (corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]))
    x0, z0 = a[0] - origin[0] - CELL / 2, a[2] - origin[2] - CELL / 2
    x = (column * CELL - x0[own]).astype(np.float32)
    z = (row * CELL - z0[own]).astype(np.float32)
    v = z * (ac[0] / area)[own] - x * (ac[2] / area)[own]
    w = x * (ab[2] / area)[own] - z * (ab[0] / area)[own]
    hit = np.flatnonzero((v >= 0) & (w >= 0) & (v + w <= 1))
    own, v, w = own[hit], v[hit], w[hit]
    at = (pose[own] * heights.shape[1] + column[hit]) * heights.shape[2] + row[hit]
    keep.at(heights.reshape(-1), at, a[1][own] + v * ab[1][own] + w * ac[1][own])
