from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.records import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    BLINK,
    BROWS,
    GAZE,
    MOUTH,
    UPPER,
    Motion,
    SpeechFeatures,
    Waveform,
    channels,
    frame_rate,
)


def motion(frames: int = 4, **changes: np.ndarray) -> Motion:
    arrays = {"curves": (frames, 52), "rotation": (frames, 3), "translation": (frames, 3)}
    return Motion(**{name: np.zeros(shape, np.float32) for name, shape in arrays.items()} | changes)  # type: ignore[arg-type]


def test_the_52_names_are_apples() -> None:
    assert len(ARKIT_NAMES) == len(set(ARKIT_NAMES)) == 52
    left = {name for name in ARKIT_NAMES if name.endswith("Left")}
    assert {name.replace("Left", "Right") for name in left} <= set(ARKIT_NAMES)
    assert ARKIT_NAMES[ARKIT_INDEX["jawOpen"]] == "jawOpen"


def test_channel_groups_cover_every_channel_once() -> None:
    assert sorted([*MOUTH, *UPPER]) == list(range(52))
    for group in (BROWS, BLINK, GAZE):
        assert set(group) <= set(UPPER)
    with pytest.raises(BadInput, match="no ARKit channel"):
        channels("nose_ring")


@pytest.mark.parametrize(
    ("given_rate", "expected"),
    [("25", 25), (24, 24), (29.97, Fraction(30000, 1001)), ("23.976", Fraction(24000, 1001)),
     ("59.94", Fraction(60000, 1001)), ("30000/1001", Fraction(30000, 1001)), (Fraction(50), 50)],
)  # fmt: skip
def test_frame_rates_are_exact(given_rate: str | float, expected: Fraction) -> None:
    assert frame_rate(given_rate) == expected


@given(st.fractions(1, 240))
def test_any_rate_stays_within_a_tenth_of_a_percent(rate: Fraction) -> None:
    assert abs(frame_rate(rate) / rate - 1) < Fraction(1, 1000)


@pytest.mark.parametrize("wrong", ["", "fast", "0", "-25", "1e9", "1/0", "nan", "inf"])
def test_impossible_rates_are_refused(wrong: str) -> None:
    with pytest.raises(BadInput, match="frame rate"):
        frame_rate(wrong)


def test_motion_knows_its_instants() -> None:
    late = Motion(*(np.zeros((3, n), np.float32) for n in (52, 3, 3)), fps=Fraction(50), start=2.0)
    assert np.allclose(late.times, [2.0, 2.02, 2.04])
    assert late.duration == pytest.approx(0.06)
    assert len(late) == 3


@pytest.mark.parametrize("name", ["curves", "rotation", "translation"])
def test_motion_refuses_wrong_shapes_and_values_that_are_not_finite(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        motion(**{name: np.zeros((4, 7), np.float32)})
    broken = getattr(motion(), name).copy()
    broken[1, 1] = np.nan
    with pytest.raises(BadInput, match="NaN"):
        motion(**{name: broken})


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        motion().fps = Fraction(30)  # type: ignore[misc]


def test_lengths() -> None:
    assert Waveform(np.zeros(8000, np.float32)).duration == 0.5
    features = SpeechFeatures(np.zeros((7, 512), np.float32), *(np.zeros(7, np.float32) for _ in range(3)))
    assert len(features) == 7
