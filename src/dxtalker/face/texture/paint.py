"""One person's texture from photos: see ``paint``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import BadInput, Unsupported
from ..head import Head
from .detail import FINEST, Detail, fine_detail, relief
from .eyes import (
    BROW,
    FULLY,
    brows_seen,
    hide_part,
    lash_colour,
    measure_brows,
    measure_eyes,
    recolour_irises,
)
from .fields import box_blur, double, halve, linear_table, membrane, soft, to_bytes
from .hair import Hair, hair_detail, less_shine, measure_hair, natural, recolour_part
from .layer import Layer, enough, even
from .project import look
from .shots import Painted, Shot
from .skin import Skin, complete, is_grey, plain_skin, tint_grey
from .texels import BELOW, GRID, WINDOW, Regions, regions_of, texels_of


def paint(head: Head, shots: Sequence[Shot]) -> Painted:
    """The head's texture in the colours of the person in ``shots``.

    Raises BadInput when there is no shot, or none of them sees the face; Unsupported for a head whose texture
    is not laid out as the open head's.
    """
    if not shots:
        raise BadInput("there is no photo to paint the head from; give at least one")
    names = {part.name for part in head.parts}
    if head.albedo.shape != (2 * GRID, 2 * GRID, 4) or not {"skin", "hair", "eyes", "brows"} <= names:
        raise Unsupported(
            f"{head.name} has a texture of its own layout; photos can be painted on the open head only"
        )
    texels = texels_of(head)
    table = linear_table()
    base_bytes = head.albedo[: texels.triangle.shape[0] * 2, :, :3]
    base = halve(table[base_bytes])
    regions = regions_of(base)
    plain = plain_skin(regions)
    notes: list[str] = []
    seen, evened = [], []
    for shot in shots:
        found = look(head, texels, shot)
        if enough(found, plain):
            seen.append(found)
            evened.append(even(found, base, plain, regions))
    if not seen:
        raise BadInput(
            "no photo shows enough of the face to take its colours; expected a lit one from near the front"
        )
    layers, skins, balance = ([getattr(one, name) for one in evened] for name in ("layer", "skin", "balance"))
    best = max(range(len(seen)), key=lambda i: min(seen[i].eyes_apart, FINEST) * float(seen[i].trust.sum()))
    skin = skins[best]
    layer = _joined(layers, skins, best)
    details = [fine_detail(seen[best], base.shape[:2], layers[best].weight)]
    if is_grey(seen[best].shot.pixels):
        layer = Layer(tint_grey(layer.colour, base), layer.weight)
        skin = replace(skin, colour=np.median(layer.colour[(plain > 0.5) & (layer.weight > 0.5)], axis=0))
        notes.append("the photo is grey: the skin's hue is a guess")
    elif any(np.abs(np.log(gain)).max() > 0.15 for gain in balance):
        notes.append("the photo has a colour cast that no skin has: most of it was taken out")
    if any(one.strays.glasses for one in evened):
        notes.append("glasses were seen: most of them was taken off the skin; a photo without is better")
    if evened[best].strays.fringe:
        hidden = " and the brows" if evened[best].strays.brows else ""
        notes.append(f"hair hangs over the forehead{hidden}: what it covers was completed")
    brows = measure_brows(layer.colour, layer.weight, skin)
    hair = less_shine(measure_hair(seen, balance, skins, regions), skin, brows)
    if hair.colour is not None and not natural(hair.colour):
        notes.append("what covers the scalp has a colour that hair seldom has: a hat would be taken for hair")
    iris = measure_eyes(seen[best], balance[best])
    albedo, normal_map = compose(head, base, layer, details[0], skin, hair, regions, plain)
    finish_parts(albedo, head, layer, hair, brows, iris, notes)
    return Painted(
        albedo,
        normal_map,
        _srgb(skin.colour),
        None if hair.colour is None else _srgb(hair.colour),
        hair.bald,
        None if iris is None else _srgb(iris),
        _share(layer.weight, regions.core),
        tuple(notes),
    )


def _joined(layers: list[Layer], skins: list[Skin], best: int) -> Layer:
    """All photos in the colours of the ``best`` one, each where it sees better, and the other half of the face."""
    say = [layer.weight**3 * (1.5 if i == best else 1.0) for i, layer in enumerate(layers)]
    total = np.maximum(sum(say), 1e-6)
    colour = np.zeros_like(layers[best].colour)
    for layer, own, skin in zip(layers, say, skins, strict=True):
        colour += (
            layer.colour * (own / total)[..., None] * (skins[best].colour / skin.colour).astype(np.float32)
        )
    weight: np.ndarray = np.stack([layer.weight for layer in layers]).max(axis=0)
    other: np.ndarray = weight[:, ::-1] * (1 - weight)
    both = np.maximum(weight + other, 1e-4)[..., None]
    mirrored = (colour * weight[..., None] + colour[:, ::-1] * other[..., None]) / both
    return Layer(mirrored, weight + other)


def compose(
    head: Head,
    base: np.ndarray,
    layer: Layer,
    detail: Detail | None,
    skin: Skin,
    hair: Hair,
    regions: Regions,
    plain: np.ndarray,
) -> tuple[np.ndarray, np.ndarray | None]:
    """(H, W, 4) uint8: the photo where it is seen, elsewhere the head's own texture in the person's colours.

    And the normal map (H, W, 3), where ``detail`` has any relief.
    """
    height = base.shape[0]
    table, albedo = linear_table(), head.albedo.copy()
    usual = np.median(base[plain > 0.5], axis=0)
    fallback = np.log(np.maximum(skin.colour, 2e-3) / usual).astype(np.float32)
    factor = complete(base, layer.colour, layer.weight, regions, fallback)
    down = (np.arange(height, dtype=np.float32)[:, None, None] + 0.5) / GRID
    factor += soft(0.455, 0.515, down) * (fallback - factor)
    rest = _own_texture(base, factor, skin, hair, regions, usual)
    fine = table[albedo[: 2 * height, :, :3]]
    full = double(rest, *fine.shape[:2])
    full *= np.clip(fine / np.maximum(double(base, *fine.shape[:2]), 1e-3), 0.5, 2)
    window = tuple(slice(2 * side.start, 2 * side.stop) for side in WINDOW)
    own = full[window]
    weight = double(layer.weight[WINDOW], *own.shape[:2])[..., None]
    photo = double(layer.colour[WINDOW], *own.shape[:2])
    normal_map = None
    if detail is not None:
        photo, sure = _with_detail(photo, detail)
        normal_map = np.full((*albedo.shape[:2], 3), (128, 128, 255), np.uint8)
        calm = double((regions.plain * (1 - regions.lids))[WINDOW], *sure.shape)
        normal_map[window] = relief(photo, sure * weight[..., 0] * calm)
    own += weight * (photo - own)
    albedo[: 2 * height, :, :3] = np.clip(to_bytes(full) + 0.5, 0, 255)
    for left, top, right, bottom in BELOW:
        rows, columns = (
            slice(round(first * len(albedo)), round(last * len(albedo)))
            for first, last in ((top, bottom), (left, right))
        )
        box = albedo[rows, columns]
        box[..., :3] = np.clip(to_bytes(table[box[..., :3]] * np.exp(fallback)) + 0.5, 0, 255)
    return albedo, normal_map


def _own_texture(
    base: np.ndarray, factor: np.ndarray, skin: Skin, hair: Hair, regions: Regions, usual: np.ndarray
) -> np.ndarray:
    """(h, GRID, 3) linear: the head's painted skin and hair in the person's colours."""
    under = soft(0.0, 0.15, box_blur(regions.hair, 2))
    bare = membrane(base, 1 - under, usual)
    rest = (base + under[..., None] * (bare - base)) * np.exp(factor)
    if hair.colour is None and not hair.bald:
        return rest + regions.hair[..., None] * (base - rest)
    if hair.colour is None:
        return rest
    scalp = hair.colour.astype(np.float32) * hair_detail(base, regions.hair)[..., None]
    return rest + regions.hair[..., None] * (scalp - rest)


def _with_detail(photo: np.ndarray, detail: Detail) -> tuple[np.ndarray, np.ndarray]:
    """``photo`` (2 h, 2 w, 3) sharpened, the unseen half by the seen one, and how sure that is (2 h, 2 w)."""
    other = detail.weight[:, ::-1] * (1 - detail.weight)
    factor = 1 + (detail.factor - 1) * detail.weight[..., None]
    factor += (detail.factor[:, ::-1] - 1) * other[..., None]
    return photo * factor, detail.weight + other


def finish_parts(
    albedo: np.ndarray,
    head: Head,
    layer: Layer,
    hair: Hair,
    brows: np.ndarray | None,
    iris: np.ndarray | None,
    notes: list[str],
) -> None:
    """Hair beyond the face's island, ``brows`` (3,) linear and with them the lashes, and irises, in place."""
    if brows is None and hair.colour is not None:
        brows = hair.colour * BROW
    for part in head.parts:
        if part.name in ("hair", "strands") and hair.colour is not None:
            recolour_part(albedo, head, part, hair.colour)
        elif part.name == "brows" and brows is not None:
            recolour_part(albedo, head, part, brows)
        elif part.name == "lashes" and brows is not None:
            recolour_part(albedo, head, part, lash_colour(brows))
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


def _share(weight: np.ndarray, core: np.ndarray) -> float:
    return float((weight * core).sum() / core.sum())


def _srgb(linear: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = np.round(to_bytes(np.asarray(linear))).astype(int).tolist()
    return red, green, blue
