"""Strips of hair over the scalp: locks that give a short cut its volume and its outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bake.hair_paint import LOCKS, THIN
from bake.layout import place
from bake.mesh import LinearMap, Piece, Surface, grid, join, point_normals
from bake.scalp import CENTRE, WHORL, flow, height_above_hairline
from bake.skin import Skin
from bake.texels import soft

ROWS, COLUMNS = 5, 3  # points of a card along the hair and across it
BURIED = 0.004  # metres under the skull where a card goes when the hair is taken away
SEED = 71


class Scalp:
    """The surface that cards lie on, seen from the middle of the skull."""

    def __init__(self, skin: Skin) -> None:
        self.piece, self.bare = skin.piece, skin.bare
        triangles = skin.piece.surface.triangles
        middle = skin.bare[triangles].mean(1) * 1000
        self.triangles = triangles[height_above_hairline(middle) > -45]
        self.normals = point_normals(skin.piece.points, triangles)
        self._corners = skin.bare[self.triangles]  # (F, 3, 3)

    def under(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (3,) and shares (3,) of the triangle on the ray from CENTRE (metres) through ``point`` (3,)."""
        start = CENTRE / 1000
        way = point - start
        a, b, c = np.moveaxis(self._corners, 1, 0)
        side = np.cross(way, c - a)
        size = (side * (b - a)).sum(1)
        size = np.where(np.abs(size) < 1e-14, np.inf, size)
        v = (side * (start - a)).sum(1) / size
        turn = np.cross(start - a, b - a)
        w = (turn * way).sum(1) / size
        far = (turn * (c - a)).sum(1) / size
        hit = (v >= -1e-6) & (w >= -1e-6) & (v + w <= 1 + 1e-6) & (far > 0)
        best = np.flatnonzero(hit)[np.argmin(far[hit])]  # the nearest: not the ear, but the skull behind it
        return self.triangles[best], np.array([1 - v[best] - w[best], v[best], w[best]])


@dataclass(frozen=True)
class Cut:
    """How one card lies."""

    root: np.ndarray  # (3,) metres, on the bare skull
    length: float  # metres
    width: float  # metres
    lift: float  # metres that its tip stands off the hair below
    roll: float  # radians about the way it lies
    turn: float  # radians that it leaves the flow by
    picture: int


def strand_pieces(skin: Skin) -> Piece:
    scalp = Scalp(skin)
    return join("strands", [_card(scalp, cut) for cut in _cuts(scalp)])


def _cuts(scalp: Scalp) -> list[Cut]:
    """The cards, those farthest from the whorl first: the others lie over them like tiles of a roof."""
    random = np.random.default_rng(SEED)
    corners = scalp.bare[scalp.triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen: list[np.ndarray] = []
    cuts = []
    for _ in range(6000):
        triangle = corners[random.choice(len(area), p=area / area.sum())]
        share = random.dirichlet([1, 1, 1])
        root = share @ triangle
        above = height_above_hairline(root[None] * 1000)[0]
        top = float(soft(45, 85, root[1:2] * 1000)[0])
        edge = float(soft(22, 4, np.array([above]))[0])
        gap = 0.020 - 0.0085 * max(top, edge * (root[1] > 0.03))
        draws = random.random(8)
        if above < 1.5 or _on_ear(root) or any(np.linalg.norm(root - other) < gap for other in chosen):
            continue
        chosen.append(root)
        thin = top < 0.4 or edge > 0.85
        cuts.append(
            Cut(
                root,
                length=(0.018 + 0.020 * top) * (0.85 + 0.35 * draws[0]) * (1 - 0.45 * edge),
                width=(0.012 + 0.004 * top) * (0.85 + 0.4 * draws[1]),
                lift=(0.0008 + 0.0026 * top) * (0.5 + 1.0 * draws[2] ** 2),
                roll=0.24 * (draws[3] - 0.5),
                turn=0.6 * (draws[4] - 0.5),
                picture=THIN + int(draws[5] * (LOCKS - THIN)) if thin else int(draws[5] * THIN),
            )
        )
    return sorted(cuts, key=lambda cut: -float(np.linalg.norm(cut.root - WHORL / 1000)))


def _on_ear(point: np.ndarray) -> bool:
    """Whether hair rooted at ``point`` (3,) metres would lie across the ear."""
    return bool(abs(point[0]) > 0.05 and -0.06 < point[1] < 0.016 and -0.11 < point[2] < -0.055)


def _card(scalp: Scalp, cut: Cut) -> Piece:
    points, recipes = [], []
    along = np.linspace(0, 1, ROWS)
    at, root = cut.root, np.zeros(3)
    for row, s in enumerate(along):
        corners, share = scalp.under(at)
        bare, normal = share @ scalp.bare[corners], share @ scalp.normals[corners]
        normal /= np.linalg.norm(normal)
        if row == 0:
            root = bare - BURIED * normal
        way = flow(bare[None] * 1000, normal[None])[0]
        side = np.cross(normal, way)
        way, side = (
            way * np.cos(cut.turn) + side * np.sin(cut.turn),
            side * np.cos(cut.turn) - way * np.sin(cut.turn),
        )
        side = side * np.cos(cut.roll) + normal * np.sin(cut.roll)
        over = share @ scalp.piece.points[corners] + normal * (0.0003 + cut.lift * s**1.4)
        half = 0.5 * cut.width * (1 - 0.25 * s)
        for k in np.linspace(-1, 1, COLUMNS):
            arch = 0.12 * half * (1 - k * k)
            points.append(over + half * k * side + arch * normal)
        recipes += [list(zip(corners.tolist(), share.tolist(), strict=True))] * COLUMNS
        at = bare + way * cut.length / (ROWS - 1)
    u, v = np.meshgrid((np.linspace(0.02, 0.98, COLUMNS) + cut.picture) / LOCKS, 0.005 + 0.99 * along)
    flat = grid(ROWS, COLUMNS, place("strands", np.stack([u, v], -1)))
    surface = Surface(flat.triangles[:, [0, 2, 1]], flat.uv[:, [0, 2, 1]])  # outwards
    follow = scalp.piece.follow.then(LinearMap.of(recipes)).merged()
    points = np.array(points)
    still = np.zeros((len(scalp.piece.deltas), len(points), 3))
    return Piece(
        "strands",
        points,
        still,
        np.ones(len(points)),
        surface,
        follow,
        0.6,
        0.12,
        True,
        hairless=root - points,
    )
