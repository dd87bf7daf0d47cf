"""Light smoothing of tracked curves without delay: a local parabola through each frame's neighbours."""

from __future__ import annotations

import numpy as np


def kernel(reach: int) -> np.ndarray:
    """(2 * reach + 1,) weights whose sum over neighbours is the least-squares parabola's middle (sum 1, symmetric).

    Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified Least Squares Procedures" (1964):
    a peak keeps its place and a parabola its height.
    """
    at = np.arange(-reach, reach + 1)
    return np.linalg.pinv(np.vander(at, 3, increasing=True).astype(np.float64))[0]


def smooth(values: np.ndarray, seconds: float, fps: float) -> np.ndarray:
    """(T, C) smoothed over ``seconds`` to either side; less than two frames change nothing.

    At the ends the values go on as they came, turned about the last one, so that a slope is kept.
    """
    reach = min(int(seconds * fps + 1e-6), (len(values) - 1) // 2)
    if reach < 2:  # three points lie on their parabola
        return values.copy()
    before, after = 2 * values[0] - values[reach:0:-1], 2 * values[-1] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, values, after])
    return sum(w * padded[i : i + len(values)] for i, w in enumerate(kernel(reach)))  # type: ignore[return-value]


def runs(present: np.ndarray) -> list[slice]:
    """The stretches of consecutive True in ``present`` (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def bridge(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """(T, C) with gaps filled by straight lines, and held before the first and after the last frame present."""
    frames = np.arange(len(values))
    return np.stack([np.interp(frames, frames[present], column[present]) for column in values.T], axis=1)
