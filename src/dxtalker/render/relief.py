"""A head's normal map for both renderers: which parts have relief, its slopes, and the normals that it bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head
from ..face.tangents import Tangents
from .texture import halvings

FLAT = 128  # the byte that means no slope
STEEPEST = 0.1  # least part of the normal that points straight out: what is steeper is a broken map


@dataclass(frozen=True)
class Relief:
    """What of a head's normal map is not flat."""

    slopes: dict[
        int, np.ndarray
    ]  # by part: (h, w, 2) float32, how far the normal leans along u and up the picture
    tangents: Tangents  # of the triangles that show any of it

    @classmethod
    def of(cls, head: Head, levels: list[int]) -> Relief | None:
        """At the pyramid level of each part, as ``part_levels`` gives them; None where all is flat.

        Slopes, unlike normals, may be averaged (Olano & Baker 2010, LEAN mapping). As in the exports, blended
        parts have none.
        """
        if head.normal_map is None:
            return None
        bumpy = (head.normal_map[..., 0] != FLAT) | (head.normal_map[..., 1] != FLAT)
        shows = _shows(head, bumpy)
        for part in head.parts:
            if part.blend:
                shows[part.first : part.first + part.count] = False
        if not shows.any():
            return None
        pyramid = halvings(_slopes(head.normal_map, bumpy))
        finer = round(
            np.log2(head.normal_map.shape[1] / head.albedo.shape[1])
        )  # it may have a size of its own
        chosen = [int(np.clip(level + finer, 0, len(pyramid) - 1)) for level in levels]
        slopes = {
            i: pyramid[chosen[i]]
            for i, part in enumerate(head.parts)
            if shows[part.first : part.first + part.count].any()
        }
        return cls(slopes, Tangents(head, head.triangles[shows]))


def bend(normal: np.ndarray, tangent: np.ndarray, sign: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """(3, N) float32, not of unit length: ``normal`` (3, N) leant along ``tangent`` (3, N) and the bitangent.

    ``slope`` (2, N); ``sign`` (N,) is the bitangent's.
    """
    (nx, ny, nz), (tx, ty, tz), along, across = normal, tangent, slope[0], slope[1] * sign
    return np.stack(
        [
            nx + along * tx + across * (ny * tz - nz * ty),
            ny + along * ty + across * (nz * tx - nx * tz),
            nz + along * tz + across * (nx * ty - ny * tx),
        ]
    )


def _slopes(normals: np.ndarray, bumpy: np.ndarray) -> np.ndarray:
    """(H, W, 2) float32 of a normal map (H, W, 3) uint8, zero but where ``bumpy`` (H, W)."""
    normal = (normals[bumpy].astype(np.float32) - FLAT) / (255 - FLAT)  # (N, 3)
    slopes = np.zeros((*bumpy.shape, 2), np.float32)
    slopes[bumpy] = normal[:, :2] / np.maximum(normal[:, 2:], STEEPEST)
    return slopes


def _shows(head: Head, bumpy: np.ndarray) -> np.ndarray:
    """(F,) bool: triangles whose box in the texture holds a texel of ``bumpy`` (H, W)."""
    height, width = bumpy.shape
    total = np.zeros((height + 1, width + 1), np.int32)
    total[1:, 1:] = bumpy.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)
    corners = head.uv[head.triangles] * (width, height)  # (F, 3, 2)
    left, top = np.clip(np.floor(corners.min(1) - 1).astype(np.int64), 0, (width, height)).T
    right, bottom = np.clip(np.ceil(corners.max(1) + 1).astype(np.int64), 0, (width, height)).T
    return total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left] > 0
