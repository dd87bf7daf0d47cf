"""Plain colours for a face that brings no texture: clay skin, eyes with irises, teeth, a dark mouth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bare import Bare
from .scan import fill_gaps, nearest

MARGIN = 0.004  # of the atlas, kept free at each cell's edge
COLOURS: dict[str, tuple[int, int, int]] = {
    "skin": (206, 164, 143),
    "hair": (74, 56, 44),
    "clothes": (110, 116, 128),
    "eyes": (236, 232, 228),
    "teeth": (232, 224, 208),
    "tongue": (178, 92, 92),
    "mouth": (168, 86, 84),
    "strands": (74, 56, 44),
    "brows": (64, 46, 36),
    "lashes": (36, 28, 26),
}
IRIS, PUPIL, LIMBUS = 0.47, 0.19, 0.50  # radians from the axis of gaze
IRIS_COLOUR, PUPIL_COLOUR = np.array([96, 118, 112.0]), np.array([14, 12, 12.0])


@dataclass(frozen=True)
class Cell:
    """A square of the atlas that holds the texture coordinates of one surface."""

    kind: str  # one of bare.LOOKS
    left: float  # 0..1
    top: float
    side: float


def to_atlas(uv: np.ndarray, owner: np.ndarray, cells: Sequence[Cell | None]) -> np.ndarray:
    """``uv`` (V, 2), each 0..1 on its own surface, to the atlas; ``owner`` (V,) says whose cell is meant."""
    placed = np.zeros_like(uv)
    for number, cell in enumerate(cells):
        mine = owner == number
        if cell is not None and mine.any():
            inner = cell.side - 2 * MARGIN
            placed[mine] = np.array([cell.left, cell.top]) + MARGIN + np.clip(uv[mine], 0, 1) * inner
    return placed


def paint(
    bare: Bare, side: int, colours: np.ndarray | None = None, height: np.ndarray | None = None
) -> np.ndarray:
    """(side, side, 4) uint8: every kind in its colour, eyes with irises that look along +Z.

    ``colours`` (V, 3) sRGB 0..255 replace the plain colours where they are finite. Where triangles share
    texels, the one of the largest ``height`` (V,) is seen.
    """
    flat = np.array([COLOURS[kind] for kind in bare.kinds], np.float64)
    level = np.zeros(len(bare.vertices)) if height is None else height
    pixel, triangle, shares = nearest(bare.uv[bare.triangles] * side, level[bare.triangles], (side, side))
    colour = flat[bare.kind_of[triangle]]
    corners = bare.triangles[triangle]
    if colours is not None:
        shown = (colours[corners] * shares[..., None]).sum(1)
        known = np.isfinite(shown).all(1)
        colour[known] = shown[known]
    eyes = np.isin(bare.kind_of[triangle], [i for i, kind in enumerate(bare.kinds) if kind == "eyes"])
    if eyes.any() and bare.eyes is not None:
        places = (bare.vertices[corners[eyes]] * shares[eyes][..., None]).sum(1)
        colour[eyes] = eye_colours(places, np.asarray(bare.eyes))
    picture, known = np.zeros((side * side, 3), np.float32), np.zeros(side * side, bool)
    picture[pixel], known[pixel] = colour, True
    picture = fill_gaps(picture.reshape(side, side, 3), known.reshape(side, side), 6)
    solid = np.full((side, side, 1), 255, np.uint8)
    return np.concatenate([np.clip(picture + 0.5, 0, 255).astype(np.uint8), solid], axis=2)


def eye_colours(places: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """(N, 3) sRGB 0..255 of points (N, 3) of the eyeballs around ``eyes`` (2, 3) that look along +Z."""
    nearer = np.linalg.norm(places[:, None] - eyes[None], axis=2).argmin(1)
    away = places - eyes[nearer]
    angle = np.arctan2(np.hypot(away[:, 0], away[:, 1]), away[:, 2])
    around = np.arctan2(away[:, 1], away[:, 0])
    white = np.array(COLOURS["eyes"], np.float64)
    veins = np.clip((angle - 0.9) / 0.9, 0, 1)[:, None]
    colour = white * (1 - 0.25 * veins * np.array([0.3, 1, 1]))
    rays = 1 + 0.16 * np.sin(23 * around) * np.sin(9 * around + 1.3)
    depth = np.clip((angle - PUPIL) / (IRIS - PUPIL), 0, 1)
    iris = IRIS_COLOUR * (rays * (1.12 - 0.45 * depth**2))[:, None]
    colour = _over(colour, iris * 0.55, angle, LIMBUS)
    colour = _over(colour, iris, angle, IRIS)
    return _over(colour, np.broadcast_to(PUPIL_COLOUR, iris.shape), angle, PUPIL)


def _over(below: np.ndarray, above: np.ndarray, angle: np.ndarray, radius: float) -> np.ndarray:
    share = np.clip((radius - angle) / 0.03 + 0.5, 0, 1)[:, None]
    return below * (1 - share) + above * share
