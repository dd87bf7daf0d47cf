"""The skin: head, neck and shoulders of the body mesh, refined where it is coarse and cut as a bust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bake.anatomy import Anatomy
from bake.layout import place_skin
from bake.mesh import LinearMap, Piece, cut, refine

COARSE = 0.005  # metres: quads with longer edges than this are split
DEEPEST = -0.30  # metres: nothing below this height is looked at
WIDEST = 0.22


@dataclass(frozen=True)
class Skin:
    piece: Piece
    source: np.ndarray  # (S,) source points the piece is made of
    steps: tuple[LinearMap, ...]  # from source points to the piece's points

    def follow(self, values: np.ndarray) -> np.ndarray:
        """Any per-source-point array (19158, ...) carried to the piece's points."""
        out = values[self.source]
        for step in self.steps:
            out = step.apply(out)
        return out

    def nearest(self, position: np.ndarray) -> int:
        return int(np.argmin(np.linalg.norm(self.piece.points - position, axis=1)))


def bust_height(points: np.ndarray) -> np.ndarray:
    """Metres above the bust's lower edge: a shallow bowl, higher at the shoulders than on the chest."""
    x, y, z = points.T
    return y + 0.215 - 3.2 * x**2 - 0.9 * np.maximum(-0.07 - z, 0) ** 1.0 * 0.35


def build_skin(anatomy: Anatomy) -> Skin:
    quads, quad_uv = anatomy.mesh.quads["body"], anatomy.mesh.quad_texture["body"]
    at = anatomy.points[quads]
    near = ((at[:, :, 1] > DEEPEST) & (np.abs(at[:, :, 0]) < WIDEST)).all(1)
    source, local = np.unique(quads[near], return_inverse=True)
    local = local.reshape(-1, 4)
    at = at[near]
    edge = np.linalg.norm(at - np.roll(at, -1, axis=1), axis=2).mean(1)
    split = _grow(local, edge > COARSE)
    finer, surface = refine(len(source), local, place_skin(anatomy.mesh.texture[quad_uv[near]]), split)
    points = finer.apply(anatomy.points[source])
    trimmed, surface = cut(surface, points, bust_height(points))
    skin = Skin(Piece("skin", points, points, points, surface, 0.5, 0.25), source, (finer, trimmed))

    points = skin.follow(anatomy.points)
    deltas = np.stack([skin.follow(delta) for delta in anatomy.deltas])
    fade = np.clip(bust_height(points) / 0.05, 0, 1)
    weight = skin.follow(anatomy.head_weight) * fade * fade * (3 - 2 * fade)
    piece = Piece("skin", points, deltas, weight, surface, roughness=0.5, specular=0.25)
    return Skin(piece, source, skin.steps)


def _grow(quads: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Fill holes: a quad with three or more split neighbours at its corners is split too."""
    for _ in range(2):
        touched = np.zeros(quads.max() + 1, int)
        np.add.at(touched, quads[split].ravel(), 1)
        split = split | ((touched[quads] >= 2).sum(1) >= 4)
    return split
