from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_speech import FPS, speech

from dxtalker.errors import BadInput
from dxtalker.motion.blink import GAP, WIDE, add_blinks, blink_starts, lids
from dxtalker.records import ARKIT_INDEX, BLINK

MINUTES = 20
NONE = np.zeros(MINUTES * 60 * FPS, bool)


def starts_of(active: np.ndarray, seed: int = 1, rate: float = 1.0) -> np.ndarray:
    return blink_starts(active, np.zeros_like(active), 0, FPS, rate, seed)


def test_rates_are_human() -> None:
    talk = speech(MINUTES * 60)[1]
    assert 21 < len(starts_of(talk)) / MINUTES < 30  # 26 in conversation
    assert 13 < len(starts_of(NONE)) / MINUTES < 21  # 17 at rest
    assert len(starts_of(talk, rate=0.5)) < 0.65 * len(starts_of(talk))


def test_intervals_are_neither_periodic_nor_crowded() -> None:
    gaps = np.diff(starts_of(speech(MINUTES * 60)[1])) / FPS
    assert gaps.min() >= GAP and 0.5 < gaps.std() / gaps.mean() < 1
    assert np.median(gaps) < gaps.mean() and gaps.max() < 30  # skewed, as human intervals are
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 0.15


def test_phrase_ends_and_gaze_shifts_invite() -> None:
    talk = speech(MINUTES * 60)[1]
    ends = np.flatnonzero(talk[:-1] & ~talk[1:])
    chance = np.isin(starts_of(talk), (ends[:, None] + np.arange(1, 11)).ravel()).sum() / len(ends)
    assert chance > 1.5 * 0.4 * 26 / 60
    invite = np.zeros_like(talk)
    invite[::50] = True
    invited = np.isin(blink_starts(talk, invite, 0, FPS, 1, 1) % 50, [0]).mean()
    assert invited > 2 / 50


def test_one_blink_closes_fast_and_opens_slower() -> None:
    for seed in range(20):
        closure = lids(np.array([10]), 60, 0, FPS, seed)
        assert closure.max() > 0.9
        if closure[18:].max() > 0.3:  # a double blink
            continue
        top = int(closure.argmax())
        closing = top - np.flatnonzero(closure > 0.02)[0]
        opening = np.flatnonzero(closure[top:] < 0.02)[0]
        assert 1 <= closing <= 3 and 4 <= opening <= 7 and opening > closing


def test_some_blinks_are_double() -> None:
    starts = np.arange(10, 20_000, 50)
    closure = lids(starts, 20_100, 0, FPS, 4)
    peaks = ((closure[1:-1] > 0.6) & (closure[1:-1] >= closure[:-2]) & (closure[1:-1] > closure[2:])).sum()
    assert 1.02 < peaks / len(starts) < 1.15


def test_the_networks_lids_are_replaced() -> None:
    curves = np.zeros((500, 52), np.float32)
    curves[:, BLINK] = 0.5
    talk = np.ones(500, bool)
    out = add_blinks(curves, talk, ~talk, 0, FPS, 3)[:, BLINK[0]]
    assert np.median(out) < 0.05 and out.max() > 0.9


def test_lids_follow_the_eyes_down() -> None:
    curves = np.zeros((50, 52), np.float32)
    curves[:, ARKIT_INDEX["eyeLookDownLeft"]] = 1
    out = add_blinks(curves, np.zeros(50, bool), np.zeros(50, bool), 0, FPS, 0)
    assert out[:, ARKIT_INDEX["eyeBlinkLeft"]].min() > 0.1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    count=st.integers(0, 120),
    gain=st.floats(0, 2),
    first=st.integers(-500, 10**9),
)
def test_in_range_and_only_lids(seed: int, count: int, gain: float, first: int) -> None:
    rng = np.random.default_rng(seed)
    curves = rng.random((count, 52)).astype(np.float32)
    out = add_blinks(curves, rng.random(count) < 0.5, rng.random(count) < 0.1, first, FPS, seed, gain)
    assert out.shape == curves.shape and np.isfinite(out).all() and out.min(initial=0) >= 0
    assert out.max(initial=0) <= 1
    kept = np.setdiff1d(np.arange(52), np.concatenate([BLINK, WIDE]))
    assert np.array_equal(out[:, kept], curves[:, kept])


def test_gain_0_is_off_and_the_seed_decides() -> None:
    curves, talk = np.zeros((1000, 52), np.float32), np.ones(1000, bool)
    assert np.array_equal(add_blinks(curves, talk, ~talk, 0, FPS, 1, 0), curves)
    one, two, other = (add_blinks(curves, talk, ~talk, 0, FPS, seed) for seed in (1, 1, 2))
    assert one.tobytes() == two.tobytes() and not np.array_equal(one, other)


def test_a_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadInput, match="seed"):
        starts_of(NONE[:10], seed=-1)
