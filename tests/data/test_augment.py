"""Sound changed in many ways stays in time, at its level, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dxtalker.audio import load_audio
from dxtalker.data import augment, sounds
from dxtalker.data.augment import labels_at_speed, speech_level
from dxtalker.errors import BadInput

SPEECH = load_audio(Path(__file__).parent / "austen_0870.flac").samples[: 5 * 16_000]
HUM = sounds.noise("hum", len(SPEECH), np.random.default_rng(0))
WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gain": lambda x: augment.gain(x, -9),
    "noise": lambda x: augment.add_noise(x, HUM, 15),
    "room": lambda x: augment.room(x, 0.5, 2.0, seed=3),
    "telephone": augment.telephone,
    "opus": augment.opus,
    "up": lambda x: augment.pitch(x, 3),
    "down": lambda x: augment.pitch(x, -3),
}


def envelope(samples: np.ndarray) -> np.ndarray:
    """(N,) the level in decades over 10 ms, without its mean."""
    window = np.hanning(161)
    level = np.log10(np.convolve(samples**2, window / window.sum(), mode="same") + 1e-5)
    return level - level.mean()


def lag_ms(samples: np.ndarray, against: np.ndarray) -> float:
    """By how much ``samples`` come later, within 50 ms."""
    first, second = envelope(against), envelope(samples)
    size = 2 * len(first)
    alike = np.fft.irfft(np.fft.rfft(second, size) * np.conj(np.fft.rfft(first, size)))
    return float(np.argmax(np.concatenate([alike[-800:], alike[:801]])) - 800) / 16


@pytest.mark.parametrize("way", WAYS)
def test_speech_stays_in_time_and_is_the_same_again(way: str) -> None:
    changed = WAYS[way](SPEECH)
    assert changed.shape == SPEECH.shape and changed.dtype == np.float32
    assert np.abs(changed).max() <= 1.5 and not np.array_equal(changed, SPEECH)
    assert abs(lag_ms(changed, SPEECH)) < 5
    assert np.array_equal(changed, WAYS[way](SPEECH))


def test_levels() -> None:
    assert np.allclose(augment.gain(SPEECH, -20), SPEECH / 10, atol=1e-6)
    assert np.abs(augment.gain(SPEECH, 40)).max() == 1  # clipped as a recorder clips
    for ratio in (20.0, 0.0):
        added = augment.add_noise(SPEECH / 8, HUM, ratio) - SPEECH / 8
        wanted = speech_level(SPEECH / 8) * 10 ** (-ratio / 20)
        assert np.sqrt(np.mean(added**2)) == pytest.approx(wanted, rel=0.01)
    heard = augment.room(SPEECH / 4, 0.8, 0.0, 1)
    assert np.mean(heard**2) == pytest.approx(np.mean((SPEECH / 4) ** 2), rel=0.05)


@pytest.mark.parametrize("semitones", [-4.0, 5.0])
def test_pitch_moves_a_tone(semitones: float) -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(32_000) / 16_000).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(augment.pitch(tone, semitones)))
    assert np.argmax(spectrum) / 2 == pytest.approx(200 * 2 ** (semitones / 12), rel=0.03)
    assert len(augment.stretch(tone, 1.3)) == round(1.3 * len(tone))


def test_a_telephone_lets_its_band_through() -> None:
    noise = 0.2 * sounds.noise("white", 32_000, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(augment.telephone(noise))) ** 2
    hertz = np.fft.rfftfreq(32_000, 1 / 16_000)
    inside = power[(hertz > 400) & (hertz < 3000)].mean()
    assert power[hertz < 200].mean() < 0.01 * inside and power[hertz > 4000].mean() < 0.01 * inside


def test_a_room_rings_after_the_sound_and_not_before() -> None:
    click = np.zeros(16_000, np.float32)
    click[4000] = 0.5
    heard = augment.room(click, 0.4, 0.0, seed=5)
    assert np.argmax(np.abs(heard)) == 4000 and np.abs(heard[:4000]).max() < 1e-6
    early, late = np.mean(heard[4100:5000] ** 2), np.mean(heard[9000:10_000] ** 2)
    assert 0 < late < early / 100


def test_labels_go_with_the_speed() -> None:
    labels = np.sin(np.arange(200) / 9.0).astype(np.float32)[:, None] * np.ones((1, 3), np.float32)
    faster = labels_at_speed(labels, 1.25, 160)
    assert faster.shape == (160, 3) and np.allclose(faster[80], labels[100])
    samples = np.interp(np.arange(200 * 640) / 640, np.arange(200), labels[:, 0]).astype(np.float32)
    heard = augment.speed(samples, 1.25)
    assert len(heard) == 160 * 640 and np.allclose(heard[: 150 * 640 : 640], faster[:150, 0], atol=0.02)
    met = np.array([0, 1, np.nan, 0], np.float32)
    assert np.isnan(labels_at_speed(met, 1.0, 4)).tolist() == [False, False, True, False]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="expected -60 to 40"):
        augment.gain(SPEECH, 80)
    with pytest.raises(BadInput, match="silent or empty"):
        augment.add_noise(SPEECH, np.zeros(10, np.float32), 5)
    with pytest.raises(BadInput, match="one channel"):
        augment.telephone(np.zeros((10, 2), np.float32))
    with pytest.raises(BadInput, match="one channel"):
        augment.room(np.zeros(0, np.float32), 0.3, 0, 0)
    with pytest.raises(BadInput, match=r"expected 0\.5 to 2"):
        augment.speed(SPEECH, 3)
    with pytest.raises(BadInput, match="semitones"):
        augment.pitch(SPEECH, float("nan"))
    with pytest.raises(BadInput, match="kbit/s"):
        augment.opus(SPEECH, 2)
