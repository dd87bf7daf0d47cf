"""Malformed and odd audio files, all generated: what a sound program should survive.

Run ``python tests/hostile/make.py FOLDER`` to look at them.
"""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

import numpy as np

LYING_SIZES = (0xFF, 100_000, 2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1)
MUTANTS = 60  # files with a few header bytes changed


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    return chunk(b"RIFF", b"WAVE" + b"".join(chunks), size)


def form(
    tag: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16, align: int | None = None
) -> bytes:
    width = channels * (bits // 8) if align is None else align
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * width % 2**32, width % 2**16, bits)
    )


def tone(seconds: float = 1.0) -> bytes:
    t = np.arange(int(16_000 * seconds)) / 16_000
    return (8000 * np.sin(2 * np.pi * 220 * t)).astype("<i2").tobytes()


def floats(value: float) -> bytes:
    return riff(form(3, bits=32), chunk(b"data", np.full(16_000, value, "<f4").tobytes()))


def plain() -> dict[str, bytes]:
    """Odd but nameable: lengths, rates, channels, widths, values, and what is no sound at all."""
    data = chunk(b"data", tone())
    whole = riff(form(), data)
    return {
        "ok.wav": whole,
        "empty.wav": b"",
        "riffonly.wav": b"RIFF",
        "no_data.wav": riff(form(), chunk(b"data", b"")),
        "no_chunk.wav": riff(form()),
        "1sample.wav": riff(form(), chunk(b"data", b"\x10\x10")),
        "10ms.wav": riff(form(), chunk(b"data", tone(0.01))),
        "oddbytes.wav": riff(form(), chunk(b"data", tone() + b"\x07")),
        "silence.wav": riff(form(), chunk(b"data", bytes(32_000))),
        "dc.wav": riff(form(), chunk(b"data", b"\xff\x7f" * 16_000)),
        "trunc_hdr.wav": whole[:30],
        "trunc_half.wav": whole[: len(whole) // 2],
        "riff_0.wav": riff(form(), data, size=0),
        "data_ffffffff.wav": riff(form(), chunk(b"data", tone(), 2**32 - 1)),
        **{f"rate{rate}.wav": riff(form(rate=rate), data) for rate in (0, 1, 2_000_000_000, 2**32 - 1)},
        **{f"ch{count}.wav": riff(form(channels=count), data) for count in (0, 127, 1000, 1024, 65_535)},
        **{f"bits{bits}.wav": riff(form(bits=bits), data) for bits in (0, 13, 64, 128, 65_535)},
        **{f"align{align}.wav": riff(form(align=align), data) for align in (0, 1, 3, 65_535)},
        **{f"format{tag}.wav": riff(form(tag), data) for tag in (0, 2, 6, 7, 0x55, 0x1234, 0xFFFE)},
        **{f"{value}.wav": floats(value) for value in (float("nan"), float("inf"), 1e30, 40_000.0)},
        "text.wav": b"this is not a sound\n" * 50,
        "html.mp3": b"<!DOCTYPE html><html><head><title>404</title></head></html>",
        "picture.wav": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "playlist.mp3": b"#EXTM3U\nfile:///etc/passwd\n",
        "script.mp3": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        "zeros.mp3": bytes(4096),
        "random.bin": random.Random(5).randbytes(20_000),
        "id3.mp3": b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + bytes(64),
        "huge_moov.mp4": bytes.fromhex("0000001066747970")
        + b"isomisom"
        + b"\x7f\xff\xff\xffmoov"
        + bytes(64),
    }


def lying() -> dict[str, bytes]:
    """LIST chunks whose sizes lie; the last two make a well-known sound library spin for minutes."""
    files = {}
    for size in LYING_SIZES:
        info = chunk(b"INFO" + b"ISFT", b"x" * 12, size)[: 4 + 8 + 12]
        files[f"listinfo_{size:x}.wav"] = riff(form(), chunk(b"LIST", info, size), chunk(b"data", tone()))
        files[f"listinner_{size:x}.wav"] = riff(form(), chunk(b"LIST", info), chunk(b"data", tone()))
        files[f"tail_{size:x}.wav"] = riff(form(), chunk(b"data", tone()), chunk(b"LIST", info, size))
    end, back = chunk(b"data", bytes(20)), 0xFFFFFFF8  # a size that leads 8 bytes backwards, to itself
    labels = b"adtl" + chunk(b"ever", bytes(7), back) + chunk(b"ltxt", b"\x59" * 15, back)
    files["hang114.wav"] = riff(form(), chunk(b"LIST", labels, 2**31 - 1), end, size=2**32 - 1)
    names = b"INFO" + chunk(b"ever", b"\x59" * 44, back) + b"INFO" + struct.pack("<I", 4) + bytes(4)
    files["hang140.wav"] = b"RF64" + riff(form(), chunk(b"LIST", names, 0xFFAFADD6), end, size=0)[4:]
    return files


def mutants(seed: int = 0, count: int = MUTANTS) -> dict[str, bytes]:
    """A small WAV with LIST and cue chunks, and a few of its header bytes changed."""
    info = chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"generator 1.0\0"))
    whole = riff(form(), info, chunk(b"data", tone(0.0125)), chunk(b"cue ", bytes(28)))
    dice = random.Random(seed)
    files = {}
    for index in range(count):
        bent = bytearray(whole)
        for _ in range(dice.choice((1, 1, 2, 4))):
            bent[dice.randrange(90)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        files[f"mut{index:03d}.wav"] = bytes(bent)
    return files


def mutate(whole: bytes, seed: int) -> bytes:
    """Any file with a few bytes changed, mostly early ones, and now and then cut."""
    dice = random.Random(seed)
    bent = bytearray(whole)
    for _ in range(dice.choice((1, 3, 10, 40))):
        bent[dice.randrange(min(len(bent), dice.choice((64, 512, len(bent)))))] = dice.randrange(256)
    return bytes(bent[: dice.randrange(1, len(bent))] if dice.random() < 0.2 else bent)


def everything() -> dict[str, bytes]:
    """Name -> content."""
    return plain() | lying() | mutants()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in everything().items():
        (folder / name).write_bytes(content)
