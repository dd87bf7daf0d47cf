from __future__ import annotations

import numpy as np
import pytest

from dxtalker.curate.clipping import clipped_share
from dxtalker.curate.noise import floor_snr
from dxtalker.curate.settings import Settings
from dxtalker.curate.sound import judge_sound, measure_sound
from dxtalker.errors import BadInput
from dxtalker.records import Waveform


def noisy(wave: Waveform, decibels: float, seed: int = 5) -> Waveform:
    noise = np.random.default_rng(seed).standard_normal(len(wave.samples))
    gain = np.sqrt(np.mean(wave.samples**2)) * 10 ** (-decibels / 20)
    return Waveform((wave.samples + gain * noise).astype(np.float32))


def tune(seconds: float) -> np.ndarray:
    """(N,) chords of decaying tones, a new one every 0.4 s."""
    at = np.arange(int(seconds * 16_000)) / 16_000
    total = np.zeros(len(at))
    for step in range(int(seconds / 0.4)):
        t = at - 0.4 * step
        tones = [220 * 2 ** ((k + (0, 5, 7, 3)[step % 4]) / 12) for k in (0, 4, 7)]
        chord = sum(np.sin(2 * np.pi * h * k * t) / k for h in tones for k in range(1, 6))
        total += np.where((t > 0) & (t < 1.0), np.exp(-3 * np.clip(t, 0, 1)), 0) * chord
    return total / np.abs(total).max()


def test_a_good_voice_passes(demo_wave: Waveform) -> None:
    verdict = judge_sound(demo_wave, Settings())
    assert verdict.reason == "" and verdict.remark == ""
    assert verdict.scores["sound.speech"] > 0.7
    assert verdict.scores["sound.snr"] > 20
    assert verdict.scores["sound.music"] < 0.1


def test_the_same_sound_gives_the_same_scores_at_any_gain(demo_wave: Waveform) -> None:
    first = measure_sound(demo_wave)
    assert measure_sound(demo_wave) == first
    quiet = measure_sound(Waveform(demo_wave.samples * np.float32(0.1)))
    assert quiet["sound.snr"] == pytest.approx(first["sound.snr"], abs=3)
    assert quiet["sound.music"] == pytest.approx(first["sound.music"], abs=0.1)


@pytest.mark.parametrize("decibels", [0, 10, 20])
def test_the_noise_is_measured(demo_wave: Waveform, decibels: int) -> None:
    assert measure_sound(noisy(demo_wave, decibels))["sound.snr"] == pytest.approx(decibels, abs=4)


@pytest.mark.parametrize("decibels", [15, 25])
def test_the_floor_of_steady_noise(demo_wave: Waveform, decibels: int) -> None:
    assert floor_snr(noisy(demo_wave, decibels).samples) == pytest.approx(decibels, abs=3)


def test_what_is_wrong_is_said(demo_wave: Waveform) -> None:
    settings = Settings()
    count = len(demo_wave.samples)
    music = (demo_wave.samples + 0.2 * tune(count / 16_000 + 1)[:count]).astype(np.float32)
    loud = np.abs(demo_wave.samples).max()
    for wave, reason in (
        (Waveform(np.zeros(count, np.float32)), "sound.silent"),
        (
            Waveform((0.1 * np.random.default_rng(1).standard_normal(count)).astype(np.float32)),
            "sound.silent",
        ),
        (noisy(demo_wave, 0), "sound.noisy"),
        (Waveform(music), "sound.music"),
        (Waveform(np.clip(demo_wave.samples, -0.3 * loud, 0.3 * loud)), "sound.clipped"),
    ):
        verdict = judge_sound(wave, settings)
        assert verdict.reason == reason
        assert verdict.remark


def test_two_voices_at_once(demo_wave: Waveform, long_wave: Waveform) -> None:
    other = long_wave.samples[len(demo_wave.samples) :][: len(demo_wave.samples)]
    both = Waveform(demo_wave.samples[: len(other)] + other)
    assert measure_sound(both)["sound.second_voice"] > 5 * measure_sound(demo_wave)["sound.second_voice"]


def test_clipping_is_seen_at_any_level(demo_wave: Waveform) -> None:
    voice = demo_wave.samples
    ceiling = np.quantile(np.abs(voice), 0.99)
    assert clipped_share(voice) < 0.001
    assert clipped_share(0.3 * np.clip(voice, -ceiling, ceiling)) > 0.003
    assert clipped_share(np.clip(voice / ceiling, -1, 1)) > 0.003
    assert clipped_share(np.zeros(0, np.float32)) == 0


def test_long_and_short_sound(long_wave: Waveform) -> None:
    assert measure_sound(long_wave)["sound.speech"] > 0.7
    assert measure_sound(Waveform(long_wave.samples[:100]))["sound.speech"] in (0.0, 1.0)


def test_limits_of_zero_ask_nothing(demo_wave: Waveform) -> None:
    bad = Waveform(np.clip(noisy(demo_wave, 0).samples, -0.05, 0.05))
    lenient = Settings(snr=0, clipped=0, music=0, second_voice=0)
    assert judge_sound(bad, lenient).reason == ""


def test_another_rate_is_refused(demo_wave: Waveform) -> None:
    with pytest.raises(BadInput, match="16000 Hz"):
        judge_sound(Waveform(demo_wave.samples, 44_100), Settings())
    with pytest.raises(BadInput, match="no samples"):
        judge_sound(Waveform(np.zeros(0, np.float32)), Settings())
