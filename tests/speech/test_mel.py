from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dxtalker.records import SAMPLE_RATE
from dxtalker.speech.mel import BANDS, FFT, HOP, filterbank, log_mel

BINS = np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)  # Hz


def edges() -> np.ndarray:
    """(82,) Hz where the triangles begin, peak and end: Slaney's scale, written down independently."""
    mels = np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), BANDS + 2)
    return np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))


def test_neighbouring_triangles_add_up_to_one() -> None:
    bounds = edges()
    triangles = filterbank() * ((bounds[2:] - bounds[:-2]) / 2)[:, None]
    inside = (bounds[1] <= BINS) & (bounds[-2] >= BINS)
    assert np.allclose(triangles.sum(axis=0)[inside], 1, atol=1e-5)
    assert triangles.min() >= 0
    assert triangles.max() <= 1 + 1e-6


def test_every_triangle_that_spans_many_bins_has_unit_area() -> None:
    areas = filterbank().sum(axis=1) * (BINS[1] - BINS[0])
    wide = edges()[2:] - edges()[:-2] > 6 * BINS[1]
    assert wide.sum() > 20
    assert np.allclose(areas[wide], 1, atol=0.03)


@pytest.mark.parametrize("hertz", [250, 440, 1000, 2000, 4100, 6000])
def test_a_sine_peaks_in_its_band(hertz: float) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    spectrum = log_mel(np.sin(2 * np.pi * hertz * time).astype(np.float32))
    loudest = int(spectrum[:, 50].argmax())
    assert edges()[loudest] <= hertz <= edges()[loudest + 2]


def test_silence_is_flat_and_bounded() -> None:
    spectrum = log_mel(np.zeros(3200, np.float32))
    assert spectrum.shape == (80, 20)
    assert np.unique(spectrum).tolist() == [-1.0]


def test_faint_noise_is_not_blown_up_to_speech() -> None:
    noise = np.random.default_rng(0).normal(0, 1e-4, 16_000).astype(np.float32)  # -77 dBFS
    assert log_mel(noise).max() < 0.5


@given(arrays(np.float32, st.integers(0, 2000), elements=st.floats(-1, 1, width=32)))
def test_any_sound_gives_bounded_values(samples: np.ndarray) -> None:
    spectrum = log_mel(samples)
    assert spectrum.shape == (80, len(samples) // HOP)
    assert np.isfinite(spectrum).all()
    assert spectrum.size == 0 or -1 <= spectrum.min() <= spectrum.max() <= 2.5
    assert spectrum.size == 0 or spectrum.max() - spectrum.min() <= 2 + 1e-6  # 8 decades
