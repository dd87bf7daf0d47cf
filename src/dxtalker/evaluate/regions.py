"""The parts of the head that figures in millimetres are taken on, derived from the rig by rules and named by a sum.

A mask decides a figure as much as a model does (two papers' LVE differ by their lip sets alone), so a report states
the sum of every mask's indices, and figures compare only where it is the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ..errors import BadInput
from ..face.head import Head
from ..records import ARKIT_INDEX, ARKIT_NAMES, GAZE, UPPER

MOVES_MM = 0.1  # a vertex belongs to the face if some shape moves it at least so far
JAW_MM = 0.5  # the upper face is what an open jaw moves by less: cheeks beside the nose are not
LIP_SHARE = 0.25  # of a lip's motion that a vertex must follow to belong to the lips
EDGE_MM = 1.0  # above the upper teeth's lowest points that still counts as their edge
FRONT_MM = 8.0  # from the middle: what of the lip and the teeth meets for /f v/
EXPRESSIVE = np.setdiff1d(UPPER, GAZE)  # brows, lids, cheeks and nose


@dataclass(frozen=True)
class Regions:
    """Vertex masks and linear gauges of one head. Skin alone, one vertex where a UV seam has several."""

    face: np.ndarray  # (F,) int64, skin that any shape moves by ``MOVES_MM`` or more
    lips: np.ndarray  # (L,) int64 places in ``face``: what follows the upper or the lower lip
    upper: np.ndarray  # (U,) int64 places in ``face``: moved by brows, lids, cheeks or nose, above the nose's tip, not by the jaw
    moves: np.ndarray  # (52, 3 F) float32 mm, ``face``'s shapes at weight 1
    reach: (
        np.ndarray
    )  # (52,) float32 mm, the longest way of skin, eyes or tongue at weight 1: makes curves comparable
    lip_gap: np.ndarray  # (52,) float32 mm, the opening of each shape
    brow_height: np.ndarray  # (52,) float32 mm, mean rise of the brows
    lid_gap: np.ndarray  # (52,) float32 mm, mean of both eyes, between the lids' middles
    teeth: np.ndarray  # (N, 3) float32 mm, the upper front teeth's edge at rest; no rows where there are none
    lower_lip: np.ndarray  # (M, 3) float32 mm, the middle of the lower lip's upper edge at rest
    lower_lip_moves: np.ndarray  # (52, 3 M) float32 mm

    @property
    def sums(self) -> dict[str, str]:
        """SHA-256 of each mask's vertex numbers (little-endian int32, ascending)."""
        masks = {"lips": self.face[self.lips], "upper face": self.face[self.upper], "face": self.face}
        return {
            name: hashlib.sha256(np.sort(mask).astype("<i4").tobytes()).hexdigest()
            for name, mask in masks.items()
        }

    @property
    def sizes(self) -> dict[str, int]:
        """Vertices of each mask."""
        return {"lips": len(self.lips), "upper face": len(self.upper), "face": len(self.face)}


def regions(head: Head) -> Regions:
    """The regions of ``head``. Raises BadInput for a head without marked lips and lids."""
    if head.lips is None or head.lids is None:
        raise BadInput(
            f"the head {head.name} has no marked lips and lids; evaluate on the packaged head or one fitted from it"
        )
    skin = _single(head, "skin")
    ways = np.linalg.norm(head.deltas[:, skin], axis=2) * 1000  # (52, S) mm
    moved = ways.max(axis=0) >= MOVES_MM
    face, ways = skin[moved], ways[:, moved]
    follows = np.maximum(head.lips.up, head.lips.down) >= LIP_SHARE
    above = head.vertices[face, 1] > head.vertices[head.landmarks["nose_tip"], 1]
    above &= ways[ARKIT_INDEX["jawOpen"]] < JAW_MM
    brows = _single(head, "brows")
    seen = np.concatenate([skin, _single(head, "eyes"), _single(head, "tongue")])
    edge = head.lips.upper
    lower = np.unique(head.lips.lower[np.abs(head.vertices[edge, 0]) * 1000 < FRONT_MM])
    return Regions(
        face=face,
        lips=np.flatnonzero(np.isin(head.weld[face], head.weld[head.lips.near[follows]])),
        upper=np.flatnonzero(above & (ways[EXPRESSIVE].max(axis=0) >= MOVES_MM)),
        moves=(head.deltas[:, face] * 1000).reshape(len(ARKIT_NAMES), -1),
        reach=np.linalg.norm(head.deltas[:, seen], axis=2).max(axis=1) * 1000,
        lip_gap=head.lip_gap,
        brow_height=head.deltas[:, brows, 1].mean(axis=1) * 1000,
        lid_gap=np.mean([lid.gap(head.deltas)[:, len(lid.upper) // 2] for lid in head.lids], axis=0) * 1000,
        teeth=_upper_teeth(head),
        lower_lip=head.vertices[lower] * 1000,
        lower_lip_moves=(head.deltas[:, lower] * 1000).reshape(len(ARKIT_NAMES), -1),
    )


def _single(head: Head, name: str) -> np.ndarray:
    """Vertices of the part ``name``, one of each welded point."""
    used = np.concatenate(
        [head.triangles[p.first : p.first + p.count].ravel() for p in head.parts if p.name == name]
        or [np.zeros(0, np.int32)]
    )
    _, first = np.unique(head.weld[np.unique(used)], return_index=True)
    return np.sort(np.unique(used)[first]).astype(np.int64)


def _upper_teeth(head: Head) -> np.ndarray:
    """(N, 3) mm: of the teeth that the jaw leaves where they are, the lowest in front."""
    teeth = _single(head, "teeth")
    still = np.linalg.norm(head.deltas[ARKIT_INDEX["jawOpen"], teeth], axis=1) * 1000 < MOVES_MM
    places = head.vertices[teeth[still]] * 1000
    places = places[(np.abs(places[:, 0]) < FRONT_MM) & (places[:, 2] > 0)]
    return places[places[:, 1] < places[:, 1].min() + EDGE_MM] if len(places) else places
