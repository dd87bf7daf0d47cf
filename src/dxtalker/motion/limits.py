"""Curves and head rotation kept inside what a face and a neck can do, without opening a closed lip.

Look-ahead and memory: none, every frame stands alone.
"""

from __future__ import annotations

import numpy as np

from ..records import ARKIT_INDEX, MOUTH
from .rest import ARTICULATORS, shrink_mouth

# Soft bounds of head rotation in talk: well inside the neck's active range of about 50 / 70 / 40 degrees
# (Youdas et al., Physical Therapy 1992). Below 70 % of a bound nothing changes.
NECK = np.radians([28.0, 45.0, 22.0])  # pitch, yaw, roll
CLOSED, CLEAR = 1.0, 3.0  # mm: up to the first an opening counts as closed, from the second as open

# Pairs that pull against each other: what they share is taken from both.
OPPOSED = (
    ("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"),
    ("mouthSmileLeft", "mouthFrownLeft"), ("mouthSmileRight", "mouthFrownRight"),
    ("eyeLookInLeft", "eyeLookOutLeft"), ("eyeLookInRight", "eyeLookOutRight"),
    ("eyeLookUpLeft", "eyeLookDownLeft"), ("eyeLookUpRight", "eyeLookDownRight"),
)  # fmt: skip
# Pairs that can be had together up to a sum of 1.
SHARED = (
    ("mouthPucker", "mouthSmileLeft"), ("mouthPucker", "mouthSmileRight"),
    ("mouthPucker", "mouthStretchLeft"), ("mouthPucker", "mouthStretchRight"),
)  # fmt: skip
# A closed lid is not wide: the second yields to the first.
YIELDING = (("eyeBlinkLeft", "eyeWideLeft"), ("eyeBlinkRight", "eyeWideRight"))


def scale_mouth(curves: np.ndarray, lip_gap: np.ndarray, gain: float) -> np.ndarray:
    """Curves (T, 52) with articulation scaled around rest by ``gain`` 0 .. 2.

    A gain above 1 fades in between 1 and 3 mm of opening (``lip_gap`` (52,) mm at weight 1), so that a
    closure stays a closure, and stops before a channel would leave 0..1, so that proportions stay.
    """
    if gain == 1:
        return curves
    if gain < 1:
        return shrink_mouth(curves, np.full(len(curves), gain), lip_gap)
    mouth = curves[:, ARTICULATORS].astype(np.float64)
    opening = curves[:, MOUTH] @ lip_gap[MOUTH]
    clear = np.clip((opening - CLOSED) / (CLEAR - CLOSED), 0, 1)
    room = np.maximum(1 / np.maximum(mouth.max(axis=1, initial=0.0), 1e-6), 1)
    scale = np.minimum(1 + (gain - 1) * clear**2 * (3 - 2 * clear), room)
    out = curves.copy()
    out[:, ARTICULATORS] = mouth * scale[:, None]
    return out


def limit_curves(curves: np.ndarray, lip_gap: np.ndarray) -> np.ndarray:
    """Curves (T, 52) inside 0..1, opposed pairs resolved, lips not pushed through each other.

    Frames closed by ``lip_gap`` (52,) mm stay so: where resolving a pair would part them, it is undone
    as far as needed.
    """
    inside = np.clip(curves.astype(np.float64), 0, 1)
    out = inside.copy()
    for a, b in OPPOSED:
        i, j = ARKIT_INDEX[a], ARKIT_INDEX[b]
        common = np.minimum(out[:, i], out[:, j])
        out[:, i] -= common
        out[:, j] -= common
    for a, b in SHARED:
        i, j = ARKIT_INDEX[a], ARKIT_INDEX[b]
        out[:, [i, j]] /= np.maximum(out[:, i] + out[:, j], 1)[:, None]
    for a, b in YIELDING:
        i, j = ARKIT_INDEX[a], ARKIT_INDEX[b]
        out[:, j] = np.minimum(out[:, j], 1 - out[:, i])
    allowed, gained = np.maximum(inside @ lip_gap, 0), (out - inside) @ lip_gap
    room = np.clip((allowed - inside @ lip_gap) / np.maximum(gained, 1e-9), 0, 1)
    out = inside + np.where(gained > 0, room, 1)[:, None] * (out - inside)
    return _release_overclosing(out, lip_gap).astype(np.float32)


def limit_rotation(rotation: np.ndarray) -> np.ndarray:
    """Rotation (T, 3) radians bent softly towards ``NECK`` beyond 70 % of it."""
    knee = 0.7 * NECK
    size = np.abs(rotation)
    bent = knee + (NECK - knee) * np.tanh((size - knee) / (NECK - knee))
    return np.where(size > knee, np.sign(rotation) * bent, rotation).astype(np.float32)


def _release_overclosing(curves: np.ndarray, lip_gap: np.ndarray) -> np.ndarray:
    """mouthClose undoes jawOpen: what exceeds it is taken back, as far as the lips stay in contact."""
    close, jaw = ARKIT_INDEX["mouthClose"], ARKIT_INDEX["jawOpen"]
    if lip_gap[close] >= 0:
        return curves
    excess = np.maximum(curves[:, close] - curves[:, jaw], 0)
    crossed = np.maximum(-(curves @ lip_gap), 0) / -lip_gap[close]
    curves[:, close] -= np.minimum(excess, crossed)
    return curves
