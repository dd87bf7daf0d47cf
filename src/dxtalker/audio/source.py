"""A path -> its decoded channels in blocks: what the file is decides the way, never its extension."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import Unsupported
from ..files import check_file, is_text, naming
from .limits import check_seconds
from .wav import parse_wav, read_frames

HEAD_BYTES = 4096  # read to see what a file is

# What is often given by mistake: (first bytes, what it is).
FOREIGN = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"glTF", "a 3D model"),
    (b"SQLite format", "a database"),
)


@dataclass
class Source:
    """Decoded sound as it comes: (n, channels) float32 blocks at ``rate`` Hz; ``notes`` grow while reading."""

    rate: int  # Hz
    channels: int
    blocks: Iterator[np.ndarray]  # (n, channels) float32
    notes: list[str] = field(default_factory=list)


@contextmanager
def open_source(path: Path | str) -> Iterator[Source]:
    """Open an audio or video file; whatever decodes it is ended when the block is left.

    Raises BadInput or one of its kinds, with the file's name in front, for everything that is no sound.
    """
    path = Path(path)
    with naming(path):
        check_file(path, "audio or video file")
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] in (b"WAVE", b""):
                stream.seek(0)
                wav = parse_wav(stream, os.fstat(stream.fileno()).st_size)
                if wav.kind != "coded":
                    check_seconds((wav.frames or 0) / wav.rate)
                    source = Source(wav.rate, wav.channels, read_frames(stream, wav))
                    if wav.frames is not None and wav.promised is not None and wav.promised > wav.frames:
                        source.notes.append(
                            f"the file ends early: {wav.frames / wav.rate:.2f} s"
                            f" of {wav.promised / wav.rate:.2f} s are there"
                        )
                    yield source
                    return
            else:
                refuse_foreign(head)
        from .decode import decode

        with decode(path, head) as source:
            yield source


def refuse_foreign(head: bytes) -> None:
    """Raise Unsupported for first bytes that say picture, archive, document or text."""
    for start, what in FOREIGN:
        if head.startswith(start):
            raise Unsupported(f"it is {what}, whatever its name says; expected an audio or video file")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        raise Unsupported("it is a picture (WebP), whatever its name says; expected an audio or video file")
    if is_text(head):
        what = "a web page (HTML)" if b"<html" in head.lower() else "text"
        raise Unsupported(f"it is {what}, whatever its name says; expected an audio or video file")
