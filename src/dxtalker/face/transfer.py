"""Carries a head's shapes over to another face: a wider mouth smiles wider, a longer chin drops further.

The local form of deformation transfer (Sumner and Popović 2004, Deformation transfer for triangle meshes):
the change from one resting face to the other is smoothed to a gradient around each vertex, and the shapes are
multiplied by it. The gradients are affine fits about some sixty anchors, so that no fine detail of a face (a
nostril, a fold) is taken for a change of size, and no system is solved.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .head import Head

ANCHORS = 60
WINDOW = 0.020  # metres: standard deviation of the neighbourhood that an anchor's fit looks at
BLEND = 0.014  # metres: and of the anchors that a vertex listens to
FIRM = 0.3  # share of stiffness in a fit: the rest of it is the data's
LEAST, MOST = 0.75, 1.3  # how much a shape may shrink and grow
MOVED = ("skin", "hair", "strands", "brows", "lashes")  # eyes, teeth and tongue keep their size


class Transfer:
    """What can be computed once for a base head."""

    def __init__(self, base: Head) -> None:
        kept = np.zeros(len(base.vertices), bool)
        for part in base.parts:
            if part.name in MOVED:
                kept[base.triangles[part.first : part.first + part.count]] = True
        moving = np.abs(base.deltas).max(axis=(0, 2)) > 1e-5
        self._active = np.flatnonzero(kept & moving)  # (N,)
        places = base.vertices[self._active].astype(np.float64)
        self._seen = self._active[::3]  # (M,) a third of them is enough for the fits
        self._base = base.vertices
        anchors = places[_spread(places, ANCHORS)]
        self._fits = np.stack([_fit(base.vertices[self._seen].astype(np.float64), at) for at in anchors])
        square = ((places[:, None] - anchors) ** 2).sum(2)
        share = np.exp(-(square - square.min(1, keepdims=True)) / (2 * BLEND**2))
        self._share = share / share.sum(1, keepdims=True)  # (N, A)

    def apply(self, head: Head) -> Head:
        """``head``, which is the base with moved vertices, with shapes of its own size."""
        moved = head.vertices[self._seen] - self._base[self._seen]
        gradients = np.einsum("amj,mi->aij", self._fits, moved) + np.eye(3)  # (A, 3, 3)
        u, size, vt = np.linalg.svd(gradients)
        gradients = (u * np.clip(size, LEAST, MOST)[:, None]) @ vt
        local = (self._share @ gradients.reshape(-1, 9)).reshape(-1, 3, 3).astype(np.float32)
        deltas = head.deltas.copy()
        around = np.ascontiguousarray(head.deltas[:, self._active].transpose(1, 2, 0))  # (N, 3, 52)
        deltas[:, self._active] = (local @ around).transpose(2, 0, 1)
        return replace(head, deltas=deltas)


def _spread(places: np.ndarray, count: int) -> np.ndarray:
    """(count,) rows of ``places`` (N, 3) that lie as far apart as can be, the first one first."""
    chosen = [0]
    away = np.linalg.norm(places - places[0], axis=1)
    for _ in range(count - 1):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return np.array(chosen)


def _fit(places: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(M, 3): how displacements of ``places`` (M, 3) add up to their gradient around ``at`` (3,)."""
    weight = np.exp(-((places - at) ** 2).sum(1) / (2 * WINDOW**2))
    weight /= weight.sum()
    away = places - weight @ places
    spread = away.T @ (weight[:, None] * away)
    firm = FIRM * np.trace(spread) / 3 * np.eye(3)
    return weight[:, None] * away @ np.linalg.inv(spread + firm)
