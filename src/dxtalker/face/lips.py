"""Tracked lips and lids made as open as they are seen to be.

The fit lets the landmarker err in common directions, and the widest of these are expressions: it comes out smaller
than it is. The lips' gap is what speech is judged by, so it is matched on its own, against the clip's closed lips.
"""

from __future__ import annotations

import numpy as np

from ..records import BLINK, channels
from .fit import Fitter, bounded_solve

GAPS = ((13, 14), (311, 402), (81, 178))  # inner lips: middle, left, right, upper landmark first
GAP_ERROR = 0.4  # mm
PRIOR = 0.12  # expected distance of a weight from the fit's
REST_SHARE = 10  # per cent: the narrowest gaps of a clip are its closed lips
WIDEST_REST = 3.0  # mm: in a clip whose gaps are all wider than that, the lips never close
MOVED = np.setdiff1d(
    channels("jawOpen", "mouth"),
    channels("mouthRoll", "mouthPress", "mouthDimple", "mouthSmile", "mouthLeft", "mouthRight"),
)
# A closed eye comes out at 0.3 to 0.5 on drawn and on real faces alike, an open one at 0.03 to 0.05.
LID_REST, LID_GAIN = 0.04, 2.1


def gaps(points: np.ndarray, scale: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """(P, 3) mm between the inner lips, of landmarks (P, 478, 2) pixels at ``scale`` (P,) pixels a metre.

    ``rotation`` (P, 3, 3), head to camera, takes out that a nodding face is seen shortened.
    """
    seen = np.stack([np.linalg.norm(points[:, a] - points[:, b], axis=-1) for a, b in GAPS], axis=1)
    upright = np.linalg.norm(rotation[:, :2, 1], axis=-1)
    return seen / (scale * np.maximum(upright, 0.5))[:, None] * 1000


def match_lips(curves: np.ndarray, seen: np.ndarray, known: Fitter) -> np.ndarray:
    """``curves`` (P, 52) changed as little as makes the head's gaps those ``seen`` (P, 3) mm.

    ``known`` is pinned to the person: its landmarks, which lie a little beside the lips' edge, are what is matched.
    A bounded least squares over the shapes that open and close the lips.
    """
    closed = seen[:, 0] <= np.percentile(seen[:, 0], REST_SHARE)
    rest = np.minimum(np.median(seen[closed], axis=0), WIDEST_REST)
    upper, lower = np.array(GAPS).T
    rows = 1000 * (known.shapes[:, upper, 1] - known.shapes[:, lower, 1]).T  # (3, 52) mm
    missing = seen - rest - curves @ rows.T
    rows = rows[:, MOVED] / GAP_ERROR
    gram = rows.T @ rows + np.eye(len(MOVED)) / PRIOR**2
    matched = curves.copy()
    for frame, off in zip(matched, missing / GAP_ERROR, strict=True):
        frame[MOVED] += bounded_solve(gram, off @ rows, -frame[MOVED], 1 - frame[MOVED])
    return matched


def stretch_lids(curves: np.ndarray) -> np.ndarray:
    """``curves`` (P, 52) with blinks that close the eye."""
    stretched = curves.copy()
    stretched[:, BLINK] = np.clip((curves[:, BLINK] - LID_REST) * LID_GAIN, 0, 1)
    return stretched
