from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.face.bodies.bounded import bounded_least_squares
from dxtalker.face.bodies.names import VISEMES, arkit_mixing, arkit_name, other_control
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("jawOpen", "jawOpen"),
        ("JawOpen", "jawOpen"),
        ("blendShape1.jawOpen", "jawOpen"),
        ("jawOpen.001", "jawOpen"),
        ("mouthSmile_L", "mouthSmileLeft"),
        ("Face_M_mouthSmile_R", "mouthSmileRight"),
        ("browInnerUp_L", "browInnerUp"),
        ("MouthLeft", "mouthLeft"),
        ("mouthSmile", None),
        ("mouthOpen", None),
        ("tongueOutStep", None),
        ("", None),
        ("...", None),
        ("123", None),
    ],
)
def test_names_are_understood_with_their_affixes(written: str, meant: str | None) -> None:
    assert arkit_name(written) == meant


@given(st.text(max_size=40))
def test_any_text_is_a_shape_or_none(text: str) -> None:
    found = arkit_name(text)
    assert found is None or found in ARKIT_INDEX
    other_control(text)


def test_arkit_names_mix_one_to_one_and_sides_add_up() -> None:
    found = arkit_mixing(
        [f"head_{name}" for name in ARKIT_NAMES if name != "browInnerUp"] + ["browInnerUp_L", "browInnerUp_R"]
    )
    assert found is not None
    mixing, direct = found
    assert direct
    assert mixing[ARKIT_INDEX["browInnerUp"]].sum() == 2
    assert (np.delete(mixing, ARKIT_INDEX["browInnerUp"], 0).sum(1) == 1).all()


def test_visemes_stand_for_the_shapes_they_are_like() -> None:
    names = [f"viseme_{name}" for name in VISEMES] + ["eyesClosed"]
    found = arkit_mixing(names)
    assert found is not None
    mixing, direct = found
    assert not direct
    assert mixing[ARKIT_INDEX["jawOpen"], names.index("viseme_aa")] > 1
    assert mixing[ARKIT_INDEX["mouthPucker"]].argmax() == names.index("viseme_u")
    assert mixing[ARKIT_INDEX["tongueOut"]].argmax() == names.index("viseme_th")
    assert mixing[ARKIT_INDEX["eyeBlinkLeft"], -1] == pytest.approx(0.5, abs=0.1)
    assert (np.delete(mixing, ARKIT_INDEX["mouthClose"], 0) >= 0).all()
    np.testing.assert_array_equal(mixing[ARKIT_INDEX["jawOpen"]], -mixing[ARKIT_INDEX["mouthClose"]])
    assert arkit_mixing(["smug", "happy", "blink"]) is None


def test_bounded_least_squares_finds_the_optimum() -> None:
    """Karush-Kuhn-Tucker: no gradient inside the bounds, an outward one at them."""
    random = np.random.default_rng(3)
    system = random.normal(size=(40, 12))
    normal, right = system.T @ system, random.normal(size=(30, 40)) @ system
    x = bounded_least_squares(normal, right, 0.0, 0.3)
    gradient = x @ normal - right
    assert x.min() >= 0
    assert x.max() <= 0.3
    inside = (x > 1e-9) & (x < 0.3 - 1e-9)
    assert inside.any()
    assert np.abs(gradient[inside]).max() < 1e-4
    assert gradient[x <= 1e-9].min() > -1e-4
    assert gradient[x >= 0.3 - 1e-9].max() < 1e-4
    with pytest.raises(BadInput, match="diagonal"):
        bounded_least_squares(np.zeros((2, 2)), np.zeros((1, 2)), 0, 1)
