"""Triangles to pixels, in numpy: which triangle covers a pixel, and where in it the pixel lies."""

from __future__ import annotations

import numpy as np

ROUND = 3_000_000  # candidate pixels looked at in one go


def cover(corners: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels whose centres lie in triangles ``corners`` (F, 3, 2) pixels, in a picture ``size`` (width, height).

    Returns pixel numbers (N,) row by row, triangles (N,), and the shares (N, 3) of their corners there.
    """
    width, height = size
    low = np.clip(np.floor(corners.min(1) - 0.5), 0, (width, height)).astype(np.int64)
    high = np.clip(np.ceil(corners.max(1) + 0.5), 0, (width, height)).astype(np.int64)
    span = np.maximum(high - low, 0)
    area = span[:, 0] * span[:, 1]
    steps = np.searchsorted(np.cumsum(area), np.arange(0, int(area.sum()) + ROUND, ROUND))
    runs = [
        _covered(corners, low, span, np.arange(first, stop), width)
        for first, stop in zip(np.unique([0, *steps])[:-1], np.unique([*steps, len(area)])[1:], strict=False)
        if stop > first
    ]
    if not runs:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 3))
    pixel, triangle, shares = (np.concatenate(part) for part in zip(*runs, strict=True))
    return pixel, triangle, shares


def _covered(
    corners: np.ndarray, low: np.ndarray, span: np.ndarray, chosen: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = span[chosen, 0] * span[chosen, 1]
    triangle = np.repeat(chosen, count)
    offset = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    across = np.maximum(span[triangle, 0], 1)
    x, y = low[triangle, 0] + offset % across, low[triangle, 1] + offset // across
    a, b, c = (corners[triangle, k] for k in range(3))
    px, py = x + 0.5, y + 0.5
    whole = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    whole = np.where(np.abs(whole) < 1e-12, np.inf, whole)
    second = ((px - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (py - a[:, 1])) / whole
    third = ((b[:, 0] - a[:, 0]) * (py - a[:, 1]) - (px - a[:, 0]) * (b[:, 1] - a[:, 1])) / whole
    shares = np.stack([1 - second - third, second, third], axis=1)
    inside = (shares.min(1) >= 0) & np.isfinite(whole)
    return (y * width + x)[inside], triangle[inside], shares[inside]


def nearest(
    corners: np.ndarray, near: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As ``cover``, but of several triangles over one pixel only that with the largest ``near`` (F, 3)."""
    pixel, triangle, shares = cover(corners, size)
    height = (near[triangle] * shares).sum(1)
    order = np.lexsort((-height, pixel))
    first = order[np.unique(pixel[order], return_index=True)[1]]
    return pixel[first], triangle[first], shares[first]


def fill_gaps(picture: np.ndarray, known: np.ndarray, rounds: int) -> np.ndarray:
    """``picture`` (H, W, C) float with the pixels beside ``known`` (H, W) ones filled, ring by ring."""
    picture, known = picture.copy(), known.copy()
    for _ in range(rounds):
        total, count = np.zeros_like(picture), np.zeros(known.shape, np.float32)
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            there = np.roll(known, (dy, dx), (0, 1))
            total += np.roll(picture, (dy, dx), (0, 1)) * there[..., None]
            count += there
        ring = ~known & (count > 0)
        picture[ring] = total[ring] / count[ring][:, None]
        known |= ring
    return picture
