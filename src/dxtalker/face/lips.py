"""The lips' gap, measured on landmarks and matched by the rig: speech is judged by it, closures above all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..records import channels
from .head import Head

GAPS = ((13, 14), (311, 402), (81, 178))  # landmarks of the inner lips: middle, left, right, upper one first
SIDE = 0.45  # of the way from the middle to the corner: where the left and the right gap are
# On photos and on drawn people alike the landmarks of closed lips are 0.2 to 1 mm apart (at 90 mm between the eyes).
# So a clip's narrowest gaps are its closed lips only if they are that narrow: in long clips of people who hardly
# ever close their lips the narrowest tenth stands 2 to 4 mm open.
CLOSED_SHARE = 2  # per cent
CLOSED_LEAST, CLOSED_MOST = 0.2, 1.0  # mm
# Gap beyond that -> opening, mm, looked at on pictures of GRID: in /p b m/ lips are together while the landmarks
# read up to 2 mm; where the mouth is open they lie on the lips' edges. (On drawn heads they read 0.8 of it.)
OPENING = np.array([[0.0, 0.0], [1.2, 0.3], [2.5, 2.2], [4.0, 4.0], [100.0, 100.0]])
# mm by which the gaps are to be matched: middle, left, right. With 0.1 at the sides too, jawOpen and mouthClose rose
# together, by up to a half on some heads, for the little that they leave of each other there (docs/tracking.md).
GAP_ERROR = np.array([0.1, 0.4, 0.4])
# How far a weight may be changed to match the gap; the others keep what was read.
CHANGES = {"jawOpen": 0.1, "mouthClose": 0.2, "mouthLowerDown": 0.05, "mouthUpperUp": 0.05}
STEPS = 150  # of projected gradient


def lip_gaps(points: np.ndarray, places: Callable[[tuple[int, ...]], np.ndarray]) -> np.ndarray:
    """(T, 3) between the inner lips: middle, left, right, in the unit of ``points`` (T, L, 3).

    ``places`` says where landmarks of the 478 stand among the L.
    """
    upper, lower = (places(side) for side in zip(*GAPS, strict=True))
    return np.linalg.norm(points[:, upper] - points[:, lower], axis=-1)


def rest_gaps(gaps: np.ndarray) -> np.ndarray:
    """(3,) mm of closed lips, from a clip's gaps (T, 3) in mm at 90 between the outer eye corners."""
    return np.clip(np.percentile(gaps, CLOSED_SHARE, axis=0), CLOSED_LEAST, CLOSED_MOST)


def openings(gaps: np.ndarray, closed: np.ndarray | None = None) -> np.ndarray:
    """(T, 3) mm by which the lips are apart, from a clip's gaps (T, 3), both at 90 mm between the outer eye corners.

    ``closed`` (3,) mm are the gaps of closed lips, by default the clip's own.
    """
    return np.interp(gaps - (rest_gaps(gaps) if closed is None else closed), *OPENING.T)


def gap_rows(head: Head) -> np.ndarray:
    """(3, 52) mm that each shape at weight 1 adds to the gaps: middle, left, right."""
    pairs = head.lip_pairs
    at_x = head.vertices[pairs[:, 0], 0]
    corner = abs(float(head.vertices[head.landmarks["mouth_left"], 0]))
    sides = [int(np.abs(at_x - x).argmin()) for x in (SIDE * corner, -SIDE * corner)]
    upper, lower = pairs[[0, *sides]].T
    return 1000 * (head.deltas[:, upper, 1] - head.deltas[:, lower, 1]).T.astype(np.float64)


def match_lips(curves: np.ndarray, parted: np.ndarray, head: Head) -> np.ndarray:
    """``curves`` (T, 52) changed as little as makes the head's three gaps those of ``parted`` (T, 3) mm."""
    rows = gap_rows(head)
    missing = (parted - curves @ rows.T) / GAP_ERROR
    moved = np.concatenate([channels(name) for name in CHANGES])
    size = np.concatenate([np.full(len(channels(name)), value) for name, value in CHANGES.items()])
    rows = rows[:, moved] / GAP_ERROR[:, None] * size  # in units of the change that is expected
    gram, pull = rows.T @ rows + np.eye(len(moved)), missing @ rows
    change = bounded_descent(gram, pull, -curves[:, moved] / size, (1 - curves[:, moved]) / size)
    matched = curves.copy()
    matched[:, moved] = np.clip(matched[:, moved] + change * size, 0, 1)  # rounding may leave -1e-18
    return matched


def bounded_descent(
    gram: np.ndarray, pull: np.ndarray, low: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    """argmin ½ x·G·x - pull·x with low <= x <= high for every row of ``pull`` (T, K).

    Accelerated projected gradient (Beck and Teboulle 2009), from the unbounded answer.
    """
    step = 1.0 / float(np.linalg.eigvalsh(gram)[-1])
    x = ahead = np.clip(np.linalg.solve(gram, pull.T).T, low, high)
    momentum = 1.0
    for _ in range(STEPS):
        new = np.clip(ahead - step * (ahead @ gram - pull), low, high)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, x, momentum = new + (momentum - 1) / following * (new - x), new, following
    return x
