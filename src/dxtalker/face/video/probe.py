"""What ffmpeg says about a file before anything is decoded: its rate and its length."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ...audio.child import Child
from ...audio.decode import FORMATS
from ...errors import BadInput, Unsupported
from ...records import frame_rate
from .limits import STALL_SECONDS

USUAL = Fraction(25)  # frames a second, where the file does not say
VIDEO = re.compile(r"^\s*Stream #0:\d+.*?: Video: (?!.*\(attached pic\))(.*)$", re.MULTILINE)
RATE = re.compile(r"\b([0-9.]+)(k?) fps\b")
SOUND = re.compile(r"^\s*Stream #0:\d+.*?: Audio: ", re.MULTILINE)
SIZE = re.compile(r"[ ,](\d{1,6})x(\d{1,6})(?=[ ,]|$)")
HDR = re.compile(r"\b(?:smpte2084|arib-std-b67)\b")
LENGTH = re.compile(r"^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)


@dataclass(frozen=True)
class Facts:
    """What the container says of a video; it may be wrong."""

    fps: Fraction  # its own average rate
    seconds: float | None  # length, where it is known
    size: tuple[int, int] | None = None  # pixels, width and height as stored, before rotation
    sound: bool = False  # whether there is a sound track
    hdr: bool = False  # whether light is coded for a high dynamic range (PQ or HLG)


def probe(ffmpeg: Path, path: Path) -> Facts:
    """Ask for the first video track. Raises BadInput or Unsupported with the reason, without the file's name."""
    child = Child(
        [str(ffmpeg), "-hide_banner", "-nostdin", "-v", "info", "-max_alloc", str(128 << 20),
         "-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, "-i", f"file:{path}"],
        stall_seconds=STALL_SECONDS,
    )  # fmt: skip
    try:
        child.at_end()
        child.finish()
        return read_facts(child.said.decode("utf-8", "replace"))
    finally:
        child.close()


def read_facts(said: str) -> Facts:
    """``Facts`` from what ffmpeg wrote about its input."""
    length = LENGTH.search(said)
    seconds = None
    if length:
        seconds = int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3])
    stream = VIDEO.search(said)
    if stream is None:
        raise _no_video(said)
    found = SIZE.search(stream[1])
    size = (int(found[1]), int(found[2])) if found else None
    sound, hdr = SOUND.search(said) is not None, HDR.search(stream[1]) is not None
    rate = RATE.search(stream[1])
    if rate is None:
        return Facts(USUAL, seconds, size, sound, hdr)
    value = Fraction(rate[1]) * (1000 if rate[2] else 1)
    try:
        fps = frame_rate(float(value) if value.denominator > 1 else value)
    except BadInput:
        raise BadInput(
            f"its pictures come at {float(value):g} a second; expected 1 to 240, or say which rate to use"
        ) from None
    return Facts(fps, seconds, size, sound, hdr)


def _no_video(said: str) -> BadInput:
    if "moov atom not found" in said:
        return BadInput("it is cut short (its index, the moov atom, is missing); download or export it again")
    if "whitelist" in said:
        return Unsupported("it is a kind of file that is not read as video; convert it to MP4")
    if "Input #0" in said:
        return BadInput("it holds no video track, only sound or a cover picture; give a video")
    return BadInput("it is no video that can be decoded, or is damaged; give an MP4, for example")
