"""Sounds that are no speech: each is what it says, at one level, the same for the same generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dxtalker.data import sounds
from dxtalker.errors import BadInput

COUNT = 10 * 16_000
MAKERS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    **{kind: lambda rng, kind=kind: sounds.noise(kind, COUNT, rng) for kind in sounds.NOISES},
    "breaths": lambda rng: sounds.breaths(COUNT, rng),
    "laughter": lambda rng: sounds.laughter(COUNT, rng),
    "music": lambda rng: sounds.music(COUNT, rng),
}


def level(sound: np.ndarray) -> np.ndarray:
    """(M,) root mean square of each tenth of a second."""
    return np.sqrt((sound.reshape(-1, 1600) ** 2).mean(axis=1))


@pytest.mark.parametrize("name", MAKERS)
def test_a_sound_is_finite_level_and_seeded(name: str) -> None:
    made = MAKERS[name](np.random.default_rng(4))
    assert made.shape == (COUNT,) and made.dtype == np.float32 and np.isfinite(made).all()
    sounding = np.abs(made) > 1e-3 * np.abs(made).max()
    assert np.sqrt(np.mean(made[sounding] ** 2)) == pytest.approx(1, rel=0.02)
    assert np.array_equal(made, MAKERS[name](np.random.default_rng(4)))
    assert not np.array_equal(made, MAKERS[name](np.random.default_rng(5)))


def test_noises_fall_as_their_colour_says() -> None:
    def octave(kind: str, low: int) -> float:
        power = np.abs(np.fft.rfft(sounds.noise(kind, COUNT, np.random.default_rng(0)))) ** 2
        return float(power[low * 10 : 2 * low * 10].sum())

    for kind, fall in (("white", 2.0), ("pink", 1.0), ("brown", 0.5)):
        assert octave(kind, 2000) / octave(kind, 1000) == pytest.approx(fall, rel=0.1)


def test_breaths_and_laughs_come_and_go() -> None:
    assert (level(MAKERS["breaths"](np.random.default_rng(1))) < 0.05).mean() > 0.2
    laughs = level(MAKERS["laughter"](np.random.default_rng(1)))
    assert (laughs < 0.05).mean() > 0.1 and (laughs > 0.5).mean() > 0.1


def test_babble_is_no_single_voice() -> None:
    rng = np.random.default_rng(0)
    voices = [rng.standard_normal(n).astype(np.float32) for n in (30_000, 20_000, 10_000)]
    mixed = sounds.babble(voices, COUNT, rng)
    alone = np.resize(voices[0], COUNT)
    assert mixed.shape == (COUNT,) and abs(np.corrcoef(mixed, alone)[0, 1]) < 0.5


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(BadInput, match="no noise 'blue'"):
        sounds.noise("blue", 100, np.random.default_rng(0))
    with pytest.raises(BadInput, match="babble needs voices"):
        sounds.babble([], 100, np.random.default_rng(0))


def test_a_mouth_rests_in_sounds_of_many_kinds_and_levels() -> None:
    made = dict(sounds.resting_sounds(3))
    assert len(made) == 1 + sum(len(levels) for levels in sounds.RESTING.values())
    assert not made["digital"].any() and all(np.abs(sound).max() <= 1 for sound in made.values())
    quiet, loud = made["white_-75"], made["white_-55"]
    assert 20 * np.log10(np.std(loud) / np.std(quiet)) == pytest.approx(20, abs=0.5)
    assert np.array_equal(made["music_-22"], dict(sounds.resting_sounds(3))["music_-22"])
