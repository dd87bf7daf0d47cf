"""Seats the teeth: the edge of the upper ones meets the lower lip where f and v are spoken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..records import ARKIT_INDEX
from .head import Head
from .visemes import recipe

MOVED = ("teeth", "tongue")  # as one, so that the bite stays as it is
MIDDLE = 0.008  # metres to either side: the incisors
EDGE = 0.0009  # metres above the lowest point that belong to the cutting edge
TOUCH = 0.0002  # metres between lip and teeth in FF: what is nearer touches
FARTHEST = 0.003  # metres that teeth are moved at most
ROUNDS, STEP = 8, 0.7  # the nearest place changes on the way
PARTS = 4  # points along a triangle's side
SHARES = np.array([(i, j, PARTS - i - j) for i in range(PARTS + 1) for j in range(PARTS + 1 - i)]) / PARTS


def seat_teeth(head: Head) -> Head:
    """``head`` with teeth and tongue moved by a few tenths of a millimetre, up to three; without margins as it is."""
    edge, faces = upper_edge(head), lower_lip(head)
    if not len(edge) or not len(faces):
        return head
    teeth, places, normals = _spoken(head, edge, faces)
    shift, best, nearest = np.zeros(3), np.zeros(3), np.inf
    for _ in range(ROUNDS):
        gap, way = _gap(teeth + shift, places, normals)
        if abs(gap - TOUCH) < nearest:
            best, nearest = shift, abs(gap - TOUCH)
        shift = shift + STEP * (TOUCH - gap) * way * [0, 1, 1]
    shift = (best * min(1.0, FARTHEST / max(float(np.linalg.norm(best)), 1e-9))).astype(np.float32)
    vertices = head.vertices.copy()
    for part in head.parts:
        if part.name in MOVED:
            vertices[np.unique(head.triangles[part.first : part.first + part.count])] += shift
    return replace(head, vertices=vertices)


def upper_edge(head: Head) -> np.ndarray:
    """(N,) vertices of the upper incisors' cutting edge; none on a head without teeth."""
    part = next((part for part in head.parts if part.name == "teeth"), None)
    if part is None:
        return np.zeros(0, int)
    teeth = np.unique(head.triangles[part.first : part.first + part.count])
    still = np.abs(head.deltas[ARKIT_INDEX["jawOpen"]][teeth]).max(1) < 1e-5
    teeth = teeth[still & (np.abs(head.vertices[teeth, 0]) < MIDDLE)]
    heights = head.vertices[teeth, 1]
    return teeth[heights < heights.min(initial=np.inf) + EDGE]


def lower_lip(head: Head) -> np.ndarray:
    """(M, 3) triangles of the lower lip before the incisors; none on a head without margins."""
    if head.lips is None:
        return np.zeros((0, 3), int)
    near = head.lips.near
    own = np.zeros(len(head.vertices), bool)
    own[near[(head.lips.down > 0.4) & (np.abs(head.vertices[near, 0]) < 1.25 * MIDDLE)]] = True
    return head.triangles[own[head.triangles].all(1)]


def bite_gap(head: Head) -> float:
    """Metres from the lower lip's surface to the edge of the upper teeth in FF; negative inside the lip."""
    return _gap(*_spoken(head, upper_edge(head), lower_lip(head)))[0]


def _spoken(head: Head, edge: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In FF: the teeth's edge (N, 3), places on the lip's ``faces`` (M, 3) and the normals there, both (P, 3)."""
    delta = sum(weight * head.deltas[ARKIT_INDEX[name], faces] for name, weight in recipe("FF").items())
    corners = head.vertices[faces] + delta  # (M, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    places = np.einsum("kc,mcd->mkd", SHARES, corners).reshape(-1, 3)
    return head.vertices[edge], places, np.repeat(normals, len(SHARES), axis=0)


def _gap(teeth: np.ndarray, places: np.ndarray, normals: np.ndarray) -> tuple[float, np.ndarray]:
    """Metres from the surface to the nearest, or deepest, of the ``teeth`` (N, 3), and the normal there (3,)."""
    square = (teeth**2).sum(1)[:, None] - 2 * teeth @ places.T + (places**2).sum(1)
    nearest = square.argmin(1)
    away = np.sqrt(np.maximum(square.min(1), 0))
    signed = away * np.sign(((teeth - places[nearest]) * normals[nearest]).sum(1))
    first = int(np.argmin(signed))
    return float(signed[first]), normals[nearest[first]]
