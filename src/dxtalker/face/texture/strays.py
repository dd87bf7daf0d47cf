"""What lies over the skin of the upper face: hair before the forehead or the temples, and glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import luminance, soft
from .texels import WINDOW_CORNER, Regions, grid

FRINGE = 0.40  # share of skin just above the brows below which hair is taken to hang over the forehead
BROWS = 0.62  # share unlike skin of the band of the brows, from which on they are hidden too
TEMPLE = 0.55  # share unlike skin before and beside an eye from which on hair is taken to hang there
BRIDGE = 0.20  # log lightness of a bar across the bridge of the nose, from which on it is glasses'


@dataclass(frozen=True)
class Strays:
    """What was found, for the notes."""

    fringe: bool  # hair over the forehead
    brows: bool  # and over the brows
    glasses: bool


def find_strays(
    colour: np.ndarray, weight: np.ndarray, alike: np.ndarray, regions: Regions
) -> tuple[Strays, np.ndarray, np.ndarray]:
    """What lies over the skin; (h, w) 0..1 how far a texel of the face may be unlike skin; and (h, w) 0..1 hair.

    ``colour`` (h, w, 3) linear light, ``weight`` and ``alike`` (h, w) how far a texel is believed and is like
    skin, on the window of the grid.
    """
    across, down = grid(weight.shape, WINDOW_CORNER)
    away = np.abs(across)
    fringe = _unlike(regions.fringe * weight, alike) > 1 - FRINGE
    band = soft(0.070, 0.064, away) * soft(0.262, 0.266, down) * soft(0.284, 0.280, down)
    hidden = fringe and _unlike(band * weight, alike) > BROWS
    covered = np.zeros_like(weight)
    if fringe:
        covered = soft(0.284, 0.278, down) if hidden else soft(0.2655, 0.2615, down)
    free = regions.core * (1 - covered)
    # Beside the eyes and under them nothing but skin is expected; the tails of the brows are, unless hair hangs there.
    beside = soft(0.066, 0.072, away) * soft(0.276, 0.282, down) * soft(0.345, 0.33, down)
    above = (
        soft(0.064, 0.068, away)
        * soft(0.088, 0.082, away)
        * soft(0.228, 0.232, down)
        * soft(0.258, 0.254, down)
    )
    for side in (across < 0, across > 0):
        hangs = (
            min(_unlike(part * weight * side, alike) for part in (above, beside * soft(0.088, 0.082, away)))
            > TEMPLE
        )
        tail = soft(0.066, 0.072, away) * soft(0.29, 0.28, down) if hangs else np.float32(0)
        free = free * (1 - np.maximum(beside, tail) * side)
    return Strays(bool(fringe), bool(hidden), _bar(colour, weight, across, down) > BRIDGE), free, covered


def behind_glasses(shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) 0..1 in the window: where the frames of glasses lie, the eyes aside."""
    across, down = grid(shape, WINDOW_CORNER)
    return soft(0.085, 0.075, np.abs(across)) * soft(0.276, 0.282, down) * soft(0.340, 0.330, down)


def _unlike(weight: np.ndarray, alike: np.ndarray) -> float:
    """Share 0..1 of ``weight`` that is unlike skin; 0 where too little is seen to say."""
    total = float(weight.sum())
    return 1 - float((weight * alike).sum()) / total if total > 20 else 0.0


def _bar(colour: np.ndarray, weight: np.ndarray, across: np.ndarray, down: np.ndarray) -> float:
    """How much darker, log, the darkest rows across the bridge of the nose are than those above and below."""
    light = np.log(np.maximum(luminance(colour), np.float32(2e-3)))
    columns = np.abs(across[0]) < 0.010
    rows = np.flatnonzero((down[:, 0] > 0.270) & (down[:, 0] < 0.325))
    patch, say = light[rows][:, columns], weight[rows][:, columns]
    if say.mean() < 0.5:
        return 0.0
    profile = np.median(patch, axis=1)
    near = 3
    deep = np.minimum(profile[: -4 * near], profile[4 * near :]) - profile[2 * near : -2 * near]
    return float(deep.max())
