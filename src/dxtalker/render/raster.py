"""The renderer that needs nothing but numpy.

Each pixel is sampled once; where the picture then shows an edge (a silhouette, a fold, a hair), the pixel
is sampled at four more points and takes their mean. Only the part of the picture that holds the head is
touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head, Part
from ..face.scan import Corners, Fragments, facing, fragments, nearest
from .camera import Camera
from .compose import Composer, neck_fade
from .look import BIAS, PATTERN, Background
from .occlusion import Occlusion
from .relief import Relief, bend
from .shade import Points, shade
from .texture import part_levels, pyramid, sample

EDGE = 14.0  # difference to a neighbour, of 255, that makes a pixel an edge
CHUNK = 8_192  # points shaded at once: their arrays stay in the cache
HIDDEN = 0.015, 0.05  # share that shines through, below which the ground or another layer is not drawn
FAINT = 0.004  # opacity below which a layer is not drawn
BAND = 64  # rows searched for edges at once


@dataclass(frozen=True)
class _Frame:
    """One picture's geometry, in pixels of the crop."""

    corners: Corners  # of every triangle
    raised: Corners  # the same, moved towards the viewer by BIAS: what blended parts are compared at
    slopes: np.ndarray  # (6, F)
    surface: (
        np.ndarray
    )  # (8, V): normal, u, v, fade, outside, light; (11, V): and tangent, if there is relief
    corner: tuple[int, int]  # left and top of the crop in the picture
    size: tuple[int, int]  # width and height of the crop


@dataclass(frozen=True)
class _Sampled:
    """One sample of each slot."""

    picture: np.ndarray  # (4, slots) float32 0..255, encoded sRGB multiplied by alpha, and alpha
    hairy: np.ndarray  # (slots,) bool: on the hair's cap
    blended: np.ndarray  # triangles of blended parts but those found wholly behind opaque ones


class NumpyRenderer:
    """Draws a head with numpy alone. See ``renderer.Renderer``."""

    name = "numpy"

    def __init__(self, head: Head, camera: Camera, background: Background) -> None:
        self._head, self._camera = head, camera
        self._axes = camera.axes
        self._composer = Composer(camera.size, background.picture(camera.size))
        self._light = Occlusion(head)
        levels = pyramid(head.albedo)
        chosen = part_levels(head, camera, len(levels))
        self._textures = [levels[i] for i in chosen]
        self._relief = Relief.of(head, chosen)
        self._veils = [np.ascontiguousarray(texture[..., 3:]) for texture in self._textures]
        self._triangles = np.ascontiguousarray(head.triangles.T.astype(np.int64))  # (3, F)
        self._blend, self._hairy = np.zeros((2, len(head.triangles)), bool)
        for part in head.parts:
            self._blend[part.first : part.first + part.count] = part.blend
            self._hairy[part.first : part.first + part.count] = part.name == "hair"
        fixed = [head.uv.T, neck_fade(head)[None], self._light.outside[None]]
        self._fixed = np.concatenate(fixed).astype(np.float32)  # (4, V)

    def draw(self, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """(H, W, 4) uint8 RGBA, straight alpha, for ``vertices`` (V, 3) metres and unit ``normals`` (V, 3)."""
        x, y, depth = self._camera.project(vertices)
        width, height = self._camera.size
        left, top = max(int(x.min()) - 1, 0), max(int(y.min()) - 1, 0)
        right, bottom = min(int(x.max()) + 2, width), min(int(y.max()) + 2, height)
        if right <= left or bottom <= top:
            return self._composer.over(np.zeros((4, 0, 0), np.float32), (0, 0))
        rows = [normals.T, self._fixed, self._light(vertices)[None]]
        if self._relief is not None:
            rows.append(self._relief.tangents(vertices, normals).T)
        surface = np.concatenate(rows, dtype=np.float32)
        corners, raised = (
            Corners((x - left)[self._triangles], (y - top)[self._triangles], (1 / d)[self._triangles])
            for d in (depth, depth - np.float32(BIAS))
        )
        size = right - left, bottom - top
        frame = _Frame(corners, raised, corners.slopes(), surface, (left, top), size)
        return self._composer.over(self._picture(frame), (left, top))

    def close(self) -> None:
        """Nothing to give back."""

    def _picture(self, frame: _Frame) -> np.ndarray:
        """(4, h, w) float32 0..255, encoded sRGB multiplied by alpha, and alpha."""
        width, height = frame.size
        opaque = np.flatnonzero(facing(frame.corners) & ~self._blend)
        blended = np.flatnonzero(self._blend)
        first = self._sample(frame, opaque, blended, (0.5, 0.5), None)
        picture = first.picture
        edges = _edges(picture.reshape(4, height, width)) & ~_inner(first.hairy.reshape(height, width))
        pixels = np.flatnonzero(edges)
        if len(pixels):
            slots = np.full(width * height, -1, np.int64)
            slots[pixels] = np.arange(len(pixels))
            opaque = opaque[_touching(frame.corners.pick(opaque), edges)]
            blended = first.blended[_touching(frame.raised.pick(first.blended), edges)]
            finer = sum(self._sample(frame, opaque, blended, at, (slots, pixels)).picture for at in PATTERN)
            picture[:, pixels] = finer / np.float32(len(PATTERN))
        return picture.reshape(4, height, width)

    def _sample(
        self,
        frame: _Frame,
        opaque: np.ndarray,
        blended: np.ndarray,
        at: tuple[float, float],
        chosen: tuple[np.ndarray, np.ndarray] | None,
    ) -> _Sampled:
        """One sample, ``at`` within the pixel, of each pixel (or of ``chosen``: slot by pixel, pixel by slot)."""
        slots = frame.size[0] * frame.size[1] if chosen is None else len(chosen[1])
        picture, depth, hairy = (
            np.zeros((4, slots), np.float32),
            np.zeros(slots, np.float32),
            np.zeros(slots, bool),
        )
        slot, triangle, near = nearest(
            _within(fragments(frame.corners.pick(opaque), frame.size, at), chosen), slots
        )
        triangle = opaque[triangle]
        depth[slot], hairy[slot] = near, self._hairy[triangle]
        layers = _within(fragments(frame.raised.pick(blended), frame.size, at), chosen)
        front = np.flatnonzero(layers.near >= depth[layers.pixel])
        behind = np.bincount(layers.triangle, minlength=len(blended)) > 0
        behind[layers.triangle[front]] = False

        # In each slot as the triangles come, as OpenGL draws them.
        key = np.sort(layers.pixel[front] << 32 | blended[layers.triangle[front]])
        above, layer = key >> 32, key & 0xFFFFFFFF
        alpha = self._alpha(frame, above if chosen is None else chosen[1][above], layer, at)
        start, clear, through = _through(above, alpha)
        ground = np.ones(slots, np.float32)
        ground[above[start]] = clear
        seen = (through > HIDDEN[1]) & (alpha > FAINT)
        above, layer = above[seen], layer[seen]
        bare = ground[slot] > HIDDEN[0]
        slot = slot[bare]
        picture[:, slot] = self._colour(frame, slot, triangle[bare], at, chosen)
        _lay_over(picture, above, self._colour(frame, above, layer, at, chosen))
        return _Sampled(picture, hairy, blended[~behind])

    def _alpha(
        self, frame: _Frame, pixel: np.ndarray, triangle: np.ndarray, at: tuple[float, float]
    ) -> np.ndarray:
        """(N,) float32 0..1: how much blended ``triangle`` (N,) covers of ``pixel`` (N,)."""
        alpha = np.empty(len(pixel), np.float32)
        for part, veil in zip(self._head.parts, self._veils, strict=True):
            for run in _runs(part, triangle) if part.blend else ():
                corner, shares, _, _ = self._locate(frame, pixel[run], triangle[run], at)
                u, v = _between(frame.surface[3:5], corner, shares)
                alpha[run] = sample(veil, u, v)[0]
        return alpha

    def _colour(
        self,
        frame: _Frame,
        slot: np.ndarray,
        triangle: np.ndarray,
        at: tuple[float, float],
        chosen: tuple[np.ndarray, np.ndarray] | None,
    ) -> np.ndarray:
        """(4, N) float32 0..255 multiplied by alpha: the colour of ``triangle`` (N,) in ``slot`` (N,)."""
        colour = np.empty((4, len(slot)), np.float32)
        pixel = slot if chosen is None else chosen[1][slot]
        for index, part in enumerate(self._head.parts):
            for run in _runs(part, triangle):
                colour[:, run] = self._shade(frame, index, pixel[run], triangle[run], at)
        return colour

    def _shade(
        self,
        frame: _Frame,
        index: int,
        pixel: np.ndarray,
        triangle: np.ndarray,
        at: tuple[float, float],
    ) -> np.ndarray:
        """The colour of points of the part ``index``: perspective-correct surface values, then light."""
        corner, shares, x, y = self._locate(frame, pixel, triangle, at)
        slopes = None if self._relief is None else self._relief.slopes.get(index)
        value = _between(frame.surface if slopes is not None else frame.surface[:8], corner, shares)
        normal = value[:3]
        if slopes is not None and self._relief is not None:
            sign = self._relief.tangents.sign.take(corner[0])
            normal = bend(normal, value[8:], sign, sample(slopes, value[3], value[4]))
        part, texture = self._head.parts[index], self._textures[index]
        points = Points(
            normal=normal,
            towards=self._camera.towards(x + np.float32(frame.corner[0]), y + np.float32(frame.corner[1])),
            albedo=sample(texture, value[3], value[4]),
            light=value[7],
            outside=value[6],
            fade=value[5],
        )
        return shade(points, part, self._axes)

    def _locate(
        self, frame: _Frame, pixel: np.ndarray, triangle: np.ndarray, at: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Corners (3, N), their perspective-correct shares (3, N), and x, y (N,) in pixels of the crop."""
        row, column = np.divmod(pixel, frame.size[0])
        x, y = column.astype(np.float32) + np.float32(at[0]), row.astype(np.float32) + np.float32(at[1])
        dx, dy = x - frame.corners.x[0].take(triangle), y - frame.corners.y[0].take(triangle)
        slopes = frame.slopes[:4].take(triangle, axis=1)
        second, third = slopes[0] * dx + slopes[1] * dy, slopes[2] * dx + slopes[3] * dy
        shares = np.stack([1 - second - third, second, third]) * frame.corners.near.take(triangle, axis=1)
        shares /= shares.sum(axis=0)
        return self._triangles.take(triangle, axis=1), shares, x, y


def _runs(part: Part, triangle: np.ndarray) -> list[np.ndarray]:
    """Where ``triangle`` (N,) belongs to ``part``, in pieces of at most CHUNK."""
    mine = np.flatnonzero((triangle >= part.first) & (triangle < part.first + part.count))
    return [mine[start : start + CHUNK] for start in range(0, len(mine), CHUNK)]


def _between(values: np.ndarray, corner: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(K, N): vertices' ``values`` (K, V) at points with ``shares`` (3, N) of the vertices ``corner`` (3, N)."""
    total = values.take(corner[0], axis=1) * shares[0]
    total += values.take(corner[1], axis=1) * shares[1]
    total += values.take(corner[2], axis=1) * shares[2]
    return total


def _through(slot: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What shows through layers (N,): where each slot's run starts (S,), what is left of the ground there (S,),
    and what the layers above leave of each layer (N,).

    ``slot`` (N,) ascends, the lowest layer first within a slot; ``alpha`` (N,) 0..1.
    """
    first = np.ones(len(slot), bool)
    first[1:] = slot[1:] != slot[:-1]
    start = np.flatnonzero(first)
    total = np.cumsum(np.log1p(-np.minimum(alpha, np.float32(0.9999)), dtype=np.float64))
    end = total[np.r_[start[1:], len(slot)] - 1] if len(start) else total
    clear = np.exp(end - np.r_[0, end[:-1]]) if len(start) else end
    above = np.exp(end.repeat(np.diff(np.r_[start, len(slot)])) - total)
    return start, clear.astype(np.float32), above.astype(np.float32)


def _within(found: Fragments, chosen: tuple[np.ndarray, np.ndarray] | None) -> Fragments:
    """Fragments with pixels numbered by slot, those outside the chosen pixels dropped."""
    if chosen is None:
        return found
    slot = chosen[0].take(found.pixel)
    kept = np.flatnonzero(slot >= 0)
    return Fragments(slot[kept], found.triangle[kept], found.near[kept])


def _edges(picture: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels whose brightness or opacity differs from a neighbour's by more than EDGE."""
    height, width = picture.shape[1:]
    red, green, blue, alpha = picture
    level = np.empty((height, width), np.float32)
    edges = np.zeros((height, width), bool)
    for top in range(0, height, BAND):
        band = slice(top, top + BAND)
        level[band] = 0.30 * red[band] + 0.55 * green[band] + 0.15 * blue[band] + 0.5 * alpha[band]
    for top in range(0, height, BAND):
        here = level[top : top + BAND + 1]
        across = np.abs(here[:, 1:] - here[:, :-1]) > EDGE
        down = np.abs(here[1:] - here[:-1]) > EDGE
        mark = edges[top : top + BAND + 1]
        mark[:, 1:] |= across
        mark[:, :-1] |= across
        mark[1:] |= down
        mark[:-1] |= down
    return edges


def _inner(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels of ``mask`` (h, w) whose four neighbours belong to it too.

    Within the hair what looks like edges is its picture, which is as fine as pixels already.
    """
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return inner


def _touching(corners: Corners, mask: np.ndarray) -> np.ndarray:
    """(F,) bool: triangles whose bounding box holds a pixel of ``mask`` (h, w)."""
    height, width = mask.shape
    total = np.zeros((height + 1, width + 1), np.int32)
    total[1:, 1:] = mask.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)
    left, right = (
        np.clip(v, 0, width).astype(np.int64) for v in (corners.x.min(0), np.ceil(corners.x.max(0)))
    )
    top, bottom = (
        np.clip(v, 0, height).astype(np.int64) for v in (corners.y.min(0), np.ceil(corners.y.max(0)))
    )
    return total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left] > 0


def _lay_over(picture: np.ndarray, slot: np.ndarray, colour: np.ndarray) -> None:
    """Blend ``colour`` (4, N) over ``picture`` in place; ``slot`` (N,) ascends, the lowest first within a slot."""
    if len(slot):
        start, clear, above = _through(slot, colour[3] * np.float32(1 / 255))
        where = slot[start]
        picture[:, where] = picture[:, where] * clear + np.add.reduceat(colour * above, start, axis=1)
