"""The skin's colours, painted in space: millimetres on the resting head, not picture coordinates."""

from __future__ import annotations

import numpy as np

from bake.anatomy import LOWER_LID, LOWER_LIP, UPPER_LID, UPPER_LIP, Anatomy
from bake.hair_paint import paint_scalp
from bake.layout import BOXES, source_of_face
from bake.mesh import point_normals
from bake.skin import Skin
from bake.source import Wheel
from bake.texels import blob, mix, noise, soft, surface_map

BASE = (214, 170, 146)  # sRGB
RED = (198, 112, 98)
PALE = (226, 187, 160)
LID = (172, 118, 104)
LIP = (186, 110, 102)
INSIDE = (92, 28, 26)


def paint_skin(anatomy: Anatomy, skin: Skin, wheel: Wheel, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Texel indices (T,) and their sRGB colours (T, 3), 0..255."""
    lids = _distance(anatomy, skin, UPPER_LID + LOWER_LID)
    seam = _distance(anatomy, skin, UPPER_LIP + LOWER_LIP)
    normals = point_normals(skin.bare, skin.piece.surface.triangles)
    values = np.column_stack([skin.bare * 1000, cavity(skin), lids, seam, normals])
    index, texel = surface_map(skin.piece.surface, values.astype(np.float32), size)
    points, hollow, lid, seam = texel[:, :3], texel[:, 3], texel[:, 4], texel[:, 5]
    uv = np.column_stack([index % size + 0.5, index // size + 0.5]) / size
    colour = _complexion(points)
    colour = mix(colour, LID, 0.42 * soft(9, 0, lid) * soft(-14, 4, points[:, 1]))
    colour = mix(colour, (160, 100, 92), 0.45 * soft(1.6, 0.2, lid))
    free = soft(0.6, 0.2, ears(wheel, uv)) * ~_in_box(uv, "mouth")
    colour = paint_scalp(colour, points, texel[:, 6:9], free)
    colour = _lips(colour, points, _sample(wheel.mask("lips"), uv))
    colour = mix(colour, (150, 84, 76), 0.55 * blob(points, (21.2, -65.6, 18.0), 2.6))
    colour = mix(colour, (112, 52, 50), 0.62 * soft(2.0, 0.2, seam))
    inside = _in_box(uv, "mouth")
    colour = mix(colour, INSIDE, inside.astype(float))
    colour = mix(
        colour, (66, 30, 26), (0.22 * soft(0.15, 0.5, hollow) + 0.5 * soft(0.45, 1.0, hollow)) * ~inside
    )
    return index, colour


def ears(wheel: Wheel, uv: np.ndarray) -> np.ndarray:
    """How much (T,) of an ear is at atlas coordinates ``uv`` (T, 2), 0..1."""
    return _sample(wheel.mask("ears"), uv)


def _complexion(points: np.ndarray) -> np.ndarray:
    colour = np.broadcast_to(np.array(BASE, np.float32), points.shape)
    mottle = noise(points, 14, 1) + 0.6 * noise(points, 6, 2) + 0.35 * noise(points, 2.6, 3)
    red = (
        0.24 * blob(points, (39, -38, 10), 25)
        + 0.30 * blob(points, (0, -34, 42), 12)
        + 0.20 * blob(points, (9, -38, 30), 9)
        + 0.42 * soft(60, 74, np.abs(points[:, 0])) * blob(points, (70, -20, -60), 45)
        + 0.14 * blob(points, (0, -92, 22), 16)
    )
    colour = mix(colour, RED, np.clip(red + 0.045 * mottle, 0, 1))
    colour = mix(colour, PALE, 0.5 * blob(points, (0, 48, 25), 40) + 0.25 * blob(points, (0, -20, 34), 9))
    colour = mix(colour, (176, 124, 122), 0.20 * blob(points, (27, -13, 15), 10))
    fine = 0.6 * noise(points, 1.3, 4) + 0.4 * noise(points, 0.8, 5)
    return colour * (1 + 0.012 * mottle + 0.012 * fine)[:, None]


def _lips(colour: np.ndarray, points: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """The vermilion where ``amount`` (T,) of the lip mask is high, its edge soft."""
    tint = np.array(LIP, np.float32) * (1 + 0.05 * noise(points * [1, 0.25, 0.25], 0.9, 11))[:, None]
    return mix(colour, tint, soft(0.15, 0.85, amount) * 0.7)


def _sample(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """A mask of MakeHuman's picture, a little blurred, at atlas coordinates (T, 2) of the face's box."""
    for axis in (0, 1):
        for _ in range(2):
            mask = (np.roll(mask, 1, axis) + 2 * mask + np.roll(mask, -1, axis)) / 4
    place = source_of_face(uv) * len(mask) - 0.5
    low = np.floor(place).astype(int)
    t = place - low
    amount = np.zeros(len(uv))
    for dx in (0, 1):
        for dy in (0, 1):
            weight = np.where(dx, t[:, 0], 1 - t[:, 0]) * np.where(dy, t[:, 1], 1 - t[:, 1])
            x, y = (np.clip(low[:, k] + step, 0, len(mask) - 1) for k, step in ((0, dx), (1, dy)))
            amount += weight * mask[y, x]
    return amount * _in_box(uv, "face")


def _in_box(uv: np.ndarray, box: str) -> np.ndarray:
    left, top, right, bottom = BOXES[box]
    return (uv[:, 0] >= left) & (uv[:, 0] <= right) & (uv[:, 1] >= top) & (uv[:, 1] <= bottom)


def _distance(anatomy: Anatomy, skin: Skin, edge: tuple[int, ...]) -> np.ndarray:
    """Millimetres (N,) from source points on the left and their twins, and from the middles between them."""
    left = np.array(edge)
    chain = anatomy.points[np.concatenate([left, anatomy.mirror[left]])] * 1000
    gaps = np.linalg.norm(chain[:, None] - chain, axis=2)
    a, b = np.nonzero(np.triu(gaps < 6.5, 1))
    chain = np.vstack([chain, (chain[a] + chain[b]) / 2])
    points = skin.piece.points * 1000
    return np.min([np.linalg.norm(points - point, axis=1) for point in chain], axis=0)


def cavity(skin: Skin) -> np.ndarray:
    """How hollow the surface is at each point (N,), 0 open .. 1 deep: nostrils, ear folds, lid creases."""
    points, triangles = skin.piece.points * 1000, skin.piece.surface.triangles
    normal = point_normals(points, triangles)
    sides = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    sides = np.unique(np.sort(sides, axis=1), axis=0)
    count = np.bincount(sides.ravel(), minlength=len(points))[:, None]

    def average(values: np.ndarray) -> np.ndarray:
        total = np.zeros_like(values)
        np.add.at(total, sides[:, 0], values[sides[:, 1]])
        np.add.at(total, sides[:, 1], values[sides[:, 0]])
        return total / count

    reach = np.linalg.norm(points[sides[:, 0]] - points[sides[:, 1]], axis=1)
    spacing = np.zeros(len(points))
    np.add.at(spacing, sides[:, 0], reach)
    np.add.at(spacing, sides[:, 1], reach)
    spacing /= count[:, 0]
    smooth = points
    for _ in range(5):
        smooth = average(smooth)
    depth = (((smooth - points) * normal).sum(1) / spacing)[:, None]
    depth = 0.5 * depth + 0.5 * average(depth)
    open_lip = 1 - blob(points, (0, -47, 31), 9)
    return np.clip(depth[:, 0], 0, 1) * soft(5.5, 3.0, spacing) * open_lip
