"""Motion of the FLAME space on our heads, and our motion in the FLAME space, through the user's own FLAME file."""

from __future__ import annotations

import numpy as np

from ..motion.paper import EXPRESSION, HEAD, JAW, FlameCodes
from ..records import Motion
from .bodies.flame import JAW as JAW_JOINT
from .bodies.flame import JOINTS
from .bodies.solve import FlameCurves, FlameSolver
from .head import rodrigues


def flame_curves(codes: FlameCodes) -> FlameCurves:
    """Expression, root and jaw of the codes; neck and eyes rest. Detail and shape are no motion."""
    pose = np.zeros((len(codes), 3 * JOINTS))
    pose[:, :3], pose[:, 3 * JAW_JOINT : 3 * JAW_JOINT + 3] = codes.values[:, HEAD], codes.values[:, JAW]
    return FlameCurves(codes.values[:, EXPRESSION].astype(np.float64), pose)


def to_motion(codes: FlameCodes, solver: FlameSolver) -> Motion:
    """The ARKit curves that look most like the codes on FLAME's face, for any head; the head's turns as they are.

    ``solver`` is that of the user's FLAME file (``flame_face(path).solver``). Gaze and lids are not in the codes:
    they stay at rest and are for the finishing to add.
    """
    curves = solver.to_curves(flame_curves(codes))
    rotation = turn_angles(rodrigues(codes.values[:, HEAD].astype(np.float64)))
    still = np.zeros((len(codes), 3), np.float32)
    return Motion(curves, rotation, still, codes.fps, codes.start, dict(codes.info))


def turn_angles(turns: np.ndarray) -> np.ndarray:
    """(T, 3) float32 pitch, yaw, roll of rotation matrices (T, 3, 3): the inverse of ``head.rotation_matrix``."""
    pitch = -np.arcsin(np.clip(turns[:, 1, 2], -1, 1))
    yaw = np.arctan2(turns[:, 0, 2], turns[:, 2, 2])
    roll = np.arctan2(turns[:, 1, 0], turns[:, 1, 1])
    return np.stack([pitch, yaw, roll], axis=1).astype(np.float32)
