"""What a file is, by its first bytes and never by its name: a picture that is read, or what else it is."""

from __future__ import annotations

from ...errors import BadInput, Unsupported
from ...files import is_text

HEAD_BYTES = 4096  # looked at to see what a file is
EXPECTED = "expected a photo as JPEG, PNG, WebP, TIFF, AVIF, BMP or GIF"

# Pillow's names of the formats that are read: (first bytes, formats). JPEG from phones may hold several pictures (MPO).
READ = (
    (b"\xff\xd8\xff", ("JPEG", "MPO")),
    (b"\x89PNG\r\n\x1a\n", ("PNG",)),
    (b"GIF87a", ("GIF",)),
    (b"GIF89a", ("GIF",)),
    (b"II*\0", ("TIFF",)),
    (b"MM\0*", ("TIFF",)),
    (b"II+\0", ("TIFF",)),
    (b"MM\0+", ("TIFF",)),
    (b"BM", ("BMP",)),
)

# What is often given by mistake: (first bytes, what it is, what to do).
SAVE_AS = "export it as JPEG or PNG"
FOREIGN = (
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", SAVE_AS),
    (b"\xff\x0a", "a JPEG XL picture", SAVE_AS),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", SAVE_AS),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture", SAVE_AS),
    (b"8BPS", "a Photoshop document", SAVE_AS),
    (b"gimp xcf", "a GIMP document", SAVE_AS),
    (b"FUJIFILMCCD-RAW", "a raw camera file", SAVE_AS),
    (b"\0\0\x01\0", "an icon", EXPECTED),
    (b"v/1\x01", "an OpenEXR picture", SAVE_AS),
    (b"#?RADIANCE", "a Radiance picture", SAVE_AS),
    (b"%PDF", "a PDF document", "take the photo out of it"),
    (b"%!PS", "a PostScript document", "take the photo out of it"),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)", "save one frame of it as JPEG or PNG"),
    (b"\0\0\x01\xba", "a video (MPEG)", "save one frame of it as JPEG or PNG"),
    (b"FLV", "a video (FLV)", "save one frame of it as JPEG or PNG"),
    (b"0&\xb2u\x8ef\xcf\x11", "a video or sound (ASF)", "save one frame of it as JPEG or PNG"),
    (b"ID3", "sound (MP3)", EXPECTED),
    (b"\xff\xfb", "sound (MP3)", EXPECTED),
    (b"fLaC", "sound (FLAC)", EXPECTED),
    (b"OggS", "sound or video (Ogg)", EXPECTED),
    (b"PK\x03\x04", "a ZIP archive or an office document", "take the photo out of it"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"\x7fELF", "a program", EXPECTED),
    (b"MZ", "a program", EXPECTED),
    (b"glTF", "a 3D model", EXPECTED),
    (b"SQLite format", "a database", EXPECTED),
    (b"\x93NUMPY", "a numpy array", EXPECTED),
)
RIFF = {b"WAVE": "sound (WAV)", b"AVI ": "a video (AVI)"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def formats(data: bytes) -> tuple[str, ...]:
    """Pillow's formats to try for a file that starts with ``data``.

    Raises Unsupported for what is recognised and not read, and BadInput for what is not recognised.
    """
    head = data[:HEAD_BYTES]
    if head[4:8] == b"ftyp":
        return _box_formats(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ("WEBP",)
    if head[:4] == b"RIFF" and head[8:12] in RIFF:
        raise Unsupported(f"it is {RIFF[head[8:12]]}, whatever its name says; {EXPECTED}")
    for start, found in READ:
        if head.startswith(start):
            return found
    for start, what, advice in FOREIGN:
        if head.startswith(start):
            raise Unsupported(f"it is {what}, whatever its name says; {advice}")
    if is_text(head):
        raise Unsupported(f"it is {_text_kind(head)}, whatever its name says; {EXPECTED}")
    raise BadInput(f"it is no picture that is known here; {EXPECTED}")


def _box_formats(head: bytes) -> tuple[str, ...]:
    """For files that start with an ``ftyp`` box: AVIF, HEIC and videos, told apart by their brands."""
    from PIL import features

    length = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[i : i + 4] for i in range(16, min(length, 256), 4))}
    if brands & {b"avif", b"avis"}:
        if not features.check("avif"):
            raise Unsupported(
                "it is an AVIF picture, which this Pillow cannot read; export it as JPEG or PNG"
            )
        return ("AVIF",)
    if brands & HEIC_BRANDS:
        raise Unsupported(
            "it is a HEIC picture, which is not read here; export it as JPEG (phones: 'most compatible')"
        )
    if head[8:11] == b"M4A":
        raise Unsupported(f"it is sound (M4A), whatever its name says; {EXPECTED}")
    raise Unsupported(
        "it is a video (MP4 or MOV), whatever its name says; save one frame of it as JPEG or PNG"
    )


def _text_kind(head: bytes) -> str:
    lower = head.lower()
    if b"<svg" in lower:
        return "a drawing (SVG)"
    if b"<html" in lower or b"<!doctype html" in lower:
        return "a web page (HTML)"
    return "text"
