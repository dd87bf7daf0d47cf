"""The hair's colour in the photo, and the head's hair in that colour."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from ..head import Head, Part
from ..scan import Corners, fragments
from .fields import box_blur, linear_table, luminance, soft, to_bytes, weighted_blur
from .project import Seen
from .skin import Skin, features
from .texels import Regions, face_triangles

_masks: dict[tuple[str, int, int, int], np.ndarray] = {}
BALD = 0.70  # share of the seen scalp that looks like skin from which on a head counts as bald
ROOTS = 0.75  # lightness of the hairline against the hair's
SHEEN = 0.40  # quantile of the lightness of what is seen of the hair that counts as its own, without sheen
DARK_SKIN = 0.22  # luminance, linear
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
        here = covered[one.where] & (one.clear > 0.4) & (one.cosine > 0.12)
        colour = _above(one, one.xy[here]) * gain
        feature = features(colour)
        shine = (feature[:, 0] > skin.centre[0] + 0.1) & (feature[:, 1] > 0.12)  # highlights on skin
        shine &= feature[:, 1] < skin.centre[1] + 0.25
        found.append(colour)
        alike.append(np.where(shine, 1.0, skin.likeness(colour)))
    colour, like = np.concatenate(found), np.concatenate(alike)
    if len(colour) < FEW:
        return Hair(None, False)
    if like.mean() > BALD:
        return Hair(None, True)
    rest = colour[like < 0.3]
    return Hair(_matt(rest) if len(rest) > FEW / 3 else None, False)


def less_shine(hair: Hair, skin: Skin, brows: np.ndarray | None) -> Hair:
    """``hair``, or that of the ``brows`` (3,) less the skin between them, where shine was taken for it: on short hair over dark skin."""
    if hair.colour is None or brows is None or float(luminance(skin.colour)) > DARK_SKIN:
        return hair
    return (
        hair
        if float(luminance(hair.colour)) < 0.7 * float(luminance(skin.colour))
        else Hair(0.4 * brows, False)
    )


def _above(seen: Seen, xy: np.ndarray) -> np.ndarray:
    """(N, 3) linear: the photo at scalp pixels ``xy`` (M, 2) and a little further out, less what is background.

    Hair stands off the skull. Background is what looks like the photo's edges and what is far outside the head.
    """
    if not len(xy):
        return np.zeros((0, 3), np.float32)
    crop = seen.parts.crop
    middle = seen.shot.view.project(np.zeros((1, 3)))[0].astype(np.float32)
    height, width = seen.shot.pixels.shape[:2]
    rings = []
    xy = xy[:: max(len(xy) // 2500, 1)]
    far = middle + (xy[:: max(len(xy) // 200, 1)] - middle) * np.float32(1.9)
    border = np.linspace(0.5, width - 0.5, 80, dtype=np.float32)
    border = border[
        np.abs(border - middle[0]) > 1.6 * np.abs(xy[:, 0] - middle[0]).max()
    ]  # not a cut-off crown
    side = np.linspace(0.5, min(middle[1], height) - 0.5, 40, dtype=np.float32)
    edges = [(border, 0 * border + 1), (0 * side + 1, side), (0 * side + width - 2, side)]
    far = np.concatenate([far, *(np.column_stack(edge) for edge in edges)])
    far = far[((far >= 0) & (far < [width, height])).all(1)].astype(int)
    ground = features(linear_table()[seen.shot.pixels[far[:, 1], far[:, 0]]])
    for reach in (1.0, 1.06, 1.12):
        place = middle + (xy - middle) * np.float32(reach)
        inside = ((place - crop.corner) * crop.scale >= 1).all(1)
        inside &= ((place - crop.corner) * crop.scale < np.array(crop.pixels.shape[1::-1]) - 1).all(1)
        colour = crop.sample(place[inside])
        if len(ground) and len(colour):
            away = np.abs(features(colour)[:, None] - ground[None]) / np.array([0.35, 0.2, 0.2], np.float32)
            other = away.max(2).min(1) > 1
            if reach > 1 or other.mean() > 0.3:  # hair may reach the photo's edges
                colour = colour[other]
        rings.append(colour)
    return np.concatenate(rings)


def _matt(colour: np.ndarray) -> np.ndarray:
    """(3,) of hair colours (N, 3): the median hue at a lightness below the sheen, never greenish."""
    light = luminance(colour)
    ratio = np.median(features(colour), axis=0)
    red = max(ratio[1], -0.45 * ratio[2])  # in hair, red leads as far as blue lags
    hue = np.exp([red, 0.0, ratio[2]])
    return hue * (float(np.quantile(light, SHEEN)) / float(luminance(hue.astype(np.float32))))


def natural(colour: np.ndarray) -> bool:
    """Whether hair grows in ``colour`` (3,) linear: from black over browns, reds and blonds to white."""
    _, red, blue = features(colour.astype(np.float32))
    return -0.05 < red < 1.3 and -2.2 < blue < 0.12


def hair_detail(base: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """(h, w) lightness of the painted strands relative to their mean; at the hairline, where ``cover`` (h, w) is
    not whole, that of the strands next to it, and darker: roots lie in the shade."""
    light = luminance(base)
    whole = soft(0.7, 0.98, cover)
    mean = float(np.average(light, weights=whole + 1e-6))
    detail = np.clip(light / max(mean, 1e-4), 0.2, 3.0)
    near = weighted_blur(detail[..., None], whole + 1e-3, 5)[..., 0]
    return np.minimum(near, 1) * ROOTS * (1 - whole) + detail * whole


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
    key = part.name, size, zlib.crc32(head.uv.tobytes()), zlib.crc32(head.triangles.tobytes())
    if key not in _masks:
        if len(_masks) >= 8:
            _masks.pop(next(iter(_masks)))
        _masks[key] = _part_mask(size, head, part, grow)
    return _masks[key]


def _part_mask(size: int, head: Head, part: Part, grow: int) -> np.ndarray:
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
