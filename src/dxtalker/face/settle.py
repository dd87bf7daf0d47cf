"""Fits a head's shapes to its face: lips that touch and do not cross, lids that meet, eyes behind the lids.

Shapes are made for one face. On another one the same shapes gape or cross; here each is limited by what
the face allows, in place and in order: the lips at rest, what every shape does to the lips, the lids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..records import ARKIT_INDEX, ARKIT_NAMES
from .contact import Contact, spread
from .head import Head
from .margins import Margin

CROSSING = 0.0003  # metres: how far a shape at weight 1 may push one lip through the other
# Exceptions and the upper lip's share of the correction. A rolled or pressed lip yields a little; a lower lip
# that shrugs or rolls carries the upper one.
LIP_LIMITS = {
    "mouthRollLower": (0.0006, 0.7),
    "mouthRollUpper": (0.0006, 0.3),
    "mouthPucker": (0.0004, 0.5),
    "mouthShrugLower": (0.0004, 1.0),
    "mouthPressLeft": (0.0004, 0.5),
    "mouthPressRight": (0.0004, 0.5),
}
YIELD = 0.5  # of these limits: what remains of a shape's crossing between the vertices of the edges
TOUCH = 0.0001  # metres: lips at rest may stand in each other by this, between the vertices of their edges
LID_OVERLAP = 0.0003  # metres by which the upper lid covers the lower one's edge in a full blink
LOOK_DOWN = 0.12  # share of the open eye that a full look down may close: a blink is added to it
SQUINT, WIDE = 0.45, 0.45  # share of the open eye that these close and open at most
CLEAR = 0.0009  # metres between the white of an eye and the skin before it; the cornea takes 0.6 mm of them
STRETCH = 0.3, 1.9  # least and largest factor on a blink's travel
ROUNDS = 4  # of each correction: the skin around an edge does not follow it quite fully
CLOSING = np.array([0.3, 1.0])[:, None, None]  # weights of jawOpen with mouthClose at which lips are compared
SMOOTH = np.array([0.25, 0.5, 0.25])


@dataclass
class Draft:
    """A head's arrays while they are being settled; every function here changes them in place."""

    points: np.ndarray  # (V, 3) metres
    deltas: np.ndarray  # (52, V, 3) metres at weight 1
    extras: dict[str, np.ndarray]  # name -> (V, 3) metres at weight 1
    lips: Margin
    lids: tuple[Margin, Margin]  # left, right
    contact: Contact | None = None  # None: only the edges' own vertices are kept apart

    def shape(self, name: str) -> np.ndarray:
        """(V, 3), a view."""
        return self.deltas[ARKIT_INDEX[name]]


def settle(head: Head) -> Head:
    """``head`` with lips, lids and shapes that fit its face; one without margins comes back as it is."""
    if head.lips is None or head.lids is None:
        return head
    extras = {name: delta.copy() for name, delta in head.extras.items()}
    draft = Draft(head.vertices.copy(), head.deltas.copy(), extras, head.lips, head.lids)
    draft.contact = Contact.of(head.triangles, head.lips)
    settle_lips(draft)
    part_lips(draft)
    for side in range(2):
        clear_eye(draft, side, head.eyes[side], eye_radius(head, side))
    settle_lids(draft)
    return replace(head, vertices=draft.points, deltas=draft.deltas, extras=draft.extras)


def settle_lips(draft: Draft) -> None:
    """Close the slit at rest, make mouthClose undo jawOpen, and limit what each shape pushes through."""
    lips = draft.lips
    for _ in range(ROUNDS):
        lips.widen(draft.points, -lips.gap(draft.points), 0.5)
    close, opened = draft.shape("mouthClose"), lips.gap(draft.shape("jawOpen"))
    for _ in range(ROUNDS):
        lips.widen(close, -opened - lips.gap(close), 0.5)
    for name, delta in [*zip(ARKIT_NAMES, draft.deltas, strict=True), *draft.extras.items()]:
        crossing, share = LIP_LIMITS.get(name, (CROSSING, 0.5))
        if name == "mouthClose":  # without the jaw it crosses by its nature
            continue
        for _ in range(ROUNDS):
            needed = np.maximum(-lips.gap(delta) - crossing, 0)
            if not needed.any():
                break
            lips.widen(delta, needed, share)


def part_lips(draft: Draft) -> None:
    """Let the lips' surfaces just touch at rest and on a jaw that opens and closes, and part them in every shape."""
    contact, lips = draft.contact, draft.lips
    assert contact is not None
    seen = contact.vertices
    for _ in range(ROUNDS + 2):
        lips.widen(draft.points, spread(contact.depth(draft.points[None, seen])[0] - TOUCH, 1), 0.5)
    close, jaw = draft.shape("mouthClose"), draft.shape("jawOpen")
    for _ in range(ROUNDS + 2):
        needed = contact.depth(draft.points[None, seen] + CLOSING * (close[seen] + jaw[seen]))
        lips.widen(close, spread(needed / CLOSING[:, :, 0], 1).max(0), 0.5)
    rest = draft.points[seen]
    moved = np.abs(draft.deltas[:, seen]).max((1, 2)) > CROSSING
    left = np.array([i for i in np.flatnonzero(moved) if ARKIT_NAMES[i] != "mouthClose"])
    limits = np.array([LIP_LIMITS.get(name, (CROSSING, 0.5)) for name in ARKIT_NAMES])
    for _ in range(ROUNDS):
        depth = contact.depth(rest + draft.deltas[np.ix_(left, seen)])
        needed = spread(np.maximum(depth - YIELD * limits[left, :1], 0), 2)
        for i, need in zip(left, needed, strict=True):
            lips.widen(draft.deltas[i], need, limits[i, 1])
        left = left[needed.any(1)]
        if not len(left):
            break


def settle_lids(draft: Draft) -> None:
    """Scale the blinks until the lids just meet; keep looks, squints and wide eyes to a share of the eye."""
    for side, lid in zip(("Left", "Right"), draft.lids, strict=True):
        fit_blink(draft.points, draft.shape(f"eyeBlink{side}"), lid)
        rest = np.maximum(lid.gap(draft.points), 0)
        for name, least, most, share in (
            ("eyeLookDown", -LOOK_DOWN, 0.1, 0.6),
            ("eyeLookUp", -0.2, 0.2, 0.5),
            ("eyeSquint", -SQUINT, 0.0, 0.0),
            ("eyeWide", 0.0, WIDE, 1.0),
        ):
            delta = draft.shape(name + side)
            for _ in range(ROUNDS):
                gap = lid.gap(delta)
                lid.widen(delta, _smooth(np.clip(gap, least * rest, most * rest) - gap), share)


def fit_blink(points: np.ndarray, blink: np.ndarray, lid: Margin) -> None:
    """Scale ``blink`` (V, 3) column by column, in place, so that at weight 1 the lids meet."""
    wanted = lid.gap(points) + LID_OVERLAP
    closing = np.maximum(-lid.gap(blink), 1e-4)
    factor = _smooth(np.clip(wanted / closing, *STRETCH))
    blink *= np.interp(points[:, 0], points[lid.upper, 0], factor)[:, None].astype(blink.dtype)
    for _ in range(ROUNDS):
        lid.widen(blink, -wanted - lid.gap(blink), 1.0)


def clear_eye(draft: Draft, side: int, centre: np.ndarray, radius: float) -> None:
    """Push the lids' skin off an eyeball of ``radius`` metres, at rest and on the way to each shape of this eye."""
    near = draft.lids[side].near
    rest = draft.points[near] - centre
    rest = rest + _outwards(rest, radius)
    draft.points[near] = rest + centre
    for name in EYE_SHAPES:
        index = ARKIT_INDEX[name + ("Left", "Right")[side]]
        delta = draft.deltas[index][near]
        for weight in (1.0, 0.75, 0.5):  # a straight way cuts the corner of a ball
            delta = delta + _outwards(rest + weight * delta, radius) / weight
        draft.deltas[index][near] = delta


EYE_SHAPES = (
    "eyeBlink", "eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide",
)  # fmt: skip


def _outwards(points: np.ndarray, radius: float) -> np.ndarray:
    """(N, 3) steps that take ``points`` (N, 3), given from the ball's centre, CLEAR of it."""
    away = np.linalg.norm(points, axis=1)
    return points * (np.maximum(radius + CLEAR - away, 0) / np.maximum(away, 1e-6))[:, None]


def eye_radius(head: Head, side: int) -> float:
    """Metres from an eyeball's centre to its white."""
    part = next(part for part in head.parts if part.name == "eyes")
    ball = np.unique(head.triangles[part.first : part.first + part.count])
    ball = ball[(head.vertices[ball, 0] > 0) == (side == 0)]
    return float(np.median(np.linalg.norm(head.vertices[ball] - head.eyes[side], axis=1)))


def _smooth(values: np.ndarray) -> np.ndarray:
    return np.convolve(np.pad(values, 1, "edge"), SMOOTH, "valid")
