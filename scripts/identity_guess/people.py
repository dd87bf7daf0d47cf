"""People more different than those the fit expects, in colours and light of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from dxtalker.face.head import Head
from dxtalker.face.people import random_person, random_weights
from dxtalker.files import asset
from dxtalker.render.look import Light

TEXTURE = 1024  # texels a side while colours are changed
HEAVY, MOST = 0.8, 5.0  # spread of the logarithm of a local target's exaggeration, and its bound


def random_shape(rng: np.random.Generator, names: tuple[str, ...]) -> np.ndarray:
    """(D,) identity weights: a usual person, one of few large differences, or one of many."""
    weights = random_weights(rng, names, random_person(rng))
    local = np.array([not name.startswith("macro") for name in names])
    kind = rng.random()
    if kind > 0.7:
        weights[local] *= rng.uniform(1, 2)
    elif kind > 0.35:
        weights[local] *= np.minimum(np.exp(rng.normal(0, HEAVY, len(weights))), MOST)[local]
    return weights


def blotches(rng: np.random.Generator, size: tuple[int, int], cells: int) -> np.ndarray:
    """(height, width) float32: smooth noise of about ``cells`` spots across, standard deviation about 1."""
    coarse = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def recoloured(head: Head, rng: np.random.Generator) -> Head:
    """``head`` with other skin, lips and hair; sometimes of clay, without brows, lashes or locks."""
    albedo = np.asarray(Image.fromarray(head.albedo).resize((TEXTURE, TEXTURE), Image.Resampling.BOX))
    colour = (albedo[..., :3].astype(np.float32) / 255) ** 2.2
    colour *= rng.uniform(0.2, 1.15) * np.array([1, rng.uniform(0.8, 1.1), rng.uniform(0.7, 1.2)], np.float32)
    for cells in (6, 16, 48, 200):  # from beards and blushes to freckles
        if rng.random() < 0.7:
            spots = blotches(rng, (TEXTURE, TEXTURE), cells)
            colour *= np.exp(rng.uniform(-0.16, 0.16) * spots)[..., None]
    if rng.random() < 0.6:
        lips = Image.open(asset("skin_regions.png")).convert("RGB").getchannel("R").resize((TEXTURE, TEXTURE))
        share = np.asarray(lips.filter(ImageFilter.GaussianBlur(rng.uniform(0, 4))), np.float32) / 255
        tint = rng.uniform([0.6, 0.4, 0.4], [1.5, 1.3, 1.3]).astype(np.float32)
        colour *= 1 + share[..., None] * (tint - 1)
    plain = rng.random()
    if plain < 0.12:
        colour[:] = colour.mean(axis=(0, 1)) * 0.8
    elif plain < 0.25:
        colour += (colour.mean(axis=(0, 1)) - colour) * rng.uniform(0.2, 0.8)
    pixels = (np.clip(colour * rng.uniform(0.7, 1.3), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    missing = {
        name for name, odds in (("brows", 0.15), ("strands", 0.3), ("lashes", 0.3)) if rng.random() < odds
    }
    parts = tuple(part for part in head.parts if part.name not in missing)
    return replace(head, albedo=np.dstack([pixels, albedo[..., 3]]), parts=parts)


def random_light(rng: np.random.Generator) -> dict[str, object]:
    """Constants for the renderer's shader: three lights and the sky, sometimes nearly flat."""

    def colour(strength: float) -> tuple[float, ...]:
        return tuple((strength * rng.uniform(0.8, 1.1, 3)).tolist())

    def light(towards: float, strength: float) -> Light:
        return Light((rng.normal(0, 0.8), rng.normal(0.3, 0.6), towards), colour(strength))  # pyright: ignore[reportArgumentType]

    flat = rng.random() < 0.25
    key = rng.uniform(0.1, 0.5) if flat else rng.uniform(0.4, 1.2)
    return {
        "LIGHTS": (
            light(rng.uniform(0.3, 1), key),
            light(rng.uniform(0.2, 1), rng.uniform(0, 0.5)),
            light(rng.uniform(-1, -0.1), rng.uniform(0, 0.5)),
        ),
        "SKY": colour(rng.uniform(0.5, 0.9) if flat else rng.uniform(0.1, 0.5)),
        "GROUND": colour(rng.uniform(0.3, 0.8) if flat else rng.uniform(0.05, 0.3)),
    }
