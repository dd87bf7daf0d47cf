"""Painting tools: which point of the surface each texel shows, smooth noise in space, padding."""

from __future__ import annotations

import numpy as np

from bake.mesh import Surface


def surface_map(surface: Surface, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of the surface at the texels it covers.

    ``values`` (N, C) belong to points. Returns texel indices (T,) into a size x size picture, row by row,
    and their values (T, C) float32.
    """
    picture = np.zeros((size, size, values.shape[1]), np.float32)
    covered = np.zeros((size, size), bool)
    corners = surface.uv * size - 0.5
    for triangle, uv in zip(surface.triangles, corners, strict=True):
        (left, top), (right, bottom) = np.floor(uv.min(0)).astype(int), np.ceil(uv.max(0)).astype(int)
        left, top = max(left, 0), max(top, 0)
        x, y = np.meshgrid(
            np.arange(left, min(right, size - 1) + 1), np.arange(top, min(bottom, size - 1) + 1)
        )
        (ax, ay), (bx, by), (cx, cy) = uv
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9:
            continue
        b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
        c = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
        inside = (b > -0.02) & (c > -0.02) & (b + c < 1.02)
        y, x, b, c = y[inside], x[inside], b[inside, None], c[inside, None]
        picture[y, x] = (1 - b - c) * values[triangle[0]] + b * values[triangle[1]] + c * values[triangle[2]]
        covered[y, x] = True
    index = np.flatnonzero(covered)
    return index, picture.reshape(-1, values.shape[1])[index]


def noise(points: np.ndarray, scale: float, seed: int) -> np.ndarray:
    """Smooth value noise (T,), about -1..1, over ``points`` (T, 3); ``scale`` is the size of its blobs."""
    place = points / scale
    cell = np.floor(place).astype(np.int64)
    t = (place - cell).astype(np.float32)
    t = t * t * (3 - 2 * t)
    total = np.zeros(len(points), np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, t, 1 - t), axis=1)
        total += weight * _hash(cell + corner, seed)
    return total


def _hash(cell: np.ndarray, seed: int) -> np.ndarray:
    """Even values -1..1 for whole-number cells (T, 3)."""
    mixed = (cell.astype(np.uint64) * np.array([73856093, 19349663, 83492791], np.uint64)).sum(1)
    mixed = (mixed + np.uint64(seed * 2654435761)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x45D9F3B), (15, 0x2C1B3C6D), (16, 0x297A2D39)):
        mixed = ((mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return (mixed / np.float64(0x7FFFFFFF) - 1).astype(np.float32)


def pad(picture: np.ndarray, covered: np.ndarray, steps: int = 24) -> np.ndarray:
    """Let colours (H, W, C) grow over uncovered texels, so that filtering never meets the empty ground."""
    picture, covered = picture.copy(), covered.copy()
    for _ in range(steps):
        total = np.zeros_like(picture)
        count = np.zeros(covered.shape, np.float32)
        for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
            near = np.roll(covered, shift, axis)
            total += np.roll(picture, shift, axis) * near[..., None]
            count += near
        grown = ~covered & (count > 0)
        picture[grown] = total[grown] / count[grown, None]
        covered |= grown
    return picture


def soft(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth between (either order)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blob(points: np.ndarray, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """1 at ``centre``, fading over ``radius``; both sides of the head alike (|x|)."""
    away = np.linalg.norm((np.abs(points * [1, 0, 0]) + points * [0, 1, 1]) - centre, axis=1)
    return np.exp(-((away / radius) ** 2))


def mix(colour: np.ndarray, other: np.ndarray | tuple, amount: np.ndarray) -> np.ndarray:
    """Blend rows of ``colour`` (T, 3) towards ``other`` by ``amount`` (T,)."""
    return colour + (np.asarray(other, np.float32) - colour) * amount[:, None]
