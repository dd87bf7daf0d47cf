"""Puts all pictures into one atlas."""

from __future__ import annotations

import numpy as np

from bake.anatomy import Anatomy
from bake.eyes import IRIS, VIEW
from bake.hair_paint import HAIR, paint_locks
from bake.layout import BOXES
from bake.paint_parts import paint_brow, paint_eye, paint_gums, paint_lashes, paint_teeth, paint_tongue
from bake.paint_skin import BASE, paint_skin
from bake.skin import Skin
from bake.source import Wheel
from bake.teeth import FRONT, SPANS
from bake.texels import pad

GUTTER = 14  # texels round pictures with transparency
CLEAR = frozenset({"brows", "lashes", "strands"})
NAPE = 0.355  # height in the atlas down to which the face's island ends in hair


def paint_atlas(anatomy: Anatomy, skin: Skin, wheel: Wheel, size: int) -> np.ndarray:
    """(size, size, 4) uint8 sRGB with alpha."""
    picture = np.zeros((size, size, 4), np.float32)
    covered = np.zeros((size, size), bool)
    index, colour = paint_skin(anatomy, skin, wheel, size)
    picture.reshape(-1, 4)[index] = np.column_stack([colour, np.full(len(index), 255)])
    covered.reshape(-1)[index] = True
    for box, paint in (
        ("eye", lambda h, w: paint_eye(w, IRIS, VIEW)),
        ("teeth", lambda h, w: paint_teeth(h, w, SPANS, FRONT)),
        ("gums", paint_gums),
        ("tongue", paint_tongue),
        ("brows", paint_brow),
        ("lashes", paint_lashes),
        ("strands", paint_locks),
    ):
        left, top, right, bottom = (round(edge * size) for edge in BOXES[box])
        if box in CLEAR:  # nothing opaque may come near: coarser levels of the picture would mix it in
            ring = (slice(top - GUTTER, bottom + GUTTER), slice(left - GUTTER, right + GUTTER))
            picture[ring], covered[ring] = (*HAIR, 0), True
        picture[top:bottom, left:right] = paint(bottom - top, right - left)
        covered[top:bottom, left:right] = True
    picture = pad(picture, covered)
    empty = picture[..., 3] == 0
    empty &= ~covered
    picture[empty] = (*BASE, 255)
    # A renderer may reach beyond an island at a silhouette: around the scalp that must be hair.
    empty[round(NAPE * size) :] = False
    picture[empty] = (*HAIR, 255)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)
