"""A head's texture as files that engines read: JPEG for opaque parts, a PNG cut to what they show for the others."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..face.head import Head, Part

JPEG_QUALITY = 93
_MARGIN = 4  # pixels, so that smaller mip levels do not wrap round to the other edge


@dataclass(frozen=True)
class Picture:
    """An encoded picture and the part of the head's texture that it shows."""

    name: str  # opaque, translucent or normal
    kind: str  # jpeg or png
    data: bytes
    box: np.ndarray  # (4,) left, top, right, bottom of the texture, 0..1

    def uv(self, uv: np.ndarray) -> np.ndarray:
        """The head's texture coordinates (N, 2) as this picture's, float32, origin at its top left."""
        left, top, right, bottom = self.box
        return ((uv - (left, top)) / (right - left, bottom - top)).astype(np.float32)


def make_pictures(head: Head) -> dict[str, Picture]:
    """The pictures that ``head`` needs, by name: opaque, translucent (if a part is), normal (if it has one)."""
    found = {}
    if any(not part.blend for part in head.parts):
        found["opaque"] = _picture("opaque", head.albedo[..., :3], np.array([0.0, 0, 1, 1]))
        if head.normal_map is not None:
            found["normal"] = _picture("normal", head.normal_map, np.array([0.0, 0, 1, 1]))
    if any(part.blend for part in head.parts):
        found["translucent"] = _picture("translucent", _alone(head), _translucent_box(head))
    return found


def picture_of(part: Part) -> str:
    """Name of the picture with a part's colours."""
    return "translucent" if part.blend else "opaque"


def _picture(name: str, pixels: np.ndarray, box: np.ndarray) -> Picture:
    height, width = pixels.shape[:2]
    left, top, right, bottom = np.round(box * (width, height, width, height)).astype(int)
    shown = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    stream = io.BytesIO()
    if pixels.shape[2] == 4:
        shown.save(stream, "PNG", optimize=True)
        return Picture(name, "png", stream.getvalue(), box)
    shown.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return Picture(name, "jpeg", stream.getvalue(), box)


def _translucent_box(head: Head) -> np.ndarray:
    """What the translucent parts show. Its sides are powers of two, which old graphics interfaces want, unless
    the texture's are not."""
    bounds = np.stack([_uv_bounds(head, part) for part in head.parts if part.blend])
    size = np.array(head.albedo.shape[1::-1])  # width, height
    low = np.floor(bounds[:, 0].min(axis=0) * size) - _MARGIN
    needed = np.ceil(bounds[:, 1].max(axis=0) * size) + _MARGIN - low
    taken = np.minimum(2 ** np.ceil(np.log2(needed)), size)
    low = np.clip(low, 0, size - taken)
    return np.concatenate([low / size, (low + taken) / size])


def _uv_bounds(head: Head, part: Part) -> np.ndarray:
    """(2, 2): lowest and highest u, v of a part."""
    uv = head.uv[np.unique(head.triangles[part.first : part.first + part.count])]
    return np.stack([uv.min(axis=0), uv.max(axis=0)])


def _alone(head: Head) -> np.ndarray:
    """The albedo, transparent outside the translucent parts, so that smaller mip levels draw no rim."""
    height, width = head.albedo.shape[:2]
    shown = np.zeros((height, width), bool)
    for part in head.parts:
        if part.blend:
            low, high = _uv_bounds(head, part) * (width, height)
            (left, top), (right, bottom) = np.floor(low).astype(int), np.ceil(high).astype(int)
            shown[top:bottom, left:right] = True
    result = head.albedo.copy()
    result[~shown, 3] = 0
    return result
