"""The head's own painted texture in other colours: for people of whom there is no photo."""

from __future__ import annotations

import numpy as np

from ..head import Head
from .fields import halve, linear_table
from .hair import Hair
from .paint import Layer, compose, finish_parts
from .skin import LEAST_SPREAD, Skin, features, plain_skin
from .texels import regions_of, texels_of


def tint(head: Head, skin: np.ndarray, hair: np.ndarray, iris: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8: the texture of ``head`` with skin, hair and irises of the given sRGB colours (3,) 0..255.

    Raises Unsupported for a head whose texture is not laid out as the open head's.
    """
    texels = texels_of(head)
    table = linear_table()
    base = halve(table[head.albedo[: texels.triangle.shape[0] * 2, :, :3]])
    regions = regions_of(base)
    colour, hair, iris = (
        table[np.clip(np.rint(part), 0, 255).astype(np.uint8)].astype(np.float32)
        for part in (skin, hair, iris)
    )
    nowhere = Layer(base, np.zeros(base.shape[:2], np.float32))
    whole = Skin(colour, features(colour), LEAST_SPREAD)
    strands = Hair(hair, False)
    albedo, _ = compose(head, base, nowhere, None, whole, strands, regions, plain_skin(regions))
    finish_parts(albedo, head, nowhere, strands, None, iris, [])
    return albedo
