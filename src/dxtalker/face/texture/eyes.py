"""Irises and brows: measured in the photo, and put on the head's own."""

from __future__ import annotations

import numpy as np

from ..head import Head
from .fields import linear_table, luminance, soft, to_bytes
from .hair import part_mask
from .project import EYE_LOOPS, Seen
from .skin import Skin, features
from .texels import GRID, grid

IRISES = (
    (468, 469, 470, 471, 472),
    (473, 474, 475, 476, 477),
)  # centre and four points of the rim, as EYE_LOOPS
SMALLEST = 2.0  # pixels of iris radius below which its colour is not read
BROW = 0.6  # of the hair's colour: brows that no photo shows
DARKER = 0.35  # log lightness below the skin's at which a texel of the brows' band is hair
LASH, LASHES = 0.30, (0.004, 0.030)  # lightness of lashes against the brows', and its bounds in linear light
FULLY = 0.55  # share of a brow seen from which on the photo's own brow is enough


def measure_eyes(seen: Seen, balance: np.ndarray) -> np.ndarray | None:
    """(3,) linear: the irises' colour, freed of the shade that the whites lie in; None where it cannot be read."""
    if seen.shot.landmarks is None:
        return None
    found, whites = [], []
    for loop, iris in zip(EYE_LOOPS, IRISES, strict=True):
        rim = seen.shot.landmarks[list(iris)]
        radius = float(np.linalg.norm(rim[1:] - rim[0], axis=1).mean())
        if radius < SMALLEST:
            continue
        inner, outer = _eye_pixels(seen, seen.shot.landmarks[list(loop)], rim[0], radius)
        found.append(inner)
        whites.append(outer)
    if not found or sum(len(colour) for colour in found) < 8:
        return None
    colour, white = np.concatenate(found) * balance, np.concatenate(whites) * balance
    light = luminance(colour)
    middle = (light >= np.quantile(light, 0.15)) & (light <= np.quantile(light, 0.85))
    iris = np.median(colour[middle], axis=0)
    if len(white) > 8:
        iris = iris * np.clip(0.45 / max(float(np.quantile(luminance(white), 0.7)), 1e-3), 0.7, 1.1)
    return iris


def _eye_pixels(
    seen: Seen, loop: np.ndarray, centre: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Linear colours of the iris's ring (N, 3) and of the white (M, 3) inside the lids."""
    from PIL import Image, ImageDraw

    pixels = seen.shot.pixels
    height, width = pixels.shape[:2]
    low = np.clip(np.floor(np.minimum(loop.min(0), centre - radius)) - 1, 0, [width - 1, height - 1]).astype(
        int
    )
    high = np.clip(np.ceil(np.maximum(loop.max(0), centre + radius)) + 2, 1, [width, height]).astype(int)
    if (high <= low).any():
        return np.zeros((0, 3)), np.zeros((0, 3))
    sheet = Image.new("1", (int(high[0] - low[0]), int(high[1] - low[1])))
    pen = ImageDraw.Draw(sheet)
    points = [tuple(point) for point in (loop - low).tolist()]
    pen.polygon(points, fill=1)
    pen.line([*points, points[0]], fill=0, width=max(round(0.25 * radius), 1))
    inside = np.array(sheet, bool)
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]] + 0.5
    away = np.hypot(x - centre[0], y - centre[1]) / radius
    ring = inside & (away > 0.45) & (away < 0.90) & (y > centre[1] - 0.35 * radius)
    white = inside & (away > 1.25)
    colour = linear_table()[pixels[low[1] : high[1], low[0] : high[0]]]
    return colour[ring], colour[white]


def recolour_irises(albedo: np.ndarray, head: Head, colour: np.ndarray) -> None:
    """Bring the ring of the painted iris to ``colour`` (3,) linear; pupil and white stay. In place."""
    part = next((part for part in head.parts if part.name == "eyes"), None)
    if part is None:
        return
    size = albedo.shape[0]
    uv = head.uv[np.unique(head.triangles[part.first : part.first + part.count])]
    left, top = np.floor(uv.min(0) * size).astype(int)
    right, bottom = np.ceil(uv.max(0) * size).astype(int)
    picture = linear_table()[albedo[top:bottom, left:right, :3]]
    light = luminance(picture)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    inner = np.hypot(x / light.shape[1] - 0.5, y / light.shape[0] - 0.5) < 0.3
    dark = inner & (light < 0.45 * float(np.quantile(light, 0.8)))
    cx, cy = x[dark].mean(), y[dark].mean()
    radius = np.sqrt(dark.sum() / np.pi)
    away = np.hypot(x - cx, y - cy) / radius
    ring = (away > 0.5) & (away < 0.85)
    factor = np.log(np.maximum(colour, 2e-3) / picture[ring].mean(0))
    share = (soft(0.38, 0.46, away) * soft(1.08, 0.95, away))[..., None]
    out = picture * np.exp(np.clip(factor, -2.5, 2.0).astype(np.float32) * share)
    albedo[top:bottom, left:right, :3] = np.clip(to_bytes(out) + 0.5, 0, 255)


def measure_brows(colour: np.ndarray, weight: np.ndarray, skin: Skin) -> np.ndarray | None:
    """(3,) linear: the brows' colour on the face's island ``colour`` (h, GRID, 3); None where few hairs are seen."""
    across, down = grid(weight.shape)
    band = (np.abs(np.abs(across) - 0.043) < 0.030) & (down > 0.262) & (down < 0.282) & (weight > 0.5)
    found = colour[band]
    found = found[features(found)[:, 0] < skin.centre[0] - DARKER]
    if len(found) < 80:
        return None
    light = luminance(found)
    return np.median(found[light <= np.quantile(light, 0.4)], axis=0)


def lash_colour(brows: np.ndarray) -> np.ndarray:
    """(3,) linear: lashes are darker than ``brows`` (3,) and of their hue, near black or brown on anyone."""
    light = float(luminance(brows.astype(np.float32)))
    return brows * (np.clip(LASH * light, *LASHES) / max(light, 1e-4))


def brows_seen(head: Head, weight: np.ndarray) -> float:
    """Share 0..1 of the worse seen brow, for ``weight`` (h, GRID) on the face's island."""
    parts = {part.name: part for part in head.parts}
    if "brows" not in parts or "skin" not in parts:
        return 0.0
    brow, skin = (
        np.unique(head.triangles[parts[name].first : parts[name].first + parts[name].count])
        for name in ("brows", "skin")
    )
    brow = brow[:: max(len(brow) // 60, 1)]
    front = skin[(head.vertices[skin, 2] > head.vertices[brow, 2].min() - 0.02) & (head.uv[skin, 1] < 0.5)]
    apart = np.linalg.norm(head.vertices[brow][:, None] - head.vertices[front][None], axis=2)
    near = front[apart.argmin(1)]
    at = np.clip((head.uv[near] * GRID).astype(int), 0, [GRID - 1, weight.shape[0] - 1])
    share, left = weight[at[:, 1], at[:, 0]], head.vertices[near, 0] > 0
    return float(min(share[left].mean(), share[~left].mean())) if left.any() and (~left).any() else 0.0


def hide_part(albedo: np.ndarray, head: Head, name: str) -> None:
    """Make a part's texels transparent, in place."""
    for part in head.parts:
        if part.name == name and part.blend:
            albedo[part_mask(albedo.shape[0], head, part), 3] = 0
