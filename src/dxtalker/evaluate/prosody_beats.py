"""Does the head move with the voice? Its beats against the voice's, beside the same heads with other sound.

Beat consistency: mean over the voice's beats of exp(-d²/2σ²), d to the nearest beat of the motion (Li et al., AIST++,
ICCV 2021, for dance). On speech a music tracker's beats mean little and many beats score high by themselves, so beats are pitch
accents and onsets, and the figure means something only against shuffled sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..records import SpeechFeatures

SIGMA = 3.0  # frames, 120 ms
APART = 4  # frames to either side within which a beat is the largest
ONSET_DB = 6.0  # rise over two frames that makes an onset
VOICED = 0.5
STILL_DEG = 0.05  # deviation of the rotation below which a head does not move
SHUFFLES = 999
SHIFT = 50  # frames, 2 s: the least by which sound is moved to shuffle it


def motion_beats(rotation: np.ndarray) -> np.ndarray:
    """(N,) int64 frames at which the head's speed is least or largest around; ``rotation`` (T, 3) radians."""
    if len(rotation) < 2 * APART or np.degrees(rotation).std(axis=0).max() < STILL_DEG:
        return np.zeros(0, np.int64)
    speed = np.linalg.norm(np.gradient(rotation.astype(np.float64), axis=0), axis=1)
    smooth = np.convolve(np.pad(speed, 2, mode="edge"), np.hanning(7)[1:-1], mode="valid")
    return np.union1d(_peaks(smooth), _peaks(-smooth))


def voice_beats(features: SpeechFeatures) -> np.ndarray:
    """(N,) int64 frames of pitch accents (peaks of pitch above the voice's middle) and of onsets."""
    voiced = features.voicing > VOICED
    found = np.zeros(0, np.int64)
    if voiced.sum() > APART:
        frames = np.arange(len(features))
        pitch = np.interp(frames, frames[voiced], np.log(np.maximum(features.pitch[voiced], 1.0)))
        peaks = _peaks(pitch)
        found = peaks[voiced[peaks] & (pitch[peaks] > np.median(pitch[voiced]))]
    rise = np.zeros(len(features))
    rise[1:-1] = features.loudness[2:] - features.loudness[:-2]
    onsets = _peaks(rise)
    return np.union1d(found, onsets[rise[onsets] > ONSET_DB])


def _peaks(values: np.ndarray) -> np.ndarray:
    """(N,) int64: frames that are the largest within ``APART`` of them and not on a plain; never at the ends."""
    if len(values) < 2 * APART:
        return np.zeros(0, np.int64)
    padded = np.pad(values, APART, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * APART + 1)
    peak = (values >= around.max(axis=1)) & (values > around.min(axis=1))
    peak[[0, -1]] = False
    return np.flatnonzero(peak)


def nearness(beats: np.ndarray, frames: int) -> np.ndarray:
    """(frames,) 0..1: exp(-d²/2σ²) of the distance to the nearest of ``beats``; 0 without any. ``beats`` ascend."""
    if not len(beats):
        return np.zeros(frames)
    at = np.arange(frames)
    after = np.searchsorted(beats, at).clip(0, len(beats) - 1)
    distance = np.minimum(np.abs(beats[after] - at), np.abs(beats[np.maximum(after - 1, 0)] - at))
    return np.exp(-(distance**2) / (2 * SIGMA**2))


def alignment(
    rotations: Sequence[np.ndarray], voices: Sequence[np.ndarray], seed: int = 0
) -> tuple[float, float, float]:
    """Beat consistency 0..1 of heads, (T, 3) radians each, with the beats of their voices, its mean with shuffled
    sound, and p: how often shuffled sound fits as well.

    Clips stand one after the other and the sound is moved round by a random time of 2 s or more, so that heads meet
    other sound of the same kind. NaN where no head moves, no voice beats, or 8 s are not there.
    """
    close = np.concatenate([nearness(motion_beats(r), len(r)) for r in rotations] or [np.zeros(0)])
    starts = np.cumsum([0, *(len(r) for r in rotations)])
    beats = np.concatenate([v + s for v, s in zip(voices, starts, strict=False)] or [np.zeros(0, np.int64)])
    total = len(close)
    if not close.any() or not len(beats) or total < 4 * SHIFT:
        return float("nan"), float("nan"), float("nan")
    shifts = np.random.default_rng(seed).integers(SHIFT, total - SHIFT + 1, SHUFFLES)
    shuffled = np.array([close[(beats + shift) % total].mean() for shift in shifts])
    found = close[beats].mean()
    return float(found), float(shuffled.mean()), float((1 + (shuffled >= found).sum()) / (1 + SHUFFLES))
