"""Pictures of faces for a report: of clips out of their shards, of dropped ones out of the drafts of the run.

A picture comes out of a file that may have been changed, so it is decoded, made small and encoded anew.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..data.clip import ClipRecord
from ..data.reader import ClipReader
from ..errors import BadInput
from .drafts import FOLDER, SUFFIX, PieceFile

SIDE = 96  # pixels, most
QUALITY = 72  # JPEG
LARGEST = 1 << 20  # bytes of a picture that is looked at
WIDEST = 2048  # pixels of one


def small_jpeg(data: bytes) -> bytes:
    """A picture as a JPEG of at most SIDE x SIDE pixels; b"" for what is none."""
    from PIL import Image

    if not 0 < len(data) <= LARGEST:
        return b""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if max(picture.size) > WIDEST:
                return b""
            small = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    small.thumbnail((SIDE, SIDE))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()


def kept_faces(reader: ClipReader, records: Iterable[ClipRecord]) -> dict[str, bytes]:
    """Name -> JPEG of clips in a collection; those whose picture is damaged or was not kept are left out.

    ``reader`` reads the field "thumbnail".
    """
    found = {}
    for record in records:
        try:
            picture = small_jpeg(reader.clip(record.name).thumbnail)
        except (BadInput, OSError):
            continue
        if picture:
            found[record.name] = picture
    return found


def dropped_faces(folder: Path, records: Iterable[ClipRecord]) -> dict[str, bytes]:
    """Name -> JPEG of what was dropped, as far as the drafts of the run are still there."""
    found = {}
    for record in records:
        drafts = Path(folder) / FOLDER / "drafts" / record.sha256[:2]
        if not record.sha256.isalnum():  # not a sum: it must not lead anywhere
            continue
        for path in sorted(drafts.glob(f"{record.sha256[:32]}-*{SUFFIX}")):
            picture = next(_pictures(path, record), b"")
            if picture:
                found[record.name] = picture
                break
    return found


def _pictures(path: Path, record: ClipRecord) -> Iterator[bytes]:
    """Of the parts of a draft that ``record`` tells of."""
    try:
        with PieceFile(path) as piece:
            for reject in piece.rejects():
                if _same(reject.record, record) and reject.record.dropped == record.dropped:
                    yield small_jpeg(reject.thumbnail)
            for name in piece.takes:  # what was dropped later: for its sync, or because it is there twice
                if _same(piece.record(name), record):
                    yield small_jpeg(piece.clip(name, ("thumbnail",)).thumbnail)
    except (BadInput, OSError):
        return


def _same(a: ClipRecord, b: ClipRecord) -> bool:
    return a.frames == b.frames and abs(a.start - b.start) < 1e-3
