"""A path -> a Photo: checked, decoded by Pillow within limits, reduced, upright, sRGB."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import BadInput, LimitExceeded
from ...files import check_file, naming
from .colour import DEEP, DEPTH_NOTE, eight_bits, to_srgb
from .kinds import formats
from .limits import MAX_BYTES, MAX_SIDE, TimedBytes, check_scans, check_size

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION = 0x0112  # EXIF
# What Pillow raises for damaged files, besides OSError; each of them has been seen.
DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    RuntimeError, AssertionError, ZeroDivisionError, MemoryError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Photo:
    """A picture as it is to be looked at. ``notes`` are the remarks of the photo door, one sentence each."""

    pixels: np.ndarray  # (H, W, 3) uint8, sRGB, row 0 at the top
    notes: tuple[str, ...] = ()


def load_photo(path: Path | str) -> Photo:
    """Read a JPEG, PNG, WebP, TIFF, AVIF, BMP or GIF file as upright sRGB of at most 2048 pixels a side.

    What the file is decides, not its name. Raises BadInput, Unsupported or LimitExceeded with the file's name and
    the reason for everything that is no such picture, is damaged, or is larger than ``limits`` allow.
    """
    path = Path(path)
    with naming(path):
        check_file(path, "photo")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise LimitExceeded(
                f"it has over {MAX_BYTES // 1_000_000} MB; save it smaller, as JPEG for example"
            )
        kinds = formats(data)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what Pillow warns of is checked here, or is no concern of the user
            try:
                return _decode(data, kinds)
            except DAMAGED as error:
                raise BadInput(
                    f"this {kinds[0]} picture is damaged or ends early ({_reason(error)}); copy or export it again"
                ) from error


def _decode(data: bytes, kinds: tuple[str, ...]) -> Photo:
    from PIL import Image as Pillow
    from PIL import ImageChops

    try:
        image = Pillow.open(TimedBytes(data), formats=kinds)
    except Pillow.DecompressionBombError:
        raise LimitExceeded("it claims far more pixels than are read here; reduce it first") from None
    with image:
        width, height = image.size
        jpeg = image.format in ("JPEG", "MPO")
        check_size(width, height, jpeg)
        notes: list[str] = []
        if jpeg:
            check_scans(data, width, height)
            image.draft(image.mode, _reduced(width, height))
        if getattr(image, "is_animated", False):
            more = image.format in ("MPO", "TIFF")
            notes.append(
                "it holds several pictures; the first is used"
                if more
                else "animated: its first frame is used"
            )
        if (
            any(";16" in str(argument) for tile in image.tile for argument in tile[3:])
            and image.mode not in DEEP
        ):
            notes.append(DEPTH_NOTE)
        stored = _orientation(image)
        image.load()
        turned = _orientation(image)  # Pillow turns some formats itself while loading, and then says 1
        if image.mode == "CMYK" and jpeg and "adobe" not in image.info:
            # Pillow takes every CMYK JPEG as inverted, which only Adobe's are.
            image = ImageChops.invert(image)
        pixels = to_srgb(_reduce(eight_bits(image, notes), width, height, notes), notes)
    if stored != 1:
        notes.append("turned upright as its EXIF data says")
    return Photo(upright(pixels, turned), tuple(notes))


def _orientation(image: Image) -> int:
    """EXIF's 1..8; 1 (as it is) when there is none, or none that can be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except DAMAGED:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """``pixels`` (H, W, ...) as EXIF's ``orientation`` 1..8 says they are to be seen."""
    mirrored = orientation in (2, 4, 5, 7)
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}[orientation]  # quarters, against the clock
    pixels = np.rot90(pixels, turns)
    if mirrored:
        pixels = pixels[:, ::-1] if orientation in (2, 4) else pixels[::-1]
    return np.ascontiguousarray(pixels)


def _reduced(width: int, height: int) -> tuple[int, int]:
    by = min(1.0, MAX_SIDE / max(width, height))
    return max(1, round(width * by)), max(1, round(height * by))


def _reduce(image: Image, width: int, height: int, notes: list[str]) -> Image:
    """At most MAX_SIDE on the long side, by means of pixels; ``width`` and ``height`` are the file's."""
    from PIL.Image import Resampling

    size = _reduced(width, height)
    if (width, height) == size:
        return image
    notes.append(f"reduced from {width:,} x {height:,} pixels; the long side is now {MAX_SIDE}")
    if image.width < image.height != width < height:  # turned while loading
        size = (size[1], size[0])
    kept = dict(image.info)
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
        kept.pop("transparency", None)
    smaller = image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    smaller.info = kept
    return smaller


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:80] if text else type(error).__name__
