"""What the photo shows finer than the grid: pores and hairs for the colours, and their relief."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import box_blur, double, luminance, soft
from .project import Seen, crop_of
from .texels import GRID, WINDOW

FINEST = 330.0  # pixels between the outer corners of the eyes that the full texture can hold
ENOUGH = 150.0  # and from which on there is relief to be had
STEEPEST = 0.30  # slope
DEPTH = 1.2  # slope for each unit of log lightness between texels


@dataclass(frozen=True)
class Detail:
    """Of one photo, on the window of the grid at twice its fineness."""

    factor: np.ndarray  # (2 h, 2 w, 3) float32 on the grid's colours
    weight: np.ndarray  # (2 h, 2 w) float32 0..1


def fine_detail(seen: Seen, shape: tuple[int, int], weight: np.ndarray) -> Detail | None:
    """What a photo shows beyond its own colours on the grid of ``shape`` (h, GRID).

    ``weight`` (h, GRID) is how far each texel is believed. None where the photo is not fine enough.
    """
    if seen.eyes_apart < ENOUGH:
        return None
    place = np.zeros((shape[0] * GRID, 6), np.float32)
    place[seen.where] = np.column_stack([seen.xy, seen.colour, np.ones(len(seen.where), np.float32)])
    place = place.reshape(*shape, 6)[WINDOW]
    height, width = (2 * side for side in place.shape[:2])
    fine = double(place, height, width)
    sure = double(weight[WINDOW], height, width) * soft(0.9, 1.0, fine[..., 5])
    where = np.flatnonzero(sure > 0.01)
    xy = fine.reshape(-1, 6)[where, :2]
    points = np.vstack([seen.xy.min(0), seen.xy.max(0)])
    crop = crop_of(seen.shot, points, min(1.0, FINEST / seen.eyes_apart))
    factor = np.ones((height * width, 3), np.float32)
    coarse = np.maximum(fine.reshape(-1, 6)[where, 2:5], np.float32(2e-3))
    factor[where] = np.clip(np.maximum(crop.sample(xy), np.float32(2e-3)) / coarse, 0.4, 2.0)
    return Detail(factor.reshape(height, width, 3), sure)


def relief(picture: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 tangent-space normals, +Y up, from the fine lightness of ``picture`` (h, w, 3) linear.

    Dark is deep, as in Beeler et al. 2010; ``weight`` (h, w) fades it out.
    """
    light = np.log(np.maximum(luminance(picture), np.float32(2e-3)))
    light = box_blur(light, 1) - box_blur(light, 5)
    strong = box_blur(np.abs(light), 6)  # folds, whose shade the colours carry already; stubble, brows
    light *= soft(0.30, 0.12, np.abs(light)) * soft(
        0.07, 0.03, strong
    )  # stronger edges are colour: lips, moles
    weight = weight * soft(0.9, 1.0, box_blur(soft(0.5, 1.0, weight), 6))
    right, down = np.zeros_like(light), np.zeros_like(light)
    right[:, 1:-1] = light[:, 2:] - light[:, :-2]
    down[1:-1] = light[2:] - light[:-2]
    slope = np.stack([-right, down], axis=-1) * np.float32(DEPTH) * weight[..., None]
    steep = np.linalg.norm(slope, axis=-1, keepdims=True)
    slope = slope * (STEEPEST / np.maximum(steep, STEEPEST))
    normal = np.concatenate([slope, np.ones_like(steep)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.round(127.5 + 127.5 * normal).astype(np.uint8)
