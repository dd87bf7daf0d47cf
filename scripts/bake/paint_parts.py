"""Pictures of the small parts: eye, teeth, gums, tongue, brow and lash hairs. Each returns (H, W, 4) 0..255."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bake.texels import mix, noise, soft

SCLERA = (236, 230, 224)
IRIS_OUTER = (74, 92, 96)
IRIS_INNER = (128, 122, 92)
BROW = (82, 61, 47)
LASH = (32, 24, 21)


def _plane(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """x, y (H·W,) 0..1 at the texels' middles."""
    y, x = np.mgrid[:height, :width]
    return (x.ravel() + 0.5) / width, (y.ravel() + 0.5) / height


def _opaque(colour: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.concatenate([colour, np.full((len(colour), 1), 255)], axis=1).reshape(height, width, 4)


def paint_eye(size: int, iris: float, view: float) -> np.ndarray:
    """Iris, pupil, limbal ring, sclera with faint vessels; ``iris`` and ``view`` are metres along the eye."""
    x, y = _plane(size, size)
    dx, dy = (2 * x - 1) * view / iris, (1 - 2 * y) * view / iris
    r, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros_like(r)])
    colour = np.broadcast_to(np.array(SCLERA, np.float32), (len(r), 3))
    warp = 0.25 * noise(np.column_stack([dx, dy, dx * 0]), 0.7, 21)
    vessel = np.abs(noise(np.column_stack([ring[:, 0] * 5 + warp * 4, ring[:, 1] * 5, r * 0.7]), 1.0, 22))
    colour = mix(colour, (196, 110, 100), 0.30 * soft(0.10, 0.0, vessel) * soft(1.3, 2.2, r))
    colour = mix(colour, (214, 176, 164), 0.55 * soft(1.5, 2.7, r))
    fibre = noise(ring * 16 + [0, 0, 1], 1.0, 23) + 0.6 * noise(ring * 34, 1.0, 24)
    fibre += 0.5 * noise(np.column_stack([ring[:, :2] * 9, r * 3]), 1.0, 25)
    hue = mix(np.broadcast_to(np.array(IRIS_OUTER, np.float32), (len(r), 3)), IRIS_INNER,
              soft(0.85, 0.38, r + 0.10 * fibre))  # fmt: skip
    hue = hue * (1 + 0.20 * fibre)[:, None] * (0.72 + 0.5 * soft(0.4, -0.9, dy))[:, None]
    hue = mix(hue, (26, 30, 32), 0.85 * soft(0.78, 1.0, r))
    colour = mix(colour, hue, soft(1.06, 0.94, r))
    colour = mix(colour, (8, 7, 7), soft(0.43, 0.37, r))
    return _opaque(colour, size, size)


def paint_teeth(height: int, width: int, spans: np.ndarray, front: int) -> np.ndarray:
    """Half a jaw: x from the middle backwards, a tooth from each of ``spans`` to the next.

    y goes from the outer gum (0) over the edge (0.5) to the inner gum (1); the first ``front`` teeth have one edge.
    """
    x, y = _plane(height, width)
    x = np.clip((x - 0.01) / 0.98, 0, 1 - 1e-6)
    tooth = np.searchsorted(spans, x, side="right") - 1
    across = np.abs(2 * (x - spans[tooth]) / np.diff(spans)[tooth] - 1)
    colour = np.broadcast_to(np.array((252, 246, 234), np.float32), (len(x), 3))
    colour = mix(colour, (222, 198, 160), 0.55 * soft(0.22, 0.0, y))
    colour = mix(colour, (232, 232, 230), 0.35 * soft(0.38, 0.48, y))
    colour = mix(colour, (164, 126, 106), 0.65 * soft(0.84, 1.0, across))
    colour = mix(colour, (138, 98, 80), 0.7 * soft(0.46, 0.54, y) * soft(0.62, 0.54, y) * (tooth >= front))
    colour = mix(colour, (156, 98, 78), 0.85 * soft(0.54, 0.68, y))
    colour = mix(colour, (120, 46, 42), soft(0.70, 0.92, y + 0.12 * across**2))
    colour = mix(colour, (112, 62, 48), 0.75 * soft(spans[front] - 0.12, 0.9, x))
    colour = mix(colour, (66, 28, 26), 0.8 * soft(0.93, 1.0, x))
    points = np.column_stack([x * 40, y * 12, 0 * x])
    return _opaque(colour * (1 + 0.015 * noise(points, 1.5, 31))[:, None], height, width)


def paint_gums(height: int, width: int) -> np.ndarray:
    """x along the jaw, y from deep in the mouth (0) to the teeth (1)."""
    x, y = _plane(height, width)
    colour = np.broadcast_to(np.array((150, 66, 64), np.float32), (len(x), 3))
    colour = mix(colour, (194, 108, 102), soft(0.3, 1.0, y))
    colour = mix(colour, (112, 46, 46), 0.7 * soft(0.3, 0.9, np.abs(2 * x - 1)))
    return _opaque(
        colour * (1 + 0.04 * noise(np.column_stack([x * 60, y * 8, 0 * x]), 1.6, 32))[:, None], height, width
    )


def paint_tongue(height: int, width: int) -> np.ndarray:
    """Seen from above: x across, y from the root (0) to the tip (1)."""
    x, y = _plane(height, width)
    points = np.column_stack([x * 42, y * 60, 0 * x])
    colour = np.broadcast_to(np.array((192, 92, 86), np.float32), (len(x), 3))
    colour = mix(colour, (208, 122, 112), 0.4 * soft(0.4, 0.0, np.abs(2 * x - 1)))
    colour = mix(colour, (140, 62, 62), 0.6 * soft(0.05, 0.0, np.abs(x - 0.5)) * soft(1.0, 0.8, y))
    colour = mix(colour, (116, 36, 34), soft(0.6, 0.1, y))
    return _opaque(colour * (1 + 0.05 * noise(points, 1.0, 33))[:, None], height, width)


def strokes(height: int, width: int, lines: list[tuple[np.ndarray, float]], colour: tuple) -> np.ndarray:
    """Hairs on nothing: polylines (P, 2), 0..1, each with its width in texels, drawn four times as fine."""
    fine = 8
    sheet = Image.new("L", (width * fine, height * fine))
    pen = ImageDraw.Draw(sheet)
    for line, thick in lines:
        place = line * [width * fine, height * fine]
        for k in range(len(place) - 1):
            taper = thick * fine * (1 - 0.8 * k / (len(place) - 1))
            pen.line([tuple(place[k]), tuple(place[k + 1])], fill=255, width=max(1, round(taper)))
    alpha = np.asarray(sheet.resize((width, height), Image.Resampling.BOX), np.float32)
    picture = np.empty((height, width, 4), np.float32)
    picture[..., :3] = colour
    picture[..., 3] = alpha
    return picture


def paint_brow(height: int, width: int) -> np.ndarray:
    """A left brow: x from the nose outwards, y from above. Hairs rise near the nose and lie down outwards."""
    random = np.random.default_rng(41)
    lines = []
    for _ in range(640):
        s = 0.02 + 0.92 * random.uniform(0, 1) ** 0.9
        half = 0.30 * np.interp(s, [0, 0.12, 0.45, 0.75, 1], [0.25, 0.66, 0.75, 0.42, 0.05])
        offset = random.uniform(-1, 1) + random.normal(0, 0.12)  # a few stand outside
        root = np.array([s, 0.52 + half * offset])
        lean = np.radians(
            np.interp(s, [0, 0.15, 0.5, 1], [62, 48, 24, 8]) + 26 * offset + random.normal(0, 7)
        )
        length = random.uniform(0.08, 0.15) * np.interp(s, [0, 0.2, 0.8, 1], [0.7, 1, 0.9, 0.5])
        t = np.linspace(0, 1, 5)[:, None]
        bend = np.radians(-22) * t
        step = length * t * np.hstack([np.cos(lean + bend), -np.sin(lean + bend) * width / height])
        lines.append((root + step, random.uniform(0.55, 0.95)))
    picture = strokes(height, width, lines, BROW)
    x, y = _plane(height, width)
    half = 0.30 * np.interp(x, [0, 0.03, 0.1, 0.45, 0.75, 0.97], [0, 0.3, 0.75, 0.75, 0.42, 0.0])
    under = (
        soft(1.35, 0.1, np.abs(y - 0.52) / np.maximum(half, 1e-3))
        * 150  # the skin in their shadow
        * soft(0.0, 0.25, x)
        * soft(1, 0.9, x)
    )
    picture[..., 3] = np.maximum(picture[..., 3], under.reshape(height, width))
    return picture


def paint_lashes(height: int, width: int) -> np.ndarray:
    """x along the lid, y from the tips (0) to the roots (1)."""
    random = np.random.default_rng(43)
    lines = []
    for s in np.linspace(0.03, 0.98, 74):
        s = s + random.normal(0, 0.004)
        length = random.uniform(0.62, 0.95) * np.interp(s, [0, 0.15, 0.7, 1], [0.45, 0.75, 1.0, 0.8])
        lean = 0.035 * (s - 0.35) + random.normal(0, 0.006)
        t = np.linspace(0, 1, 6)[:, None]
        lines.append((np.hstack([s + lean * t, 1.02 - length * t]), random.uniform(0.8, 1.1)))
    picture = strokes(height, width, lines, LASH)
    _, y = _plane(height, width)
    root = (190 * soft(0.86, 1.0, y)).reshape(height, width)
    picture[..., 3] = np.maximum(picture[..., 3], root)
    return picture
