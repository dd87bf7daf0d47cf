"""Pictures as smooth fields: blurs, membranes over holes, enlarging; and sRGB to linear light and back."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def soft(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth between (either order); any shape, float32."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def box_blur(field: np.ndarray, radius: int, times: int = 2) -> np.ndarray:
    """Means of (2 radius + 1)² texels of ``field`` (H, W) or (H, W, C), edges repeated; ``times`` over."""
    if radius < 1:
        return field
    wide = 2 * radius + 1
    for axis in (0, 1) * times:
        size = field.shape[axis]
        margin = [(radius + 1, radius) if i == axis else (0, 0) for i in range(field.ndim)]
        total = np.pad(field, margin, "edge").cumsum(axis, dtype=np.float32)
        if axis == 0:
            field = total[wide : wide + size] - total[:size]
        else:
            field = total[:, wide : wide + size] - total[:, :size]
        field *= np.float32(1 / wide)
    return field


def weighted_blur(field: np.ndarray, weight: np.ndarray, radius: int, times: int = 2) -> np.ndarray:
    """``box_blur`` of ``field`` (H, W, C) that counts texels by ``weight`` (H, W); 0 where there is none."""
    both = np.concatenate([field * weight[..., None], weight[..., None]], axis=2)
    if radius >= 8:  # wide blurs need no fine grid
        small = box_blur(halve(halve(both)), round(radius / 4), times)
        both = double(double(small, (both.shape[0] + 1) // 2, (both.shape[1] + 1) // 2), *both.shape[:2])
    else:
        both = box_blur(both, radius, times)
    return both[..., :-1] / np.maximum(both[..., -1:], np.float32(1e-4))


def halve(field: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 texels of ``field`` (H, W, C); an odd row or column is repeated."""
    if field.shape[0] % 2 or field.shape[1] % 2:
        field = np.pad(field, [(0, field.shape[0] % 2), (0, field.shape[1] % 2), (0, 0)], "edge")
    rows = field[0::2] + field[1::2]
    return np.float32(0.25) * (rows[:, 0::2] + rows[:, 1::2])


def double(field: np.ndarray, height: int, width: int) -> np.ndarray:
    """``field`` (h, w, ...) at twice its size, bilinear, cut to (height, width)."""
    for axis, size in ((0, height), (1, width)):
        last = field.shape[axis] - 1
        near = np.arange(size) // 2
        far = np.clip(near + np.where(np.arange(size) % 2, 1, -1), 0, last)
        field = np.float32(0.75) * field.take(np.minimum(near, last), axis) + np.float32(0.25) * field.take(
            far, axis
        )
    return field


def membrane(values: np.ndarray, weight: np.ndarray, mean: np.ndarray, pull: float = 1e-3) -> np.ndarray:
    """``values`` (H, W, C) where ``weight`` (H, W) says they are known, and a smooth surface over the rest.

    Push-pull over a pyramid (Gortler et al. 1996, The Lumigraph); far from anything known it tends to ``mean``
    (C,), the sooner the larger ``pull``.
    """
    levels = [np.concatenate([values * weight[..., None], weight[..., None]], axis=2)]
    while min(levels[-1].shape[:2]) > 2:
        levels.append(halve(levels[-1]))
    surface = np.broadcast_to(mean, (*levels[-1].shape[:2], len(mean))).astype(np.float32)
    for level in reversed(levels):
        known = level[..., -1:]
        surface = double(surface, *known.shape[:2]) if surface.shape[:2] != known.shape[:2] else surface
        share = np.minimum(known, 1) / (np.minimum(known, 1) + np.float32(pull))
        surface = surface + share * (level[..., :-1] / np.maximum(known, np.float32(1e-6)) - surface)
    return surface


@lru_cache(maxsize=1)
def linear_table() -> np.ndarray:
    """(256,) float32 linear light 0..1 of sRGB bytes."""
    encoded = np.arange(256) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


@lru_cache(maxsize=1)
def _byte_table() -> np.ndarray:
    linear = (np.arange(4096) / 4095) ** 2
    return np.where(linear <= 0.0031308, linear * 12.92 * 255, (1.055 * linear ** (1 / 2.4) - 0.055) * 255)


def to_bytes(linear: np.ndarray) -> np.ndarray:
    """Linear light 0..1, any shape, to sRGB 0..255 float32."""
    index = np.sqrt(np.clip(linear, 0, 1)) * np.float32(4095) + np.float32(0.5)
    return _byte_table().astype(np.float32)[index.astype(np.int32)]


def luminance(linear: np.ndarray) -> np.ndarray:
    """Rec. 709 luminance (...,) of linear colours (..., 3)."""
    return linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
