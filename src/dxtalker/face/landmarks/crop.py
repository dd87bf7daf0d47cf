"""Rotated regions of a picture: cutting them out for a network, and taking its answer back to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .layout import OUTER_EYES


@dataclass(frozen=True)
class Region:
    """A rotated rectangle in the pixels of a picture."""

    centre: tuple[float, float]  # x, y
    size: tuple[float, float]  # width, height
    angle: float = 0.0  # radians, clockwise as seen

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) shares of the region, 0..1 from its top left corner, as pixels of the picture."""
        centred = (np.asarray(points, np.float64) - 0.5) * self.size
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return centred @ np.array([[cos, sin], [-sin, cos]]) + self.centre

    def corners(self, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The picture's position of the crop's pixel (0, 0), and the steps to the next column and row: (2,) each."""
        origin, across, down = self.to_picture(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        return origin, (across - origin) / side, (down - origin) / side


def cut(image: np.ndarray, region: Region, side: int, repeat_edge: bool) -> np.ndarray:
    """``region`` of ``image`` (H, W, 3) uint8 as (side, side, 3) float32 0..255, bilinear, rounded to whole levels.

    What lies beyond the picture repeats its edge or is black. Pixel (0, 0) of the crop lies on the region's corner
    and there is no smoothing when the crop is smaller than the region: so does MediaPipe, whose networks are fed
    like this.
    """
    height, width = image.shape[:2]
    origin, across, down = region.corners(side)
    steps = np.arange(side)
    x = origin[0] + across[0] * steps + down[0] * steps[:, None]  # (side, side)
    y = origin[1] + across[1] * steps + down[1] * steps[:, None]
    left, top = np.floor(x), np.floor(y)
    fx, fy = (x - left).astype(np.float32)[..., None], (y - top).astype(np.float32)[..., None]
    columns = [np.clip(left + i, 0, width - 1).astype(np.int32) for i in (0, 1)]
    rows = [np.clip(top + i, 0, height - 1).astype(np.int32) * width for i in (0, 1)]
    flat = image.reshape(-1, 3)

    def corner(row: int, column: int) -> np.ndarray:
        found = flat.take(rows[row] + columns[column], axis=0).astype(np.float32)
        if not repeat_edge:
            inside = (left + column >= 0) & (left + column < width) & (top + row >= 0) & (top + row < height)
            found *= inside[..., None]
        return found

    upper, lower = corner(0, 0), corner(1, 0)
    upper += (corner(0, 1) - upper) * fx
    lower += (corner(1, 1) - lower) * fx
    upper += (lower - upper) * fy
    return np.rint(upper, out=upper)


def letterbox(width: int, height: int) -> Region:
    """The whole picture in the middle of a square."""
    side = float(max(width, height))
    return Region((width / 2, height / 2), (side, side))


GROW = 1.5  # the crop around a face is this much larger than the face's box


def around_box(box: tuple[float, float, float, float], right_eye: np.ndarray, left_eye: np.ndarray) -> Region:
    """The crop for the mesh network around a detection, level with the line from ``right_eye`` to ``left_eye``."""
    left, top, right, bottom = box
    across, down = left_eye - right_eye
    return Region(
        ((left + right) / 2, (top + bottom) / 2),
        ((right - left) * GROW, (bottom - top) * GROW),
        float(np.arctan2(down, across)),
    )


def around_points(points: np.ndarray) -> Region:
    """The crop for the mesh network around landmarks (478, 2) of the same or the previous picture: a square."""
    low, high = points.min(axis=0), points.max(axis=0)
    across, down = points[OUTER_EYES[1]] - points[OUTER_EYES[0]]
    centre = (low + high) / 2
    side = float((high - low).max()) * GROW
    return Region((float(centre[0]), float(centre[1])), (side, side), float(np.arctan2(down, across)))
