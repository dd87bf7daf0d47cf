"""Proportions tell one planted person from another, whatever their place and size."""

import numpy as np
import pytest
from looked import made, person

from dxtalker.curate.persons import SAME, apart, proportions, speakers, turning_points


def test_one_person_nearer_and_elsewhere_is_the_same() -> None:
    rng = np.random.default_rng(1)
    one, other = person(rng), person(rng)
    a, b, c = (
        proportions(made(*what).seen) for what in ((one, rng), (one * 1.5, rng, (200, 300)), (other, rng))
    )
    assert apart(a, b) < SAME / 3 < SAME < apart(a, c)
    nothing = np.zeros(0, np.float32)
    assert apart(a, nothing) == 0
    assert speakers([a, c, nothing, b, c]) == [0, 1, 1, 0, 1] and speakers([nothing]) == [0]


def test_one_person_has_no_turning_point() -> None:
    rng = np.random.default_rng(2)
    assert turning_points(made(person(rng), rng, frames=200).seen) == ()


@pytest.mark.parametrize("frames", [0, 1, 20])
def test_too_little_to_tell(frames: int) -> None:
    rng = np.random.default_rng(3)
    turned = np.full(frames, 1.0)
    assert len(proportions(made(person(rng), rng, yaw=turned, frames=frames).seen)) == 0
