"""Folds that an expression makes, eased out of a photo's skin: the texture is that of the face at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...records import ARKIT_INDEX
from .fields import luminance, soft, weighted_blur
from .texels import grid

LITTLE, MUCH = 0.12, 0.50  # expression from which folds are eased, and at which wholly
VALLEY, RIDGE = 0.9, 0.7  # share of what is darker and lighter than its surroundings that goes then
BEARD = (-0.75, -0.45)  # log lightness against the skin's: surroundings darker than it are hair


@dataclass(frozen=True)
class Zone:
    """An ellipse on each half of the atlas, and the shapes that fold it."""

    centre: tuple[float, float]  # away from the midline, down; texture coordinates
    radius: tuple[float, float]
    folds: tuple[tuple[str, float], ...]  # ARKit names less Left or Right, and how much of it is felt


ZONES = (
    Zone(  # from the wings of the nose past the corners of the mouth, and the cheek beside it
        (0.044, 0.390),
        (0.052, 0.062),
        (
            ("mouthSmile", 1),
            ("noseSneer", 0.7),
            ("mouthUpperUp", 0.7),
            ("mouthStretch", 0.6),
            ("mouthDimple", 0.6),
        ),
    ),
    Zone(  # under the eye and beside it
        (0.052, 0.318),
        (0.050, 0.026),
        (("mouthSmile", 0.8), ("cheekSquint", 1), ("eyeSquint", 0.7), ("noseSneer", 0.5)),
    ),
    Zone((0.030, 0.245), (0.075, 0.022), (("browInnerUp", 0.8), ("browOuterUp", 0.8))),  # forehead
    Zone((0.0, 0.275), (0.014, 0.022), (("browDown", 0.8), ("noseSneer", 0.5))),  # between the brows
    Zone(
        (0.020, 0.440), (0.050, 0.024), (("mouthFrown", 0.7), ("mouthShrugLower", 0.8), ("mouthSmile", 0.8))
    ),  # chin
)


def strength(expression: np.ndarray, shape: tuple[int, ...], corner: tuple[int, int]) -> np.ndarray:
    """(h, w) 0..1: how far ``expression`` (52,) folds the skin, on the grid from ``corner`` (row, column)."""
    across, down = grid(shape, corner)
    total = np.zeros(shape, np.float32)
    for zone in ZONES:
        for side, sign in (("Left", -1), ("Right", 1)):
            felt = float(soft(LITTLE, MUCH, np.array(_felt(zone, side, expression), np.float32)))
            if felt == 0:
                continue
            x = (sign * across - zone.centre[0]) / zone.radius[0]
            y = (down - zone.centre[1]) / zone.radius[1]
            inside = soft(1.0, 0.55, x * x + y * y) * soft(-0.004, 0.002, sign * across)
            total = np.maximum(total, felt * inside)
    return total


def _felt(zone: Zone, side: str, expression: np.ndarray) -> float:
    total = 0.0
    for name, share in zone.folds:
        index = ARKIT_INDEX[name] if name in ARKIT_INDEX else ARKIT_INDEX[name + side]
        total = max(total, share * float(expression[index]))
    return total


def ease_folds(colour: np.ndarray, weight: np.ndarray, amount: np.ndarray, lightness: float) -> np.ndarray:
    """(h, w, 3) factors that level the skin where an expression folds it.

    ``colour`` (h, w, 3) linear light, ``weight`` (h, w) where it is skin, ``amount`` (h, w) from ``strength``,
    ``lightness`` the log luminance of the person's skin. Beards stay as they are.
    """
    if not amount.any():
        return np.ones(colour.shape, np.float32)
    log = np.log(np.maximum(colour, np.float32(1e-3)))
    light = np.log(np.maximum(luminance(colour), np.float32(1e-3)))
    bare = weight * soft(*BEARD, light - np.float32(lightness))
    # Surroundings count what is lighter more, so that a deep fold does not darken its own; folds have hues too.
    around = weighted_blur(light[..., None], bare, 14)[..., 0]
    around = weighted_blur(log, bare * (0.02 + soft(-0.20, -0.02, light - around)), 14)
    band = log - around
    dark = band.mean(2) < 0
    share = np.where(dark, np.float32(VALLEY), np.float32(RIDGE)) * amount * weight
    wide = weighted_blur(light[..., None], weight, 7)[..., 0]  # a fold is narrow, a beard is not
    share = share * soft(*BEARD, wide - np.float32(lightness))
    return np.exp(-np.clip(band, -1.6, 0.5) * share[..., None])
