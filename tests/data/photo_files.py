"""Picture files for tests, as bytes: every mode and format that is read, and what should not be let in."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A picture whose corners differ: red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (220, 20, 20)
    pixels[: height // 2, width // 2 :] = (20, 200, 20)
    pixels[height // 2 :, : width // 2] = (20, 20, 220)
    pixels[height // 2 :, width // 2 :] = 240
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def oriented(value: int) -> bytes:
    """A JPEG that EXIF orientation ``value`` shows as ``scene``."""
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[
        value
    ]  # Image.Transpose that undoes the showing
    image = scene() if undo is None else scene().transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(image, "JPEG", exif=exif, quality=95, subsampling=0)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG from its header's numbers and its raw rows, which need not fit each other."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def deep_colour_png() -> bytes:
    """16 bits a channel, as no encoder of Pillow's writes it."""
    pixels = np.asarray(scene()).astype(">u2") * 257
    return png(96, 64, 16, 2, b"".join(b"\0" + row.tobytes() for row in pixels))


def sixteen_bit_grey() -> Image.Image:
    return Image.fromarray(np.asarray(scene().convert("L")).astype(np.uint16) * 257)


def profiled() -> bytes:
    """A JPEG in another colour space (LAB-made XYZ is the only other space that Pillow can write)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(scene(), "JPEG", icc_profile=profile.replace(b"s\0R\0G\0B\0", b"r\0r\0r\0r\0"))


def readable() -> dict[str, bytes]:
    """Every one of these is a picture of ``scene``, in colour or grey."""
    image = scene()
    clear = image.convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))))
    grey_clear = clear.convert("LA")
    frames = [image, image.transpose(Image.Transpose.ROTATE_180)]
    return {
        "plain.jpg": encoded(image, "JPEG"),
        "progressive.jpg": encoded(image, "JPEG", progressive=True),
        "grey.jpg": encoded(image.convert("L"), "JPEG"),
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG"),
        "profile.jpg": profiled(),
        "bad profile.jpg": encoded(image, "JPEG", icc_profile=b"\0" * 200),
        "plain.png": encoded(image, "PNG"),
        "alpha.png": encoded(clear, "PNG"),
        "grey alpha.png": encoded(grey_clear, "PNG"),
        "palette.png": encoded(image.quantize(8), "PNG"),
        "palette clear.png": encoded(image.quantize(8), "PNG", transparency=0),
        "one bit.png": encoded(image.convert("1"), "PNG"),
        "grey 16.png": encoded(sixteen_bit_grey(), "PNG"),
        "colour 16.png": deep_colour_png(),
        "animated.png": encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "plain.webp": encoded(image, "WEBP"),
        "alpha.webp": encoded(clear, "WEBP"),
        "animated.webp": encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "plain.tif": encoded(image, "TIFF"),
        "lzw.tif": encoded(image, "TIFF", compression="tiff_lzw"),
        "cmyk.tif": encoded(image.convert("CMYK"), "TIFF"),
        "grey 16.tif": encoded(sixteen_bit_grey(), "TIFF"),
        "float.tif": encoded(
            Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255), "TIFF"
        ),
        "pages.tif": encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
        "plain.bmp": encoded(image, "BMP"),
        "plain.gif": encoded(image, "GIF"),
        "animated.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "wrong name.txt": encoded(image, "PNG"),
        "-o.png": encoded(image, "PNG"),
        "line\nbreak.png": encoded(image, "PNG"),
    }


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last pass over the picture is repeated."""
    data = encoded(scene(1024, 1024), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def foreign() -> dict[str, tuple[bytes, str]]:
    """Name -> (content, what the error has to say)."""
    ftyp = b"\0\0\0\x18ftyp%s\0\0\0\0%siso8" + b"\0" * 64
    return {
        "drawing.svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing (SVG)"),
        "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        "notes.png": ("a note, with an umlaut: ü".encode(), "it is text"),
        "film.jpg": (ftyp % (b"isom", b"mp42"), "a video (MP4"),
        "film.mkv": (b"\x1aE\xdf\xa3" + b"\0" * 64, "a video (Matroska"),
        "film.avi": (b"RIFF\0\1\0\0AVI LIST", "a video (AVI)"),
        "song.m4a": (ftyp % (b"M4A ", b"mp42"), "sound (M4A)"),
        "sound.wav": (b"RIFF\0\1\0\0WAVEfmt ", "sound (WAV)"),
        "phone.heic": (ftyp % (b"heic", b"mif1"), "HEIC"),
        "paper.pdf": (b"%PDF-1.7\n", "a PDF document"),
        "layers.psd": (b"8BPS\0\1" + b"\0" * 64, "Photoshop"),
        "new.jxl": (b"\xff\x0a" + b"\0" * 64, "JPEG XL"),
        "box.zip": (b"PK\x03\x04" + b"\0" * 64, "a ZIP archive"),
        "noise.jpg": (bytes(range(128, 256)) * 8, "no picture that is known"),
        "zeros.png": (b"\0" * 4096, "no picture that is known"),
    }


def hostile() -> dict[str, bytes]:
    """Bombs and torn files: each has to end in one clear sentence."""
    rows = b"\0" * 30001
    image = scene(512, 384)
    jpeg, tiff, webp = encoded(image, "JPEG"), encoded(image, "TIFF"), encoded(image, "WEBP")
    gif = bytearray(encoded(image, "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    bmp = bytearray(encoded(image, "BMP"))
    bmp[18:26] = struct.pack("<ii", 2**30, 2**30)
    return {
        "bomb.png": png(30000, 30000, 8, 2, rows * 200),
        "small bomb.png": png(7000, 7000, 8, 2, b"\0" * 1000),
        "huge claim.png": png(2**31 - 1, 2**31 - 1, 8, 2, b""),
        "no pixels.png": png(0, 10, 8, 2, b""),
        "thin.png": png(100000, 1, 8, 2, b"\0" * 300001),
        "text bomb.png": encoded(image, "PNG")[:33] + png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 80_000_000, 9))
        + encoded(image, "PNG")[33:],
        "bomb.gif": bytes(gif),
        "bomb.bmp": bytes(bmp),
        "scans.jpg": many_scans(2000),
        "half.jpg": jpeg[: len(jpeg) // 2],
        "head.jpg": jpeg[:30],
        "half.png": encoded(image, "PNG")[:400],
        "half.tif": tiff[: len(tiff) // 2],
        "half.webp": webp[: len(webp) // 2],
        "loop.tif": b"II*\0\x08\0\0\0\x00\x00\x08\0\0\0",
    }  # fmt: skip
