"""Where a face's corners are: found in its geometry, from how the jaw and the lids move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import BadInput
from ...records import ARKIT_INDEX

BINS = 15  # lip pairs looked for from corner to corner


@dataclass(frozen=True)
class Marks:
    """Named vertices of a Head."""

    landmarks: dict[str, int]
    lip_pairs: np.ndarray  # (K, 2) int64, upper and lower inner lip, the middle first


def find_marks(vertices: np.ndarray, skin: np.ndarray, deltas: np.ndarray, eyes: np.ndarray) -> Marks:
    """Landmarks and lip pairs of ``vertices`` (V, 3) metres, among the vertices ``skin`` (N,).

    ``deltas`` (52, V, 3) metres; ``eyes`` (2, 3) metres, the eyeballs' centres. The lips are where facing
    vertices part when the jaw opens. Raises BadInput when jawOpen parts nothing.
    """
    jaw = deltas[ARKIT_INDEX["jawOpen"]]
    pairs = lip_pairs(vertices, skin, jaw, eyes)
    places = vertices[pairs].mean(1)  # (K, 3)
    mouth, scale = places[0], float(np.linalg.norm(eyes[0] - eyes[1])) / 0.0574
    landmarks = {
        "mouth_left": int(pairs[np.argmax(places[:, 0])][0]),
        "mouth_right": int(pairs[np.argmin(places[:, 0])][0]),
    }
    points = vertices[skin]
    middle = np.abs(points[:, 0] - mouth[0]) < 0.006 * scale
    below = middle & (points[:, 1] < mouth[1] - 0.016 * scale) & (points[:, 1] > mouth[1] - 0.04 * scale)
    above = middle & (points[:, 1] > mouth[1] + 0.012 * scale) & (points[:, 1] < eyes[:, 1].mean())
    for name, region in (("chin", below), ("nose_tip", above)):
        found = skin[region]
        if not len(found):
            raise BadInput(f"the face's {name.replace('_', ' ')} was not found; expected it near its mouth")
        landmarks[name] = int(found[np.argmax(vertices[found, 2])])
    for side, centre, outward in (("left", eyes[0], 1), ("right", eyes[1], -1)):
        landmarks |= _eye_corners(vertices, skin, centre, outward, side, scale)
    return Marks(landmarks, pairs)


def lip_pairs(vertices: np.ndarray, skin: np.ndarray, jaw: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """(K, 2) int64 vertices that face each other at rest and part when the jaw opens, the middle first.

    ``jaw`` (V, 3) metres is jawOpen. Raises BadInput when there are none.
    """
    scale = float(np.linalg.norm(eyes[0] - eyes[1])) / 0.0574
    centre = eyes.mean(0)
    near = vertices[skin] - centre
    region = (np.abs(near[:, 0]) < 0.04 * scale) & (near[:, 1] < -0.03 * scale) & (near[:, 2] > -0.02 * scale)
    found = skin[region & (near[:, 1] > -0.11 * scale)]
    drop = -jaw[found, 1]
    if not len(found) or drop.max() < 0.002 * scale:
        raise BadInput("the face's mouth was not found: jawOpen moves nothing below the nose")
    lower, upper = found[drop > 0.55 * drop.max()], found[drop < 0.2 * drop.max()]
    if not len(lower) or not len(upper):
        raise BadInput("the face's lips were not found: jawOpen moves both of them alike")
    lower, upper = lower[:: len(lower) // 2000 + 1], upper[:: len(upper) // 2000 + 1]
    gap = np.linalg.norm(vertices[lower, None] - vertices[None, upper], axis=2)  # (L, U) metres
    seam = np.median(vertices[lower[np.argsort(gap.min(1))[: max(4, len(lower) // 40)]]], axis=0)
    return _pair_up(vertices, found, jaw, seam, scale)


def _pair_up(
    vertices: np.ndarray, found: np.ndarray, jaw: np.ndarray, seam: np.ndarray, scale: float
) -> np.ndarray:
    """Pairs along the lip line that runs through ``seam`` (3,), the one nearest the middle first."""
    place, drop = vertices[found], -jaw[found, 1]
    near = np.abs(place[:, 1] - seam[1]) < 0.014 * scale
    found, place, drop = found[near], place[near], drop[near]
    pairs: list[tuple[int, int]] = []
    width, widest = 0.004 * scale, 0.012 * scale
    reached = {1: True, -1: True}  # sides on which the lips have not ended yet
    for number in sorted(range(-(BINS // 2), BINS // 2 + 1), key=abs):
        side = 1 if number > 0 else -1
        here = np.flatnonzero(np.abs(place[:, 0] - number * width) < 0.75 * width)
        if len(here) < 2 or not reached[side]:
            continue
        parted = drop[here][None, :] - drop[here][:, None]  # [u, v]: how much farther v drops than u
        apart = np.linalg.norm(place[here][:, None] - place[here][None], axis=2)
        open_enough = parted > 0.25 * float(drop.max()) * (1 - (abs(number) / (BINS // 2 + 2)) ** 2)
        # The frontmost of nearly facing vertices: behind them the lips go on into the mouth.
        cost = apart - 0.15 * (place[here][:, None, 2] + place[here][None, :, 2])
        cost = np.where(open_enough, cost, np.inf)
        u, v = np.unravel_index(np.argmin(cost), cost.shape)
        if not np.isfinite(cost[u, v]) or apart[u, v] > widest:
            reached[side] = False
            continue
        if number == 0:
            widest = max(0.004 * scale, 2.5 * float(apart[u, v]))
        pairs.append((int(found[here[u]]), int(found[here[v]])))
    if not pairs or abs(vertices[pairs[0][0], 0]) > 1.5 * width:
        raise BadInput("the face's lips were not found: nothing parts in the mouth's middle as the jaw opens")
    return np.array(list(dict.fromkeys(pairs)), np.int64)


def _eye_corners(
    vertices: np.ndarray, skin: np.ndarray, centre: np.ndarray, outward: int, side: str, scale: float
) -> dict[str, int]:
    """The skin nearest to where the lids meet, beside an eyeball at ``centre`` (3,)."""
    # From the open head, metres from the eyeball's centre: outwards, up, forward.
    usual = {"eye_outer": (0.0130, -0.0014, 0.0091), "eye_inner": (-0.0132, -0.0030, 0.0137)}
    marks = {}
    for name, (x, y, z) in usual.items():
        place = centre + np.array([x * outward, y, z]) * scale
        marks[f"{name}_{side}"] = int(skin[np.argmin(np.linalg.norm(vertices[skin] - place, axis=1))])
    return marks
