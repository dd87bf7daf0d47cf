"""How loud the voice is over the noise, by three roads that each fail elsewhere."""

from __future__ import annotations

import numpy as np

FFT = 512  # samples, 32 ms
HOP = 160  # samples, 10 ms
FRAME = 640  # samples, 40 ms
SMOOTH = 8  # hops
LOW = 8  # percentile that is taken for noise
LIFT = 1.245  # what that percentile of smoothed white noise has to be multiplied by
RANGE = (-10.0, 60.0)  # dB


def band_power(samples: np.ndarray) -> np.ndarray:
    """(T, B) power in up to 24 bands of equal ratio, every 10 ms; their sum is the samples' mean square."""
    samples = np.pad(samples, (0, max(0, FFT - len(samples))))
    window = np.hanning(FFT).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(samples, FFT)[::HOP]
    spectrum = np.abs(np.fft.rfft(cut * window, axis=1)) ** 2 * (2 / FFT / np.sum(window**2))
    edges = np.unique(np.round(np.geomspace(2, FFT // 2 + 1, 25)).astype(int))
    return np.add.reduceat(spectrum, edges[:-1], axis=1)


def noise_floor(power: np.ndarray) -> np.ndarray:
    """(B,) power of steady noise under (T, B): what the smoothed power of each band falls to between syllables.

    Minimum statistics after Martin, IEEE Transactions on Speech and Audio Processing 9 (2001), with a low percentile
    in place of the minimum and one factor for its bias.
    """
    total = np.cumsum(np.concatenate([np.zeros((1, power.shape[1])), power]), axis=0)
    width = min(SMOOTH, len(power))
    smooth = (total[width:] - total[:-width]) / width
    return LIFT * np.percentile(smooth, LOW, axis=0)


def floor_snr(samples: np.ndarray) -> float:
    """dB: power of what rises above the floor of (N,) samples, over the floor; right for steady noise under the voice."""
    power = band_power(samples)
    noise = float(noise_floor(power).sum())
    total = power.sum(axis=1)
    loud = total > max(1e-3 * float(np.percentile(total, 95)), 2 * noise)
    voice = float(total[loud].mean()) - noise if loud.any() else 0.0
    return decibels(voice, noise)


def decibels(voice: float, noise: float) -> float:
    """Ratio of two powers in dB, kept to -10..60."""
    low, high = RANGE
    if voice <= 0:
        return low
    return float(np.clip(10 * np.log10(voice / max(noise, 1e-12 * voice)), low, high))
