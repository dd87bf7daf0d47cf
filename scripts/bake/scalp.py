"""Where the hair grows, which way, and how thick it lies: a short cut, parted on the head's right."""

from __future__ import annotations

import numpy as np

from bake.texels import noise, soft

CENTRE = np.array([0.0, 20.0, -75.0])  # mm: the skull seen from here is one sheet
WHORL = np.array([-10.0, 96.0, -120.0])  # mm: where the hair turns, at the back of the crown
PARTING = -33.0  # mm: x of the parting
# The hairline: height in mm over the angle around the head, 0 in front, 180 at the nape.
HAIRLINE = np.array(
    [(0, 64), (16, 65), (30, 66), (40, 63), (48, 54), (56, 43), (62, 33), (66, 22), (69, 8), (73, -10), (80, -16),
     (87, -8), (96, -6), (106, -12), (116, -30), (128, -46), (145, -60), (162, -68), (180, -70)], float
)  # fmt: skip
TOP, SIDE, NAPE = 0.0125, 0.0050, 0.0018  # metres of hair on the crown, over the ears, in the nape


def height_above_hairline(points: np.ndarray) -> np.ndarray:
    """Millimetres above the hairline (T,), for ``points`` (T, 3) in mm; negative on the face."""
    away = points - CENTRE
    angle = np.degrees(np.arctan2(np.abs(away[:, 0]), away[:, 2]))
    return points[:, 1] - np.interp(angle, HAIRLINE[:, 0], HAIRLINE[:, 1])


def thickness(points: np.ndarray) -> np.ndarray:
    """Metres of hair over each point (N,) of the bare skull, in metres: none at the hairline, most on top."""
    at = points * 1000
    above, high = height_above_hairline(at), at[:, 1]
    deep = NAPE + (SIDE - NAPE) * soft(-55, 0, high) + (TOP - SIDE) * soft(35, 92, high)
    deep *= 1 + 0.25 * soft(-60, -5, at[:, 2]) * soft(60, 95, high) * soft(
        PARTING - 6, PARTING + 22, at[:, 0]
    )
    locks = noise(at * [1.0, 1.0, 0.6], 19, 51) + 0.6 * noise(at * [1.0, 0.8, 0.7], 11, 52)
    return np.maximum(soft(-2, 24, above) * deep * (1 + 0.10 * locks), 0)


def flow(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Unit vectors (N, 3) along which the hair lies at ``points`` (N, 3) mm with unit ``normals`` (N, 3)."""
    x, y, z = points.T
    away = points - WHORL
    reach = np.linalg.norm(away, axis=1, keepdims=True)
    radial = away / np.maximum(reach, 1e-6)
    swirl = np.cross(normals, radial) * np.exp(-((reach / 30) ** 2))
    side = (soft(44, 70, np.abs(x)) * soft(92, 62, y))[:, None]
    swept = (soft(-95, -25, z) * soft(58, 84, y) * (1 - side[:, 0]))[:, None]
    across = np.tanh((x - PARTING) / 9)[:, None] * np.array([1.0, 0, 0])
    way = radial + 1.1 * swirl + side * np.array([0, -1.7, -1.1]) + swept * (1.5 * across - 0.45 * radial)
    way -= (way * normals).sum(1, keepdims=True) * normals
    return way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)


def parted(points: np.ndarray) -> np.ndarray:
    """1 on the parting's line, 0 away from it (N,), for ``points`` (N, 3) mm."""
    wander = 1.5 * noise(points * [0, 0, 1.0], 12, 53)
    return (
        np.exp(-(((points[:, 0] - PARTING - wander) / 2.2) ** 2))
        * soft(-95, -70, points[:, 2])
        * soft(55, 75, points[:, 1])
    )
