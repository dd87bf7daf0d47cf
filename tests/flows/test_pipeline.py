"""What people judge a talking head by: lips that close, a mouth that rests, nothing that breaks."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dxtalker
from dxtalker.audio import load_audio
from dxtalker.errors import BadInput
from dxtalker.files import asset
from dxtalker.pipeline import Settings, Speaker
from dxtalker.records import ARKIT_NAMES, Motion, Waveform

DATA = Path(__file__).parents[1] / "data"
VOICES = {"demo": asset("demo.flac")} | {n: DATA / f"{n}.flac" for n in ("austen_0870", "austen_0930")}
CLOSED = {"P", "B", "M"}
OPEN = {"AA", "AE", "AO", "AW", "AY"}
REACH = 0.04  # seconds around a phone


def phones(name: str) -> list[tuple[str, float, float]]:
    """Phone, begin and end in seconds."""
    words = json.loads((DATA / f"{name}.phone.json").read_text())["w"]
    return [(p["t"], p["b"], p["b"] + p["d"]) for word in words for p in word["w"]]


def opening(speaker: Speaker, motion: Motion) -> np.ndarray:
    """(T,) mm between the lips."""
    return speaker.head.opening(motion.curves)


def test_a_waveform_becomes_a_motion(speaker: Speaker, demo_wave: Waveform) -> None:
    motion = dxtalker.speak(demo_wave, speaker=speaker)
    assert isinstance(motion, Motion)
    assert len(motion) == 151
    assert motion.curves.shape == (151, len(ARKIT_NAMES))
    assert motion.fps == 25
    assert 0 <= motion.curves.min() <= motion.curves.max() <= 1
    assert np.abs(np.degrees(motion.rotation)).max() < 45


def test_a_path_and_its_waveform_give_the_same_motion(
    speaker: Speaker, demo_path: Path, demo_wave: Waveform, tmp_path: Path
) -> None:
    heard = dxtalker.speak(demo_path, [tmp_path / "a.csv"], speaker=speaker)
    assert heard.curves.tobytes() == dxtalker.speak(demo_wave, speaker=speaker).curves.tobytes()
    assert (tmp_path / "a.csv").is_file()


def test_lips_close_on_p_b_m_and_open_on_vowels(speaker: Speaker) -> None:
    closures, vowels = [], []
    for name, path in VOICES.items():
        gap = opening(speaker, speaker.animate(load_audio(path)))
        for phone, begin, end in phones(name):
            frames = gap[max(0, int((begin - REACH) * 25)) : int(np.ceil((end + REACH) * 25)) + 1]
            if phone in CLOSED:
                closures.append(frames.min())
            elif phone in OPEN:
                vowels.append(frames.max())
    assert len(closures) > 20
    assert len(vowels) > 12
    assert np.median(closures) < 0.35 * np.median(vowels)
    assert np.median(closures) < 2.5
    assert np.median(vowels) > 4


NOISE = np.random.default_rng(0).normal(0, 1, 4 * 16_000).astype(np.float32)


@pytest.mark.parametrize("level", [None, -75, -60, -45], ids=["digital", "-75 dB", "-60 dB", "-45 dB"])
def test_the_mouth_rests_in_silence(speaker: Speaker, level: int | None) -> None:
    samples = NOISE * 0 if level is None else NOISE * np.float32(10 ** (level / 20))
    gap = opening(speaker, speaker.animate(Waveform(samples)))
    assert np.abs(gap).max() < 0.5


def test_the_mouth_returns_to_rest_after_speech(speaker: Speaker, demo_wave: Waveform) -> None:
    silence = NOISE[:32_000] * np.float32(1e-3)
    motion = speaker.animate(Waveform(np.concatenate([silence, demo_wave.samples, silence])))
    gap, speech = opening(speaker, motion), slice(50, 201)
    assert np.abs(gap[:40]).max() < 0.5
    assert np.abs(gap[-35:]).max() < 0.5
    assert gap[speech].max() > 5


def test_recording_gain_hardly_matters(speaker: Speaker, demo_wave: Waveform) -> None:
    loud = opening(speaker, speaker.animate(demo_wave))
    quiet = opening(speaker, speaker.animate(replace(demo_wave, samples=demo_wave.samples * 0.2)))
    assert np.corrcoef(loud, quiet)[0, 1] > 0.9
    assert 0.7 < quiet.mean() / loud.mean() < 1.3


@pytest.fixture(scope="module")
def quick() -> Speaker:
    return Speaker(Settings(fps=Fraction(30000, 1001)))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 24_000),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["noise", "clicks", "square", "full scale", "silence"]),
)
def test_no_short_sound_breaks_it(quick: Speaker, length: int, seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    samples = {
        "noise": rng.normal(0, 0.3, length).clip(-1, 1),
        "clicks": (rng.random(length) < 0.001) * 1.0,
        "square": np.sign(np.sin(np.arange(length) * rng.uniform(0.001, 3))),
        "full scale": rng.choice([-1.0, 1.0], length),
        "silence": np.zeros(length),
    }[kind]
    motion = quick.animate(Waveform(samples.astype(np.float32)))
    assert len(motion) == max(1, round(length / 16_000 * motion.fps))
    assert 0 <= motion.curves.min() <= motion.curves.max() <= 1


def test_no_sound_is_refused(speaker: Speaker) -> None:
    with pytest.raises(BadInput, match="no samples"):
        speaker.animate(Waveform(np.zeros(0, np.float32)))


def test_progress_names_the_stages(speaker: Speaker, demo_wave: Waveform) -> None:
    seen: dict[str, float] = {}
    speaker.animate(demo_wave, seen.__setitem__)
    assert seen == {"moving": 1.0}
