"""The last step of both renderers: the head's picture laid over the background, or made transparent."""

from __future__ import annotations

import numpy as np

from ..face.head import Head

ROWS = 32  # composed at once: their arrays stay in the cache
HALF = np.float32(0.5)  # rounds instead of cutting off
FADE = 0.030  # metres above the neck's lower end over which it dissolves


def neck_fade(head: Head) -> np.ndarray:
    """(V,) float32 opacity: 1, falling to 0 at the lower end of the neck; 1 all over for a head without neck."""
    if head.head_weight.min() > 0.5:
        return np.ones(len(head.vertices), np.float32)
    above = (head.vertices[:, 1] - head.vertices[:, 1].min()) / FADE
    share = np.clip(above, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


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
