"""Where little light gets in: the mouth's inside, by its depth behind the lips, and the eyes under the lids."""

from __future__ import annotations

import numpy as np

from ..face.head import Head
from ..face.scan import Corners, facing, fragments, nearest

INSIDE = frozenset({"teeth", "tongue", "mouth"})
EYES = frozenset({"eyes"})
CLOSED_REACH = 0.004  # metres behind the lips where light has fallen to 1/e with the lips closed
REACH_PER_GAP = 0.32  # and how much farther it gets per metre of lip gap
DARKEST = 0.02
LID_SHADOW = 0.55  # share of light that the upper lid takes from the top of the eyeball


class Occlusion:
    """Light that reaches each vertex, 0..1, for a posed head.

    Depth is measured along the head's own forward axis; the head's pose is found again from vertices
    that no shape moves, so that a renderer needs nothing but vertices.
    """

    def __init__(self, head: Head) -> None:
        self._rigid = _rigid_vertices(head)  # (R,)
        self._rest = head.vertices[self._rigid].astype(np.float64)
        self._lips = head.lip_pairs[np.argsort(head.vertices[head.lip_pairs[:, 0], 0])]  # (K, 2)
        self._middle = head.lip_pairs[0]
        self._inside = np.union1d(_part_vertices(head, INSIDE), _hidden_mouth(head))
        eyes = _part_vertices(head, EYES)
        self._eyes = [side for side in (eyes[head.vertices[eyes, 0] > 0], eyes[head.vertices[eyes, 0] <= 0])]
        self._ones = np.ones(len(head.vertices), np.float32)
        self.outside = self._ones.copy()  # (V,) 1 where light from behind the head may fall, 0 in the mouth
        self.outside[self._inside] = 0

    def __call__(self, vertices: np.ndarray) -> np.ndarray:
        """(V,) float32 for posed ``vertices`` (V, 3) metres."""
        light = self._ones.copy()
        turn = _rotation(self._rest, vertices[self._rigid]).astype(np.float32)
        if len(self._inside):
            lips = vertices[self._lips] @ turn  # (K, 2, 3) in the head's own axes
            across, front = lips[..., 0].mean(1), lips[..., 2].mean(1)
            gap = np.linalg.norm(vertices[self._middle[0]] - vertices[self._middle[1]])
            inside = vertices[self._inside] @ turn
            behind = np.interp(inside[:, 0], across, front) - inside[:, 2]
            reach = CLOSED_REACH + REACH_PER_GAP * gap
            light[self._inside] = DARKEST + (1 - DARKEST) * np.exp(-np.maximum(behind - 0.001, 0) / reach)
        for eye in self._eyes:
            if len(eye):
                ball = vertices[eye] @ turn
                height = ball[:, 1] - ball[:, 1].mean()
                height /= max(float(np.abs(height).max()), 1e-6)
                shadow = np.clip((height - 0.05) / 0.55, 0, 1)
                light[eye] = 1 - LID_SHADOW * shadow * shadow * (3 - 2 * shadow)
        return light


def _part_vertices(head: Head, names: frozenset[str]) -> np.ndarray:
    """Sorted vertex indices of the parts with these names."""
    runs = [head.triangles[p.first : p.first + p.count].ravel() for p in head.parts if p.name in names]
    return np.unique(np.concatenate(runs)) if runs else np.empty(0, np.int64)


def _rigid_vertices(head: Head, most: int = 96) -> np.ndarray:
    """Up to ``most`` vertices that follow the head joint fully and that no shape moves."""
    still = np.abs(head.deltas).max(axis=(0, 2)) < 1e-5
    found = np.flatnonzero(still & (head.head_weight > 0.999))
    return found[:: max(len(found) // most, 1)][:most]


def _rotation(rest: np.ndarray, posed: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that takes ``rest`` (R, 3) to ``posed`` (Kabsch 1976); identity for R < 4."""
    if len(rest) < 4:
        return np.eye(3)
    u, _, vt = np.linalg.svd((posed - posed.mean(0)).T.astype(np.float64) @ (rest - rest.mean(0)))
    return u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt


def _hidden_mouth(head: Head, cells: int = 200) -> np.ndarray:
    """Skin vertices of the mouth's lining: what the resting face hides from the front, grown from between the lips."""
    lips = head.vertices[head.lip_pairs.ravel()]
    half = max(float(np.ptp(lips[:, 0])) / 2, 0.02)
    skin = _part_vertices(head, frozenset({"skin"}))
    if not len(skin):
        return np.empty(0, np.int64)
    placed = (head.vertices - lips.mean(0)) / half  # in half mouth widths
    grid = (
        (placed[:, :2] * (1, -1) / 2 + 1) / 2 * cells
    )  # two of them to each side, y downwards as in pictures
    near = (head.vertices[:, 2] - head.vertices[:, 2].min() + 1).astype(np.float32)
    run = np.concatenate(
        [head.triangles[p.first : p.first + p.count] for p in head.parts if p.name == "skin"]
    )
    corners = Corners(*(a[run].T.astype(np.float32) for a in (grid[:, 0], grid[:, 1], near)))
    slot, _, front = nearest(fragments(corners.pick(facing(corners)), (cells, cells)), cells * cells)
    surface = np.zeros(cells * cells, np.float32)
    surface[slot] = front
    column, row = np.floor(grid[skin]).astype(np.int64).T
    within = (column >= 0) & (column < cells) & (row >= 0) & (row < cells)
    skin, cell = skin[within], (row * cells + column)[within]
    hidden = skin[surface[cell] - near[skin] > 0.004]
    between = hidden[(np.abs(placed[hidden]) < (0.7, 0.35, 1.2)).all(axis=1)]
    return _grown(between, hidden, head.weld, run)


def _grown(seeds: np.ndarray, within: np.ndarray, weld: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Vertices of ``within`` that triangles (F, 3) connect to ``seeds`` through ``within``, UV seams closed."""
    allowed = np.zeros(int(weld.max()) + 1, bool)
    reached = allowed.copy()
    allowed[weld[within]], reached[weld[seeds]] = True, True
    points, count = weld[triangles], -1
    while count != (count := int(reached.sum())):
        reached[points[reached[points].any(axis=1)]] = True
        reached &= allowed
    return np.flatnonzero(reached[weld] & np.isin(np.arange(len(weld)), triangles))
