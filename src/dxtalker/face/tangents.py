"""Tangents for normal maps: which way u runs on the surface, at each vertex."""

from __future__ import annotations

import numpy as np

from .head import Head


class Tangents:
    """Tangents of a head's posed surface. They are linear in its vertices until they are made square to the normals.

    Weighted by area (Lengyel, "Computing tangent space basis vectors for an arbitrary mesh", 2001).
    """

    def __init__(self, head: Head, triangles: np.ndarray) -> None:
        """For the vertices of ``triangles`` (F, 3); the others' tangents are zero."""
        uv = head.uv[triangles].astype(np.float64) * (1.0, -1.0)  # v up the picture
        (u1, v1), (u2, v2) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
        turned = np.sign(u1 * v2 - u2 * v1)
        self._count = len(head.vertices)
        self._corners = np.ascontiguousarray(triangles.T)  # (3, F)
        self._along, self._across = (v2 * turned, v1 * turned), (u2 * turned, u1 * turned)  # each (F,)
        self._touched = np.unique(triangles)
        normals = head.smooth_normals(head.vertices)
        along = self(head.vertices, normals)
        across = -self._sum(head.vertices, self._across)
        sign = np.where((np.cross(normals, along) * across).sum(axis=1) < 0, -1, 1)
        self.sign = sign.astype(
            np.float32
        )  # (V,) of the bitangent: cross(normal, tangent) times it runs up the picture

    def __call__(self, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """(V, 3) float32, units square to the unit ``normals`` (V, 3) of ``vertices`` (V, 3) metres."""
        found = np.zeros((self._count, 3), np.float32)
        n = normals[self._touched].astype(np.float64)
        t = self._sum(vertices, self._along)[self._touched]
        t -= n * (n * t).sum(axis=1, keepdims=True)
        length = np.sqrt((t * t).sum(axis=1, keepdims=True))
        found[self._touched] = np.where(length > 1e-20, t / np.maximum(length, 1e-20), 0)
        lost = self._touched[length[:, 0] <= 1e-20]  # u does not run at all there: any tangent will do
        found[lost] = _square_to(normals[lost])
        return found

    def _sum(self, vertices: np.ndarray, shares: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """(V, 3) float64: over each vertex's triangles, first edge · shares[0] - second edge · shares[1]."""
        a, b, c = self._corners
        total = np.empty((self._count, 3))
        for i, axis in enumerate(np.ascontiguousarray(vertices.T)):
            way = (axis[b] - axis[a]) * shares[0] - (axis[c] - axis[a]) * shares[1]
            total[:, i] = sum(np.bincount(corner, way, self._count) for corner in self._corners)
        return total


def tangents(head: Head, normals: np.ndarray) -> np.ndarray:
    """(V, 4) float32: unit tangents at rest, square to ``normals`` (V, 3), and the sign of the bitangent.

    As glTF wants them: the bitangent, cross(normal, tangent) times the sign, runs up the picture.
    """
    found = Tangents(head, head.triangles)
    return np.column_stack([found(head.vertices, normals), found.sign])


def _square_to(normals: np.ndarray) -> np.ndarray:
    """(N, 3) float32 units, each square to one of ``normals`` (N, 3)."""
    spare = np.cross(normals, np.where(np.abs(normals[:, :1]) < 0.9, (1.0, 0, 0), (0, 1.0, 0)))
    return (spare / np.maximum(np.linalg.norm(spare, axis=1, keepdims=True), 1e-20)).astype(np.float32)
