"""Light, materials, tone and background: the constants that both renderers share.

Light is computed in linear sRGB. Coverage and opacity are mixed after encoding, as every program does
that later lays a transparent picture over another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import BadInput


@dataclass(frozen=True)
class Light:
    """A distant light that moves with the camera."""

    direction: tuple[float, float, float]  # towards the light: right, up, towards the viewer
    colour: tuple[float, float, float]  # linear RGB; 1 turns white paper that faces it white

    @property
    def unit(self) -> np.ndarray:
        """(3,) float64."""
        return np.array(self.direction) / np.linalg.norm(self.direction)


KEY = Light((-0.60, 0.62, 0.80), (1.00, 0.93, 0.84))
FILL = Light((0.90, 0.05, 0.62), (0.22, 0.25, 0.30))
RIM = Light((0.66, 0.42, -0.68), (0.33, 0.36, 0.43))
LIGHTS = (KEY, FILL, RIM)
SKY = (0.30, 0.31, 0.34)  # ambient light from above, linear RGB
GROUND = (0.15, 0.12, 0.11)  # and from below

# How far light reaches round the terminator (0 Lambert, 1 half-Lambert), per channel. Flesh scatters
# red light furthest, which warms the edge of the shadow.
FLESH_WRAP = (0.50, 0.28, 0.20)
PLAIN_WRAP = (0.22, 0.22, 0.22)
FLESH = frozenset({"skin", "tongue"})

SMOOTHEST = 0.17  # roughness floor: sharper highlights than this would flicker between pixels
SHOULDER = 0.62  # linear value above which the tone curve bends towards white
BRIGHTEST = 8.0  # linear value that the tone table ends at
PATTERN = ((0.375, 0.125), (0.875, 0.375), (0.125, 0.625), (0.625, 0.875))  # sampling points of an edge pixel
BIAS = 0.0006  # metres that blended parts (brows, lashes) are drawn in front of their surface


def wrap(part: str) -> tuple[float, float, float]:
    """The terminator's softness of a part, by its name."""
    return FLESH_WRAP if part in FLESH else PLAIN_WRAP


def lobe(roughness: float) -> float:
    """Sharpness k of the highlight exp(k (cos - 1)) about the mirror direction, from a GGX roughness.

    The spherical Gaussian of Wang et al. 2009 (All-frequency rendering of dynamic, spatially-varying
    reflectance), warped from the half vector to the reflected one.
    """
    return 1 / (2 * max(roughness, SMOOTHEST) ** 4)


def reflectance(specular: float) -> float:
    """Share of light mirrored head-on; a ``specular`` of 0.5 is water or skin."""
    return 0.08 * specular


def grazing(roughness: float, specular: float) -> float:
    """What is added to ``reflectance`` at a glancing angle, in Schlick's form: less on rough surfaces."""
    return max((1 - roughness) ** 2 - reflectance(specular), 0.0)


def to_linear(encoded: np.ndarray) -> np.ndarray:
    """sRGB 0..1 to linear light 0..1, float32, any shape."""
    encoded = np.asarray(encoded, np.float32)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light 0..1 to sRGB 0..1, float32, any shape."""
    linear = np.asarray(linear, np.float32)
    power = 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, power).astype(np.float32)


def tone(linear: np.ndarray) -> np.ndarray:
    """Scene light 0..inf to linear 0..1: straight up to SHOULDER, then bending smoothly towards 1."""
    over = np.maximum(linear - SHOULDER, 0)
    room = 1 - SHOULDER
    return np.where(linear < SHOULDER, linear, SHOULDER + room * (1 - np.exp(-over / room)))


@lru_cache(maxsize=1)
def tone_table(entries: int = 8192) -> np.ndarray:
    """(entries,) float32: sRGB 0..255 for scene light BRIGHTEST · (i / (entries - 1))²."""
    return 255 * to_srgb(tone(BRIGHTEST * np.linspace(0, 1, entries) ** 2))


def parse_colour(text: str) -> tuple[int, int, int]:
    """'202830' or '#202830' to (32, 40, 48), sRGB. Raises BadInput for anything else."""
    found = re.fullmatch(r"\s*#?([0-9a-fA-F]{6})\s*", text)
    if found is None:
        raise BadInput(f"colour {text!r} was not understood; expected six hex digits, such as 202830")
    red, green, blue = bytes.fromhex(found[1])
    return red, green, blue


DEFAULT_COLOUR = (74, 80, 88)


@dataclass(frozen=True)
class Background:
    """What is behind the head."""

    colour: tuple[int, int, int] | None = DEFAULT_COLOUR  # sRGB; None is transparent
    gradient: bool = True  # lighter behind the head, darker towards the corners

    def picture(self, size: tuple[int, int]) -> np.ndarray | None:
        """(H, W, 3) uint8 sRGB for ``size`` = (width, height); None when transparent."""
        if self.colour is None:
            return None
        width, height = size
        flat = np.broadcast_to(np.array(self.colour, np.float32), (height, width, 3))
        if not self.gradient:
            return flat.astype(np.uint8)
        across = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / max(size)
        down = (np.arange(height, dtype=np.float32) + 0.5 - height * 0.42) / max(size)
        glow = 1.22 - 1.25 * (across[None, :] ** 2 + 1.2 * down[:, None] ** 2)
        dither = np.random.default_rng(0).random((height, width, 1), np.float32)  # hides 8-bit bands
        return np.clip(flat * glow[:, :, None] + dither, 0, 255).astype(np.uint8)
