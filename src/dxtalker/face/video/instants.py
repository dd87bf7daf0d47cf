"""At which instants a file's pictures are, by the time stamps of its packets: nothing is decoded."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ...audio.child import PIECE, Child
from ...audio.decode import FORMATS, is_mpeg_stream
from ...errors import LimitExceeded
from ...ffmpeg import ffmpeg_path
from .limits import MAX_SECONDS, MEMORY_BYTES, SLOWEST, STALL_SECONDS
from .open import HEAD_BYTES, passing_by, seeking

MOST = 240  # pictures a second: no file with more is read anyway
TIMED = 0.9  # share of the packets that must say when they are shown
DISCARDED = 0x4  # flag of a packet that is decoded and not shown


def instants(path: Path | str, start: float = 0.0, seconds: float | None = None) -> np.ndarray:
    """(N,) float64 seconds on the sound's clock, rising: when each picture from about ``start`` on is shown.

    They are the file's own time stamps, whatever rate its header claims, on the clock of ``open_video``. Those of up
    to some seconds before ``start`` and after ``start + seconds`` may be among them. Empty where the file does not
    say, or cannot be read: ``open_video`` tells why.
    """
    path, ffmpeg = Path(path), ffmpeg_path()
    if not path.is_file():  # opening a pipe would wait for whoever writes to it
        return np.zeros(0)
    try:
        with path.open("rb") as file:
            mpeg_stream = is_mpeg_stream(file.read(HEAD_BYTES))
    except OSError:
        return np.zeros(0)
    sought, lead = seeking(Fraction(round(start * 1000), 1000), Fraction(1000), mpeg_stream)
    span = min(seconds or MAX_SECONDS, MAX_SECONDS) + float(lead) + 1
    child = Child(
        [str(ffmpeg), "-nostdin", "-v", "error", "-max_alloc", str(256 << 20),
         "-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, *sought, "-t", f"{span:.3f}",
         "-i", f"file:{path}", "-map", "0:V:0", "-c", "copy", "-copyinkf", "-copypriorss", "1",
         "-flush_packets", "0", "-f", "framecrc", "pipe:1", *passing_by(mpeg_stream)],
        memory_bytes=MEMORY_BYTES,
        stall_seconds=STALL_SECONDS,
    )  # fmt: skip
    child.decoded_seconds = SLOWEST * span
    begin = round(start * 1000) / 1000 - float(lead)
    try:
        return begin + read_instants(cast(BinaryIO, io.BufferedReader(child, PIECE)), int(MOST * span))
    except LimitExceeded:
        return np.zeros(0)
    finally:
        child.close()


def read_instants(stream: BinaryIO, most: int) -> np.ndarray:
    """(N,) float64 seconds, rising, from ffmpeg's framecrc; empty where too few or more than ``most`` are told."""
    tick, told, silent = Fraction(1), [], 0
    for line in stream:
        if line.startswith(b"#tb 0:"):
            tick = Fraction(line.split(b":")[1].strip().decode())
        if line.startswith(b"#"):
            continue
        fields = line.split(b",")
        flags = next((int(f.strip()[2:], 16) for f in fields[6:] if f.strip().startswith(b"F=")), 0)
        if len(fields) < 6 or flags & DISCARDED:
            continue
        shown = fields[2].strip()
        if shown.lstrip(b"-").isdigit():
            told.append(int(shown))
        else:
            silent += 1
        if len(told) + silent > most:
            return np.zeros(0)
    if len(told) < TIMED * (len(told) + silent):
        return np.zeros(0)
    return np.unique(np.array(told, np.int64)) * float(tick)
