"""The hair's colour in the photo, and the head's hair in that colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..head import Head, Part
from ..scan import Corners, fragments
from .fields import box_blur, linear_table, luminance, soft, to_bytes
from .project import Seen
from .skin import Skin, features
from .texels import Regions, face_triangles

BALD = 0.60  # share of the seen scalp that looks like skin from which on a head counts as bald
FEW = 150  # seen texels of the scalp below which nothing is said


@dataclass(frozen=True)
class Hair:
    """What the photos say of the hair."""

    colour: np.ndarray | None  # (3,) linear light; None: not seen
    bald: bool


def measure_hair(seen: list[Seen], balance: list[np.ndarray], skins: list[Skin], regions: Regions) -> Hair:
    """The median colour of what covers the scalp in the photos and is not skin; ``balance`` (3,) a photo."""
    covered = (regions.hair > 0.7).ravel()
    found, alike = [], []
    for one, gain, skin in zip(seen, balance, skins, strict=True):
        here = covered[one.where] & (one.trust > 0.35)
        colour = one.colour[here] * gain
        found.append(colour)
        alike.append(skin.likeness(colour))
    colour, like = np.concatenate(found), np.concatenate(alike)
    if len(colour) < FEW:
        return Hair(None, False)
    if like.mean() > BALD:
        return Hair(None, True)
    lighter = features(colour)[:, 0] > np.mean([skin.centre[0] for skin in skins]) + 0.1
    rest = colour[(like < 0.3) & ~(lighter & _same_hue(colour, skins))]
    return Hair(np.median(rest, axis=0) if len(rest) > FEW / 3 else None, False)


def _same_hue(colour: np.ndarray, skins: list[Skin]) -> np.ndarray:
    """(N,) bool: no other hue than the skin's, as highlights on it are."""
    away = features(colour)[:, 1:] - np.mean([skin.centre[1:] for skin in skins], axis=0)
    return (np.abs(away) < 0.25).all(1)


def hair_detail(base: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """(h, w) lightness of the painted strands relative to their mean; 1 where ``cover`` (h, w) is not whole."""
    light = luminance(base)
    whole = soft(0.7, 0.98, cover)
    mean = float(np.average(light, weights=whole + 1e-6))
    return 1 + whole * (np.clip(light / max(mean, 1e-4), 0.2, 3.0) - 1)


def recolour_part(albedo: np.ndarray, head: Head, part: Part, colour: np.ndarray) -> None:
    """Bring the mean of a part's texels beyond the face's island to ``colour`` (3,) linear, detail kept; in place."""
    mask = part_mask(albedo.shape[0], head, part)
    if not mask.any():
        return
    linear = linear_table()[albedo[mask][:, :3]]
    opacity = albedo[mask][:, 3:].astype(np.float32) + 1e-3
    mean = (linear * opacity).sum(0) / opacity.sum()
    albedo[mask, :3] = np.clip(to_bytes(linear * (colour / np.maximum(mean, 2e-3))) + 0.5, 0, 255)


def part_mask(size: int, head: Head, part: Part, grow: int = 3) -> np.ndarray:
    """(size, size) bool: a part's texels beyond the face's island, grown by ``grow``."""
    chosen = np.arange(part.first, part.first + part.count)
    chosen = chosen[~face_triangles(head)[chosen]]
    place = (head.uv * size)[head.triangles[chosen]].transpose(2, 1, 0).astype(np.float32)
    corners = Corners(place[0], place[1], np.ones(place.shape[1:], np.float32))
    mask = np.zeros(size * size, np.float32)
    if len(chosen):
        mask[fragments(corners, (size, size)).pixel] = 1
    mask = mask.reshape(size, size)
    if not mask.any():
        return mask > 0
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (
        slice(max(rows[0] - grow, 0), rows[-1] + grow + 1),
        slice(max(columns[0] - grow, 0), columns[-1] + grow + 1),
    )
    mask[box] = box_blur(mask[box], grow, 1) > 0.01
    return mask > 0
