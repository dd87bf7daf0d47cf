"""A path -> its decoded channels in blocks: what the file is decides the way, never its extension."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import BadInput, DxtalkerError, Unsupported
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
        check_file(path)
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


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of errors, and give operating-system errors a sentence."""
    shown = repr(path.name or str(path))  # quoted: a name may hold a line break
    try:
        yield
    except DxtalkerError as error:
        raise type(error)(f"{shown}: {error}") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"{shown}: cannot be read ({reason}); check the file and its permissions") from error


def check_file(path: Path) -> None:
    """Raise BadInput unless ``path`` leads to a regular file with something in it. Opens nothing."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BadInput("there is no such file; check the path") from None
    except ValueError:  # a NUL in the name
        raise BadInput("this cannot be the name of a file; check the path") from None
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise BadInput("it is a folder; expected one audio or video file")
    if not stat.S_ISREG(mode):
        raise BadInput("it is a pipe, socket or device; expected a regular file: save the sound first")
    if status.st_size == 0:
        raise BadInput("it is empty (0 bytes); expected an audio or video file")


def refuse_foreign(head: bytes) -> None:
    """Raise Unsupported for first bytes that say picture, archive, document or text."""
    for start, what in FOREIGN:
        if head.startswith(start):
            raise Unsupported(f"it is {what}, whatever its name says; expected an audio or video file")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        raise Unsupported("it is a picture (WebP), whatever its name says; expected an audio or video file")
    if _is_text(head):
        what = "a web page (HTML)" if b"<html" in head.lower() else "text"
        raise Unsupported(f"it is {what}, whatever its name says; expected an audio or video file")


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head) or head.startswith(b"#!AMR"):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 0 and error.start >= len(head) - 3  # a character cut in two at the end
    return True
