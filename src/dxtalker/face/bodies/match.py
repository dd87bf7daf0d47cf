"""Which point of one head is which point of another: both are drawn, and the face landmarks found in each.

A face model carries no landmarks, but every face can be looked at: the mesh is drawn head-on with its mouth
shut and open, our landmark networks find 478 points in each picture, and each point is put back on the
triangle that was drawn there. The lips are taken from the open mouth: shut, both share one line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..landmarks import Landmarker
from .paint import eye_colours
from .scan import nearest
from .warp import agreeing

SIDE = 640  # pixels of the picture that is looked at
SPAN = 4.6  # width of the picture in eye distances
LEAST = 120  # landmarks that both heads must share
MEDIA_PIPE = 468  # landmarks on the surface; the ten of the irises follow
LIPS = np.array([
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
    76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 307, 320, 404, 315, 16, 85, 180, 90, 77,
    62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292, 325, 319, 403, 316, 15, 86, 179, 89, 96,
])  # fmt: skip


@dataclass(frozen=True)
class Sitter:
    """What is drawn of a head: its surface shut and open, its eyes, its colours."""

    vertices: np.ndarray  # (V, 3) metres at rest
    opened: np.ndarray  # (V, 3) metres with the mouth well open
    triangles: np.ndarray  # (F, 3) int64
    eyes: np.ndarray  # (2, 3) metres
    eye_triangle: np.ndarray  # (F,) bool: is of an eyeball
    colours: np.ndarray | None = None  # (V, 3) sRGB 0..255; None: plain


@dataclass(frozen=True)
class Placed:
    """Landmarks on a surface, in MediaPipe's order."""

    known: np.ndarray  # (468,) bool
    triangle: np.ndarray  # (468,) int64, meaningful where known
    shares: np.ndarray  # (468, 3) of the triangle's corners

    def on(self, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """(468, 3) metres, of any pose of the surface."""
        return (vertices[triangles[self.triangle]] * self.shares[..., None]).sum(1)


def place_landmarks(sitter: Sitter) -> Placed | None:
    """The landmarks of a head; None where the networks see no face (or a strange one)."""
    landmarker = Landmarker()
    shut = _placed(landmarker, sitter, sitter.vertices)
    opened = _placed(landmarker, sitter, sitter.opened)
    if shut is None or opened is None:
        return None
    mouth = np.zeros(MEDIA_PIPE, bool)
    mouth[LIPS] = True
    return Placed(
        np.where(mouth, opened.known, shut.known),
        np.where(mouth, opened.triangle, shut.triangle),
        np.where(mouth[:, None], opened.shares, shut.shares),
    )


def shared_points(
    one: Sitter, other: Sitter, first: Placed | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """The same places on two heads at rest, (N, 3) and (N, 3) metres; None where a face was not seen."""
    first = first or place_landmarks(one)
    second = place_landmarks(other)
    if first is None or second is None:
        return None
    both = first.known & second.known
    if both.sum() < LEAST:
        return None
    start, goal = (
        first.on(one.vertices, one.triangles)[both],
        second.on(other.vertices, other.triangles)[both],
    )
    kept = agreeing(start, goal)
    return (start[kept], goal[kept]) if kept.sum() >= LEAST else None


def _placed(landmarker: Landmarker, sitter: Sitter, vertices: np.ndarray) -> Placed | None:
    picture, owner, shares = _draw(sitter, vertices)
    found = landmarker.faces(picture)
    if not found:
        return None
    face = landmarker.follow(picture, found[0]) or found[0]
    column, row = np.round(face.points[:MEDIA_PIPE]).astype(np.int64).T
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    pixel = np.clip(row, 0, SIDE - 1) * SIDE + np.clip(column, 0, SIDE - 1)
    known = inside & (owner[pixel] >= 0)
    triangle = np.where(known, owner[pixel], 0)
    known &= ~sitter.eye_triangle[
        triangle
    ]  # a lid's landmark that fell on the eyeball says nothing of the lid
    return Placed(known, triangle, shares[pixel])


def _draw(sitter: Sitter, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Head-on and without perspective: the picture (SIDE, SIDE, 3) uint8, and of each pixel the triangle
    (-1: none) and the shares of its corners."""
    eyes = sitter.eyes
    scale = SIDE / (SPAN * float(np.linalg.norm(eyes[0] - eyes[1])))
    middle = eyes.mean(0) - (0, 0.45 * float(np.linalg.norm(eyes[0] - eyes[1])), 0)
    flat = (vertices - middle)[:, :2] * (scale, -scale) + SIDE / 2
    corners = flat[sitter.triangles]
    a, b, c = (vertices[sitter.triangles[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    front = np.flatnonzero(normals[:, 2] > 0)
    pixel, triangle, part = nearest(corners[front], vertices[sitter.triangles[front], 2], (SIDE, SIDE))
    triangle = front[triangle]
    owner, shares = np.full(SIDE * SIDE, -1, np.int64), np.zeros((SIDE * SIDE, 3))
    owner[pixel], shares[pixel] = triangle, part
    smooth = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            smooth[:, axis] += np.bincount(sitter.triangles[:, corner], normals[:, axis], len(vertices))
    held = sitter.triangles[triangle]
    normal = (smooth[held] * part[..., None]).sum(1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    light = 0.35 + 0.75 * np.clip(normal @ np.array([0.25, 0.45, 0.86]), 0, 1)
    plain = np.array([205.0, 165.0, 145.0])
    colour = np.broadcast_to(plain, (len(pixel), 3)).copy()
    if sitter.colours is not None:
        colour = (sitter.colours[held] * part[..., None]).sum(1)
    eye = sitter.eye_triangle[triangle]
    if eye.any():
        colour[eye] = eye_colours((vertices[held[eye]] * part[eye][..., None]).sum(1), eyes)
    picture = np.full((SIDE * SIDE, 3), 90.0, np.float32)
    picture[pixel] = colour * light[:, None]
    return np.clip(picture, 0, 255).astype(np.uint8).reshape(SIDE, SIDE, 3), owner, shares
