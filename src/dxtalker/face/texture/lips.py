"""One colour of the lips from what is seen of them, however the mouth stands in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...records import ARKIT_INDEX
from .fields import luminance, soft
from .skin import Skin, features

FEW = 60  # reliable texels (of about 1700) below which nothing is said
KEPT = 0.5  # share of a photo's variation over the lips that stays
SHINE = 0.10  # log lightness above the skin's from which a texel is tooth or wet highlight
LEAST = np.array([0.16, 0.12])  # of a lip against skin: log darkness, log red/green
DRAWN = (
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "jawOpen",
    "mouthFunnel",
)
MOST = np.array([1.1, 0.9])


@dataclass(frozen=True)
class Lips:
    """The lips' colour, as factors on the painted lips."""

    factor: np.ndarray  # (3,) log
    seen: float  # share 0..1 of the lips' texels that it comes from


def measure_lips(
    photo: np.ndarray, weight: np.ndarray, base: np.ndarray, lips: np.ndarray, skin: Skin
) -> Lips | None:
    """The colour of the lips in ``photo`` (h, w, 3) linear light; None where they are not seen.

    ``weight`` (h, w) is how far the photo is believed, ``base`` (h, w, 3) the painted lips, ``lips`` (h, w) their
    mask. What is as light as the skin or has its hue (the photo's mouth never lies quite where the head's does) has
    less say; the rest gives its median. A lip darker or redder than the skin by less than lips are becomes so.
    """
    whole = lips > 0.8
    light, red, _ = np.moveaxis(features(photo) - skin.centre.astype(np.float32), -1, 0)
    say = weight * whole * soft(SHINE, -0.05, light) * (0.15 + soft(0.0, 0.2, red))
    chosen = say > 0.15
    if chosen.sum() < FEW:
        return None
    tone = _weighted_median(features(photo[chosen]), say[chosen])
    own = tone - skin.centre
    own[:2] = np.clip(own[:2] * [-1, 1], LEAST, MOST) * [-1, 1]
    usual = np.median(features(base[whole]), axis=0)
    move = skin.centre + own - usual
    hue = np.array([move[1], 0.0, move[2]])
    colour = np.exp(np.median(np.log(np.maximum(base[whole], 1e-3)), axis=0) + hue)
    level = np.log(np.exp(skin.centre[0] + own[0]) / float(luminance(colour.astype(np.float32))))
    return Lips((hue + level).astype(np.float32), float(chosen.sum() / whole.sum()))


def settle_lips(
    photo: np.ndarray, weight: np.ndarray, base: np.ndarray, lips: np.ndarray, found: Lips, calm: float
) -> np.ndarray:
    """``photo`` (h, w, 3) with its lips brought to the colour ``found``, also where ``weight`` (h, w) is 0.

    Of the photo's own variation the less stays the larger ``calm`` 0..1.
    """
    own = base * np.exp(found.factor)
    away = np.log(np.maximum(photo, 2e-3)) - np.log(np.maximum(own, 2e-3))
    share = KEPT * (1 - calm) * soft(0.3, 1.0, weight)[..., None]
    settled = own * np.exp(np.clip(away, -0.35, 0.35) * share)
    return photo + soft(0.15, 0.7, lips)[..., None] * (settled - photo)


def wideness(expression: np.ndarray) -> float:
    """0..1: how far an expression (52,) draws the lips out of the shape that they have at rest."""
    wide = max(float(expression[ARKIT_INDEX[name]]) for name in DRAWN)
    return float(soft(0.1, 0.5, np.array(wide, np.float32)))


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(C,) of values (N, C), counted by ``weight`` (N,)."""
    order = np.argsort(values, axis=0)
    total = np.cumsum(weight[order], axis=0)
    at = (total < 0.5 * total[-1]).sum(0)
    return values[order[at, np.arange(values.shape[1])], np.arange(values.shape[1])]
