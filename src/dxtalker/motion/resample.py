"""Motion at one frame rate -> the same motion at another, with exact instants."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..records import Motion


def resample_motion(motion: Motion, fps: Fraction) -> Motion:
    """``motion`` at ``fps`` frames a second; frame ``i`` of the result shows ``start + i / fps``.

    The result covers the whole duration, and less than one of its frames more. Curves are interpolated by
    monotone cubics (Fritsch and Carlson, 1980): they pass through every source frame, never overshoot and
    stay flat at extremes, so that a closed lip neither opens nor is averaged away. Nothing is averaged when
    the rate goes down; below about 20 fps fast closures fall between frames, as in any film. Head angles
    and translation are interpolated by cubics through their components, which is accurate for the angles
    of talking heads (well under 90 degrees). The same rate returns the same motion.
    """
    if fps == motion.fps or len(motion) == 0:
        return motion
    exact = len(motion) * fps / motion.fps
    count = max(1, math.ceil(exact - Fraction(1, 1_000_000)))
    ratio = motion.fps / fps
    index = np.arange(count, dtype=np.int64) * ratio.numerator
    whole, rest = np.divmod(index, ratio.denominator)  # exact, however long the motion
    beyond = whole >= len(motion) - 1
    whole = np.minimum(whole, len(motion) - 1)
    part = np.where(beyond, 0.0, rest / ratio.denominator)
    return _sampled(motion, whole, part, fps)


def sample_motion(motion: Motion, at: np.ndarray, fps: Fraction) -> Motion:
    """``motion`` seen at its fractional frames ``at`` (N,), held beyond its ends; the result is said to be at ``fps``.

    Interpolated as in ``resample_motion``; whole frames stay what they are.
    """
    at = np.clip(at, 0, len(motion) - 1)
    whole = np.minimum(np.floor(at).astype(np.int64), max(len(motion) - 2, 0))
    return _sampled(motion, whole, at - whole, fps)


def sample_values(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(N, C) float64: ``values`` (T, C) seen at the fractional frames ``at`` (N,), by the monotone cubics of curves.

    Held beyond the ends; whole frames stay what they are.
    """
    at = np.clip(at, 0, len(values) - 1)
    whole = np.minimum(np.floor(at).astype(np.int64), max(len(values) - 2, 0))
    return _hermite(values.astype(np.float64), _monotone_slopes(values), whole, (at - whole)[:, None])


def _sampled(motion: Motion, whole: np.ndarray, part: np.ndarray, fps: Fraction) -> Motion:
    """``motion`` at frames ``whole`` (N,) + ``part`` (N,)."""
    part = part[:, None]

    def through(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        return _hermite(values.astype(np.float64), slopes, whole, part).astype(np.float32)

    return replace(
        motion,
        curves=np.clip(through(motion.curves, _monotone_slopes(motion.curves)), 0, 1),
        rotation=through(motion.rotation, _central_slopes(motion.rotation)),
        translation=through(motion.translation, _central_slopes(motion.translation)),
        fps=fps,
    )


def _hermite(values: np.ndarray, slopes: np.ndarray, whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Cubic through ``values`` (T, C) with ``slopes`` (T, C) a frame, at frame ``whole`` (N,) + ``part`` (N, 1)."""
    after = np.minimum(whole + 1, len(values) - 1)
    p0, p1, m0, m1 = values[whole], values[after], slopes[whole], slopes[after]
    change = p1 - p0
    return p0 + part * (m0 + part * (3 * change - 2 * m0 - m1 + part * (m0 + m1 - 2 * change)))


def _central_slopes(values: np.ndarray) -> np.ndarray:
    """(T, C) slopes a frame: the mean of both sides, one-sided at the ends."""
    if len(values) < 2:
        return np.zeros(values.shape)
    return np.gradient(values.astype(np.float64), axis=0)


def _monotone_slopes(values: np.ndarray) -> np.ndarray:
    """(T, C) slopes a frame: the harmonic mean of both sides, 0 at an extreme, one-sided at the ends."""
    slopes = np.zeros(values.shape)
    step = np.diff(values.astype(np.float64), axis=0)
    if len(step):
        slopes[0], slopes[-1] = step[0], step[-1]
        product = step[:-1] * step[1:]
        same = product > 0
        slopes[1:-1] = np.divide(2 * product, step[:-1] + step[1:], out=np.zeros_like(product), where=same)
    return slopes
