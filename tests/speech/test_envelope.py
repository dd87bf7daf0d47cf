"""The amplitude stream: gain taken away, the envelope known from theory."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.records import Waveform
from dxtalker.speech.envelope import UNIT, amplitude, calibrated, envelope


def test_the_envelope_of_a_tone_is_its_level() -> None:
    at = np.arange(6400)
    found = envelope((0.1 * np.sin(2 * np.pi * 400 * at / 16_000)).astype(np.float32))
    assert found.shape == (10, 640) and np.abs(found * UNIT - 0.1).max() < 1e-5
    assert np.allclose(amplitude(found), 0.5, atol=1e-3)


@pytest.mark.parametrize("gain", [0.03, 0.3, 1.0, 4.0])
def test_a_recordings_gain_is_not_heard(demo_wave: Waveform, gain: float) -> None:
    expected = calibrated(demo_wave.samples)
    assert np.abs(calibrated(gain * demo_wave.samples) - expected).max() < 1e-5
    paused = np.concatenate([demo_wave.samples, np.zeros(160_000, np.float32)])
    assert np.abs(calibrated(paused)[: len(expected)] - expected).max() < 0.02 * np.abs(expected).max()


def test_silence_stays_silence_and_nothing_is_nothing() -> None:
    hiss = (1e-5 * np.random.default_rng(0).standard_normal(3200)).astype(np.float32)
    assert np.array_equal(calibrated(hiss), hiss)
    assert not amplitude(envelope(np.zeros(1000, np.float32))).any()
    assert envelope(np.zeros(0, np.float32)).shape == (0, 640) and len(calibrated(np.zeros(0))) == 0
