"""What happens to a picture between a face and a file: backgrounds, uneven light, tone, blur, noise, JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .people import blotches


def photographed(drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 of a drawing (H, W, 4) uint8 with straight alpha."""
    height, width = drawn.shape[:2]
    share = drawn[..., 3:].astype(np.float32) / 255
    light = drawn[..., :3].astype(np.float32) / 255 * share + _ground(rng, width, height) * (1 - share)
    light = light * _uneven(rng, width, height)
    light = np.clip(light * rng.uniform(0.6, 1.4), 0, 1) ** rng.uniform(0.6, 1.6)
    light = light * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if rng.random() < 0.12:
        light = np.repeat(light.mean(axis=2, keepdims=True), 3, axis=2)
    return _stored(Image.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8)), rng)


def _ground(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """(H, W, 3) or (3,) float32."""
    if rng.random() < 0.5:
        return rng.random(3).astype(np.float32)
    cells = int(rng.integers(2, 40))
    spots = np.stack([blotches(rng, (width, height), cells) for _ in range(3)], axis=2)
    return np.clip(spots * 0.25 + rng.random(3), 0, 1).astype(np.float32)


def _uneven(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """(H, W, 1) float32: light that falls off to one side, and the edge of a shadow."""
    down, across = np.mgrid[:height, :width].astype(np.float32) / height - 0.5
    factor = np.ones((height, width), np.float32)
    if rng.random() < 0.5:
        turn = rng.uniform(0, 2 * np.pi)
        factor *= 1 + rng.uniform(0, 0.9) * (np.cos(turn) * across + np.sin(turn) * down)
    if rng.random() < 0.2:
        turn = rng.uniform(0, 2 * np.pi)
        edge = (np.cos(turn) * across + np.sin(turn) * down + rng.uniform(-0.2, 0.2)) * rng.uniform(5, 80)
        factor *= 1 - rng.uniform(0.2, 0.7) / (1 + np.exp(-edge))
    return factor[..., None]


def _stored(picture: Image.Image, rng: np.random.Generator) -> np.ndarray:
    size = picture.size
    if rng.random() < 0.5:
        side = int(rng.uniform(0.3, 1) * size[0])
        way = Image.Resampling.BOX if rng.random() < 0.5 else Image.Resampling.BILINEAR
        picture = picture.resize((side, side), way).resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        noise = rng.normal(0, rng.uniform(0, 12), (size[1], size[0], 3))
        picture = Image.fromarray(np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        packed = io.BytesIO()
        picture.save(packed, "JPEG", quality=int(rng.integers(30, 95)))
        picture = Image.open(packed).convert("RGB")
    return np.ascontiguousarray(np.asarray(picture))
