from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_speech import FPS, speech

from dxtalker.errors import BadInput
from dxtalker.motion.gaze import REFLEX, SIDEWAYS, VERTICAL, add_gaze, gaze_target, large_shifts
from dxtalker.records import ARKIT_INDEX, GAZE

MINUTES = 20


def eyes(curves: np.ndarray, side: str) -> np.ndarray:
    """(T, 2) radians: yaw to the head's own left and pitch up of one eye."""
    left = ("Out", "In") if side == "Left" else ("In", "Out")

    def weight(way: str) -> np.ndarray:
        return curves[:, ARKIT_INDEX[f"eyeLook{way}{side}"]]

    yaw = (weight(left[0]) - weight(left[1])) * SIDEWAYS
    return np.stack([yaw, (weight("Up") - weight("Down")) * VERTICAL], 1)


def test_the_viewer_is_looked_at_most_of_the_time() -> None:
    talk = speech(MINUTES * 60)[1]
    away = np.degrees(np.linalg.norm(gaze_target(talk, 0, FPS, 3), axis=1)) > 2.2
    assert 0.58 < 1 - away[talk].mean() < 0.72
    rest = gaze_target(np.zeros(MINUTES * 60 * FPS, bool), 0, FPS, 3)
    assert 0.7 < (np.degrees(np.linalg.norm(rest, axis=1)) <= 2.2).mean() < 0.85


def test_fixations_and_saccades_are_human() -> None:
    target = np.degrees(gaze_target(speech(MINUTES * 60)[1], 0, FPS, 3))
    step = np.linalg.norm(np.diff(target, axis=0), axis=1)
    moving = step > 0.15
    begins = np.flatnonzero(moving[1:] & ~moving[:-1])
    lasts = np.diff(begins) / FPS
    assert 0.4 < np.median(lasts) < 1.5 and np.mean(lasts > 0.2) > 0.85 and lasts.max() < 6
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], moving, [0]]))))[::2]
    assert np.mean(runs <= 2) > 0.9  # a saccade takes one or two frames
    jumps = np.abs(target[2:] - target[:-2])[step[:-1] > 1]
    assert jumps[:, 0].mean() > 1.5 * jumps[:, 1].mean() and np.percentile(jumps, 99) < 12


def test_eyes_are_conjugate_and_stay_on_the_viewer_while_the_head_moves() -> None:
    turn = np.zeros((50, 3))
    turn[:, 0], turn[:, 1] = np.radians(3), np.radians(-5)
    out = add_gaze(np.zeros((50, 52), np.float32), np.zeros((50, 2)), turn)
    left, right = eyes(out, "Left"), eyes(out, "Right")
    assert np.allclose(left, right, atol=1e-6)
    assert np.allclose(left[:, 0], REFLEX * np.radians(5), rtol=0.05)  # head to its right, eyes to its left
    assert np.allclose(left[:, 1], REFLEX * np.radians(3), rtol=0.05)  # head down, eyes up


def test_the_networks_biased_scores_are_replaced() -> None:
    curves = np.full((20, 52), 0.2, np.float32)
    out = add_gaze(curves, np.zeros((20, 2)), np.zeros((20, 3)))
    assert not out[:, GAZE].any()


def test_large_shifts() -> None:
    target = np.zeros((10, 2))
    target[5:, 0] = 0.1
    assert np.flatnonzero(large_shifts(target)).tolist() == [5]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    count=st.integers(0, 120),
    gain=st.floats(0, 2),
    first=st.integers(-500, 10**9),
)
def test_in_range_and_only_eyes(seed: int, count: int, gain: float, first: int) -> None:
    rng = np.random.default_rng(seed)
    curves = rng.random((count, 52)).astype(np.float32)
    target = gaze_target(rng.random(count) < 0.5, first, FPS, seed)
    out = add_gaze(curves, target, rng.normal(0, 0.3, (count, 3)), gain)
    assert target.shape == (count, 2) and out.shape == curves.shape and np.isfinite(out).all()
    assert out.min(initial=0) >= 0 and out.max(initial=0) <= 1
    kept = np.setdiff1d(np.arange(52), GAZE)
    assert np.array_equal(out[:, kept], curves[:, kept])


def test_gain_0_is_off_and_the_seed_decides() -> None:
    curves, talk = np.full((500, 52), 0.1, np.float32), np.ones(500, bool)
    assert np.array_equal(add_gaze(curves, gaze_target(talk, 0, FPS, 1), np.ones((500, 3)), 0), curves)
    one, two, other = (gaze_target(talk, 0, FPS, seed) for seed in (1, 1, 2))
    assert one.tobytes() == two.tobytes() and not np.array_equal(one, other)


def test_a_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadInput, match="seed"):
        gaze_target(np.ones(10, bool), 0, FPS, 2**64)
