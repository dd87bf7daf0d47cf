"""The colours of one person's skin: what is like it, what is not, and the unseen parts in its colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import box_blur, double, halve, luminance, membrane, soft
from .texels import GRID, Regions

LEAST_RATIO, MOST_RATIO = (0.22, -0.68), (0.85, -0.15)  # of skin: log red/green, log blue/green
LEAST_SPREAD = np.array([0.20, 0.10, 0.14])  # of log lightness, log red/green, log blue/green


@dataclass(frozen=True)
class Skin:
    """Robust statistics of the cheeks, the nose and the forehead."""

    colour: np.ndarray  # (3,) linear light, the median
    centre: np.ndarray  # (3,) log lightness, log red/green, log blue/green
    spread: np.ndarray  # (3,)

    def likeness(self, colour: np.ndarray) -> np.ndarray:
        """0..1 for linear colours (..., 3): 1 within 1.7 spreads of the skin, 0 beyond 3.4."""
        away = (features(colour) - self.centre.astype(np.float32)) / self.spread.astype(np.float32)
        return soft(3.4, 1.7, np.sqrt((away * away).sum(-1)))


def features(colour: np.ndarray) -> np.ndarray:
    """(..., 3): log lightness, log red/green, log blue/green of linear colours."""
    safe = np.maximum(colour, np.float32(2e-3))
    log = np.log(safe)
    light = np.log(np.maximum(luminance(safe), np.float32(2e-3)))
    return np.stack([light, log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=-1)


def plain_skin(regions: Regions) -> np.ndarray:
    """(h, GRID) 0..1: cheeks, nose, forehead; no lips, lids, brows or hair."""
    height = regions.lips.shape[0]
    v, u = np.mgrid[:height, :GRID].astype(np.float32) / GRID
    u = np.abs(u - 0.5)
    cheeks = soft(0.095, 0.080, u) * soft(0.318, 0.328, v) * soft(0.405, 0.39, v)
    forehead = soft(0.07, 0.06, u) * soft(0.225, 0.232, v) * soft(0.262, 0.255, v)
    bridge = soft(0.02, 0.012, u) * soft(0.26, 0.27, v) * soft(0.33, 0.32, v)
    clean = (1 - soft(0.0, 0.3, box_blur(regions.lips, 6))) * (1 - regions.hair)
    return np.clip(cheeks + 0.7 * forehead + bridge, 0, 1) * clean


def measure(colour: np.ndarray, weight: np.ndarray) -> Skin:
    """Statistics of ``colour`` (T, 3) linear light, counted by ``weight`` (T,); outliers are left out."""
    chosen = weight > 0.3
    feature = features(colour[chosen])
    middle, spread = np.median(feature, axis=0), LEAST_SPREAD
    near = np.ones(len(feature), bool)
    for _ in range(3):
        spread = np.maximum(1.4826 * np.median(np.abs(feature - middle), axis=0), LEAST_SPREAD)
        near = (np.abs(feature - middle) < 2.5 * spread).all(1)
        middle = np.median(feature[near], axis=0)
    median = np.median(colour[chosen][near], axis=0)
    return Skin(median, middle, spread)


def balance_of(skin: Skin) -> np.ndarray:
    """(3,) float32 factors that take a colour cast out of a photo whose skin no one has; ones for plausible skin.

    The bounds are those of measured skin under daylight, as ratios of linear sRGB (light skin 0.5 and -0.35 to
    -0.55, dark skin 0.7 to 0.9 and -0.5 to -0.6); a fifth of what goes beyond them is kept.
    """
    ratio = np.array([skin.centre[1], skin.centre[2]])
    over = ratio - np.clip(ratio, LEAST_RATIO, MOST_RATIO)
    red, blue = np.exp(-0.8 * over)
    gain = np.array([red, 1.0, blue], np.float32)
    return gain * np.float32(luminance(skin.colour) / luminance(skin.colour * gain))


def complete(
    base: np.ndarray, photo: np.ndarray, weight: np.ndarray, regions: Regions, fallback: np.ndarray
) -> np.ndarray:
    """(h, GRID, 3): factors that bring the base texture ``base`` to the photo's colours, all over the face's island.

    ``base`` and ``photo`` (h, GRID, 3) linear light, ``weight`` (h, GRID) where the photo is known; lips and
    skin keep apart. ``fallback`` (3,) is the log factor far from all that is seen.
    """
    shape = base.shape[:2]
    base, photo = (halve(field * weight[..., None]) for field in (base, photo))
    lips, hair, weight = np.moveaxis(halve(np.stack([regions.lips, regions.hair, weight], axis=2)), 2, 0)
    ratio = np.log(np.maximum(photo, 1e-4) / np.maximum(base, 1e-4)) - fallback
    outside = 1 - soft(0.02, 0.3, box_blur(lips, 1))
    fields = []
    for mine, low, high in ((outside, 0.5, 0.4), (soft(0.5, 0.9, lips), 1.2, 0.8)):
        known = weight * mine * (1 - hair)
        known = known * soft(1.6 * low, 0.6 * low, np.abs(ratio).max(2)) + 1e-3 * known
        smooth = np.concatenate([np.clip(ratio, -low, high) * known[..., None], known[..., None]], axis=2)
        smooth = box_blur(smooth, 2)
        known = np.minimum(smooth[..., 3], 1)
        fields.append(
            membrane(smooth[..., :3] / np.maximum(smooth[..., 3:], 1e-4), known, fallback * 0, 0.02)
        )
    share = soft(0.2, 0.8, lips)[..., None]
    return fallback + double(fields[0] * (1 - share) + fields[1] * share, *shape)


def tint_grey(photo: np.ndarray, base: np.ndarray) -> np.ndarray:
    """A photo without colour (h, GRID, 3) in the hues of the base texture, linear light."""
    hue = box_blur(base / np.maximum(luminance(base), 1e-3)[..., None], 2)
    return luminance(photo)[..., None] * hue


def is_grey(pixels: np.ndarray) -> bool:
    """Whether the photo (H, W, 3) uint8 carries no colour worth the name."""
    small = pixels[:: max(pixels.shape[0] // 200, 1), :: max(pixels.shape[1] // 200, 1)].astype(np.int16)
    return float(np.quantile(np.ptp(small, axis=2), 0.95)) < 12
