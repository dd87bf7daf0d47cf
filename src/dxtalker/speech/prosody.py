"""Loudness in calibrated decibels, pitch and voicing: 16 kHz samples in, one value a frame out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

SAMPLES_PER_FRAME = 640  # 40 ms at 16 kHz
LOUDNESS_WINDOW = 1024  # samples, 64 ms
LOUDNESS_FLOOR = -100.0  # dBFS
PITCH_RANGE = (60.0, 500.0)  # Hz, speaking voices


def loudness(samples: np.ndarray, frames: int) -> np.ndarray:
    """(frames,) float32 dBFS: level of the Hann-weighted 64 ms centred on each frame; a full-scale sine is 0.

    Not normalised in any way: the same sound always has the same value.
    """
    half = LOUDNESS_WINDOW // 2
    tail = max(0, frames * SAMPLES_PER_FRAME + half - len(samples))
    padded = np.pad(samples, (half, tail))
    window = np.hanning(LOUDNESS_WINDOW + 1)[:-1].astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(padded, LOUDNESS_WINDOW)[::SAMPLES_PER_FRAME][:frames]
    power = (cut**2 @ window) / window.sum()
    level = 10 * np.log10(np.maximum(2 * power, 1e-12))
    return np.maximum(level, LOUDNESS_FLOOR).astype(np.float32)


@cache
def _tracker() -> SwiftF0:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def pitch(samples: np.ndarray, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Pitch (frames,) in Hz and voicing (frames,) 0..1 by SwiftF0 (Nieradzik, MIT), at 25 fps.

    Pitch is interpolated in octaves and is meaningful where voicing is above one half.
    """
    low, high = PITCH_RANGE
    found = _tracker().detect(samples, 16_000, fmin=low, fmax=high)
    at = np.arange(frames) * (SAMPLES_PER_FRAME / 16_000)
    octaves = np.interp(at, found.timestamps, np.log2(found.pitch_hz))
    voicing = np.interp(at, found.timestamps, found.confidence)
    return np.exp2(octaves).astype(np.float32), voicing.astype(np.float32)
