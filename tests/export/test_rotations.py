from __future__ import annotations

import numpy as np
from glb_reader import matrix

from dxtalker.export.rotations import quaternion_of, quaternions
from dxtalker.face.head import rotation_matrix


def test_quaternions_are_the_rotations_and_take_the_short_way() -> None:
    angles = np.random.default_rng(5).uniform(-3, 3, (200, 3))
    found = quaternions(angles)
    for q, a in zip(found, angles, strict=True):
        assert np.abs(matrix(q)[:3, :3] - rotation_matrix(a)).max() < 1e-6
    assert ((found[1:] * found[:-1]).sum(1) >= -1e-6).all()


def test_any_rotation_matrix_has_its_quaternion() -> None:
    half_turns = [np.diag(d) for d in ([1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1])]
    for m in [*half_turns, *map(rotation_matrix, np.random.default_rng(6).uniform(-3, 3, (50, 3)))]:
        assert np.abs(matrix(quaternion_of(m))[:3, :3] - m).max() < 1e-12
