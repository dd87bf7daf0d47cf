"""What the photo door lets through; each bound is stated in the error that it raises."""

from __future__ import annotations

import io
import time

from ...errors import BadInput, LimitExceeded

MAX_BYTES = 64_000_000
# As the header says, before anything is decoded. A JPEG is decoded at a fraction of its size; others need up to
# 16 bytes a pixel while they are.
MAX_PIXELS, MAX_JPEG_PIXELS = 50_000_000, 120_000_000
MIN_SIDE = 16  # pixels; below that nothing can be a face
MAX_SIDE = 2048  # pixels of the long side after reading; larger photos are reduced
MAX_SCANS = 64  # of a progressive JPEG; each goes over the whole picture, an encoder writes about ten
MAX_SCAN_PIXELS = 1_500_000_000  # scans times pixels
MAX_SECONDS = 20.0  # for decoding


def check_size(width: int, height: int, jpeg: bool = False) -> None:
    """Raise LimitExceeded or BadInput unless a picture of this size (pixels) is read."""
    most = MAX_JPEG_PIXELS if jpeg else MAX_PIXELS
    if width * height > most:
        raise LimitExceeded(
            f"it has {width:,} x {height:,} pixels; at most {most // 1_000_000} million are read"
            f" ({MAX_JPEG_PIXELS // 1_000_000} million from a JPEG): reduce it first"
        )
    if min(width, height) < MIN_SIDE:
        raise BadInput(f"it has {width} x {height} pixels; expected at least {MIN_SIDE} on each side")


def check_scans(data: bytes, width: int, height: int) -> None:
    """Raise LimitExceeded for a JPEG in so many passes that decoding it would take minutes."""
    scans = data.count(b"\xff\xda")  # inside of coded data ff is followed by 00: this is a marker
    if scans > MAX_SCANS or scans * width * height > MAX_SCAN_PIXELS:
        raise LimitExceeded(
            f"its {width:,} x {height:,} pixels are stored in {scans:,} passes, which takes too long to decode;"
            " save it again as an ordinary JPEG"
        )


class TimedBytes(io.BytesIO):
    """A file in memory that stops being readable after MAX_SECONDS: Pillow decodes while it reads."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.end = time.monotonic() + MAX_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self.end:
            raise LimitExceeded(f"decoding it takes over {MAX_SECONDS:.0f} s; save it again as PNG or JPEG")
        return super().read(size)
