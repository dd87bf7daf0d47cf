"""Whisper's log-mel spectrogram: 16 kHz samples in, 80 bands every 10 ms out."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..records import SAMPLE_RATE

FFT = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
BANDS = 80
# Whisper clamps at 8 decades below the loudest band of its input. Silence would then be clamped at its
# own noise, so the reference never falls below that of very quiet speech; see ``log_mel``.
LEAST_PEAK = 0.0  # log10 of power


@cache
def filterbank() -> np.ndarray:
    """(80, 201) float32: triangular filters on Slaney's mel scale, each of unit area.

    Slaney, Auditory Toolbox, 1998: linear to 1 kHz (200/3 Hz a mel), logarithmic above (27 steps for a
    factor of 6.4).
    """
    break_hz, step_hz, log_step = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0
    break_mel = break_hz / step_hz
    top = break_mel + np.log(SAMPLE_RATE / 2 / break_hz) / log_step
    mels = np.linspace(0.0, top, BANDS + 2)
    hertz = np.where(mels < break_mel, mels * step_hz, break_hz * np.exp((mels - break_mel) * log_step))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, FFT // 2 + 1)
    width = np.diff(hertz)
    slopes = hertz[:, None] - bins[None, :]
    rising, falling = -slopes[:-2] / width[:-1, None], slopes[2:] / width[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (hertz[2:] - hertz[:-2]))[:, None]).astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(80, N // 160) float32 for ``samples`` (N,) float32 at 16 kHz, scaled as Whisper expects it.

    The value of a frame depends on the rest of the input only through the clamp at 8 decades below the
    loudest band, or below ``LEAST_PEAK`` in silence: callers cut the input on a fixed grid.
    """
    frames = len(samples) // HOP
    padded = np.pad(samples, FFT // 2, mode="reflect" if len(samples) > FFT // 2 else "constant")
    window = np.hanning(FFT + 1)[:-1].astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP][:frames]
    power = np.abs(np.fft.rfft(cut * window, axis=1)) ** 2
    mel = np.log10(np.maximum(filterbank() @ power.T.astype(np.float32), 1e-10))
    peak = max(float(mel.max(initial=-10.0)), LEAST_PEAK)
    return ((np.maximum(mel, peak - 8.0) + 4.0) / 4.0).astype(np.float32)
