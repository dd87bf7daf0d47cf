from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_speech import FPS, LIP_GAP, cut, cut_motion, features_of, raw_motion, silence, speech

from dxtalker.errors import BadInput
from dxtalker.motion.finish import GAINS, LOOK_AHEAD, MEMORY, PARTS, Finish, finish, parse_gains
from dxtalker.records import ARKIT_INDEX, BLINK, BROWS, GAZE, Motion

TALK, SAID = speech(120)
RAW = raw_motion(TALK)
DONE = finish(RAW, TALK, LIP_GAP, seed=5)


def arrays(motion: Motion) -> tuple[np.ndarray, ...]:
    return motion.curves, motion.rotation, motion.translation


def same(a: Motion, b: Motion) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(arrays(a), arrays(b), strict=True))


def test_raw_is_identity() -> None:
    assert finish(RAW, TALK, LIP_GAP, Finish.raw()) is RAW


def test_length_rate_start_and_type_are_kept() -> None:
    late = finish(replace(RAW, start=3.0), TALK, LIP_GAP)
    assert (len(late), late.fps, late.start) == (len(RAW), RAW.fps, 3.0)
    assert all(x.dtype == np.float32 for x in arrays(late)) and late.info["finish"].startswith("lips=1")


def test_closures_are_kept_and_the_mouth_rests() -> None:
    before, after = RAW.curves @ LIP_GAP, DONE.curves @ LIP_GAP
    assert (after[before <= 0] <= 1e-3).all() and (after <= np.maximum(before, 0) + 1e-3).all()
    inside = SAID & (before > 2)
    assert np.median(after[inside] / before[inside]) > 0.99
    loud = finish(RAW, TALK, LIP_GAP, Finish(lips=1.6), seed=5).curves @ LIP_GAP
    assert (loud[before <= 1] <= 1.001).all() and loud[inside].mean() > 1.2 * after[inside].mean()


@pytest.mark.parametrize("level", [-100, -55])
def test_silence_opening_is_under_5_percent(level: float) -> None:
    still = silence(30, level)
    rested = np.maximum(finish(raw_motion(still), still, LIP_GAP).curves @ LIP_GAP, 0)
    assert rested.mean() < 0.05 * np.maximum(DONE.curves @ LIP_GAP, 0)[SAID].mean()


def test_a_gain_of_0_stills_its_group() -> None:
    for name, columns in {"blink": BLINK, "gaze": GAZE, "brows": BROWS}.items():
        out = finish(RAW, TALK, LIP_GAP, Finish(**{name: 0.0}))
        assert not out.curves[:, columns].any(), name
    head = finish(RAW, TALK, LIP_GAP, Finish(head=0))
    assert not head.rotation.any() and not head.translation.any()
    lips = finish(RAW, TALK, LIP_GAP, Finish(lips=0))
    assert not lips.curves[:, ARKIT_INDEX["jawOpen"]].any()


def test_a_part_that_is_off_leaves_the_network_alone() -> None:
    for name, columns in {"blink": BLINK, "gaze": GAZE, "brows": BROWS}.items():
        out = finish(RAW, TALK, LIP_GAP, Finish(off=frozenset({name, "limits"})))
        assert np.array_equal(out.curves[:, columns], RAW.curves[:, columns]), name
    out = finish(RAW, TALK, LIP_GAP, Finish(off=frozenset({"head", "limits"})))
    assert np.array_equal(out.rotation, RAW.rotation)
    half = finish(RAW, TALK, LIP_GAP, Finish(head=0.5)).rotation
    full = finish(RAW, TALK, LIP_GAP).rotation
    assert np.allclose(2 * half, full, atol=0.05)


def test_eyes_stay_on_the_viewer_while_the_head_turns() -> None:
    yaw = (DONE.curves[:, ARKIT_INDEX["eyeLookOutLeft"]] - DONE.curves[:, ARKIT_INDEX["eyeLookInLeft"]]) * 30
    head = np.degrees(DONE.rotation[:, 1])
    assert np.corrcoef(yaw, head)[0, 1] < -0.6 and np.abs(yaw + head).mean() < 3


def test_same_seed_same_bytes_other_seed_another_take() -> None:
    assert same(DONE, finish(RAW, TALK, LIP_GAP, seed=5))
    other = finish(RAW, TALK, LIP_GAP, seed=6)
    assert np.abs(other.rotation - DONE.rotation).max() > np.radians(2)
    assert not np.array_equal(other.curves[:, BLINK], DONE.curves[:, BLINK])
    mouth = ARKIT_INDEX["jawOpen"]
    assert np.array_equal(other.curves[:, mouth], DONE.curves[:, mouth])


@pytest.mark.parametrize("seconds", [5, 17.48, 60])
def test_a_prefix_is_the_start_of_the_whole(seconds: float) -> None:
    stop = round(seconds * FPS)
    part = finish(cut_motion(RAW, 0, stop), cut(TALK, 0, stop), LIP_GAP, seed=5)
    settled = stop - round(LOOK_AHEAD * FPS)
    for a, b in zip(arrays(part), arrays(DONE), strict=True):
        assert np.abs(a[:settled] - b[:settled]).max() < 1e-5


@pytest.mark.parametrize("at", [20.0, 48.36, 90.0])
def test_a_window_with_its_surroundings_is_the_same_stretch(at: float) -> None:
    start, stop = round((at - MEMORY) * FPS), round((at + 4 + LOOK_AHEAD) * FPS)
    part = finish(cut_motion(RAW, start, stop), cut(TALK, start, stop), LIP_GAP, seed=5)
    inner = slice(round(MEMORY * FPS), -round(LOOK_AHEAD * FPS))
    whole = slice(start + round(MEMORY * FPS), stop - round(LOOK_AHEAD * FPS))
    for a, b in zip(arrays(part), arrays(DONE), strict=True):
        assert np.abs(a[inner] - b[whole]).max() < 1e-5


@pytest.mark.parametrize("start", [0.0, 7.0])
def test_finished_in_blocks_is_finished_whole(monkeypatch: pytest.MonkeyPatch, start: float) -> None:
    moved, heard = replace(RAW, start=start), replace(TALK, start=start)
    whole = finish(moved, heard, LIP_GAP, seed=5)
    monkeypatch.setattr("dxtalker.motion.finish.BLOCK", 10.0)
    blocks = finish(moved, heard, LIP_GAP, seed=5)
    assert len(moved) > 30 * FPS
    for a, b in zip(arrays(blocks), arrays(whole), strict=True):
        assert np.abs(a - b).max() < 1e-5


gains = st.builds(
    Finish, st.floats(0, 2), st.floats(0, 1), *[st.floats(0, 2)] * 4, st.frozensets(st.sampled_from(PARTS))
)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 150), chosen=gains, start=st.integers(-10, 10**6))
def test_finite_and_in_range_for_any_input(seed: int, count: int, chosen: Finish, start: int) -> None:
    rng = np.random.default_rng(seed)
    features = features_of(rng.uniform(-100, 0, count), rng.random(count), rng.uniform(40, 500, count))
    motion = Motion(
        rng.random((count, 52)).astype(np.float32),
        rng.normal(0, 1, (count, 3)).astype(np.float32),
        rng.normal(0, 0.1, (count, 3)).astype(np.float32),
        start=start / FPS,
    )
    out = finish(motion, features, LIP_GAP, chosen, seed)
    assert len(out) == count and all(np.isfinite(x).all() for x in arrays(out))
    assert out.curves.min(initial=0) >= 0 and out.curves.max(initial=0) <= 1


def test_parse_gains() -> None:
    assert parse_gains("") == Finish()
    assert parse_gains("lips=1.1, head=0.5,blink=1,gaze=1,brows=1") == Finish(lips=1.1, head=0.5)
    assert parse_gains("blink=off,rest=0.5") == Finish(rest=0.5, off=frozenset({"blink"}))
    assert parse_gains(str(Finish(head=0.25, off=frozenset({"gaze"})))) == Finish(
        head=0.25, off=frozenset({"gaze"})
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mouth=1", "mouth.*lips, rest, blink, gaze, head, brows"),
        ("lips", "lips.*not a number"),
        ("lips=loud", "lips='loud'.*lips=1"),
        ("head=3", "head=3.*0 to 2"),
        ("rest=1.5", "rest=1.5.*0 to 1"),
        ("blink=-1", "blink.*0 to 2"),
        ("gaze=nan", "gaze.*0 to 2"),
        ("lips=off", "lips='off'"),
    ],
)
def test_gains_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        parse_gains(text)


def test_other_refusals() -> None:
    with pytest.raises(BadInput, match="switch off teeth"):
        Finish(off=frozenset({"teeth"}))
    with pytest.raises(BadInput, match="expected the features"):
        finish(RAW, cut(TALK, 0, 100), LIP_GAP)
    with pytest.raises(BadInput, match="lip_gap"):
        finish(RAW, TALK, LIP_GAP[:5])
    with pytest.raises(BadInput, match="NaN"):
        finish(RAW, replace(TALK, loudness=TALK.loudness * np.nan), LIP_GAP)
    assert len(GAINS) == 6
