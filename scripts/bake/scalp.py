"""Where the hair grows, and how thick it lies."""

from __future__ import annotations

import numpy as np

from bake.texels import soft

CENTRE = np.array([0.0, 20.0, -75.0])  # mm
# The hairline: height in mm over the angle around the head, 0 in front, 180 at the nape.
HAIRLINE = np.array(
    [(0, 60), (16, 62), (30, 63), (40, 59), (48, 50), (56, 40), (62, 32), (66, 22), (69, 8), (73, -10), (80, -16),
     (87, -8), (96, -6), (106, -12), (116, -30), (128, -46), (145, -62), (162, -70), (180, -72)], float
)  # fmt: skip
THICKNESS = 0.0055  # metres of cropped hair on the crown


def height_above_hairline(points: np.ndarray) -> np.ndarray:
    """Millimetres above the hairline (T,), for ``points`` (T, 3) in mm; negative on the face."""
    away = points - CENTRE
    angle = np.degrees(np.arctan2(np.abs(away[:, 0]), away[:, 2]))
    return points[:, 1] - np.interp(angle, HAIRLINE[:, 0], HAIRLINE[:, 1])


def thickness(points: np.ndarray) -> np.ndarray:
    """Metres of hair over each point (N,): nothing at the hairline, least over the ears and the nape."""
    above = height_above_hairline(points * 1000)
    return THICKNESS * soft(-2, 40, above) * (0.55 + 0.45 * soft(0.03, 0.09, points[:, 1]))
