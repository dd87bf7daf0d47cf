from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.speech.prosody import LOUDNESS_FLOOR, loudness, pitch

TIME = np.arange(16_000) / 16_000  # a second
FRAMES = 25
INNER = slice(2, 23)  # frames whose windows lie inside the sound


def tone(hertz: float, harmonics: int = 8) -> np.ndarray:
    """A voice-like tone: harmonics that fall by 6 dB an octave."""
    parts = (np.sin(2 * np.pi * hertz * k * TIME) / k for k in range(1, harmonics + 1))
    return (0.2 * sum(parts)).astype(np.float32)


def test_a_full_scale_sine_has_0_dbfs() -> None:
    level = loudness(np.sin(2 * np.pi * 440 * TIME).astype(np.float32), FRAMES)
    assert level.shape == (FRAMES,)
    assert np.allclose(level[INNER], 0, atol=0.05)


@given(st.floats(-60, 0))
def test_gain_in_is_gain_out(decibels: float) -> None:
    sound = tone(150)
    change = loudness(sound * np.float32(10 ** (decibels / 20)), FRAMES) - loudness(sound, FRAMES)
    assert np.allclose(change, decibels, atol=0.01)


def test_silence_lies_on_the_floor() -> None:
    assert loudness(np.zeros(16_000, np.float32), FRAMES).tolist() == [LOUDNESS_FLOOR] * FRAMES


def test_a_frame_hears_32_ms_on_either_side() -> None:
    click = np.zeros(16_000, np.float32)
    click[10 * 640] = 1
    heard = np.flatnonzero(loudness(click, FRAMES) > LOUDNESS_FLOOR)
    assert heard.tolist() == [10]


@pytest.mark.parametrize("hertz", [90, 120, 200, 310])
def test_pitch_of_a_tone_is_within_one_percent(hertz: float) -> None:
    found, voicing = pitch(tone(hertz), FRAMES)
    assert np.allclose(found[INNER], hertz, rtol=0.01)
    assert (voicing[INNER] > 0.5).all()


def test_noise_and_silence_have_no_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    for sound in (noise, np.zeros(16_000, np.float32)):
        found, voicing = pitch(sound, FRAMES)
        assert found.shape == voicing.shape == (FRAMES,)
        assert np.isfinite(found).all()
        assert np.median(voicing) < 0.5
