from __future__ import annotations

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.motion.style import LEAST_SECONDS, STYLE, standard_style, style_of
from dxtalker.records import ARKIT_INDEX, Motion


def speaking(seed: int, seconds: float, opening: float, smile: float, brows: float) -> Motion:
    """A mouth that opens by ``opening``, a smile that rests at ``smile``, brows that rise by ``brows``; always other words."""
    rng = np.random.default_rng(seed)
    frames = round(25 * seconds)
    words = np.stack([np.convolve(w, np.hanning(6), "same") for w in rng.normal(size=(3, frames))], axis=1)
    curves = np.zeros((frames, 52), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = opening * np.clip(0.4 + 0.3 * words[:, 0], 0, 1)
    curves[:, [ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]] = smile + rng.normal(0, 0.02)
    curves[:, ARKIT_INDEX["browInnerUp"]] = brows * np.clip(words[:, 1], 0, 1)
    curves[rng.random(frames) < 0.03, ARKIT_INDEX["eyeBlinkLeft"]] = 1
    rotation = (0.03 * words[:, :1] * np.ones(3)).astype(np.float32)
    return Motion(curves, rotation, np.zeros((frames, 3), np.float32))


SPEAKERS = {"a": (0.5, 0.05, 0.1), "b": (0.25, 0.2, 0.4), "c": (0.35, 0.12, 0.1)}


@pytest.mark.parametrize("seconds", [3.0, 6.0, 20.0])
def test_speakers_are_told_apart_by_the_nearest_mean(seconds: float) -> None:
    known = {n: np.stack([style_of(speaking(s, 6, *how)) for s in range(20)]) for n, how in SPEAKERS.items()}
    everyone = np.concatenate(list(known.values()))
    mean, std = everyone.mean(axis=0), np.maximum(everyone.std(axis=0), 0.01)
    centres = {n: standard_style(s, mean, std).mean(axis=0) for n, s in known.items()}
    right = []
    for name, how in SPEAKERS.items():
        for seed in range(100, 120):
            new = standard_style(style_of(speaking(seed, seconds, *how)), mean, std)
            right.append(min(centres, key=lambda n: float(np.linalg.norm(new - centres[n]))) == name)
    assert np.mean(right) >= 0.95


def number(style: np.ndarray, signal: str, of: str) -> float:
    return float(next(v for v, m in zip(style, STYLE, strict=True) if (m.signal, m.of) == (signal, of)))


def test_each_number_is_what_it_says() -> None:
    near, far = style_of(speaking(1, 8, 0.2, 0.1, 0.1)), style_of(speaking(1, 8, 0.4, 0.1, 0.1))
    assert number(far, "jaw", "reach") == pytest.approx(2 * number(near, "jaw", "reach"), rel=1e-4)
    assert number(far, "jaw", "pace") == pytest.approx(2 * number(near, "jaw", "pace"), rel=1e-4)
    assert number(near, "smile", "rest") == pytest.approx(0.1, abs=0.06)
    assert near.shape == (len(STYLE),) == (28,) and near.dtype == np.float32 and np.isfinite(near).all()


def test_what_was_not_tracked_is_not_told() -> None:
    covered = np.ones(55)
    covered[52:] = 0
    style = style_of(speaking(1, 4, 0.4, 0.1, 0.1), covered)
    assert np.isnan(style[-6:]).all() and np.isfinite(style[:-6]).all()
    standard = standard_style(style, np.zeros(28), np.full(28, 1e-3))
    assert np.isnan(standard[-6:]).all() and np.nanmax(np.abs(standard)) == 3  # nobody is further off


def test_a_moment_is_no_style() -> None:
    with pytest.raises(BadInput, match=r"2\.9 s of motion tell no style; expected a clip of at least 3 s"):
        style_of(speaking(0, LEAST_SECONDS - 0.1, 0.4, 0.1, 0.1))
