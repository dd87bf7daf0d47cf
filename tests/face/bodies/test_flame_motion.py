"""Codes of the FLAME space become motion of any head."""

from __future__ import annotations

import numpy as np

from dxtalker.face.bodies.flame import JAW as JAW_JOINT
from dxtalker.face.bodies.flame import axis_angle
from dxtalker.face.bodies.flame_head import FlameHead
from dxtalker.face.flame_motion import to_motion, turn_angles
from dxtalker.face.head import rotation_matrix
from dxtalker.motion.paper import EXPRESSION, HEAD, JAW, FlameCodes
from dxtalker.records import ARKIT_INDEX


def test_what_our_curves_become_in_flame_comes_back(flame: FlameHead) -> None:
    assert flame.solver is not None
    curves = np.zeros((20, 52), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.6, 20)
    curves[:, ARKIT_INDEX["browInnerUp"]] = 0.5
    angles = np.linspace([-0.2, 0.3, 0.1], [0.2, -0.3, 0.0], 20)
    solved = flame.solver.to_flame(curves)
    values = np.zeros((20, 284), np.float32)
    count = solved.expression.shape[1]
    values[:, EXPRESSION.start : EXPRESSION.start + count] = solved.expression
    values[:, JAW] = solved.pose[:, 3 * JAW_JOINT : 3 * JAW_JOINT + 3]
    values[:, HEAD] = axis_angle(np.stack([rotation_matrix(a) for a in angles]))
    motion = to_motion(FlameCodes(values, start=2.0), flame.solver)
    assert motion.start == 2.0 and np.abs(motion.rotation - angles).max() < 1e-5
    jaw, brow = motion.curves[:, ARKIT_INDEX["jawOpen"]], motion.curves[:, ARKIT_INDEX["browInnerUp"]]
    assert np.abs(jaw - curves[:, ARKIT_INDEX["jawOpen"]]).max() < 0.05
    assert brow.min() > 0.15 and np.ptp(brow) < 0.02  # its neighbours share a raised brow


def test_angles_are_those_of_the_matrix() -> None:
    angles = np.random.default_rng(0).uniform(-0.8, 0.8, (50, 3))
    assert np.abs(turn_angles(np.stack([rotation_matrix(a) for a in angles])) - angles).max() < 1e-6
