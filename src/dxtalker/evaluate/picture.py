"""A strip of pictures: the same instants of one clip as the truth and as guesses, on our own head.

Nobody who was filmed is shown: what is drawn is the open head that ships with the package.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np

from ..face.head import Head
from ..render.camera import Camera, portrait
from ..render.frames import Deformer
from ..render.look import Background
from ..render.renderer import Kind, make_renderer

TILE = (132, 156)  # pixels


def strip(
    head: Head, rows: Sequence[tuple[np.ndarray, np.ndarray]], frames: np.ndarray, kind: Kind = "numpy"
) -> np.ndarray:
    """(rows * 156, len(frames) * 132, 3) uint8 sRGB: curves (T, 52) and rotation (T, 3) of each row at ``frames``."""
    deformer, still = Deformer(head), np.zeros(3)
    renderer = make_renderer(head, _close(head), Background(), kind)
    try:
        drawn = [
            [renderer.draw(*deformer.frame(curves[t], rotation[t], still))[..., :3] for t in frames]
            for curves, rotation in rows
        ]
    finally:
        renderer.close()
    return np.concatenate([np.concatenate(row, axis=1) for row in drawn], axis=0)


def _close(head: Head) -> Camera:
    """The portrait's camera, nearer: lips are what is to be seen."""
    whole = portrait(head, TILE)
    mouth = head.vertices[head.lip_pairs[0]].mean(axis=0)
    eyes = head.eyes.mean(axis=0)
    middle = 0.45 * eyes + 0.55 * mouth
    target = (0.0, float(middle[1]), float(whole.target[2]))
    return Camera((0.0, target[1], whole.position[2]), target, whole.fov * 0.6, TILE)


def png_uri(picture: np.ndarray) -> str:
    """A picture (H, W, 3) uint8 as an address that holds it."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return "data:image/png;base64," + b64encode(stream.getvalue()).decode()
