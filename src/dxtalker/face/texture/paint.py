"""One person's texture from photos: see ``paint``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import BadInput
from ..head import Head
from .eyes import FULLY, brows_seen, hide_part, measure_eyes, recolour_irises
from .fields import box_blur, double, halve, linear_table, membrane, soft, to_bytes
from .hair import Hair, hair_detail, measure_hair, recolour_part
from .light import balance_sides, even_gain, shading, tame_highlights
from .project import Seen, look
from .shots import Painted, Shot
from .skin import Skin, balance_of, complete, is_grey, measure, plain_skin, tint_grey
from .texels import BELOW, GRID, Regions, regions_of, texels_of


@dataclass(frozen=True)
class Layer:
    """What one photo, or all of them, say of the face's island; on the grid."""

    colour: np.ndarray  # (h, GRID, 3) linear light, evenly lit
    weight: np.ndarray  # (h, GRID) 0..1


def paint(head: Head, shots: Sequence[Shot]) -> Painted:
    """The head's texture in the colours of the person in ``shots``.

    Raises BadInput when there is no shot, or none of them sees the face.
    """
    if not shots:
        raise BadInput("there is no photo to paint the head from; give at least one")
    texels = texels_of(head)
    table = linear_table()
    base_bytes = head.albedo[: texels.triangle.shape[0] * 2, :, :3]
    base = halve(table[base_bytes])
    regions = regions_of(base)
    plain = plain_skin(regions)
    notes: list[str] = []
    seen, layers, skins, balance = [], [], [], []
    for shot in shots:
        found = look(head, texels, shot)
        if not _enough(found, plain):
            continue
        layer, skin, gain = _even(found, base, plain, regions)
        balance.append(gain)
        seen.append(found)
        layers.append(layer)
        skins.append(skin)
    if not layers:
        raise BadInput(
            "no photo shows enough of the face to take its colours; expected one from near the front"
        )
    layer, skin = layers[0], skins[0]
    if is_grey(shots[0].pixels):
        layer = Layer(tint_grey(layer.colour, base), layer.weight)
        notes.append("the photo is grey: the skin's hue is a guess")
    layer = _mirrored(layer)
    hair = measure_hair(seen, balance, skins, regions)
    if any(np.abs(np.log(gain)).max() > 0.15 for gain in balance):
        notes.append("the photo has a colour cast that no skin has: most of it was taken out")
    iris = measure_eyes(seen[0], balance[0])
    albedo = _compose(head, base, layer, skin, hair, regions, plain)
    _finish_parts(albedo, head, layer, skin, hair, iris, notes)
    return Painted(
        albedo,
        None,
        _srgb(skin.colour),
        None if hair.colour is None else _srgb(hair.colour),
        None if iris is None else _srgb(iris),
        _share(layer.weight, regions.core),
        tuple(notes),
    )


def _compose(
    head: Head, base: np.ndarray, layer: Layer, skin: Skin, hair: Hair, regions: Regions, plain: np.ndarray
) -> np.ndarray:
    """(H, W, 4) uint8: the photo where it is seen, elsewhere the head's own texture in the person's colours."""
    height = base.shape[0]
    table, albedo = linear_table(), head.albedo.copy()
    fallback = np.log(np.maximum(skin.colour, 2e-3) / np.median(base[plain > 0.5], axis=0)).astype(np.float32)
    factor = complete(base, layer.colour, layer.weight, regions, fallback)
    down = (np.arange(height, dtype=np.float32)[:, None, None] + 0.5) / GRID
    factor += soft(0.455, 0.515, down) * (fallback - factor)
    bare = membrane(
        base, 1 - soft(0.0, 0.15, box_blur(regions.hair, 2)), np.median(base[plain > 0.5], axis=0)
    )
    under = soft(0.0, 0.2, box_blur(regions.hair, 2))[..., None]
    rest = (base + under * (bare - base)) * np.exp(factor)
    colour = skin.colour if hair.colour is None else hair.colour
    if hair.colour is not None or hair.bald:
        detail = hair_detail(base, regions.hair) ** (0.15 if hair.bald else 0.9)
        scalp = np.asarray(colour, np.float32) * detail[..., None]
        rest += regions.hair[..., None] * (scalp - rest)
    fine = table[albedo[: 2 * height, :, :3]]
    grain = fine / np.maximum(double(base, *fine.shape[:2]), 1e-3)
    full = double(rest, *fine.shape[:2]) * np.clip(grain, 0.5, 2)
    weight = double(layer.weight, *fine.shape[:2])[..., None]
    full += weight * (double(layer.colour, *fine.shape[:2]) - full)
    albedo[: 2 * height, :, :3] = np.clip(to_bytes(full) + 0.5, 0, 255)
    for left, top, right, bottom in BELOW:
        rows, columns = (
            slice(round(a * len(albedo)), round(b * len(albedo))) for a, b in ((top, bottom), (left, right))
        )
        box = albedo[rows, columns]
        box[..., :3] = np.clip(to_bytes(table[box[..., :3]] * np.exp(fallback)) + 0.5, 0, 255)
    return albedo


def _finish_parts(
    albedo: np.ndarray,
    head: Head,
    layer: Layer,
    skin: Skin,
    hair: Hair,
    iris: np.ndarray | None,
    notes: list[str],
) -> None:
    """Hair beyond the face's island, brows and irises, in place."""
    for part in head.parts:
        if part.name in ("hair", "strands") and hair.colour is not None:
            recolour_part(albedo, head, part, hair.colour)
        elif part.name == "brows" and hair.colour is not None:
            recolour_part(albedo, head, part, hair.colour * 0.6)
    if hair.bald:
        hide_part(albedo, head, "strands")
        notes.append("no hair was seen on the scalp: the head is bald")
    elif hair.colour is None:
        notes.append("the hair was not seen: its colour is the open head's")
    if brows_seen(head, layer.weight) > FULLY:
        hide_part(albedo, head, "brows")
    if iris is not None:
        recolour_irises(albedo, head, iris)
    else:
        notes.append("the eyes' colour could not be read: it is the open head's")


def _enough(seen: Seen, plain: np.ndarray) -> bool:
    """Whether at least a tenth of the plain skin is seen."""
    here = plain.ravel()[seen.where] * seen.trust
    return float(here.sum()) > 0.1 * float(plain.sum())


def _even(
    seen: Seen, base: np.ndarray, plain: np.ndarray, regions: Regions
) -> tuple[Layer, Skin, np.ndarray]:
    """One photo's colours without its light, the skin in them, and the factors (3,) that took out a cast."""
    where = seen.where
    own = plain.ravel()[where] * seen.trust
    prior = box_blur(base, 6)
    light = shading(seen.colour, prior.reshape(-1, 3)[where], seen.normal, own)
    colour = seen.colour * even_gain(light, seen.normal, own)
    skin = measure(colour, own)
    balance = balance_of(skin)
    colour = colour * balance
    skin = measure(colour, own)
    picture = np.zeros(base.shape, np.float32)
    weight = np.zeros(base.shape[:2], np.float32)
    picture.reshape(-1, 3)[where] = colour
    weight.ravel()[where] = seen.trust
    alike = np.zeros_like(weight)
    alike.ravel()[where] = skin.likeness(colour)
    core = regions.core
    close = soft(0.55, 0.9, box_blur(alike, 3))
    weight = weight * (core + (1 - core) * close) * (1 - soft(0.0, 0.5, box_blur(regions.ears, 3)))
    weight = np.minimum(weight, soft(0.3, 1.0, box_blur(weight, 4)))
    radius = 40
    picture = picture * balance_sides(picture, prior, weight * (1 - regions.lips), radius)
    picture = picture * tame_highlights(picture, weight, 12)[..., None]
    return Layer(picture, weight), skin, balance


def _mirrored(layer: Layer) -> Layer:
    """Texels that are not seen take what the other half of the face shows."""
    other = layer.weight[:, ::-1] * (1 - layer.weight)
    total = np.maximum(layer.weight + other, 1e-4)[..., None]
    colour = (layer.colour * layer.weight[..., None] + layer.colour[:, ::-1] * other[..., None]) / total
    return Layer(colour, layer.weight + other)


def _share(weight: np.ndarray, core: np.ndarray) -> float:
    return float((weight * core).sum() / core.sum())


def _srgb(linear: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = np.round(to_bytes(np.asarray(linear))).astype(int).tolist()
    return red, green, blue
