"""The albedo as a pyramid in linear light, and the level that suits each part's size on the screen."""

from __future__ import annotations

import numpy as np

from ..face.head import Head
from .camera import Camera
from .look import to_linear

SHARPNESS = 0.35  # octaves finer than one texel a pixel; the edges are supersampled anyway


def pyramid(albedo: np.ndarray) -> list[np.ndarray]:
    """Levels (H, W, 4) float32, each half the one before: linear RGB multiplied by alpha, and alpha.

    ``albedo`` is (H, W, 4) uint8 sRGB. Multiplying first keeps what is behind transparent texels from
    bleeding into hair.
    """
    table = to_linear(np.arange(256) / 255)
    alpha = albedo[..., 3:].astype(np.float32) / 255
    return halvings(np.concatenate([table[albedo[..., :3]] * alpha, alpha], axis=2))


def halvings(level: np.ndarray) -> list[np.ndarray]:
    """``level`` (H, W, C) float32 and what is left of it at half, a quarter, ... of its size."""
    levels = [level]
    while min(level.shape[:2]) > 4:
        height, width = level.shape[0] // 2, level.shape[1] // 2
        level = level[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).mean(axis=(1, 3))
        levels.append(level)
    return levels


def part_levels(head: Head, camera: Camera, count: int) -> list[int]:
    """The pyramid level of each part, from its median texels per pixel in the rest pose.

    One level a part, so that nothing pops when the head moves and both renderers read the same texels.
    """
    x, y, _ = camera.project(head.vertices)
    height, width = head.albedo.shape[:2]
    on_screen = _areas(np.stack([x, y], axis=1), head.triangles)
    in_texture = _areas(head.uv * (width, height), head.triangles)
    levels = []
    for part in head.parts:
        run = slice(part.first, part.first + part.count)
        seen = -on_screen[run] > 0.05  # pixels' y grows downwards, which turns the winding round
        density = in_texture[run][seen].sum() / on_screen[run][seen].sum() if seen.any() else 1.0
        octaves = 0.5 * np.log2(max(abs(density), 1e-6)) - SHARPNESS
        levels.append(int(np.clip(round(octaves), 0, count - 1)))
    return levels


def _areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Twice the signed area (F,) of triangles over points (V, 2)."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def sample(level: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Bilinear texels (C, N) float32 of ``level`` (H, W, C) at u, v (N,) in 0..1, clamped at the border."""
    height, width = level.shape[:2]
    texels = level.reshape(height * width, -1)
    x = np.clip(u * np.float32(width) - np.float32(0.5), 0, width - 1)
    y = np.clip(v * np.float32(height) - np.float32(0.5), 0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = x - left, y - top
    right = np.minimum(left + 1, width - 1)
    upper, lower = top * width, np.minimum(top + 1, height - 1) * width
    corner = texels.take(upper + left, axis=0).T
    first = corner + (texels.take(upper + right, axis=0).T - corner) * fx
    corner = texels.take(lower + left, axis=0).T
    second = corner + (texels.take(lower + right, axis=0).T - corner) * fx
    return first + (second - first) * fy
