"""The amplitude stream: the sound's envelope, sample by sample, after the recording's gain was taken away."""

from __future__ import annotations

import numpy as np

from .prosody import SAMPLES_PER_FRAME

LEVEL = -26.0  # dBFS (RMS) that active speech is brought to
ACTIVE = 25.0  # dB below the loudest frames: what is quieter is a pause
SILENT = 50.0  # dB below the loudest frame: digital silence, which the percentile passes over
LEAST = -65.0  # dBFS: sound that is never louder is silence and keeps its gain
UNIT = 0.05  # the envelope's unit, the RMS at ``LEVEL``
FULL = 4.0  # envelope of a frame, in units, at which its amplitude counts as 1: the loudest vowels


def calibrated(samples: np.ndarray) -> np.ndarray:
    """(N,) float32: the sound at one speech level, so that a recording's gain is not heard as loudness.

    The level is the mean power of the frames within 25 dB of the 95th percentile, of the whole recording (in the
    spirit of ITU-T P.56): pauses do not count, and within a recording loud stays loud. The same in training and
    afterwards.
    """
    frames = -(-len(samples) // SAMPLES_PER_FRAME)
    padded = np.pad(samples, (0, frames * SAMPLES_PER_FRAME - len(samples))).astype(np.float64)
    power = (padded.reshape(frames, SAMPLES_PER_FRAME) ** 2).mean(axis=1)
    most = float(power.max(initial=0))
    if most <= 10 ** (LEAST / 10):
        return samples.astype(np.float32)
    loud = float(np.percentile(power[power >= most * 10 ** (-SILENT / 10)], 95))
    level = float(power[power >= loud * 10 ** (-ACTIVE / 10)].mean())
    return (samples * (10 ** (LEVEL / 20) / np.sqrt(level))).astype(np.float32)


def envelope(samples: np.ndarray) -> np.ndarray:
    """(T, 640) float32, in units of ``UNIT``: the modulus of the analytic signal, T = ceil(N / 640).

    The analytic signal is the one whose spectrum has no negative frequencies (Gabor, "Theory of communication", 1946).
    """
    frames = -(-len(samples) // SAMPLES_PER_FRAME)
    count = frames * SAMPLES_PER_FRAME
    if not count:
        return np.zeros((0, SAMPLES_PER_FRAME), np.float32)
    spectrum = np.fft.fft(np.pad(samples, (0, count - len(samples))))
    spectrum[1 : count // 2] *= 2
    spectrum[count // 2 + 1 :] = 0
    return (np.abs(np.fft.ifft(spectrum)) / UNIT).reshape(frames, -1).astype(np.float32)


def amplitude(frames: np.ndarray) -> np.ndarray:
    """(T,) float32 0..1 of an envelope (T, 640): by a fixed scale, not by the loudest frame of a batch or a clip."""
    return np.clip(frames.mean(axis=1, dtype=np.float32) / FULL, 0, 1)
