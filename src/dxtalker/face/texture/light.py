"""The photo's light, taken out of the skin: spherical harmonics, then what the two sides differ by."""

from __future__ import annotations

import numpy as np

from .fields import luminance, soft, weighted_blur

LEAST, MOST = 0.55, 1.7  # bounds of the shading that is divided out, relative to the face's middle
SHARE = 0.85  # of the estimated shading that is taken out: what is left keeps the face's form readable
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
    """(T, 3) factors that take the light out of texels with ``normal`` (T, 3); 1 at the face's median light."""
    shade = harmonics(normal) @ light
    middle = np.median(shade[weight > 0.5], axis=0) if (weight > 0.5).any() else shade.mean(0)
    ratio = np.clip(shade / np.maximum(middle, 1e-5), LEAST, MOST)
    return (ratio**-SHARE).astype(np.float32)


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


def tame_highlights(albedo: np.ndarray, weight: np.ndarray, radius: int) -> np.ndarray:
    """(h, w) factors <= 1 that halve what rises far above the skin around it."""
    light = np.log(np.maximum(luminance(albedo), 1e-4))
    around = weighted_blur(light[..., None], weight, radius)[..., 0]
    over = np.maximum(light - around - 0.10, 0)
    return np.exp(-0.6 * over * soft(0.1, 0.6, weight)).astype(np.float32)
