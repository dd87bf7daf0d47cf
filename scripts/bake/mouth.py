"""Teeth, gums and tongue: a procedural arch on the helper's line, moved by the jaw; the helper's tongue."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bake.anatomy import HELPERS, Anatomy
from bake.layout import place
from bake.mesh import LinearMap, Piece, Surface, grid, join, rigid
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

FORWARD = 0.0034  # metres that both arches stand in front of the helper's
OVERBITE = 0.0020  # metres that the lower arch stands behind the upper one
ACROSS = np.array([-1, -1, -0.85, -0.45, 0, 0.45, 0.85, 1, 1])
WALL = np.array([0.0025, 0, 0, 0, 0, 0, 0, 0, 0.0025])  # metres that the tooth's sides go back
DOWN = np.array([0.0, 0.25, 0.5, 0.75, 0.93, 1.0, 1.12])


@dataclass(frozen=True)
class Arch:
    """One jaw's teeth, sizes in metres from the middle outwards."""

    helper: str
    widths: tuple[float, ...]
    lengths: tuple[float, ...]
    edge: float  # height of the incisors' edge
    rise: float  # how much the edge rises from the incisors to the molars
    up: float  # +1: the gum is above the teeth


UPPER = Arch(
    "upper_teeth",
    (0.0086, 0.0068, 0.0078, 0.0070, 0.0068, 0.0100, 0.0095),
    (0.0104, 0.0092, 0.0100, 0.0086, 0.0080, 0.0074, 0.0070),
    edge=-0.0664,
    rise=0.0046,
    up=1,
)
LOWER = Arch(
    "lower_teeth",
    (0.0056, 0.0062, 0.0070, 0.0070, 0.0070, 0.0108, 0.0100),
    (0.0090, 0.0092, 0.0100, 0.0086, 0.0080, 0.0074, 0.0070),
    edge=-0.0645,
    rise=0.0038,
    up=-1,
)


def teeth_pieces(anatomy: Anatomy) -> Piece:
    return join("teeth", [part for arch in (UPPER, LOWER) for part in _arch_pieces(anatomy, arch)])


def _arch_line(anatomy: Anatomy, arch: Arch) -> tuple[np.ndarray, np.ndarray]:
    """Arc length (S,) from the middle to the left and the arch's (x, z) there (S, 2)."""
    points = anatomy.points[anatomy.group(arch.helper)]
    outer = points[(points[:, 0] >= -1e-6) & (np.abs(points[:, 1] - arch.edge) < 0.0075)]
    outer = outer[np.argsort(outer[:, 0])]
    front = outer[:, 2].max() + FORWARD - (OVERBITE if arch.up < 0 else 0)
    wide, deep = 0.89 * outer[:, 0].max(), front - outer[:, 2].min() + 0.012
    t = np.linspace(0, np.pi / 2, 400)  # a superellipse: flatter in front than an ellipse
    line = np.column_stack([wide * np.sin(t) ** 0.86, front - deep * (1 - np.cos(t) ** 0.86)])
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    return length, line


def _frame(length: np.ndarray, line: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) and outward normals (n, 2) in the x-z plane at signed arc lengths ``s`` (n,)."""
    side = np.where(s < 0, -1.0, 1.0)
    at = np.column_stack([np.interp(np.abs(s), length, line[:, k]) for k in range(2)])
    ahead = np.column_stack([np.interp(np.abs(s) + 0.001, length, line[:, k]) for k in range(2)])
    tangent = (ahead - at) / np.linalg.norm(ahead - at, axis=1, keepdims=True)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return at * np.column_stack([side, np.ones_like(side)]), normal * np.column_stack(
        [side, np.ones_like(side)]
    )


def _arch_pieces(anatomy: Anatomy, arch: Arch) -> list[Piece]:
    length, line = _arch_line(anatomy, arch)
    pieces = []
    starts = np.cumsum((0.0, *arch.widths))
    reach = starts[-1]
    for tooth, (width, tall) in enumerate(zip(arch.widths, arch.lengths, strict=True)):
        middle = (starts[tooth] + starts[tooth + 1]) / 2
        edge = arch.edge + arch.rise * (middle / reach) ** 1.5
        edge += arch.up * (0.0007 * (tooth == 1) * (arch.up > 0) - 0.0006 * (tooth == 2))  # laterals, canines
        for side in (1, -1):
            points = _tooth(length, line, side * middle, width, tall, edge, arch.up, tooth)
            pieces.append(_moved(anatomy, arch, points, _tooth_surface(arch.up)))
    pieces.append(_moved(anatomy, arch, *_gum(length, line, starts, arch)))
    return pieces


def _tooth(
    length: np.ndarray,
    line: np.ndarray,
    middle: float,
    width: float,
    tall: float,
    edge: float,
    up: float,
    kind: int,
) -> np.ndarray:
    """(7 · 9, 3): rows from the gum to the edge and round to the back."""
    at, normal = (array[0] for array in _frame(length, line, np.array([middle])))
    tangent = np.array([normal[1], -normal[0]])
    u, v = np.meshgrid(ACROSS, DOWN)
    half = width / 2 * (0.95 + 0.05 * np.clip(v / 0.7, 0, 1))
    corner = np.clip((v - 0.80) / 0.2, 0, 1)
    pointed = 0.55 if kind == 2 else 0.12
    half = half * (1 - pointed * 0.5 * corner * (kind == 2) - 0.05 * corner)
    thick = 0.0019 if kind < 3 else 0.0030
    out = thick * ((1 - np.abs(u) ** 4) ** 0.5 - 1) + 0.0010 * np.sin(np.pi * np.clip(v, 0, 1)) - 0.0010 * v
    behind = np.clip((v - 1) / 0.12, 0, 1)
    out -= WALL * (1 - behind)
    inner = -(0.0045 if kind < 3 else 0.0075) * (1 - 0.3 * np.abs(u) ** 4)
    out = out * (1 - behind) + inner * behind - 0.3 * WALL * behind
    height = edge + up * tall * (1 - np.minimum(v, 1)) + up * 0.0012 * pointed * np.abs(u) ** 1.5 * corner
    height += up * behind * 0.0006
    place_xz = at + (u * half)[..., None] * tangent + out[..., None] * normal
    return np.stack([place_xz[..., 0], height, place_xz[..., 1]], axis=-1).reshape(-1, 3)


def _tooth_surface(up: float) -> Surface:
    x, y = np.meshgrid((ACROSS + 1) / 2, np.minimum(DOWN * 0.8, 0.8) + np.maximum(DOWN - 1, 0) * 1.6)
    surface = grid(len(DOWN), len(ACROSS), place("teeth", np.stack([0.02 + 0.96 * x, 0.02 + 0.96 * y], -1)))
    return _facing(surface, up > 0)


def _facing(surface: Surface, flip: bool) -> Surface:
    order = [0, 2, 1] if flip else [0, 1, 2]
    return Surface(surface.triangles[:, order], surface.uv[:, order])


def _gum(length: np.ndarray, line: np.ndarray, starts: np.ndarray, arch: Arch) -> tuple[np.ndarray, Surface]:
    """A band over the roots whose edge follows the necks of the teeth."""
    half = np.unique(np.concatenate([np.linspace(a, b, 5) for a, b in pairwise(starts)]))
    s = np.r_[-half[:0:-1], half]
    tooth = np.clip(np.searchsorted(starts, np.abs(s), side="right") - 1, 0, len(arch.widths) - 1)
    within = (np.abs(s) - starts[tooth]) / np.array(arch.widths)[tooth]
    neck = arch.edge + arch.rise * (np.abs(s) / starts[-1]) ** 1.5 + arch.up * np.array(arch.lengths)[tooth]
    hang = 0.0028 * np.abs(2 * within - 1) ** 2 - 0.0006
    at, normal = _frame(length, line, s)
    rows = []
    for lift, out in (
        (0.0105, -0.0030),
        (0.0060, 0.0006),
        (0.0020, 0.0009),
        (0.0, 0.0004),
        (-0.0006, -0.0022),
    ):
        y = neck + arch.up * (lift - hang * np.clip(1 - lift / 0.006, 0, 1))
        xz = at + out * normal
        rows.append(np.column_stack([xz[:, 0], y, xz[:, 1]]))
    x, y = np.meshgrid(np.linspace(0.02, 0.98, len(s)), np.linspace(0.05, 0.95, len(rows)))
    surface = grid(len(rows), len(s), place("gums", np.stack([x, y], -1)))
    return np.vstack(rows), _facing(surface, arch.up > 0)


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
