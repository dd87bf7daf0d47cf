"""Pictures of faces for tests: the packaged head, rendered, and a photo in the public domain."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES
from dxtalker.render.camera import portrait
from dxtalker.render.renderer import make_renderer

ASTRONAUT = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"


@cache
def astronaut() -> np.ndarray:
    """(300, 300, 3) uint8; 60 pixels between the outer eye corners, a broad smile."""
    with Image.open(ASTRONAUT) as image:
        return np.asarray(image.convert("RGB"))


@cache
def drawn(size: tuple[int, int] = (384, 384), yaw: float = 0.0, **weights: float) -> np.ndarray:
    """(H, W, 3) uint8: the packaged head with ARKit ``weights``, seen from ``yaw`` radians to its left."""
    head = load_head()
    channels = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, weight in weights.items():
        channels[ARKIT_INDEX[name]] = weight
    vertices = head.shape(channels)
    renderer = make_renderer(head, portrait(head, size, yaw), kind="numpy")
    pixels = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    renderer.close()
    return np.ascontiguousarray(pixels)


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def placed(pixels: np.ndarray, width: int, height: int, left: int, top: int) -> np.ndarray:
    """``pixels`` on a soft many-coloured ground of ``width`` x ``height``."""
    noise = np.random.default_rng(1).integers(60, 180, (height // 32 + 1, width // 32 + 1, 3), dtype=np.uint8)
    ground = resized(noise, width, height).copy()
    ground[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return ground
