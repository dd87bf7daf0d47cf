"""The edges of lips and lids, on the source's points and on the head's, and the resting face they are settled to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bake.anatomy import LIP_PAIRS, LOWER_LID, LOWER_LIP, UPPER_LID, UPPER_LIP, Anatomy
from bake.eyes import fit_sphere
from dxtalker.face.contact import Contact
from dxtalker.face.margins import Margin, make_margin
from dxtalker.face.settle import Draft, clear_eye, part_lips, settle_lids, settle_lips
from dxtalker.records import ARKIT_INDEX

LIP_REACH, LID_REACH = 0.012, 0.009  # metres from the edge at which a correction has died out
FRIENDLY = 0.08  # share of a smile in the resting face: the plain average looks stern
ROLLED = 0.7  # of the source's mouthRollUpper, which draws the lip back by 10 mm, behind the teeth


def lip_pairs(anatomy: Anatomy) -> list[tuple[int, int]]:
    """Facing source points, upper and lower: the middle, then outwards, left and right in turn."""
    pairs = [LIP_PAIRS[0]]
    for upper, lower in LIP_PAIRS[1:]:
        pairs += [(upper, lower), (int(anatomy.mirror[upper]), int(anatomy.mirror[lower]))]
    return pairs


def edges(anatomy: Anatomy) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Upper and lower edge as source points, each from the head's right to its left."""
    mirror, x = anatomy.mirror, anatomy.points[:, 0]

    def in_order(points: np.ndarray) -> np.ndarray:
        points = np.unique(points)
        return points[np.argsort(x[points])]

    upper, lower = np.array(UPPER_LIP[:-2]), np.array(LOWER_LIP)  # its last two stand in the corner, behind
    lids = np.array(UPPER_LID), np.array(LOWER_LID)
    return {
        "lips": (in_order(np.r_[upper, mirror[upper]]), in_order(np.r_[lower, mirror[lower]])),
        "lid_left": (in_order(lids[0]), in_order(lids[1])),
        "lid_right": (in_order(mirror[lids[0]]), in_order(mirror[lids[1]])),
    }


def find_margins(
    points: np.ndarray,
    jaw: np.ndarray,
    lines: dict[str, tuple[np.ndarray, np.ndarray]],
    skin: np.ndarray,
    balls: list[tuple[np.ndarray, float]],
) -> dict[str, Margin]:
    """Margins of the ``lines`` on ``points`` (V, 3); ``jaw`` (V, 3) is jawOpen, ``skin`` (V,) bool what may move.

    An opening jaw tells the lower lip from the upper one; lids are told apart by their height. The lining of
    the sockets, which lies within the ``balls`` (centre, radius), stays.
    """
    outside = [np.linalg.norm(points - centre, axis=1) > radius for centre, radius in balls]
    found = {}
    for name, (upper, lower) in lines.items():
        x = points[:, 0]
        if name == "lips":
            high, low = (np.interp(x, points[edge, 0], jaw[edge, 1]) for edge in (upper, lower))
            lowers, reach = (jaw[:, 1] - high) / np.minimum(low - high, -1e-4), LIP_REACH
        else:
            high, low = (np.interp(x, points[edge, 0], points[edge, 1]) for edge in (upper, lower))
            lowers, reach = 0.5 + ((high + low) / 2 - points[:, 1]) / 0.002, LID_REACH
        lowers[upper], lowers[lower] = 0, 1
        margin = make_margin(points, upper, lower, np.clip(lowers, 0, 1), reach)
        moved = skin.copy() if name == "lips" else skin & outside[0] & outside[1]
        moved[np.r_[upper, lower]] = True
        found[name] = margin.picked(np.where(moved, np.arange(len(x)), -1))
    return found


def eyeballs(anatomy: Anatomy) -> list[tuple[np.ndarray, float]]:
    """Centre and radius of the left and of the right eyeball, metres."""
    return [fit_sphere(anatomy.points[anatomy.group(f"eye_{side}")]) for side in ("left", "right")]


def settle_anatomy(anatomy: Anatomy) -> Anatomy:
    """Lips and lids as every head's are settled, and the corners of the mouth lifted a little."""
    skin = np.zeros(len(anatomy.points), bool)
    skin[np.unique(anatomy.mesh.quads["body"])] = True
    jaw = anatomy.deltas[ARKIT_INDEX["jawOpen"]]
    balls = eyeballs(anatomy)
    margins = find_margins(anatomy.points, jaw, edges(anatomy), skin, balls)
    lids = margins["lid_left"], margins["lid_right"]
    draft = Draft(anatomy.points.copy(), anatomy.deltas.copy(), {}, margins["lips"], lids)
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        draft.points += FRIENDLY * draft.shape(name)
    draft.shape("mouthRollUpper")[:] *= ROLLED
    settle_lips(draft)
    for side, (centre, radius) in enumerate(balls):
        clear_eye(draft, side, centre, radius)
    settle_lids(draft)
    return replace(anatomy, points=draft.points, deltas=draft.deltas)


def part_surfaces(arrays: dict[str, np.ndarray]) -> None:
    """Part the lips of the finished head's ``arrays`` where their triangles cross, in place."""
    lips, left, right = (Margin.of(arrays, name) for name in ("lips", "lid_left", "lid_right"))
    contact = Contact.of(arrays["triangles"], lips)
    draft = Draft(
        arrays["vertices"].copy(), arrays["deltas"].astype(np.float32), {}, lips, (left, right), contact
    )
    part_lips(draft)
    arrays["vertices"], arrays["deltas"] = draft.points, draft.deltas.astype(np.float16)
