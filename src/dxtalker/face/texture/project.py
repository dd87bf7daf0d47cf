"""From a photo to texels: where each is seen, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..head import Head
from ..scan import Corners, facing, fragments, nearest
from .fields import box_blur, linear_table, soft
from .shots import Shot
from .texels import Texels, face_triangles

EYES_APART = 165.0  # pixels between the outer corners of the eyes that colours are worked out at
STEP = 0.012  # metres of depth between neighbours that make an edge
BEHIND = 0.004  # metres behind the nearest surface that still count as it
# Loops of the Face Landmarker's mesh.
EYE_LOOPS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)


@dataclass(frozen=True)
class Crop:
    """The part of a photo that holds the head, at a scale of ours."""

    pixels: np.ndarray  # (h, w, 3) float32 linear light
    scale: float  # crop pixels per photo pixel
    corner: np.ndarray  # (2,) photo pixels, its left and top

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Photo pixels (N, 2) to crop pixels."""
        return ((xy - self.corner) * self.scale).astype(np.float32)

    def sample(self, xy: np.ndarray) -> np.ndarray:
        """(N, 3) float32, bilinear, at photo pixels (N, 2)."""
        height, width = self.pixels.shape[:2]
        at = self.place(xy) - np.float32(0.5)
        x, y = np.clip(at[:, 0], 0, width - 1.001), np.clip(at[:, 1], 0, height - 1.001)
        left, top = x.astype(np.int32), y.astype(np.int32)
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        flat, first = self.pixels.reshape(-1, 3), top * width + left
        upper = flat.take(first, axis=0) * (1 - fx) + flat.take(first + 1, axis=0) * fx
        first = first + width
        return (
            upper * (1 - fy) + (flat.take(first, axis=0) * (1 - fx) + flat.take(first + 1, axis=0) * fx) * fy
        )


@dataclass(frozen=True)
class Seen:
    """Texels that one photo may show. T of them."""

    shot: Shot
    where: np.ndarray  # (T,) indices into the grid, ascending
    xy: np.ndarray  # (T, 2) float32 photo pixels
    cosine: np.ndarray  # (T,) float32, of the angle between the surface and the way to the camera
    normal: np.ndarray  # (T, 3) float32, the head's axes
    trust: np.ndarray  # (T,) float32 0..1 by geometry alone
    clear: np.ndarray  # (T,) float32 0..1: away from edges, eyes and mouth, and not hidden
    colour: np.ndarray  # (T, 3) float32 linear light
    eyes_apart: float  # photo pixels between the outer corners of the eyes, seen from the front
    parts: PartMap


@dataclass(frozen=True)
class PartMap:
    """What each pixel of the work crop shows."""

    crop: Crop
    depth: np.ndarray  # (h, w) float32 metres, inf where there is no head; hair left out
    skin: np.ndarray  # (h, w) bool: the face's island is what is seen


def crop_of(shot: Shot, points: np.ndarray, scale: float) -> Crop:
    """The photo about pixels ``points`` (N, 2), made smaller by ``scale`` <= 1."""
    from PIL import Image

    height, width = shot.pixels.shape[:2]
    margin = 0.08 * np.ptp(points, axis=0)
    low = np.clip(np.floor(points.min(0) - margin), 0, [width - 2, height - 2]).astype(int)
    high = np.maximum(np.clip(np.ceil(points.max(0) + margin), 2, [width, height]).astype(int), low + 2)
    cut = shot.pixels[low[1] : high[1], low[0] : high[0]]
    size = np.maximum(np.round((high - low) * scale).astype(int), 2)
    if scale < 1:
        picture = Image.fromarray(cut).resize((int(size[0]), int(size[1])), Image.Resampling.BOX)
        cut = np.asarray(picture)
    return Crop(linear_table()[cut], float(size[0] / (high - low)[0]), low.astype(np.float32))


def eyes_apart(head: Head, shot: Shot) -> float:
    """Photo pixels between the outer corners of the eyes, were the face seen from the front."""
    depth = -float(shot.view.place(head.eyes.mean(0)[None].astype(float))[0, 2])
    return shot.view.focal * head.eye_distance / 1000 / max(depth, 1e-3)


def look(head: Head, texels: Texels, shot: Shot) -> Seen:
    """Which texels ``shot`` shows."""
    posed = shot.view.shape(head)
    placed = shot.view.place(posed.astype(np.float64))
    xy = shot.view.project(posed.astype(np.float64)).astype(np.float32)
    apart = eyes_apart(head, shot)
    moving = head.head_weight > 0.5
    crop = crop_of(shot, xy[moving], min(1.0, EYES_APART / apart))
    parts = _part_map(head, crop, xy, -placed[:, 2])
    normals = head.smooth_normals(posed)
    cosine = np.einsum("vk,vk->v", normals, shot.view.directions(posed)).astype(np.float32)
    front = (cosine > 0.02)[head.triangles].any(1)
    flat = texels.triangle.ravel()
    where = np.flatnonzero((flat >= 0) & front[flat])
    table = np.column_stack([xy, -placed[:, 2], cosine, normals, head.head_weight]).astype(np.float32)
    value = texels.values(head, table, where)
    at, depth, slope = value[:, :2], value[:, 2], value[:, 3]
    clear = _inside(parts, shot, at, depth, apart)
    trust = soft(0.30, 0.68, slope) * soft(0.55, 0.92, value[:, 7]) * clear
    kept = clear > 1e-3
    where, at = where[kept], at[kept]
    normal = value[kept, 4:7] / np.maximum(np.linalg.norm(value[kept, 4:7], axis=1, keepdims=True), 1e-6)
    return Seen(shot, where, at, slope[kept], normal, trust[kept], clear[kept], crop.sample(at), apart, parts)


def _part_map(head: Head, crop: Crop, xy: np.ndarray, depth: np.ndarray) -> PartMap:
    """The z-buffer of all that is opaque but hair that stands off the scalp."""
    height, width = crop.pixels.shape[:2]
    solid = np.zeros(len(head.triangles), bool)
    for part in head.parts:
        solid[part.first : part.first + part.count] = not part.blend and part.name != "hair"
    skin = face_triangles(head)
    solid |= skin
    place, near = crop.place(xy), (1 / np.maximum(depth, 1e-3)).astype(np.float32)
    index = np.flatnonzero(solid)
    corner = head.triangles[index].T
    corners = Corners(place[:, 0][corner], place[:, 1][corner], near[corner])
    turned = np.flatnonzero(facing(corners))
    slot, which, near = nearest(fragments(corners.pick(turned), (width, height)), height * width)
    flat = np.full(height * width, np.inf, np.float32)
    flat[slot] = 1 / near
    shown = np.zeros(height * width, bool)
    shown[slot] = skin[index[turned[which]]]
    return PartMap(crop, flat.reshape(height, width), shown.reshape(height, width))


def _inside(parts: PartMap, shot: Shot, xy: np.ndarray, depth: np.ndarray, apart: float) -> np.ndarray:
    """(T,) 0..1: what is nearest at these pixels, away from edges, from the eyes and from the mouth's inside."""
    crop = parts.crop
    height, width = parts.depth.shape
    unit = apart * crop.scale  # crop pixels between the eyes
    far = np.minimum(parts.depth, np.float32(1e3))
    edge = ~parts.skin
    for axis in (0, 1):
        step = np.abs(np.diff(far, axis=axis)) > STEP
        first = [slice(None, -1) if i == axis else slice(None) for i in (0, 1)]
        second = [slice(1, None) if i == axis else slice(None) for i in (0, 1)]
        edge[tuple(first)] |= step
        edge[tuple(second)] |= step
    edge |= _openings(shot, crop, unit)
    near_edge = box_blur(edge.astype(np.float32), max(round(0.016 * unit), 1))
    clear = soft(0.30, 0.02, near_edge)
    at = np.floor(crop.place(xy)).astype(int)
    inside = (at >= 1).all(1) & (at[:, 0] < width - 1) & (at[:, 1] < height - 1)
    x, y = np.clip(at[:, 0], 0, width - 1), np.clip(at[:, 1], 0, height - 1)
    return clear[y, x] * inside * (depth < parts.depth[y, x] + BEHIND)


def _openings(shot: Shot, crop: Crop, unit: float) -> np.ndarray:
    """(h, w) bool: the eyes between the lids and the mouth between the lips, by the landmarks."""
    from PIL import Image, ImageDraw

    height, width = crop.pixels.shape[:2]
    sheet = Image.new("1", (width, height))
    if shot.landmarks is not None:
        pen = ImageDraw.Draw(sheet)
        for loop in (*EYE_LOOPS, INNER_LIPS):
            points = crop.place(shot.landmarks[list(loop)])
            pen.polygon([tuple(point) for point in points.tolist()], fill=1)
            thick = max(round(0.02 * unit), 1)
            pen.line([tuple(point) for point in [*points.tolist(), points[0].tolist()]], fill=1, width=thick)
    return np.array(sheet, bool)
