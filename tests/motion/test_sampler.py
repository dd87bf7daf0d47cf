from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.files import asset
from dxtalker.motion.conditions import Conditions, Guidance
from dxtalker.motion.perform import AHEAD, NEW, PAST, Performer, generate
from dxtalker.motion.sampler import CHANNELS, SOLVERS, Generator, Heard, Sampling, noise, solve
from dxtalker.pipeline import Speaker
from dxtalker.records import MOUTH, SpeechFeatures, Waveform, join_motion
from dxtalker.speech import listen

START = np.random.default_rng(2).normal(size=(30, 55))
MEAN, SPREAD = 1.5, 0.4


def expected_clean(x: np.ndarray, t: float) -> np.ndarray:
    """E[x1 | x_t] where x0 ~ N(0, 1), x1 ~ N(MEAN, SPREAD²) and x_t = (1 - t) x0 + t x1."""
    gain = t * SPREAD**2 / (t**2 * SPREAD**2 + (1 - t) ** 2)
    return MEAN + gain * (x - t * MEAN)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 16])
def test_a_constant_target_is_reached_in_any_number_of_steps(solver: str, steps: int) -> None:
    target = np.linspace(-1, 1, START.size).reshape(START.shape)
    assert np.array_equal(solve(lambda x, t: target, START, Sampling(steps, solver)), target)


@pytest.mark.parametrize(("solver", "within"), [("euler", 0.02), ("midpoint", 0.005), ("heun", 0.005)])
def test_one_gaussian_becomes_another(solver: str, within: float) -> None:
    arrived = solve(expected_clean, START, Sampling(200, solver))
    assert np.abs(arrived - (MEAN + SPREAD * START)).max() < within * np.abs(START).max()


@pytest.mark.parametrize("solver", SOLVERS)
def test_more_steps_come_nearer(solver: str) -> None:
    errors = [
        np.abs(solve(expected_clean, START, Sampling(steps, solver)) - (MEAN + SPREAD * START)).mean()
        for steps in (2, 4, 8, 32)
    ]
    assert errors == sorted(errors, reverse=True)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(0, 39), st.integers(0, 2**64 - 1))
def test_noise_belongs_to_the_frame_and_the_seed(first: int, count: int, later: int, seed: int) -> None:
    how = Sampling(seed=seed)
    whole = noise(first, count + later, how)
    assert whole.shape == (count + later, CHANNELS)
    assert noise(first + later, count, how).tobytes() == whole[later:].tobytes()


def test_noise_of_another_seed_is_another_and_the_mouths_is_smaller() -> None:
    drawn = noise(0, 4000, Sampling(seed=1, mouth_noise=0.5))
    assert not np.array_equal(drawn, noise(0, 4000, Sampling(seed=2, mouth_noise=0.5)))
    rest = np.setdiff1d(np.arange(CHANNELS), MOUTH)
    assert drawn[:, MOUTH].std() == pytest.approx(0.5, rel=0.01)
    assert drawn[:, rest].std() == pytest.approx(1.0, rel=0.01)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(CHANNELS)).max() < 0.08


@pytest.fixture(scope="module")
def heard(speaker: Speaker, long_wave: Waveform) -> SpeechFeatures:
    return listen(long_wave, speaker.encoder)


def first_frames(features: SpeechFeatures, count: int) -> SpeechFeatures:
    fields = ("content", "loudness", "pitch", "voicing")
    return replace(features, **{name: getattr(features, name)[:count] for name in fields})


@pytest.mark.parametrize("frames", [1, NEW - 1, NEW, NEW + 1, 2 * NEW + AHEAD])
def test_a_frame_of_motion_for_each_frame_of_sound(
    speaker: Speaker, heard: SpeechFeatures, frames: int
) -> None:
    motion = generate(first_frames(heard, frames), speaker.generator)
    assert len(motion) == frames
    assert motion.fps == heard.fps
    assert motion.curves.dtype == np.float32
    assert 0 <= motion.curves.min() <= motion.curves.max() <= 1


def test_windows_join_without_a_jump(speaker: Speaker, heard: SpeechFeatures) -> None:
    at_seams, within = [], []
    for seed in range(4):
        motion = generate(heard, speaker.generator, Sampling(seed=seed))
        step = np.linalg.norm(np.diff(motion.curves, axis=0), axis=1)
        seams = np.arange(NEW, len(motion), NEW) - 1
        at_seams.append(step[seams])
        within.append(np.delete(step, seams))
    assert np.mean(at_seams) <= 1.5 * np.mean(within)


def test_what_lies_beyond_the_look_ahead_changes_nothing(speaker: Speaker, heard: SpeechFeatures) -> None:
    reach = AHEAD + 1  # the change of loudness looks one frame further
    short = generate(first_frames(heard, 2 * NEW + reach), speaker.generator)
    long = generate(heard, speaker.generator)
    assert np.array_equal(short.curves[: 2 * NEW], long.curves[: 2 * NEW])


def test_the_same_seed_gives_the_same_bytes_and_another_another_take(
    speaker: Speaker, heard: SpeechFeatures
) -> None:
    features = first_frames(heard, 120)
    once, again, other = (
        generate(features, speaker.generator, Sampling(seed=seed)).curves for seed in (4, 4, 5)
    )
    assert once.tobytes() == again.tobytes()
    assert np.abs(once - other).mean() > 1e-3


class KeepsWatch:
    """A generator that returns what it is given and notes what it saw."""

    mean, std, spread = (np.full(CHANNELS, value, np.float32) for value in (0, 1, 1))
    name = "watch"

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, float, np.ndarray]] = []

    def estimate(
        self,
        noisy: np.ndarray,
        time: float,
        heard: Heard,
        past: np.ndarray,
        asked: Conditions,
        guidance: Guidance,
    ) -> np.ndarray:
        self.seen.append((noisy, time, past))
        assert len(noisy) == len(heard.content) == len(heard.prosody)
        return np.full_like(noisy, 0.25 + 0.1 * len(past) / PAST)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400), max_size=6))
def test_pieces_give_the_motion_of_the_whole(
    speaker: Speaker, heard: SpeechFeatures, cuts: list[int]
) -> None:
    whole = generate(heard, speaker.generator)
    performer, at = Performer(speaker.generator), 0
    moved = []
    for stop in [*sorted(min(c, len(heard)) for c in cuts), len(heard)]:
        moved.append(performer.feed(heard.cut(at, stop)))
        assert all(len(features) <= 3 * NEW + stop - at for features in performer._heard)  # forgets
        at = stop
    pieces = join_motion([*moved, performer.close()])
    assert pieces.curves.tobytes() == whole.curves.tobytes()
    assert pieces.rotation.tobytes() == whole.rotation.tobytes()
    with pytest.raises(BadInput, match="after close"):
        performer.feed(heard)


def test_the_known_past_stays_on_its_path(heard: SpeechFeatures) -> None:
    watch = KeepsWatch()
    how = Sampling(steps=3)
    generate(first_frames(heard, 2 * NEW), watch, how)  # type: ignore[arg-type]
    later = [seen for seen in watch.seen if len(seen[2])]
    assert len(later) == 3
    start = noise(NEW - PAST, PAST, how)
    for noisy, time, past in later:
        assert len(past) == PAST
        assert np.allclose(past, 0.25)
        assert np.allclose(noisy[:PAST], (1 - time) * start + time * past, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_and_guidance_runs(speaker: Speaker, heard: SpeechFeatures, solver: str) -> None:
    features = first_frames(heard, 60)
    motion = generate(features, speaker.generator, Sampling(2, solver, guidance=Guidance(sound=1.5)))
    plain = generate(features, speaker.generator, Sampling(2, solver))
    assert not np.array_equal(motion.curves, plain.curves)


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"steps": 257}, {"solver": "rk45"}, {"mouth_noise": -0.1}, {"mouth_noise": 1.1},
     {"mouth_noise": float("nan")}],
)  # fmt: skip
def test_impossible_sampling_is_refused(wrong: dict) -> None:
    with pytest.raises(BadInput):
        Sampling(**wrong)


def test_files_that_are_no_generator_are_refused(tmp_path: Path) -> None:
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(asset("generator.onnx").read_bytes()[:100_000])
    for path in (torn, tmp_path / "missing.onnx", asset("speech_encoder.onnx"), asset("demo.flac")):
        with pytest.raises(BadInput, match="not a dxtalker generator"):
            Generator(path)
