from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_speech import FPS, cut, features_of, silence, speech

from dxtalker.errors import BadInput
from dxtalker.motion.nod import BROW, accents, brow_raises, head_motion
from dxtalker.motion.rest import speech_activity

TALK, SAID = speech(20 * 60)
ACTIVE = speech_activity(TALK)
TURN, SHIFT = head_motion(TALK, ACTIVE, 0, seed=1)
DEGREES = np.degrees(TURN)
SPEED = np.linalg.norm(np.gradient(DEGREES, axis=0), axis=1) * FPS  # degrees a second


def high_passed(x: np.ndarray) -> np.ndarray:
    return x - np.convolve(x, np.ones(51) / 51, "same")


def test_range_and_speed_lie_within_real_heads() -> None:
    windows = DEGREES[: len(DEGREES) // 250 * 250].reshape(-1, 250, 3).std(axis=1).mean(axis=0)
    for std, low, high in zip(windows, (1.4, 1.6, 2.7), (3.3, 5.0, 4.6), strict=True):
        assert low <= std <= high  # as measured on real heads in windows of 10 s
    assert 8.5 < SPEED.mean() < 17 and 5 < np.median(SPEED) < 12 and 25 < np.percentile(SPEED, 95) < 50
    assert np.percentile(SPEED, 99.9) < 101
    assert np.abs(DEGREES).max(axis=0).max() < 35


def test_the_head_moves_and_holds() -> None:
    velocity = np.gradient(DEGREES, axis=0)
    kurtosis = (velocity**4).mean(axis=0) / (velocity**2).mean(axis=0) ** 2
    assert (kurtosis > 4).all() and (kurtosis < 18).all()


def test_most_power_is_slow() -> None:
    power = np.abs(np.fft.rfft(DEGREES - DEGREES.mean(axis=0), axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(DEGREES), 1 / FPS)
    below = [power[hertz < f].sum(axis=0) / power.sum(axis=0) for f in (0.5, 4)]
    assert (below[0] > 0.5).all() and (below[0] < 0.97).all() and (below[1] > 0.99).all()


def test_the_head_follows_this_audio_and_not_another() -> None:
    loud = high_passed(np.convolve(TALK.loudness, np.hanning(7) / 3, "same"))
    pitch = high_passed(DEGREES[:, 0])
    speed = high_passed(np.convolve(SPEED, np.hanning(7) / 3, "same"))
    rolled = [np.roll(loud, int(k)) for k in np.linspace(2000, 28_000, 20)]
    lifts = -np.corrcoef(loud, pitch)[0, 1]
    assert lifts > 0.2 and lifts > 5 * max(abs(np.corrcoef(x, pitch)[0, 1]) for x in rolled)
    early = np.corrcoef(np.roll(loud, -3), speed)[0, 1]
    assert early > 2 * max(np.corrcoef(x, speed)[0, 1] for x in rolled)


def test_the_head_lifts_at_onsets() -> None:
    onset = np.flatnonzero(ACTIVE[1:] & ~ACTIVE[:-1])
    onset = onset[(onset > 20) & (onset < len(ACTIVE) - 20)]
    assert 0.7 < (DEGREES[onset - 8, 0] - DEGREES[onset + 8, 0]).mean() < 4


def test_the_head_settles_in_silence() -> None:
    still = silence(120, -55)
    turn = np.degrees(head_motion(still, speech_activity(still), 0, seed=1)[0])
    speed = np.linalg.norm(np.gradient(turn, axis=0), axis=1) * FPS
    assert 0 < speed.mean() < 0.25 * SPEED.mean() and 0.1 < turn.std(axis=0).max() < 2


def test_accents_are_peaks_of_loudness() -> None:
    loudness = np.full(200, -60.0)
    loudness[50:150] = -35
    loudness[70:73] = [-20, -14, -20]
    loudness[110:113] = [-30, -26, -30]
    pitch = np.full(200, 120.0)
    pitch[68:76] = 160
    features = features_of(loudness, np.where(loudness > -50, 0.9, 0), pitch)
    found = accents(features, loudness > -50)
    assert set(found.frame.tolist()) >= {71, 111}
    first, second = (int(np.flatnonzero(found.frame == f)[0]) for f in (71, 111))
    assert found.strength[first] > found.strength[second] and found.rise[first] > 3 > found.rise[second]


def test_brow_raises_are_rare_and_mostly_on_pitch_rises() -> None:
    raises = brow_raises(TALK, ACTIVE, 0, seed=1)
    assert not np.delete(raises, BROW, axis=1).any() and raises.max() < 0.61
    up = raises[:, BROW[0]] > 0.08
    begins = np.flatnonzero(up[1:] & ~up[:-1])
    assert 6 < len(begins) / 20 < 25
    found = accents(TALK, ACTIVE)
    rising = found.frame[found.rise > 1.5]
    near = np.array([np.abs(rising - b).min() <= 8 for b in begins])
    assert near.mean() > 0.65


def test_translation_goes_with_rotation_and_is_small() -> None:
    assert np.abs(SHIFT).max() < 0.02
    assert np.corrcoef(SHIFT[:, 2], TURN[:, 0])[0, 1] > 0.99


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    count=st.integers(0, 200),
    gain=st.floats(0, 2),
    first=st.integers(-500, 10**9),
)
def test_finite_and_of_this_length(seed: int, count: int, gain: float, first: int) -> None:
    features = cut(TALK, 500, 500 + count)
    turn, shift = head_motion(features, ACTIVE[500 : 500 + count], first, seed, gain)
    raised = brow_raises(features, ACTIVE[500 : 500 + count], first, seed, gain)
    assert turn.shape == shift.shape == (count, 3) and raised.shape == (count, 52)
    assert all(np.isfinite(x).all() for x in (turn, shift, raised)) and np.abs(turn).max(initial=0) < 1.5


def test_gain_0_is_off_and_the_seed_decides() -> None:
    features, active = cut(TALK, 0, 500), ACTIVE[:500]
    assert not any(x.any() for x in head_motion(features, active, 0, 1, 0))
    assert not brow_raises(features, active, 0, 1, 0).any()
    one, two, other = (head_motion(features, active, 0, seed)[0] for seed in (1, 1, 2))
    assert one.tobytes() == two.tobytes() and np.abs(one - other).max() > np.radians(1)


def test_a_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadInput, match="seed"):
        head_motion(cut(TALK, 0, 50), ACTIVE[:50], 0, seed=-3)
