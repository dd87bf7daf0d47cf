"""Brow and lash cards: thin strips with painted hairs that follow the skin."""

from __future__ import annotations

import numpy as np

from bake.anatomy import LOWER_LID, UPPER_LID, Anatomy
from bake.eyes import fit_sphere
from bake.layout import place
from bake.mesh import LinearMap, Piece, Surface, grid, join
from bake.skin import Skin
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

# The left brow's middle line seen from the front, millimetres from the nose outwards.
BROW_LINE = (
    np.array([(9.5, 14.2), (15.5, 16.0), (23, 18.0), (31, 19.4), (38.5, 18.8), (44, 16.6), (49.0, 13.2)])
    / 1000
)
BROW_HEIGHT = 0.0125
BROW_LIFT = np.array([0.0004, 0.0009, 0.0009, 0.0004])
LASH_ROWS = np.array([0.0, 0.35, 0.7, 1.0])
LASHES_DOWN = np.radians(62)  # how far a full blink turns the upper lashes


def brow_pieces(skin: Skin) -> Piece:
    return join("brows", [_brow(skin, side) for side in (1, -1)])


def _brow(skin: Skin, side: int) -> Piece:
    t = np.linspace(0, 1, 15)
    knots = np.linspace(0, 1, len(BROW_LINE))
    line = np.column_stack([_smooth(t, knots, BROW_LINE[:, k]) for k in range(2)])
    along = np.gradient(line, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
    points, deltas, weights, recipes = [], [], [], []
    for row, high in enumerate(np.linspace(0.5, -0.5, 4)):
        for place_xy in line + high * BROW_HEIGHT * across:
            corners, share, normal = skin.front(side * place_xy[0], place_xy[1])
            points.append(share @ skin.piece.points[corners] + BROW_LIFT[row] * normal)
            deltas.append(np.einsum("k,skd->sd", share, skin.piece.deltas[:, corners]))
            weights.append(share @ skin.piece.head_weight[corners])
            recipes.append(list(zip(corners.tolist(), share.tolist(), strict=True)))
    x, y = np.meshgrid(t, np.linspace(0, 1, 4))
    surface = grid(4, len(t), place("brows", 0.01 + 0.98 * np.stack([x, y], -1)))
    if side > 0:
        surface = Surface(surface.triangles[:, [0, 2, 1]], surface.uv[:, [0, 2, 1]])
    follow = skin.piece.follow.then(LinearMap.of(recipes)).merged()
    deltas = np.stack(deltas, axis=1)
    return Piece("brows", np.array(points), deltas, np.array(weights), surface, follow, 0.75, 0.08, True)


def _smooth(t: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A cubic through the values (least squares, degree 4): brows have no corners."""
    return np.polyval(np.polyfit(knots, values, 4), t)


def lash_pieces(anatomy: Anatomy) -> Piece:
    upper = [_lashes(anatomy, side, UPPER_LID, 0.0062, 0.55, "eyeBlink") for side in ("left", "right")]
    lower = [_lashes(anatomy, side, LOWER_LID, 0.0032, -0.75, "") for side in ("left", "right")]
    return join("lashes", upper + lower)


def _lashes(
    anatomy: Anatomy, side: str, lid: tuple[int, ...], long: float, rise: float, closing: str
) -> Piece:
    margin = np.array(sorted(lid, key=lambda point: anatomy.points[point, 0]))
    if side == "right":
        margin = anatomy.mirror[margin]
    root, moved = anatomy.points[margin], anatomy.deltas[:, margin]
    centre, _ = fit_sphere(anatomy.points[anatomy.group(f"eye_{side}")])
    out = root - centre
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    out = out * [1.15, 0.6, 1]
    span = np.linspace(0, 1, len(margin))
    size = long * np.interp(span, [0, 0.2, 0.7, 1], [0.55, 0.85, 1.0, 0.8])[:, None]

    points, deltas = [], []
    for row in LASH_ROWS:
        reach = size * (row * out + rise * row**1.8 * np.array([0, 1, 0]))
        step = moved.copy()
        if closing:
            blink = anatomy.deltas[ARKIT_INDEX[f"{closing}{side.capitalize()}"]][margin, 1]
            for i in range(len(ARKIT_NAMES)):
                share = np.clip(moved[i, :, 1] / np.minimum(blink, -0.002), -0.5, 1.2)
                full = LASHES_DOWN if ARKIT_NAMES[i].startswith(closing) else 0.35 * LASHES_DOWN
                step[i] += _nod(reach, share * full) - reach
        points.append(root + 0.0002 * out + reach)
        deltas.append(step)
    x, y = np.meshgrid(span, 1 - LASH_ROWS)
    surface = grid(len(LASH_ROWS), len(margin), place("lashes", 0.01 + 0.98 * np.stack([x, y], -1)))
    count = len(LASH_ROWS) * len(margin)
    follow = LinearMap.picks(np.tile(margin, len(LASH_ROWS)))
    deltas = np.concatenate(deltas, axis=1)
    return Piece("lashes", np.vstack(points), deltas, np.ones(count), surface, follow, 0.7, 0.1, True)


def _nod(vectors: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turn (n, 3) downwards about x by ``angles`` (n,)."""
    cos, sin = np.cos(angles), np.sin(angles)
    x, y, z = vectors.T
    return np.column_stack([x, cos * y - sin * z, sin * y + cos * z])
