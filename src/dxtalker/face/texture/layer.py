"""One photo as a layer of skin: evenly lit, at rest, and without what is no skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import box_blur, luminance, soft
from .folds import ease_folds, strength
from .light import balance_sides, even_gain, level, lift_sockets, settle_hues, shading, soften
from .lips import measure_lips, settle_lips, wideness
from .project import Seen
from .skin import Skin, balance_of, features, measure
from .strays import Strays, behind_glasses, find_strays
from .texels import WINDOW, WINDOW_CORNER, Regions

DARKEST = 0.004  # linear: below it a photo says nothing of the skin


@dataclass(frozen=True)
class Layer:
    """What one photo, or all of them, say of the face's island; on the grid."""

    colour: np.ndarray  # (h, GRID, 3) linear light, evenly lit
    weight: np.ndarray  # (h, GRID) 0..1


@dataclass(frozen=True)
class Evened:
    """One photo's layer, and what was found on the way."""

    layer: Layer
    skin: Skin
    balance: np.ndarray  # (3,) factors that took out a colour cast
    strays: Strays


def enough(seen: Seen, plain: np.ndarray) -> bool:
    """Whether at least a tenth of the plain skin is seen, and not in the dark."""
    here = plain.ravel()[seen.where] * seen.trust
    if float(here.sum()) <= 0.1 * float(plain.sum()):
        return False
    return float(np.median(luminance(seen.colour[here > 0.3]))) > DARKEST if (here > 0.3).any() else False


def even(seen: Seen, base: np.ndarray, plain: np.ndarray, regions: Regions) -> Evened:
    """One photo's colours without its light, the skin in them, and the factors (3,) that took out a cast."""
    where = seen.where
    own = plain.ravel()[where] * seen.trust
    prior = box_blur(base, 6)
    light = shading(seen.colour, prior.reshape(-1, 3)[where], seen.normal, own)
    colour = seen.colour * even_gain(light, seen.normal, own)
    balance = balance_of(measure(colour, own))
    colour = colour * balance
    skin = measure(colour, own)
    picture = np.zeros(base.shape, np.float32)
    weight, alike = (np.zeros(base.shape[:2], np.float32) for _ in range(2))
    picture.reshape(-1, 3)[where] = colour
    weight.ravel()[where] = seen.trust
    alike.ravel()[where] = skin.likeness(colour)
    whole = Layer(np.zeros_like(picture), np.zeros_like(weight))
    part = Layer(picture[WINDOW], weight[WINDOW])
    near = regions.window()
    weight, strays = _believed(part, alike[WINDOW], near, skin)
    part = _settled(Layer(part.colour, weight), base[WINDOW], prior[WINDOW], near, skin, seen, strays)
    whole.colour[WINDOW], whole.weight[WINDOW] = part.colour, part.weight
    return Evened(whole, skin, balance, strays)


def _believed(layer: Layer, alike: np.ndarray, regions: Regions, skin: Skin) -> tuple[np.ndarray, Strays]:
    """(h, w): a photo's weight less what is no skin outside the face proper; and what lay there. In the window."""
    strays, core, hair = find_strays(layer.colour, layer.weight, alike, regions)
    close = soft(0.55, 0.9, box_blur(alike, 3))
    light = _lightness(layer.colour, skin)
    weight = layer.weight * (
        core + (1 - core) * close * soft(-0.6, -0.25, light)
    )  # no shadows of hair or jaw
    weight = weight * (1 - hair) * (1 - soft(0.0, 0.5, box_blur(regions.ears, 3)))
    weight = weight * (1 - soft(0.05, 0.4, box_blur(regions.hair, 2)))  # painted hair keeps its edge
    weight = weight * (1 - regions.lips * soft(0.0, 0.2, light))  # teeth and wet highlights
    rim = soft(0.0, 0.15, box_blur(regions.lips, 8)) * soft(0.6, 0.1, regions.lips)
    red = features(layer.colour)[..., 1] - np.float32(skin.centre[1])
    weight = weight * (1 - rim * soft(0.08, 0.22, red))  # the photo's lips where the head has none
    return np.minimum(weight, soft(0.3, 1.0, box_blur(weight, 4))), strays


def _settled(
    layer: Layer,
    base: np.ndarray,
    prior: np.ndarray,
    regions: Regions,
    skin: Skin,
    seen: Seen,
    strays: Strays,
) -> Layer:
    """A photo's layer evened out: sides, hues, wide shades, folds, sockets, lips. In the window."""
    weight, lightness, expression = layer.weight, float(skin.centre[0]), seen.shot.view.expression
    bare = weight * (1 - soft(0.0, 0.2, box_blur(regions.lips, 3))) * (1 - regions.hair)
    plain = bare * regions.plain
    picture = layer.colour * balance_sides(layer.colour, prior, bare, 40)
    found = measure_lips(picture, weight, base, regions.lips, skin)
    picture = picture * settle_hues(picture, prior, bare, skin.centre[1:], 8)
    picture = picture * level(picture, prior, plain)[..., None]
    folded = strength(expression, weight.shape, WINDOW_CORNER)
    if strays.glasses:
        folded = np.maximum(folded, behind_glasses(weight.shape))
    picture = picture * ease_folds(picture, plain, folded, lightness)
    picture = picture * soften(picture, plain, lightness)[..., None]
    picture = picture * lift_sockets(picture, bare, lightness, WINDOW_CORNER)[..., None]
    if found is not None:
        picture = settle_lips(picture, weight, base, regions.lips, found, wideness(expression))
        sure = soft(0.15, 0.7, regions.lips) * (0.35 + 0.65 * min(2 * found.seen, 1.0))
        weight = np.maximum(weight, sure)
    return Layer(picture, weight)


def _lightness(colour: np.ndarray, skin: Skin) -> np.ndarray:
    """(h, w) log lightness of ``colour`` (h, w, 3) against the skin's."""
    return np.log(np.maximum(luminance(colour), 2e-3)) - np.float32(skin.centre[0])
