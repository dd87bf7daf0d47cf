"""Tangents for normal maps: which way u runs on the surface, at each vertex."""

from __future__ import annotations

import numpy as np

from ..face.head import Head


def tangents(head: Head, normals: np.ndarray) -> np.ndarray:
    """(V, 4) float32: unit tangents at rest, square to ``normals`` (V, 3), and the sign of the bitangent.

    As glTF wants them: the bitangent, cross(normal, tangent) times the sign, runs up the picture. Weighted by area
    (Lengyel, "Computing tangent space basis vectors for an arbitrary mesh", 2001).
    """
    corners = head.vertices[head.triangles].astype(np.float64)
    uv = head.uv[head.triangles] * (1.0, -1.0)  # v up the picture
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    (u1, v1), (u2, v2) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    turned = np.sign(u1 * v2 - u2 * v1)[:, None]
    along = (e1 * v2[:, None] - e2 * v1[:, None]) * turned
    across = (e2 * u1[:, None] - e1 * u2[:, None]) * turned
    t, b = (np.zeros((len(head.vertices), 3)) for _ in range(2))
    for corner in range(3):
        np.add.at(t, head.triangles[:, corner], along)
        np.add.at(b, head.triangles[:, corner], across)
    n = normals.astype(np.float64)
    t -= n * (n * t).sum(axis=1, keepdims=True)
    length = np.linalg.norm(t, axis=1, keepdims=True)
    spare = np.cross(
        n, np.where(np.abs(n[:, :1]) < 0.9, (1.0, 0, 0), (0, 1.0, 0))
    )  # where u does not run at all
    spare /= np.linalg.norm(spare, axis=1, keepdims=True)
    t = np.where(length > 1e-20, t / np.maximum(length, 1e-20), spare)
    sign = np.where((np.cross(n, t) * b).sum(axis=1) < 0, -1.0, 1.0)
    return np.concatenate([t, sign[:, None]], axis=1).astype(np.float32)
