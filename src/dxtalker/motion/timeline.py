"""Two tools on frames: a moving window with bounded reach, and smooth strokes placed at instants."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def window(x: np.ndarray, before: int, after: int, reduce: Callable[..., np.ndarray], fill: float):
    """``reduce`` (np.max, np.min) over frames i - before .. i + after of ``x`` (T,); outside is ``fill``."""
    padded = np.pad(x, (before, after), constant_values=fill)
    return reduce(sliding_window_view(padded, before + after + 1), axis=1) if len(x) else x


def any_near(x: np.ndarray, before: int, after: int) -> np.ndarray:
    """(T,) bool: true where ``x`` (T,) bool is true at some frame of i - before .. i + after."""
    return window(x, before, after, np.max, False)


def smooth(x: np.ndarray, taps: int) -> np.ndarray:
    """``x`` (T,) through a centred Hann window of ``taps`` frames (odd, fewer than 2 T); ends are held."""
    kernel = np.hanning(taps + 2)[1:-1]
    reach = taps // 2
    return np.convolve(np.pad(x, reach, mode="edge"), kernel / kernel.sum(), "valid") if len(x) else x


def minimum_jerk(phase: np.ndarray) -> np.ndarray:
    """0 to 1 over ``phase`` 0 to 1 with velocity and acceleration zero at both ends.

    The profile of human point-to-point movement (Flash and Hogan, J. Neuroscience 1985).
    """
    p = np.clip(phase, 0, 1)
    return p**3 * (10 - 15 * p + 6 * p**2)


def strokes(
    length: int, at: np.ndarray, rise: np.ndarray, hold: np.ndarray, fall: np.ndarray, amount: np.ndarray
) -> np.ndarray:
    """Sum of smooth rise-hold-fall strokes on ``length`` frames.

    ``at`` (E,) start, ``rise``, ``hold``, ``fall`` (E,) durations, all in frames and not necessarily
    whole; ``amount`` (E, C). Returns (length, C) float64.
    """
    out = np.zeros((length, amount.shape[1]))
    if len(at) == 0:
        return out
    span = int(np.ceil((rise + hold + fall).max())) + 2
    index = np.floor(at).astype(np.int64)[:, None] + np.arange(span)  # (E, span)
    since = index - at[:, None]
    down = since - (rise + hold)[:, None]
    value = minimum_jerk(since / rise[:, None]) - minimum_jerk(down / fall[:, None])
    inside = (index >= 0) & (index < length)
    for c in range(amount.shape[1]):
        weight = (value * amount[:, c : c + 1])[inside]
        out[:, c] = np.bincount(index[inside], weight, length)
    return out
