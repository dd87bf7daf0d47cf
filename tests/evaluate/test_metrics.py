"""Figures of the opening mean what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.evaluate.blocks import interval, mean_of
from dxtalker.evaluate.metrics import (
    LAGS,
    Pair,
    amplitude_ratio,
    by_lag,
    correlation,
    energy_ratios,
    frame_correlations,
    jitter_ratio,
    silence_opening,
    silent_frames,
    wide_ratio,
)


def smooth(length: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=length + 20)
    return np.convolve(noise, np.hanning(21), mode="valid")[:length]


def pair(guess: np.ndarray, truth: np.ndarray) -> Pair:
    return Pair(guess, truth, np.zeros(len(truth), bool))


def test_the_truth_itself_scores_one_everywhere() -> None:
    pairs = [pair(t, t) for t in (smooth(300, seed) for seed in range(3))]
    assert np.allclose(np.concatenate([frame_correlations(p) for p in pairs]), 1)
    assert LAGS[by_lag(pairs).argmax()] == 0
    assert amplitude_ratio(pairs) == jitter_ratio(pairs) == wide_ratio(pairs) == 1
    assert energy_ratios([p.guess for p in pairs], [p.truth for p in pairs]) == [1, 1, 1]


@settings(max_examples=20, deadline=None)
@given(frames=st.integers(-4, 4), seed=st.integers(0, 100))
def test_a_shift_moves_the_best_lag(frames: int, seed: int) -> None:
    truth = smooth(400, seed)
    found = by_lag([pair(np.roll(truth, frames), truth)])
    assert LAGS[found.argmax()] == pytest.approx(0.04 * frames)  # late: positive
    assert found.max() > 0.95


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.1, 10), shift=st.floats(-5, 5), seed=st.integers(0, 1000))
def test_scale_moves_amplitude_and_not_correlation(scale: float, shift: float, seed: int) -> None:
    a, b = smooth(200, seed), smooth(200, seed + 1)
    assert correlation([(scale * a + shift, b)]) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)
    assert frame_correlations(pair(scale * a + shift, b)).mean() == pytest.approx(np.corrcoef(a, b)[0, 1])
    pairs = [pair(scale * b + shift, b)]
    assert amplitude_ratio(pairs) == pytest.approx(scale)
    assert jitter_ratio(pairs) == pytest.approx(scale)
    assert energy_ratios([p.guess for p in pairs], [p.truth for p in pairs]) == pytest.approx([scale**2] * 3)


def test_energy_is_counted_in_the_band_it_is_in() -> None:
    at = np.arange(500) / 25
    truth = np.sin(2 * np.pi * at) + np.sin(2 * np.pi * 4 * at) + np.sin(2 * np.pi * 8 * at)
    guess = np.sin(2 * np.pi * at) + 0.5 * np.sin(2 * np.pi * 4 * at)
    assert energy_ratios([guess], [truth]) == pytest.approx([1, 0.25, 0], abs=1e-3)


def test_a_flat_guess_scores_nothing() -> None:
    assert correlation([(np.ones(50), smooth(50, 1))]) == 0
    assert not frame_correlations(pair(np.ones(50), smooth(50, 1))).any()


def test_silence_opening_is_a_share_of_speech() -> None:
    guess = np.concatenate([np.full(100, 1.0), np.full(300, 4.0)])
    assert silence_opening([guess], [np.arange(400) < 100]) == pytest.approx(0.25)
    assert np.isnan(silence_opening([guess], [np.zeros(400, bool)]))


def test_silence_is_far_below_speech_and_not_next_to_it() -> None:
    loudness = np.full(100, -20.0)
    loudness[40:60] = -70
    assert np.flatnonzero(silent_frames(loudness)).tolist() == list(range(42, 58))


def test_a_mouth_that_never_opens_is_seen_beside_its_closures() -> None:
    truth = np.abs(smooth(300, 1))
    assert wide_ratio([pair(np.zeros(300), truth)]) == 0


def test_an_interval_holds_the_mean_and_ignores_what_is_not_asked() -> None:
    rng = np.random.default_rng(0)
    clips = [rng.normal(2, 1, 1000), np.full(500, np.nan)]
    low, high = interval(clips)
    assert low < mean_of(clips) < high and mean_of(clips) == pytest.approx(clips[0].mean())
    assert high - low == pytest.approx(
        2 * 1.96 / np.sqrt(1000), rel=0.5
    )  # white noise: blocks change nothing
    assert np.isnan(mean_of([clips[1]])) and np.isnan(interval([clips[1]])).all()


def test_neighbours_that_are_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    slow = np.repeat(rng.normal(size=16), 125)
    widths = [np.ptp(interval([c])) for c in (rng.permutation(slow), slow)]
    assert widths[1] > 3 * widths[0]


def test_paired_differences_are_surer_than_the_two_apart() -> None:
    truth = [smooth(1500, s) for s in range(3)]
    one = [frame_correlations(pair(t + smooth(1500, 9 + i), t)) for i, t in enumerate(truth)]
    other = [frame_correlations(pair(t + 1.2 * smooth(1500, 9 + i), t)) for i, t in enumerate(truth)]
    low, high = interval([a - b for a, b in zip(one, other, strict=True)])
    assert 0 < low < high and high - low < 0.5 * np.ptp(interval(one))


def test_the_interval_of_r_is_that_of_correlations_drawn_anew() -> None:
    """Against what the influence stands for: R itself computed in each bootstrap draw."""
    truth, noise = smooth(5000, 1), smooth(5000, 2)
    guess = truth + noise
    low, high = interval([frame_correlations(pair(guess, truth))])
    draws, blocks = [], np.arange(5000).reshape(-1, 125)
    for i in range(400):
        at = blocks[np.random.default_rng(i).integers(0, 40, 40)].ravel()
        draws.append(np.corrcoef(guess[at], truth[at])[0, 1])
    assert (low, high) == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.015)
