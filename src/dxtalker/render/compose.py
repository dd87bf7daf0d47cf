"""The last step of both renderers: the head's picture laid over the background, or made transparent."""

from __future__ import annotations

import numpy as np

from ..face.head import Head

FADE = 0.030  # metres above the neck's lower end over which it dissolves


def neck_fade(head: Head) -> np.ndarray:
    """(V,) float32 opacity: 1, falling to 0 at the lower end of the neck; 1 all over for a head without neck."""
    if head.head_weight.min() > 0.5:
        return np.ones(len(head.vertices), np.float32)
    above = (head.vertices[:, 1] - head.vertices[:, 1].min()) / FADE
    share = np.clip(above, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def compose(
    crop: np.ndarray, corner: tuple[int, int], size: tuple[int, int], behind: np.ndarray | None
) -> np.ndarray:
    """(H, W, 4) uint8 RGBA with straight alpha.

    ``crop`` (h, w, 4) float32 0..255 is encoded sRGB multiplied by alpha; ``corner`` its left and top in
    the picture of ``size`` (width, height); ``behind`` (H, W, 3) uint8 the background, None: transparent.
    """
    width, height = size
    left, top = corner
    out = np.zeros((height, width, 4), np.uint8)
    inside = (slice(top, top + crop.shape[0]), slice(left, left + crop.shape[1]))
    if behind is None:
        alpha = crop[..., 3:]
        out[inside][..., :3] = crop[..., :3] * (255 / np.maximum(alpha, 1)) + np.float32(0.5)
        out[inside][..., 3:] = alpha + np.float32(0.5)
        return out
    out[..., :3], out[..., 3] = behind, 255
    clear = 1 - crop[..., 3:] * np.float32(1 / 255)
    out[inside][..., :3] = crop[..., :3] + behind[inside] * clear + np.float32(0.5)
    return out
