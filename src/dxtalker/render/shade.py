"""Colour of surface points: the light model of ``look`` for many points at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Part
from .look import BRIGHTEST, GROUND, LIGHTS, SKY, grazing, lobe, reflectance, tone_table, wrap


@dataclass(frozen=True)
class Points:
    """Surface points of one part, each row (N,) float32."""

    normal: np.ndarray  # (3, N), not necessarily of unit length
    towards: np.ndarray  # (3, N), unit, towards the camera
    albedo: np.ndarray  # (4, N), linear RGB multiplied by alpha, and alpha
    light: np.ndarray  # (N,), share of light that gets there
    outside: np.ndarray  # (N,), 1 on the head, 0 in the mouth, where no light from behind arrives
    fade: np.ndarray  # (N,), opacity of the model at this place


def shade(points: Points, part: Part, axes: np.ndarray) -> np.ndarray:
    """(4, N) float32, 0..255: encoded sRGB multiplied by alpha, and alpha.

    ``axes`` (3, 3) are the camera's right, up and back in world space.
    """
    nx, ny, nz = points.normal
    tx, ty, tz = points.towards
    inverse = 1 / np.sqrt(np.maximum(nx * nx + ny * ny + nz * nz, np.float32(1e-12)))
    facing = (nx * tx + ny * ty + nz * tz) * inverse
    nx, ny, nz = nx * inverse, ny * inverse, nz * inverse
    if (
        part.blend
    ):  # strips of hair have two sides; mirrored, the normal does not jump where a strip turns away
        away = 2 * np.minimum(facing, 0)
        nx, ny, nz = nx - away * tx, ny - away * ty, nz - away * tz
        facing = np.abs(facing)
    mx, my, mz = (2 * facing * n - t for n, t in ((nx, tx), (ny, ty), (nz, tz)))  # mirrored direction
    facing = np.maximum(facing, 0)

    up = axes[1].astype(np.float32)
    above = np.float32(0.5) + np.float32(0.5) * (nx * up[0] + ny * up[1] + nz * up[2])
    mirror_above = np.float32(0.5) + np.float32(0.5) * (mx * up[0] + my * up[1] + mz * up[2])
    base = np.float32(reflectance(part.specular))
    fresnel = base + np.float32(grazing(part.roughness, part.specular)) * (1 - facing) ** 5
    sharpness = np.float32(lobe(part.roughness))

    diffuse = [
        np.float32(low) + np.float32(high - low) * above for low, high in zip(GROUND, SKY, strict=True)
    ]
    gloss = [
        np.float32(low) + np.float32(high - low) * mirror_above for low, high in zip(GROUND, SKY, strict=True)
    ]
    softness = [np.float32(w) for w in wrap(part.name)]
    for lamp in LIGHTS:
        lx, ly, lz = (lamp.unit @ axes).astype(np.float32)
        cosine = nx * lx + ny * ly + nz * lz
        reach = points.outside if lamp.direction[2] < 0 else np.float32(1)
        highlight = np.exp(sharpness * (mx * lx + my * ly + mz * lz - 1))
        highlight *= sharpness / 2 * reach * np.clip(4 * cosine, 0, 1)
        for i, colour in enumerate(np.array(lamp.colour, np.float32)):
            soft = np.maximum(cosine + softness[i], 0) * (1 / (1 + softness[i]))
            diffuse[i] += colour * reach * soft * soft * (2 - soft)
            gloss[i] += colour * highlight

    alpha = points.albedo[3]
    solid = 1 / np.maximum(alpha, np.float32(1e-4))
    table = tone_table()
    steps = np.float32((len(table) - 1) / BRIGHTEST**0.5)
    opacity = points.fade * alpha if part.blend else points.fade
    out = np.empty((4, len(opacity)), np.float32)
    for i in range(3):
        seen = (points.albedo[i] * solid * diffuse[i] + fresnel * gloss[i]) * points.light
        index = np.sqrt(np.minimum(seen, np.float32(BRIGHTEST))) * steps
        out[i] = table.take((index + np.float32(0.5)).astype(np.int32)) * opacity
    out[3] = opacity * 255
    return out
