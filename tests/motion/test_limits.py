from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from synthetic_speech import LIP_GAP

from dxtalker.motion.limits import NECK, OPPOSED, limit_curves, limit_rotation, scale_mouth
from dxtalker.records import ARKIT_INDEX, MOUTH

JAW, CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
weights = hnp.arrays(np.float32, (20, 52), elements=st.floats(0, 1, width=32))


def frame(**values: float) -> np.ndarray:
    curves = np.zeros((1, 52), np.float32)
    for name, value in values.items():
        curves[0, ARKIT_INDEX[name]] = value
    return curves


def test_opposed_pairs_are_resolved() -> None:
    out = limit_curves(frame(jawLeft=0.5, jawRight=0.2, mouthSmileLeft=0.3, mouthFrownLeft=0.3), LIP_GAP)[0]
    assert out[ARKIT_INDEX["jawLeft"]] == pytest.approx(0.3) and out[ARKIT_INDEX["jawRight"]] == 0
    assert out[ARKIT_INDEX["mouthSmileLeft"]] == out[ARKIT_INDEX["mouthFrownLeft"]] == 0


def test_lips_are_not_pushed_through_each_other() -> None:
    out = limit_curves(frame(jawOpen=0.1, mouthClose=0.9), LIP_GAP)
    assert out[0, CLOSE] == pytest.approx(3 / 28, abs=1e-5) and (out @ LIP_GAP)[0] <= 1e-5
    plain = frame(jawOpen=0.3, mouthClose=0.2)
    assert np.array_equal(limit_curves(plain, LIP_GAP), plain)


def test_a_gain_widens_vowels_and_keeps_closures() -> None:
    vowel, closure = frame(jawOpen=0.3), frame(jawOpen=0.1, mouthClose=0.1)
    assert (scale_mouth(vowel, LIP_GAP, 1.5) @ LIP_GAP)[0] == pytest.approx(13.5, rel=1e-5)
    assert np.array_equal(scale_mouth(closure, LIP_GAP, 2), closure)
    assert not scale_mouth(vowel, LIP_GAP, 0).any()
    wide = frame(jawOpen=0.8, mouthFunnel=0.4)
    assert scale_mouth(wide, LIP_GAP, 2)[0, JAW] == pytest.approx(1)
    assert scale_mouth(wide, LIP_GAP, 2)[0, ARKIT_INDEX["mouthFunnel"]] == pytest.approx(0.5)


def test_a_calm_head_is_left_alone_and_a_wild_one_stays_on_its_neck() -> None:
    calm = (np.random.default_rng(0).uniform(-0.69, 0.69, (50, 3)) * NECK).astype(np.float32)
    assert np.array_equal(limit_rotation(calm), calm)
    wild = limit_rotation(np.linspace(-4, 4, 300)[:, None] * np.ones(3))
    assert (np.abs(wild) <= NECK + 1e-6).all() and (np.diff(wild, axis=0) >= 0).all()


@settings(max_examples=60, deadline=None)
@given(curves=weights)
def test_in_range_closed_stays_closed(curves: np.ndarray) -> None:
    out = limit_curves(curves * 1.5 - 0.2, LIP_GAP)
    assert out.min() >= -1e-7 and out.max() <= 1
    before = np.clip(curves * 1.5 - 0.2, 0, 1) @ LIP_GAP
    assert (out @ LIP_GAP <= np.maximum(before, 0) + 1e-3).all()
    opened = before > 1  # where nothing must be undone to keep lips closed
    for a, b in OPPOSED:
        left = np.minimum(out[:, ARKIT_INDEX[a]], out[:, ARKIT_INDEX[b]])
        assert left[opened & (out @ LIP_GAP < before - 1e-3)].max(initial=0) < 1e-6


@settings(max_examples=60, deadline=None)
@given(curves=weights, gain=st.floats(0, 2))
def test_a_gain_never_opens_a_closure(curves: np.ndarray, gain: float) -> None:
    out = scale_mouth(curves, LIP_GAP, gain)
    before, after = curves @ LIP_GAP, out @ LIP_GAP
    assert out.min() >= 0 and out.max() <= 1 + 1e-6
    assert (after[before <= 0] <= 1e-3).all() and (after[before <= 1] <= 1 + 1e-3).all()
    others = np.setdiff1d(np.arange(52), MOUTH)
    assert np.array_equal(out[:, others], curves[:, others])
    if gain == 1:
        assert np.array_equal(out, curves)
