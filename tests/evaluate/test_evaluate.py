"""Scores mean what their names say, and the whole comparison runs on clips made from our own rig."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_clips import write_clip

from dxtalker.data.ridge import around, fit_ridge
from dxtalker.errors import BadInput
from dxtalker.evaluate.command import run_evaluation
from dxtalker.evaluate.metrics import Pair, correlation, score, silent_frames
from dxtalker.face.head_file import load_head

RNG = np.random.default_rng(0)


def smooth(length: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=length + 20)
    return np.convolve(noise, np.hanning(21), mode="valid")[:length]


def pair(guess: np.ndarray, truth: np.ndarray) -> Pair:
    return Pair(guess, truth, np.arange(len(truth)) < len(truth) // 4)


def test_the_truth_itself_scores_one_at_lag_zero() -> None:
    truths = [smooth(300, seed) for seed in range(3)]
    found = score([pair(t, t) for t in truths])
    assert found.correlation == pytest.approx(1) and found.best_lag_ms == 0
    assert found.amplitude == pytest.approx(1) and found.jitter == pytest.approx(1)
    assert found.low <= found.correlation <= found.high + 1e-9


def test_a_late_guess_has_a_positive_lag() -> None:
    truths = [smooth(400, seed) for seed in range(3)]
    found = score([pair(np.roll(t, 3), t) for t in truths])
    assert found.best_lag_ms == 120 and found.best_correlation > found.correlation


def test_silence_opening_is_a_share_of_speech() -> None:
    guess = np.concatenate([np.full(100, 1.0), np.full(300, 4.0)]) + 1e-3 * smooth(400, 1)
    found = score([Pair(guess, guess, np.arange(400) < 100)])
    assert found.silence_opening == pytest.approx(0.25, abs=0.01)


def test_a_flat_guess_scores_nothing() -> None:
    assert correlation([(np.ones(50), smooth(50, 1))]) == 0


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.1, 10), shift=st.floats(-5, 5), seed=st.integers(0, 1000))
def test_correlation_does_not_see_scale_and_shift(scale: float, shift: float, seed: int) -> None:
    a, b = smooth(200, seed), smooth(200, seed + 1)
    assert correlation([(scale * a + shift, b)]) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)


def test_silence_is_far_below_speech_and_not_next_to_it() -> None:
    loudness = np.full(100, -20.0)
    loudness[40:60] = -70
    assert np.flatnonzero(silent_frames(loudness)).tolist() == list(range(42, 58))


def test_ridge_finds_a_linear_law_with_context() -> None:
    features = [RNG.normal(size=(400, 5)).astype(np.float32) for _ in range(3)]
    law = RNG.normal(size=(15, 2)).astype(np.float32)
    targets = [around(f, 1) @ law + 3 for f in features]
    ridge = fit_ridge(features, targets, [1.0, 2.0, 0.5], 1, 1e-6)
    assert np.abs(ridge(features[0]) - targets[0]).max() < 0.05


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root, head = tmp_path_factory.mktemp("corpora"), load_head()
    for number in range(3):
        write_clip(root / "fitted", f"a{number}", head, seed=number)
    write_clip(root / "scored", "b", head, seed=5, fps=30.0)
    return root / "fitted", root / "scored"


def test_every_system_is_in_the_table(folders: tuple[Path, Path], tmp_path: Path) -> None:
    fitted, scored = folders
    target = tmp_path / "table.json"
    text = run_evaluation([scored], [fitted], [], [], None, 2, tmp_path, target, lambda _: None)
    rows = json.loads(target.read_text())["scored"]
    for system in ("constant pose", "loudness", "log-mel probe", "encoder probe", "ours, one take, raw"):
        assert system in rows and system in text
    assert rows["constant pose"]["correlation"] == 0
    # The made jaw follows loudness: whoever hears must do better than who does not.
    assert rows["loudness"]["correlation"] > 0.3 and rows["ours, mean of 2 takes, raw"]["correlation"] > 0.2


def test_refusals(folders: tuple[Path, Path], tmp_path: Path) -> None:
    fitted, _ = folders
    with pytest.raises(BadInput, match="fitted to"):
        run_evaluation([fitted], [fitted], [], [], None, 1, tmp_path, None, lambda _: None)
    with pytest.raises(BadInput, match="no clip is left"):
        run_evaluation([fitted], [], [], ["none"], None, 1, tmp_path, None, lambda _: None)
