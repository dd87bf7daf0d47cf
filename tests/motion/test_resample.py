from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.motion.resample import resample_motion
from dxtalker.records import Motion

RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60)]


def motion_of(curve: np.ndarray, fps: Fraction = Fraction(25)) -> Motion:
    """``curve`` (T,) in every channel, scaled for head motion."""
    column = curve[:, None].astype(np.float32)
    return Motion(
        np.repeat(column, 52, 1), np.repeat(column, 3, 1) * 0.4, np.repeat(column, 3, 1) * 0.02, fps, 0.5
    )


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("frames", [1, 2, 13, 250, 9_001])
def test_duration_is_covered(fps: Fraction, frames: int) -> None:
    out = resample_motion(motion_of(np.zeros(frames)), fps)
    assert out.fps == fps and out.start == 0.5
    excess = len(out) / fps - Fraction(frames, 25)
    assert -Fraction(1, 10**6) <= excess < 1 / fps


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_a_slow_wave_keeps_its_instants(fps: Fraction) -> None:
    def wave(t: np.ndarray) -> np.ndarray:
        return 0.5 + 0.4 * np.sin(2 * np.pi * 1.3 * t)

    out = resample_motion(motion_of(wave(np.arange(250) / 25)), fps)
    t = out.times - 0.5
    inside = t <= 249 / 25
    assert np.abs(out.curves[inside, 0] - wave(t[inside])).max() < 0.006
    assert np.abs(out.rotation[inside, 0] / 0.4 - wave(t[inside])).max() < 0.006
    assert np.abs(out.curves[~inside, 0] - wave(np.array([249 / 25]))).max(initial=0) < 1e-6


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_a_closure_of_two_frames_stays_closed(fps: Fraction) -> None:
    """Lips that close for two frames (80 ms) are closed in some frame at every rate, and nothing overshoots."""
    curve = np.full(200, 0.4)
    for at in range(5, 195, 7):
        curve[at : at + 2] = 0
    out = resample_motion(motion_of(curve), fps)
    times = (out.times - 0.5) * 25
    for at in range(5, 195, 7):
        near = out.curves[(times >= at - 0.5) & (times <= at + 1.5), 0]
        assert near.min() < 1e-6
    assert out.curves.min() >= 0 and out.curves.max() <= np.float32(0.4)


def test_same_rate_returns_the_same_motion() -> None:
    motion = motion_of(np.linspace(0, 1, 9))
    assert resample_motion(motion, Fraction(25)) is motion


def test_coincident_frames_are_exact_after_an_hour() -> None:
    curve = np.random.default_rng(1).random(90_000)
    out = resample_motion(motion_of(curve), Fraction(50))
    assert np.array_equal(out.curves[::2], motion_of(curve).curves)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40),
    st.sampled_from(RATES),
    st.sampled_from(RATES),
)
def test_curves_never_leave_their_neighbours(values: list[float], before: Fraction, after: Fraction) -> None:
    motion = motion_of(np.array(values), before)
    out = resample_motion(motion, after)
    assert np.isfinite(out.rotation).all()
    place = np.minimum((out.times - 0.5) * float(before), len(values) - 1)
    low = np.clip(np.floor(place + 1e-6).astype(int), 0, len(values) - 1)
    high = np.clip(np.ceil(place - 1e-6).astype(int), 0, len(values) - 1)
    pair = np.stack([motion.curves[low, 0], motion.curves[high, 0]])
    assert (out.curves[:, 0] >= pair.min(0) - 2e-6).all() and (out.curves[:, 0] <= pair.max(0) + 2e-6).all()
