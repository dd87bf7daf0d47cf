"""Points come to lie where they were taken from."""

import numpy as np
import pytest

from dxtalker.face.align import similarity
from dxtalker.face.head import rodrigues


def test_the_way_back_is_found() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((40, 3))
    turn, shift = rodrigues(np.array([0.3, -2.0, 1.0])), np.array([4.0, -5.0, 6.0])
    way = similarity(points, 2.5 * points @ turn.T + shift)
    assert way.scale == pytest.approx(2.5)
    np.testing.assert_allclose(way.rotation, turn, atol=1e-9)
    np.testing.assert_allclose(way.shift, shift, atol=1e-9)


def test_nothing_near_it_is_nearer() -> None:
    rng = np.random.default_rng(1)
    points, target = rng.standard_normal((2, 30, 3))
    way = similarity(points, target)
    best = ((way.apply(points) - target) ** 2).sum()
    for _ in range(20):
        turn = rodrigues(rng.normal(0, 0.05, 3)) @ way.rotation
        other = way.scale * rng.normal(1, 0.05) * points @ turn.T + way.shift + rng.normal(0, 0.02, 3)
        assert ((other - target) ** 2).sum() >= best


def test_a_mirror_image_is_turned_not_mirrored() -> None:
    points = np.random.default_rng(2).standard_normal((20, 3))
    assert np.linalg.det(similarity(points, points * [-1, 1, 1]).rotation) == pytest.approx(1)
