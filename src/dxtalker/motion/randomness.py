"""Random numbers that belong to instants, not to calls.

Every draw is a function of (seed, part, index on a grid fixed in absolute time): a counter-based
generator (Philox; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) is read at that
counter. However audio is cut into chunks, the same instant gets the same draw.
"""

from __future__ import annotations

import zlib

import numpy as np

from ..errors import BadInput

_ORIGIN = 1 << 48  # added to every index, so that instants before time zero have counters too
_SPLINE_ENERGY = 151 / 315  # mean over phase of the sum of squared cubic B-spline weights


def uniforms(seed: int, part: str, first: int, count: int) -> np.ndarray:
    """(count, 4) float64 in (0, 1): four draws for each of the indices ``first`` .. ``first + count - 1``.

    Raises BadInput when ``seed`` is not a whole number from 0 to 2^64 - 1.
    """
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 1 << 64:
        raise BadInput(f"seed {seed!r} is not usable; expected a whole number from 0 to 2^64 - 1")
    key = np.array([int(seed), zlib.crc32(part.encode())], np.uint64)
    raw = np.random.Philox(key=key, counter=first + _ORIGIN).random_raw(4 * count)
    return ((np.asarray(raw, np.uint64) >> np.uint64(11)) + 0.5).reshape(count, 4) * 2.0**-53


def normals(seed: int, part: str, first: int, count: int) -> np.ndarray:
    """(count, 4) float64 standard normal draws, as ``uniforms`` (Box and Muller's transform)."""
    u = uniforms(seed, part, first, count)
    radius = np.sqrt(-2 * np.log(u[:, ::2]))
    angle = 2 * np.pi * u[:, 1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2).reshape(count, 4)


def smooth_noise(seed: int, part: str, times: np.ndarray, step: float) -> np.ndarray:
    """(T, 4) float64: four independent smooth curves of unit variance at ``times`` (T,) ascending seconds.

    Cubic B-splines on knots every ``step`` seconds: half the power lies below about 0.25 / step Hz and
    nearly none above 0.6 / step Hz.
    """
    if len(times) == 0:
        return np.zeros((0, 4))
    place = times / step
    knot = np.floor(place).astype(np.int64)
    u = (place - knot)[:, None]
    values = normals(seed, part, int(knot[0]) - 1, int(knot[-1] - knot[0]) + 4)
    weights = (
        (1 - u) ** 3 / 6,
        (3 * u**3 - 6 * u**2 + 4) / 6,
        (-3 * u**3 + 3 * u**2 + 3 * u + 1) / 6,
        u**3 / 6,
    )
    base = knot - knot[0]
    total = sum(weight * values[base + i] for i, weight in enumerate(weights))
    return np.asarray(total) / np.sqrt(_SPLINE_ENERGY)
