"""Teeth, gums and tongue as pieces: the lower ones moved by the jaw; the helper's tongue."""

from __future__ import annotations

import numpy as np

from bake.anatomy import HELPERS, Anatomy
from bake.layout import place
from bake.mesh import LinearMap, Piece, Surface, join, rigid
from bake.teeth import LOWER, UPPER, Arch, arch_line, crowns, gums
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES


def teeth_pieces(anatomy: Anatomy) -> Piece:
    pieces = []
    for arch in (UPPER, LOWER):
        line = arch_line(anatomy, arch)
        pieces += [_moved(anatomy, arch, *shape(*line, arch)) for shape in (crowns, gums)]
    return join("teeth", pieces)


def _jaw_motion(anatomy: Anatomy, points: np.ndarray) -> np.ndarray:
    """(52, N, 3): what the lower teeth's rigid motion does to ``points``; only the jaw shapes move them."""
    helper = anatomy.group("lower_teeth")
    rest = anatomy.points[helper]
    moved = np.zeros((len(ARKIT_NAMES), len(points), 3))
    for i, name in enumerate(ARKIT_NAMES):
        if name.startswith("jaw"):
            rotation, shift = rigid(rest, rest + anatomy.deltas[i][helper])
            moved[i] = points @ rotation.T + shift - points
    return moved


def _moved(anatomy: Anatomy, arch: Arch, points: np.ndarray, surface: Surface) -> Piece:
    deltas = _jaw_motion(anatomy, points) if arch.up < 0 else np.zeros((len(ARKIT_NAMES), len(points), 3))
    helper = anatomy.group(arch.helper)
    recipes = []
    for point in points:
        away = np.linalg.norm(anatomy.points[helper] - point, axis=1)
        near = np.argsort(away, kind="stable")[:6]
        share = 1 / (away[near] + 0.002)
        recipes.append([(int(helper[k]), float(w)) for k, w in zip(near, share / share.sum(), strict=True)])
    follow = LinearMap.of(recipes)
    return Piece("teeth", points, deltas, np.ones(len(points)), surface, follow, roughness=0.22, specular=0.5)


def tongue_piece(anatomy: Anatomy) -> Piece:
    """The helper's tongue, lying flatter, and kept down with the lower teeth as the jaw opens."""
    ids = anatomy.group("tongue")
    points, deltas = anatomy.points[ids].copy(), anatomy.deltas[:, ids].copy()
    floor = -0.0765
    front = np.clip((points[:, 2] + 0.045) / 0.045, 0, 1)  # 0 at the root, 1 from the middle to the tip
    points *= [0.84, 1, 1]
    points[:, 1] -= (0.12 + 0.20 * front) * np.maximum(points[:, 1] - floor, 0)
    points[:, 2] -= 0.0025 * front
    jaw = _jaw_motion(anatomy, points)
    for i, name in enumerate(ARKIT_NAMES):
        if name.startswith("jaw"):
            deltas[i] = jaw[i]
    sink = np.maximum(points[:, 1] - floor, 0)
    deltas[ARKIT_INDEX["jawOpen"], :, 1] -= (0.35 + 0.15 * front) * sink + 0.004 * (1 - front)
    tip = np.clip((points[:, 2] + 0.020) / 0.030, 0, 1)
    middle = points[tip > 0.5, 1].mean()
    end = np.clip((points[:, 2] - 0.002) / 0.010, 0, 1)
    deltas[ARKIT_INDEX["tongueOut"], :, 1] += tip * (0.0125 + 0.9 * (points[:, 1] - middle)) - 0.0055 * end
    deltas[ARKIT_INDEX["tongueOut"], :, 2] += 0.0035 * tip
    quads = np.searchsorted(ids, anatomy.mesh.quads[HELPERS["tongue"]])
    triangles = np.vstack([quads[:, :3], quads[:, [0, 2, 3]]])
    low, high = points.min(0), points.max(0)
    flat = (points - low) / (high - low)
    uv = place("tongue", 0.03 + 0.94 * flat[:, [0, 2]])
    return Piece(
        "tongue",
        points,
        deltas,
        np.ones(len(ids)),
        Surface(triangles, uv[triangles]),
        LinearMap.picks(ids),
        0.38,
        0.35,
    )


def tongue_shapes(points: np.ndarray) -> dict[str, np.ndarray]:
    """Shapes beyond ARKit for the resting tongue's ``points`` (N, 3): (N, 3) metres each.

    tongueUp puts the tip behind the upper teeth (t, d, n, l), tongueCurl draws it up and back (r), tongueBack
    lifts the back to the palate (k, g). They want a jaw that is open by 0.1.
    """
    x, y, z = points.T
    tip = np.clip((z + 0.022) / 0.031, 0, 1)  # 0 behind the middle, 1 at the tip
    rear = np.exp(-(((z + 0.026) / 0.014) ** 2))
    upper = np.clip((y + 0.076) / 0.012, 0, 1)  # the root stays on the floor
    still = np.zeros(len(points))
    narrow = -0.25 * x * tip
    return {
        "tongueUp": np.column_stack([narrow, 0.0165 * tip**1.7, 0.0052 * tip**2]),
        "tongueCurl": np.column_stack([narrow, 0.0135 * tip**1.6, -0.0080 * tip**2]),
        "tongueBack": np.column_stack([still, 0.0085 * rear * upper - 0.0012 * tip, -0.0045 * tip]),
    }
