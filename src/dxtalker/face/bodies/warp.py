"""A smooth map of space from points and where they go, and shapes carried along it from face to face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STIFF = 0.15  # millimetres that a point may be missed by, in trade for smoothness
NEIGHBOURS = 6  # vertices of the one face that a vertex of the other takes its motion from
NEAR, FAR = 0.010, 0.030  # metres from the one face: motion is taken whole up to here, and not beyond there
LIP_SIDE = 0.030  # metres by which the two lips are held apart when their vertices are matched
LIP_REACH = 0.016  # metres around the lips in which that is done
BATCH = 400


@dataclass(frozen=True)
class Warp:
    """Thin plate of three dimensions: affine and a sum of distances (Bookstein 1989; kernel r)."""

    centres: np.ndarray  # (N, 3) metres
    pull: np.ndarray  # (N, 3)
    affine: np.ndarray  # (4, 3)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(M, 3) metres to (M, 3) metres."""
        result = points @ self.affine[:3] + self.affine[3]
        for at in range(0, len(points), BATCH):
            part = slice(at, at + BATCH)
            result[part] += distances(points[part], self.centres) @ self.pull
        return result

    def turn(self, points: np.ndarray, step: float = 5e-4) -> np.ndarray:
        """(M, 3, 3): how the map turns and stretches a small motion at each of ``points`` (M, 3)."""
        rest = self(points)
        columns = [(self(points + step * np.eye(3)[k]) - rest) / step for k in range(3)]
        return np.stack(columns, axis=2)


def fit_warp(start: np.ndarray, goal: np.ndarray, stiff: float = STIFF) -> Warp:
    """The smoothest map that takes ``start`` (N, 3) near ``goal`` (N, 3); ``stiff`` in mm trades the two."""
    count = len(start)
    kernel = distances(start, start) - np.eye(count) * stiff * 0.02  # r is conditionally negative definite
    plane = np.concatenate([start, np.ones((count, 1))], axis=1)
    system = np.block([[kernel, plane], [plane.T, np.zeros((4, 4))]])
    solved = np.linalg.lstsq(system, np.concatenate([goal, np.zeros((4, 3))]), rcond=None)[0]
    return Warp(start, solved[:count], solved[count:])


def agreeing(start: np.ndarray, goal: np.ndarray, rounds: int = 3) -> np.ndarray:
    """(N,) bool: pairs that a stiff map of the others brings together; a landmark that fell through the
    open mouth or beside the face does not fit."""
    kept = np.ones(len(start), bool)
    for _ in range(rounds):
        warp = fit_warp(start[kept], goal[kept], stiff=3.0)
        missed = np.linalg.norm(warp(start) - goal, axis=1)
        kept = missed < max(0.0025, 3.0 * float(np.median(missed[kept])))
    return kept


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N, M) between rows of ``one`` (N, 3) and ``other`` (M, 3)."""
    square = (one * one).sum(1)[:, None] + (other * other).sum(1) - 2 * one @ other.T
    return np.sqrt(np.maximum(square, 0))


@dataclass(frozen=True)
class Surface:
    """A face as vertices that motion is taken from or given to."""

    vertices: np.ndarray  # (V, 3) metres at rest
    normals: np.ndarray  # (V, 3)
    jaw: np.ndarray  # (V,) 0..1: how far a vertex goes with the jaw; tells the lips apart


@dataclass(frozen=True)
class Followers:
    """From which vertices of a source each vertex of a target takes its motion."""

    sources: np.ndarray  # (V, NEIGHBOURS) int64
    shares: np.ndarray  # (V, NEIGHBOURS), summing to 1 near the source and to less far from it

    def carry(self, values: np.ndarray) -> np.ndarray:
        """(V, C) from values (S, C) on the source."""
        return np.einsum("vk,vkc->vc", self.shares, values[self.sources])


def follow(source: Surface, target: Surface, lips: np.ndarray, reach: float = FAR) -> Followers:
    """Nearest neighbours, of those that face the same way and belong to the same lip.

    ``source`` is already warped onto ``target``; ``lips`` (K, 3) metres lie along the line between the lips.
    """
    start, goal = _with_side(source, lips), _with_side(target, lips)
    sources = np.zeros((len(goal), NEIGHBOURS), np.int64)
    shares = np.zeros((len(goal), NEIGHBOURS))
    for at in range(0, len(goal), BATCH):
        part = slice(at, at + BATCH)
        apart = distances(goal[part], start)
        # A surface that looks the other way is the other side of a fold: as good as 8 mm off.
        apart += 0.008 * np.clip(0.3 - target.normals[part] @ source.normals.T, 0, 1)
        near = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        gap = np.take_along_axis(apart, near, axis=1)
        weight = 1 / (gap + 2e-4) ** 2
        fade = np.clip((reach - gap.min(1)) / max(reach - NEAR, 1e-6), 0, 1)
        sources[part] = near
        shares[part] = weight / weight.sum(1, keepdims=True) * (fade * fade * (3 - 2 * fade))[:, None]
    return Followers(sources, shares)


def _with_side(surface: Surface, lips: np.ndarray) -> np.ndarray:
    """(V, 4): place, and which lip it is, in metres, close to the mouth."""
    away = np.concatenate(
        [
            distances(surface.vertices[at : at + BATCH], lips).min(1)
            for at in range(0, len(surface.vertices), BATCH)
        ]
    )
    side = LIP_SIDE * surface.jaw * np.exp(-((away / LIP_REACH) ** 2))
    return np.concatenate([surface.vertices, side[:, None]], axis=1)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) unit, area weighted."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.stack(
        [
            sum(np.bincount(triangles[:, k], face[:, axis], len(vertices)) for k in range(3))
            for axis in range(3)
        ],
        1,
    )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
