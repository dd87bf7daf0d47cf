"""The skin: head, neck and shoulders of the body mesh, refined where it is coarse and cut as a bust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bake.anatomy import Anatomy
from bake.layout import in_sockets, place_skin
from bake.mesh import LinearMap, Piece, cut, point_normals, refine
from bake.scalp import thickness

COARSE = 0.005  # metres: quads with longer edges than this are split
DEEPEST = -0.30  # metres: nothing below this height is looked at
WIDEST = 0.22
SOCKET_DEPTH = 0.003  # metres: the linings of the eye sockets behind this are never seen


@dataclass(frozen=True)
class Skin:
    piece: Piece
    bare: np.ndarray  # (N, 3) metres, the points without hair

    def descendants(self) -> dict[int, int]:
        """Source point -> the point it became; a refined one keeps more than half of itself."""
        follow = self.piece.follow
        main = follow.weights > 0.55
        return dict(zip(follow.columns[main].tolist(), follow.rows[main].tolist(), strict=True))

    def front(self, x: float, y: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The surface seen from the front at (x, y): a triangle's points (3,), their shares, its normal."""
        triangles = self.piece.surface.triangles
        a, b, c = (self.piece.points[triangles[:, k]] for k in range(3))
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            v = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (y - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
            w = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])) / area
        hit = np.flatnonzero((area > 1e-12) & (v >= 0) & (w >= 0) & (v + w <= 1))
        best = hit[np.argmax(a[hit, 2])]
        normal = np.cross(b[best] - a[best], c[best] - a[best])
        share = np.array([1 - v[best] - w[best], v[best], w[best]])
        return triangles[best], share, normal / np.linalg.norm(normal)


def bust_height(points: np.ndarray) -> np.ndarray:
    """Metres above the bust's lower edge: a shallow bowl, higher at the shoulders than on the chest."""
    x, y, z = points.T
    return y + 0.212 + 0.28 * z - 3.2 * x**2


def build_skin(anatomy: Anatomy) -> Skin:
    quads, quad_uv = anatomy.mesh.quads["body"], anatomy.mesh.quad_texture["body"]
    at = anatomy.points[quads]
    behind_eyes = in_sockets(anatomy.mesh.texture[quad_uv]) & (at[:, :, 2] < SOCKET_DEPTH).all(1)
    near = ~behind_eyes & ((at[:, :, 1] > DEEPEST) & (np.abs(at[:, :, 0]) < WIDEST)).all(1)
    source, local = np.unique(quads[near], return_inverse=True)
    local = local.reshape(-1, 4)
    at = at[near]
    edge = np.linalg.norm(at - np.roll(at, -1, axis=1), axis=2).mean(1)
    split = _grow(local, edge > COARSE)
    finer, surface = refine(len(source), local, place_skin(anatomy.mesh.texture[quad_uv[near]]), split)
    points = finer.apply(anatomy.points[source])
    trimmed, surface = cut(surface, points, bust_height(points))
    follow = LinearMap.picks(source).then(finer).then(trimmed).merged()

    bare = follow.apply(anatomy.points)
    points = bare + thickness(bare)[:, None] * point_normals(bare, surface.triangles)
    deltas = np.stack([follow.apply(delta) for delta in anatomy.deltas])
    fade = np.clip(bust_height(points) / 0.05, 0, 1)
    weight = follow.apply(anatomy.head_weight) * fade * fade * (3 - 2 * fade)
    piece = Piece("skin", points, deltas, weight, surface, follow, 0.5, 0.25, hairless=bare - points)
    return Skin(piece, bare)


def _grow(quads: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Fill holes: a quad with three or more split neighbours at its corners is split too."""
    for _ in range(2):
        touched = np.zeros(quads.max() + 1, int)
        np.add.at(touched, quads[split].ravel(), 1)
        split = split | ((touched[quads] >= 2).sum(1) >= 4)
    return split
