"""Eyeballs: a sphere fitted to each helper eye, turned by the eyeLook shapes as the helper turns."""

from __future__ import annotations

import numpy as np

from bake.anatomy import Anatomy
from bake.layout import place
from bake.mesh import LinearMap, Piece, Surface, grid, rigid
from dxtalker.records import ARKIT_NAMES

IRIS = 0.0061  # metres, iris radius
BULGE = 0.0006  # metres, cornea
RINGS = np.radians([0.0, 6, 11, 15, 18.5, 21.5, 24, 27, 31, 37, 45, 55, 67, 80, 95])
SPOKES = 28
VIEW = 0.0235  # metres: half the width of the eye's picture, measured along the surface


def fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre and radius by linear least squares."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def eye_centres(anatomy: Anatomy) -> np.ndarray:
    """(2, 3) metres: left, right."""
    return np.stack(
        [fit_sphere(anatomy.points[anatomy.group(f"eye_{side}")])[0] for side in ("left", "right")]
    )


def eye_pieces(anatomy: Anatomy) -> list[Piece]:
    return [_eye(anatomy, side) for side in ("left", "right")]


def _eye(anatomy: Anatomy, side: str) -> Piece:
    helper = anatomy.group(f"eye_{side}")
    rest = anatomy.points[helper]
    centre, radius = fit_sphere(rest)
    angle = np.linspace(0, 2 * np.pi, SPOKES, endpoint=False)
    theta = RINGS[1:, None]
    lift = BULGE * np.exp(-((theta / 0.36) ** 4))
    away = (radius + lift)[..., None] * np.stack(
        np.broadcast_arrays(np.sin(theta) * np.cos(angle), np.sin(theta) * np.sin(angle), np.cos(theta)), -1
    )
    shape = np.vstack([[[0, 0, radius + BULGE]], away.reshape(-1, 3)])

    turned = np.zeros((len(ARKIT_NAMES), len(shape), 3))
    for i, name in enumerate(ARKIT_NAMES):
        if name.startswith("eyeLook") and name.endswith(side.capitalize()):
            rotation, _ = rigid(rest, rest + anatomy.deltas[i][helper])
            turned[i] = shape @ rotation.T - shape
    follow = LinearMap.of([[(int(point), 1 / len(helper)) for point in helper]] * len(shape))
    return Piece("eyes", shape + centre, turned, np.ones(len(shape)), _disc(radius), follow, 0.12, 0.7)


def _disc(radius: float) -> Surface:
    """Triangles of the pole fan and the rings; texture coordinates grow evenly along the surface."""
    spokes = np.linspace(0, 2 * np.pi, SPOKES + 1)
    reach = (RINGS[1:] * radius / VIEW)[:, None]
    uv = 0.5 + 0.5 * np.stack([reach * np.cos(spokes), -reach * np.sin(spokes)], -1)
    rings = grid(len(RINGS) - 1, SPOKES, place("eye", uv), closed=True)
    k = np.arange(SPOKES)
    fan = np.column_stack([np.zeros(SPOKES, int), 1 + k, 1 + (k + 1) % SPOKES])
    fan_uv = place("eye", np.stack([np.full((SPOKES, 2), 0.5), uv[0, :-1], uv[0, 1:]], axis=1))
    flipped = rings.triangles[:, [0, 2, 1]] + 1
    return Surface(np.vstack([fan, flipped]), np.vstack([fan_uv, rings.uv[:, [0, 2, 1]]]))
