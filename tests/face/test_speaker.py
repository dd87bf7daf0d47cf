"""A speaker is met once, over all the stretches that show them."""

from __future__ import annotations

import numpy as np
import pytest
from talking_face import fitter, seen, talking

from dxtalker.errors import BadInput
from dxtalker.face.speaker import FEW, MANY, choose, meet


def shape(code: np.ndarray) -> np.ndarray:
    points = (fitter().mean + np.tensordot(code, fitter().codes, 1)) * 1000
    return points - points.mean(0)


def away(a: np.ndarray, b: np.ndarray) -> float:
    """RMS mm after scaling: one camera tells no size."""
    a, b = shape(a), shape(b)
    return float(np.sqrt(((a * ((a * b).sum() / (a * a).sum()) - b) ** 2).sum(1).mean()))


def test_who_is_seen_in_several_stretches() -> None:
    code = np.random.default_rng(6).normal(0, 1, len(fitter().codes))
    parts = [seen(talking(count, 25), code) for count in (30, 8, 60)]
    person = meet(parts, fitter())
    assert away(person.code, code) < 0.6 * away(np.zeros_like(code), code)
    assert FEW <= len(person.basis) <= MANY + 2 and {part for part, _ in person.basis} == {0, 1, 2}
    assert all(parts[part].present[frame] for part, frame in person.basis)
    again = meet(parts, fitter())
    assert np.array_equal(person.code, again.code) and person.focal == again.focal


def test_frames_are_spread_and_calm() -> None:
    curves = talking(80, 25)
    chosen = choose(seen(curves), 4)
    assert len(chosen) >= 4 and min(np.diff(chosen)) >= 1
    assert curves[list(chosen)].sum() < 0.3 * curves.sum() / 80 * len(chosen)


def test_nobody_cannot_be_met() -> None:
    hidden = seen(talking(30, 25), hidden=slice(2, 30))
    with pytest.raises(BadInput, match="seen in 4 frames"):
        meet([hidden, hidden], fitter())
