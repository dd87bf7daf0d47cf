"""The photo's light, taken out of the skin: spherical harmonics, then what the two sides differ by."""

from __future__ import annotations

import numpy as np

from .fields import luminance, soft, weighted_blur
from .texels import grid

LEAST, MOST = 0.55, 1.7  # bounds of the shading that is divided out, relative to the face's middle
SHARE = 0.85  # of the estimated shading that is taken out: what is left keeps the face's form readable
HUES = 0.35  # of the departures of that shading from grey
FLUSH = 0.05  # of log colour ratios: how far the hue of wide areas differs from the painted skin's
WIDE, UNEVEN = 12, 0.05  # texels, and log lightness that wide areas keep of what the light left behind
SOCKET = (0.0505, 0.2955, 0.034, 0.017)  # an eye's ellipse: away from the midline, down, and its radii
HOLLOW = 0.75  # share of the shade of an eye's socket that is lifted
ROUNDS = 6  # of reweighting


def harmonics(normal: np.ndarray) -> np.ndarray:
    """(T, 9) real spherical harmonics to order 2, unscaled, at unit ``normal`` (T, 3).

    Nine of them hold the light that a matt surface reflects (Ramamoorthi and Hanrahan 2001).
    """
    x, y, z = normal.T
    one = np.ones_like(x)
    return np.stack([one, x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], axis=1)


def shading(colour: np.ndarray, prior: np.ndarray, normal: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(9, 3): the light that best explains ``colour`` (T, 3) = prior (T, 3) x harmonics @ light.

    Linear light; ``weight`` (T,) is how far a texel is plain skin. Robust: texels that do not fit (brows,
    shadows, highlights) lose their say.
    """
    basis = harmonics(normal)
    keen = np.full(basis.shape[1], 0.002)
    keen[4:] = 0.02
    keen[0] = 0
    target = colour / np.maximum(prior, 1e-4)
    level = np.maximum(np.average(target, axis=0, weights=weight + 1e-9), 1e-5)
    target = target / level
    say = weight.astype(np.float64)
    light = np.zeros((basis.shape[1], 3))
    for _ in range(ROUNDS):
        normal_matrix = basis.T @ (basis * say[:, None]) / max(say.sum(), 1e-9)
        light = np.linalg.solve(
            normal_matrix + np.diag(keen), basis.T @ (target * say[:, None]) / max(say.sum(), 1e-9)
        )
        miss = luminance(target.astype(np.float32)) - luminance((basis @ light).astype(np.float32))
        spread = max(
            1.5 * float(np.median(np.abs(miss[weight > 0.5]))) if (weight > 0.5).any() else 0.1, 0.03
        )
        say = weight / (1 + (miss / (2 * spread)) ** 2) ** 2
    return light * level


def even_gain(light: np.ndarray, normal: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(T, 3) factors that take the light out of texels with ``normal`` (T, 3); 1 at the face's median light.

    Of the light's colours only a part is taken out: they are hard to tell from the skin's own.
    """
    shade = harmonics(normal) @ light
    middle = np.median(shade[weight > 0.5], axis=0) if (weight > 0.5).any() else shade.mean(0)
    ratio = np.clip(shade / np.maximum(middle, 1e-5), LEAST, MOST)
    return calm(ratio**-SHARE, HUES).astype(np.float32)


def calm(factor: np.ndarray, share: float) -> np.ndarray:
    """Factors (..., 3) whose departures from grey are reduced to ``share``."""
    grey = luminance(factor)[..., None]
    return grey * (factor / grey) ** share


def balance_sides(albedo: np.ndarray, prior: np.ndarray, weight: np.ndarray, radius: int) -> np.ndarray:
    """(h, w, 3) factors that bring the two sides of a face to their geometric mean where both are seen.

    ``albedo`` and ``prior`` (h, w, 3) are linear light on the atlas, whose left half mirrors its right.
    """
    ratio = np.log(np.maximum(albedo, 1e-3) / np.maximum(prior, 1e-3))
    smooth = weighted_blur(ratio, weight, radius)
    both = np.minimum(weight, weight[:, ::-1])
    share = soft(0.05, 0.5, weighted_blur(both[..., None], np.ones_like(both), radius)[..., 0])
    half = 0.5 * (smooth - smooth[:, ::-1])
    return np.exp(-np.clip(0.8 * half, -0.5, 0.5) * share[..., None]).astype(np.float32)


def soften(albedo: np.ndarray, weight: np.ndarray, lightness: float) -> np.ndarray:
    """(h, w) factors for skin: highlights are pressed down, folds and cast shadows lifted a little.

    ``lightness`` is the log luminance of the person's skin; ``weight`` (h, w) is 0 where there is none (lips,
    lids, brows). What is much darker than skin (beards, moles) is left alone.
    """
    light = np.log(np.maximum(luminance(albedo), 1e-4))[..., None]
    near, around = (weighted_blur(light, weight, radius)[..., 0] for radius in (2, 16))
    light = light[..., 0]
    over = np.maximum(light - np.minimum(around + 0.10, lightness + 0.20), 0)
    fold = np.clip(around - near - 0.03, 0, 0.35) * soft(-0.6, -0.3, around - lightness)
    return np.exp(weight * (0.45 * fold - 0.7 * over)).astype(np.float32)


def level(albedo: np.ndarray, prior: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(h, w) factors that take wide shades out of skin, which nine harmonics leave: below cheekbones, at the rim.

    ``albedo`` and ``prior`` (h, w, 3) linear light; ``weight`` (h, w) 0 where there is none. Beards keep their dark.
    """
    ratio = np.log(np.maximum(luminance(albedo), 1e-4)) - np.log(np.maximum(luminance(prior), 1e-4))
    middle = np.float32(np.median(ratio[weight > 0.5])) if (weight > 0.5).any() else np.float32(0)
    say = weight * soft(-0.75, -0.4, ratio - middle)
    away = weighted_blur((ratio - middle)[..., None], say, WIDE)[..., 0]
    away = away * soft(0.02, 0.2, weighted_blur(say[..., None], np.ones_like(say), WIDE)[..., 0])
    excess = np.clip(away - np.clip(away, -UNEVEN, UNEVEN), -0.5, 0.5)
    return np.exp(-0.7 * excess).astype(np.float32)


def lift_sockets(
    albedo: np.ndarray, weight: np.ndarray, lightness: float, corner: tuple[int, int]
) -> np.ndarray:
    """(h, w) factors that lift the shade about the eyes, which closed lids would carry into the light.

    ``lightness`` is the log luminance of the skin, ``corner`` the (row, column) of the grid that ``albedo`` begins at.
    """
    across, down = grid(weight.shape, corner)
    x, y = (np.abs(across) - SOCKET[0]) / SOCKET[2], (down - SOCKET[1]) / SOCKET[3]
    inside = soft(1.0, 0.45, x * x + y * y)
    light = np.log(np.maximum(luminance(albedo), 1e-4))
    under = np.clip(lightness - 0.10 - light, 0, 1.2)
    return np.exp(HOLLOW * under * inside * weight).astype(np.float32)


def settle_hues(
    albedo: np.ndarray, prior: np.ndarray, weight: np.ndarray, centre: np.ndarray, radius: int
) -> np.ndarray:
    """(h, w, 3) factors that take most of what wide patches are off the painted skin's hues out of the skin.

    ``centre`` (2,) are the skin's log red/green and log blue/green; ``prior`` (h, w, 3) says where a face is red.
    """
    ratio = _hues(albedo) - centre.astype(np.float32)
    usual = _hues(prior)
    usual = usual - np.median(usual[weight > 0.5], axis=0) if (weight > 0.5).any() else usual * 0
    away = weighted_blur(ratio - 0.5 * usual, weight, radius)
    excess = away - np.clip(away, -FLUSH, FLUSH)
    gain = np.exp(-0.8 * excess * weight[..., None])
    factor = np.stack([gain[..., 0], np.ones_like(weight), gain[..., 1]], axis=-1)
    return factor * (luminance(albedo) / np.maximum(luminance(albedo * factor), 1e-5))[..., None]


def _hues(colour: np.ndarray) -> np.ndarray:
    """(h, w, 2): log red/green and log blue/green of linear colours."""
    log = np.log(np.maximum(colour, 2e-3))
    return np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=-1)
