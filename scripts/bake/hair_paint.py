"""Pictures of hair: strands along the flow on the scalp, and the cards' locks on nothing."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bake.scalp import CENTRE, flow, height_above_hairline, parted
from bake.texels import mix, noise, soft

HAIR = (66, 46, 35)  # sRGB, the mean of what is painted
GRAINS = 128
TILT = np.linalg.qr(np.random.default_rng(60).normal(size=(3, 3)))[0]  # hair along an axis
LOCKS, THIN = 8, 5  # pictures of locks side by side; those from THIN on are few single hairs
HAIRS = (110, 100, 85, 75, 65, 42, 32, 24)
FINE = 4  # the locks are drawn this many times finer than they are kept


def _grain() -> np.ndarray:
    """(GRAINS, GRAINS, GRAINS) float32: noise that repeats and whose blobs are 2.5 cells wide."""
    cells = np.random.default_rng(61).random((GRAINS,) * 3, np.float32) - np.float32(0.5)
    for axis in range(3):
        for _ in range(2):
            cells = (np.roll(cells, 1, axis) + 2 * cells + np.roll(cells, -1, axis)) / 4
    return cells


def streaks(points: np.ndarray, normals: np.ndarray, cell: float, reach: float) -> np.ndarray:
    """Noise smeared along the flow (T,), mean 0, standard deviation 1; ``cell`` wide, ``reach`` long, mm.

    Line integral convolution (Cabral and Leedom 1993) with straight lines bent to the skull's roundness.
    """
    grain = _grain()
    way = flow(points, normals).astype(np.float32)
    away = points - CENTRE
    bend = normals / (2 * np.linalg.norm(away, axis=1, keepdims=True))
    total = np.zeros(len(points), np.float32)
    steps = np.linspace(-reach, reach, round(4 * reach / cell))
    start, way, bend = (np.float32(2.5 / cell) * (v @ TILT).astype(np.float32) for v in (points, way, bend))
    for step in steps.astype(np.float32):
        place = np.floor(start + step * way - step * step * bend).astype(np.int32) & (GRAINS - 1)
        total += grain.take((place[:, 0] * GRAINS + place[:, 1]) * GRAINS + place[:, 2]) * np.float32(
            np.cos(step / reach * np.pi / 2)
        )
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def paint_scalp(colour: np.ndarray, points: np.ndarray, normals: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Lay hair over ``colour`` (T, 3) sRGB at ``points`` (T, 3) mm; ``free`` (T,) is 0 where none may grow."""
    above = height_above_hairline(points)
    near = np.flatnonzero((above > -14) & (free > 0))
    at, normal, above = points[near], normals[near], above[near]
    fine, strand = streaks(at, normal, 0.34, 5.0), streaks(at, normal, 0.9, 11.0)
    lock = streaks(at, normal, 3.2, 24.0)
    ragged = 3.0 * noise(at, 7, 7) + 2.0 * strand + 2.2 * fine
    cover = soft(-7, 5, above + ragged * soft(10, -2, above)) * free[near]
    roots = soft(26, 2, above)  # shorter and thinner at the hairline: darker, less light on it
    light = 1 + 0.13 * fine + 0.12 * strand + 0.13 * lock
    light *= 1 - 0.20 * roots - 0.45 * parted(at)
    # Where light from above and in front glances off strands: a band of sheen round the crown.
    band = np.exp(-(((normal[:, 1] - 0.70) / 0.17) ** 2))
    light *= 0.92 + (0.20 + 0.12 * strand) * band - 0.12 * soft(0.3, -0.3, normal[:, 1])
    shade = np.array(HAIR, np.float32) * np.clip(light, 0.35, 1.9)[:, None]
    shade = mix(shade, shade * (1.10, 1.0, 0.90), soft(0, 2, strand))
    out = colour.copy()
    skin = colour[near] * (1 - 0.22 * soft(-9, 4, above) * free[near])[:, None]  # the hair's shadow
    out[near] = mix(skin, shade, (0.97 * cover).astype(np.float32))
    return out


def paint_locks(height: int, width: int) -> np.ndarray:
    """(H, W, 4) 0..255: LOCKS locks side by side, y from the roots (0) to the tips (1)."""
    random = np.random.default_rng(62)
    tall, wide = height * FINE, width * FINE
    alpha, light = Image.new("L", (wide, tall)), Image.new("L", (wide, tall), 128)
    pens = ImageDraw.Draw(alpha), ImageDraw.Draw(light)
    step = wide / LOCKS
    for lock in range(LOCKS):
        tint = random.uniform(-0.1, 0.1)
        for _ in range(HAIRS[lock]):
            _strand(pens, random, lock * step, step, tall, lock >= THIN, tint)
    seen = np.asarray(alpha, np.float32).reshape(height, FINE, width, FINE) / 255
    shade = np.asarray(light, np.float32).reshape(height, FINE, width, FINE) / 128
    cover = seen.mean((1, 3))
    value = (shade * seen).mean((1, 3)) / np.maximum(cover, 1e-4)
    y = (np.arange(height)[:, None] + 0.5) / height
    value = np.where(cover > 1e-3, value, 1.0) * (0.98 + 0.14 * soft(0.1, 0.6, y))
    picture = np.empty((height, width, 4), np.float32)
    picture[..., :3] = np.array(HAIR, np.float32) * value[..., None]
    picture[..., 3] = 255 * np.clip(cover * 1.3, 0, 1)
    return picture


def _strand(
    pens: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw],
    random: np.random.Generator,
    left: float,
    step: float,
    tall: int,
    thin: bool,
    tint: float,
) -> None:
    """One hair of a lock: it leaves the root, leans towards the lock's middle and ends on its own."""
    spread = 0.36 if not thin else 0.42
    root = 0.5 + spread * random.uniform(-1, 1)
    end = 0.97 - abs(root - 0.5) * random.uniform(0.1, 0.7) - abs(random.normal(0, 0.14))
    gather = random.uniform(0.2, 0.8) * (0.3 if thin else 1)  # how far tips come together
    wave = random.normal(0, 0.04)
    t = np.linspace(0, 1, 14)
    start = random.uniform(0.0, 0.30)  # hairs come up here and there, so that a card begins nowhere
    y = start + t * (np.clip(end, start + 0.3, 0.98) - start)
    x = root + (0.5 + random.normal(0, 0.05) - root) * gather * t**1.5 + wave * np.sin(3.5 * t)
    shade = int(np.clip(128 * (1 + tint + random.normal(0, 0.22)), 50, 250))
    thick = random.uniform(0.7, 1.2) * FINE if thin else random.uniform(1.0, 1.9) * FINE
    place = np.column_stack([left + np.clip(x, 0.04, 0.96) * step, y * tall])
    for k in range(len(place) - 1):
        size = max(1, round(thick * min(1.0, 0.3 + 3 * t[k]) * (1 - 0.75 * t[k] ** 2)))
        ends = [tuple(place[k]), tuple(place[k + 1])]
        pens[0].line(ends, fill=255, width=size)
        pens[1].line(ends, fill=shade, width=size + 1)
