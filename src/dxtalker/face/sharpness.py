"""How fine the finest detail of a face is, from the photo's pixels."""

from __future__ import annotations

import numpy as np

from .landmarks import Landmarks
from .landmarks.crop import around_points, cut

SIDE = 512  # pixels of the crop that is looked at; about 210 between the outer eye corners


def fineness(pixels: np.ndarray, face: Landmarks) -> float:
    """Share of the face's contrast that lies in its finest octave, 0..1; a blurred photo has next to none.

    ``pixels`` (H, W, 3) uint8. The octave is that of the photo's own pixels, or of the 512-pixel crop when the face
    is larger than that. Noise counts as detail: a low value means blur, a high one does not mean sharpness.
    """
    region = around_points(face.points)
    side = int(min(SIDE, region.size[0]))
    grey = cut(pixels, region, side, repeat_edge=True)[side // 4 : -side // 4, side // 4 : -side // 4].mean(
        axis=2
    )
    smooth = grey
    for axis in (0, 1):
        smooth = sum(
            np.roll(smooth, shift, axis) * weight for shift, weight in ((-1, 0.25), (0, 0.5), (1, 0.25))
        )
    fine = (grey - smooth)[2:-2, 2:-2]
    return float(fine.std() / max(grey.std(), 1e-6))
