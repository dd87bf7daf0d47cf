"""A decoded Pillow picture of any mode -> sRGB, 8 bits a channel, without transparency."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from ...errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # modes with more than 8 bits a value
GREY_SPREAD = 2.0  # levels: mean difference between the channels below which a picture is grey
DEPTH_NOTE = "more than 8 bits a value were reduced to 8"
MAX_PROFILE = 4_000_000  # bytes of an ICC profile


def to_srgb(image: Image, notes: list[str]) -> np.ndarray:
    """(H, W, 3) uint8 sRGB of a decoded picture; ``notes`` grow by what had to be done.

    Raises BadInput for a mode that has no colours to show.
    """
    if image.mode in ("1", "L", "LA", "La"):
        notes.append("grey: there is no colour to take from it")
    if image.mode in ("PA", "LA", "La", "RGBa", "RGBA") or "transparency" in image.info:
        image = _on_white(image, notes)
    image = _from_profile(image, notes)
    if image.mode in ("CMYK", "YCbCr", "HSV", "LAB", "RGBX"):
        notes.append(f"converted from {image.mode} to RGB")
    try:
        pixels = np.asarray(image.convert("RGB"))
    except (ValueError, OSError):
        raise BadInput(f"its colours are stored as {image.mode}; export it as RGB") from None
    if image.mode not in ("1", "L") and _is_grey(pixels):
        notes.append("grey: there is no colour to take from it")
    return np.ascontiguousarray(pixels)


def eight_bits(image: Image, notes: list[str]) -> Image:
    """A decoded grey picture of more than 8 bits with 8: 16-bit levels by 257, others by their own range.

    Other pictures come back as they are. Raises BadInput for values that are no numbers.
    """
    from PIL import Image as Pillow

    if image.mode not in DEEP:
        return image
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise BadInput("its pixels are NaN or infinite; expected numbers: export it again")
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        levels = (values.astype(np.uint32) + 128) // 257
    else:
        if image.mode == "F" and low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        levels = np.rint((values - low) * (255 / max(high - low, 1e-12)))
    notes.append(DEPTH_NOTE)
    return Pillow.fromarray(levels.astype(np.uint8))


def _on_white(image: Image, notes: list[str]) -> Image:
    """Transparency laid on white. The pixels keep their colour profile's numbers."""
    from PIL import Image as Pillow

    kept = image.info.get("icc_profile")
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() != (255, 255):
        notes.append("its transparent parts were laid on white")
        layered = Pillow.alpha_composite(Pillow.new("RGBA", layered.size, (255, 255, 255, 255)), layered)
    flat = layered.convert("RGB")
    if kept and image.mode in ("RGBA", "RGBa", "P"):  # a grey picture's profile would not fit any more
        flat.info["icc_profile"] = kept
    return flat


def _from_profile(image: Image, notes: list[str]) -> Image:
    """The picture in sRGB, when it carries a usable profile of another space."""
    data = image.info.get("icc_profile")
    if not data or len(data) > MAX_PROFILE:
        return image
    try:
        from PIL import ImageCms

        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile).strip().splitlines()[0][:60]
        if "srgb" in name.lower():
            return image
        source = image.convert("RGB") if image.mode == "P" else image
        turned = ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImportError:
        notes.append("its colour profile was left aside (this Pillow has no LittleCMS)")
        return image
    except Exception:  # a damaged profile: the library raises several kinds of its own
        notes.append("its colour profile could not be used and was left aside")
        return image
    if turned is None:
        return image
    if image.mode not in ("1", "L"):
        notes.append(f"its colours were converted from {name!r} to sRGB")
    return turned


def _is_grey(pixels: np.ndarray) -> bool:
    sample = pixels[::4, ::4].astype(np.int16)
    spread = sample.max(axis=2) - sample.min(axis=2)
    return float(spread.mean()) < GREY_SPREAD
