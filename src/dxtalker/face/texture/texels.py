"""Which point of the head each texel of the face's island shows, and what region it belongs to."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from ...files import asset
from ..head import Head
from ..scan import Corners, fragments
from .fields import box_blur, soft

GRID = 1024  # texels a side of the whole atlas that colours are worked out at
FACE = 0.528  # the face's island reaches down to here (scripts/bake/layout.py)
# Other skin in the atlas, as boxes: what lies below the face, and the sockets.
BELOW = ((0.0, 0.531, 0.405, 1.0), (0.405, 0.664, 0.585, 0.775), (0.405, 0.775, 0.585, 1.0))
# Rows and columns of the grid that a photo is laid on: the face, the temples and the upper neck.
WINDOW = (slice(96, 512), slice(208, 816))
WINDOW_CORNER = (96, 208)
_kept: dict[tuple[int, int], Texels] = {}


@dataclass(frozen=True)
class Texels:
    """The upper GRID x FACE texels of the atlas."""

    triangle: np.ndarray  # (h, GRID) int32, index into the head's triangles, -1 where there is none
    shares: np.ndarray  # (3, h, GRID) float32, of the triangle's corners

    def values(self, head: Head, of_vertices: np.ndarray, where: np.ndarray) -> np.ndarray:
        """(T, C) float32: values (V, C) of vertices at texels ``where`` (T,), row by row."""
        corner = head.triangles[self.triangle.ravel()[where]]
        shares = self.shares.reshape(3, -1)[:, where, None]
        return sum(shares[i] * of_vertices[corner[:, i]] for i in range(3))  # pyright: ignore[reportReturnType]


def texels_of(head: Head) -> Texels:
    """The map of ``head``; kept for the next head of the same triangles and texture coordinates."""
    key = zlib.crc32(head.uv.tobytes()), zlib.crc32(head.triangles.tobytes())
    if key not in _kept:
        if len(_kept) >= 2:
            _kept.pop(next(iter(_kept)))
        _kept[key] = _rasterise(head)
    return _kept[key]


def face_triangles(head: Head) -> np.ndarray:
    """(F,) bool: triangles of skin and scalp that lie on the face's island."""
    middle = head.uv[head.triangles].mean(1)
    kind = np.zeros(len(head.triangles), bool)
    for part in head.parts:
        if part.name in ("skin", "hair"):
            kind[part.first : part.first + part.count] = True
    return kind & (middle[:, 1] < FACE)


def _rasterise(head: Head) -> Texels:
    chosen = np.flatnonzero(face_triangles(head))
    height = int(np.ceil(GRID * FACE / 4)) * 4
    place = (head.uv * GRID)[head.triangles[chosen]].transpose(2, 1, 0).astype(np.float32)  # (2, 3, F)
    corners = Corners(place[0], place[1], np.ones(place.shape[1:], np.float32))
    found = fragments(corners, (GRID, height))
    slopes = corners.slopes()[:4, found.triangle]
    row, column = np.divmod(found.pixel, GRID)
    dx, dy = column + 0.5 - corners.x[0, found.triangle], row + 0.5 - corners.y[0, found.triangle]
    second, third = slopes[0] * dx + slopes[1] * dy, slopes[2] * dx + slopes[3] * dy
    triangle = np.full(height * GRID, -1, np.int32)
    shares = np.zeros((3, height * GRID), np.float32)
    triangle[found.pixel] = chosen[found.triangle]
    shares[:, found.pixel] = 1 - second - third, second, third
    return Texels(triangle.reshape(height, GRID), shares.reshape(3, height, GRID))


@dataclass(frozen=True)
class Regions:
    """Where what lies on the face's island: each (h, GRID) float32, 0..1."""

    lips: np.ndarray
    lids: np.ndarray
    ears: np.ndarray
    hair: np.ndarray  # painted hair, from the head's own texture
    core: np.ndarray  # brows to chin: what differs from skin here belongs to the face
    plain: np.ndarray  # away from brows, eyes and nostrils
    brows: np.ndarray  # the brows and what is above them
    fringe: np.ndarray  # a band just above the brows

    def window(self) -> Regions:
        """The same, cut to WINDOW."""
        return Regions(*(getattr(self, field.name)[WINDOW] for field in fields(self)))


def regions_of(base: np.ndarray) -> Regions:
    """The regions for the base texture's face island ``base`` (h, GRID, 3), linear light."""
    lips, lids, ears = _masks()
    height = base.shape[0]
    v, u = np.mgrid[:height, :GRID].astype(np.float32) / GRID
    u = np.abs(u - 0.5)
    light = base.mean(2)
    skin = float(np.median(light[(u < 0.1) & (v > 0.30) & (v < 0.39)]))
    strand = float(np.median(light[(u < 0.05) & (v > 0.12) & (v < 0.16)]))
    off_face = np.clip(soft(0.095, 0.12, u) + soft(0.262, 0.24, v), 0, 1)
    cover = np.clip((0.88 * skin - light) / max(0.88 * skin - 1.25 * strand, 1e-3), 0, 1)
    hair = cover * soft(0.15, 0.4, box_blur(cover, 3)) * off_face * soft(0.42, 0.40, v) * (1 - ears)
    wide = 0.014 * soft(0.31, 0.28, v)  # the brows reach further out than the mouth's surroundings
    core = soft(0.086, 0.064, u - wide) * soft(0.252, 0.262, v) * soft(0.47, 0.45, v + 2.5 * u * u)
    eyes = soft(0.018, 0.024, u) * soft(0.085, 0.078, u) * soft(0.255, 0.265, v) * soft(0.325, 0.312, v)
    nostrils = soft(0.024, 0.018, u) * soft(0.344, 0.350, v) * soft(0.368, 0.362, v)
    plain = (1 - eyes) * (1 - nostrils)
    brows = soft(0.292, 0.284, v)
    fringe = soft(0.085, 0.075, u) * soft(0.242, 0.246, v) * soft(0.256, 0.252, v)
    return Regions(lips, lids, ears, hair, core, plain, brows, fringe)


@lru_cache(maxsize=1)
def _masks() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lips, lids and ears at GRID, from the packaged picture."""
    from PIL import Image

    picture = Image.open(asset("skin_regions.png"), formats=("PNG",)).convert("RGB")
    picture = picture.resize((GRID, GRID), Image.Resampling.BILINEAR)
    height = int(np.ceil(GRID * FACE / 4)) * 4
    planes = np.asarray(picture, np.float32)[:height] / 255
    return planes[..., 0].copy(), planes[..., 1].copy(), planes[..., 2].copy()


def grid(shape: tuple[int, ...], corner: tuple[int, int] = (0, 0)) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) float32 twice: texture coordinates right of the face's midline, and down, of texels from ``corner`` on.

    ``corner`` is the (row, column) of the grid that the first of them has.
    """
    rows, columns = (
        (np.arange(size, dtype=np.float32) + first + 0.5) / GRID
        for size, first in zip(shape[:2], corner, strict=True)
    )
    return np.broadcast_to(columns - 0.5, shape[:2]), np.broadcast_to(rows[:, None], shape[:2])
