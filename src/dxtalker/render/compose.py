"""The last step of both renderers: the head's picture laid over the background, or made transparent."""

from __future__ import annotations

import numpy as np

from ..face.head import Head

ROWS = 32  # composed at once: their arrays stay in the cache
HALF = np.float32(0.5)  # rounds instead of cutting off
FADE = 0.035  # metres from where the neck is cut off over which it dissolves


def neck_fade(head: Head) -> np.ndarray:
    """(V,) float32 opacity: 1, falling to 0 where the neck is cut off; 1 all over for a head without neck."""
    cut = _cut_edge(head)
    if not len(cut):
        return np.ones(len(head.vertices), np.float32)
    low = np.flatnonzero(head.vertices[:, 1] < head.vertices[cut, 1].max() + FADE)
    apart = head.vertices[low, None] - head.vertices[cut][None]  # (L, C, 3)
    share = np.clip(np.sqrt((apart * apart).sum(2).min(1)) / FADE, 0, 1)
    opacity = np.ones(len(head.vertices), np.float32)
    opacity[low] = share * share * (3 - 2 * share)
    return opacity


def _cut_edge(head: Head) -> np.ndarray:
    """Vertices on the open border of the surface below the head: border edges belong to one triangle only."""
    points = head.weld[head.triangles]
    edges = np.sort(np.concatenate([points[:, [0, 1]], points[:, [1, 2]], points[:, [2, 0]]]), axis=1)
    single, count = np.unique(edges, axis=0, return_counts=True)
    border = np.isin(head.weld, single[count == 1])
    return np.flatnonzero(border & (head.head_weight < 0.5))


class Composer:
    """Lays pictures of one size over one background."""

    def __init__(self, size: tuple[int, int], behind: np.ndarray | None) -> None:
        """``size`` is (width, height); ``behind`` (H, W, 3) uint8, or None: transparent."""
        self._transparent = behind is None
        self._empty = np.zeros((size[1], size[0], 4), np.uint8)
        if behind is not None:
            self._empty[..., :3], self._empty[..., 3] = behind, 255

    def over(self, planes: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        """(H, W, 4) uint8 RGBA with straight alpha.

        ``planes`` (4, h, w) float32 0..255 are encoded sRGB multiplied by alpha, and alpha; ``corner`` is
        their left and top in the picture.
        """
        out = self._empty.copy()
        (left, top), (height, width) = corner, planes.shape[1:]
        inside = out[top : top + height, left : left + width]
        for row in range(0, height, ROWS):
            band = slice(row, row + ROWS)
            red, green, blue, alpha = planes[:, band]
            if self._transparent:
                scale = 255 / np.maximum(alpha, 1)
                for i, plane in enumerate((red, green, blue)):
                    inside[band, :, i] = plane * scale + HALF
                inside[band, :, 3] = alpha + HALF
            else:
                clear = 1 - alpha * np.float32(1 / 255)
                for i, plane in enumerate((red, green, blue)):
                    inside[band, :, i] = plane + inside[band, :, i] * clear + HALF
        return out
