"""What goes into a person's texture and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..view import View


@dataclass(frozen=True)
class Shot:
    """One photo of the person and how it sees the head."""

    pixels: np.ndarray  # (H, W, 3) uint8 sRGB, upright
    view: View
    landmarks: np.ndarray | None = None  # (478, 2) pixels, the Face Landmarker's points


@dataclass(frozen=True)
class Painted:
    """A texture in the head's own layout, and what was measured on the way."""

    albedo: np.ndarray  # (h, w, 4) uint8 sRGB with alpha, for ``Head.albedo``
    normal_map: (
        np.ndarray | None
    )  # (h, w, 3) uint8, for ``Head.normal_map``; None: the photos carry no fine detail
    skin: tuple[int, int, int]  # sRGB, the median of the evenly lit face
    hair: tuple[int, int, int] | None  # sRGB; None: bald, or not seen
    bald: bool  # the scalp was seen and is skin: the head's shape "hairless" fits it
    eyes: tuple[int, int, int] | None  # sRGB of the irises; None: the photos do not show it
    seen: float  # share 0..1 of the face's texels (brows to chin, ear to ear) that come from a photo
    notes: tuple[str, ...]  # what a user should know, one sentence each
