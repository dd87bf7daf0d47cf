"""Head angles and rotation matrices as quaternions x, y, z, w."""

from __future__ import annotations

import numpy as np


def quaternions(rotation: np.ndarray) -> np.ndarray:
    """(T, 4) float32 for angles (T, 3) pitch, yaw, roll, as ``face.head.rotation_matrix``: Ry · Rx · Rz.

    Neighbours lie in the same hemisphere, so that interpolation takes the short way.
    """
    (sp, sy, sr), (cp, cy, cr) = np.sin(rotation.T / 2.0), np.cos(rotation.T / 2.0)
    x = cy * sp * cr + sy * cp * sr
    y = sy * cp * cr - cy * sp * sr
    z = cy * cp * sr - sy * sp * cr
    w = cy * cp * cr + sy * sp * sr
    result = np.stack([x, y, z, w], axis=1)
    turns = np.sign((result[1:] * result[:-1]).sum(axis=1))
    result[1:] *= np.cumprod(np.where(turns < 0, -1.0, 1.0))[:, None]
    return (result / np.linalg.norm(result, axis=1, keepdims=True)).astype(np.float32)


def quaternion_of(matrix: np.ndarray) -> np.ndarray:
    """(4,) float64 of a rotation matrix (3, 3): the eigenvector of Bar-Itzhack's symmetric form (2000)."""
    m = np.asarray(matrix, np.float64)
    skew = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    form = np.zeros((4, 4))
    form[:3, :3] = m + m.T - np.eye(3) * np.trace(m)
    form[:3, 3] = form[3, :3] = skew
    form[3, 3] = np.trace(m)
    quaternion = np.linalg.eigh(form)[1][:, -1]
    return quaternion * np.sign(quaternion[np.abs(quaternion).argmax()])
