"""Everything that is not plain WAV: the first audio track of a file, decoded by an ffmpeg child process."""

from __future__ import annotations

import io
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ..errors import BadInput, NotReady, Unsupported
from ..ffmpeg import ffmpeg_path
from .child import NO_WINDOW, PIECE, Child
from .limits import check_seconds
from .source import Source
from .wav import WavFormat, parse_wav, read_frames

WARM_UP_SECONDS = 20.0  # for ffmpeg to say its version, once in a process
STARTS = re.compile(rb"pts_time:(-?[0-9.]+)")  # as the ametadata filter prints it
ASIDES = ("Error opening input file", "frame:", "begins=")  # of what it says, what is no complaint

# Containers that hold sound. Playlists and scripts (hls, concat, ...) are left out: they open other files.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,loas,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpeg,mpegts,mxf,ogg,rm,tta,voc,w64,wav,wv"
)


@contextmanager
def decode(path: Path, head: bytes) -> Iterator[Source]:
    """Decode the first audio track of ``path`` (first bytes ``head``), from the start of the file's own clock.

    Raises BadInput, Unsupported or LimitExceeded with the reason (without the file's name), NotReady when
    there is no ffmpeg.
    """
    ffmpeg = ffmpeg_path()
    warm_up(ffmpeg)
    child = Child(command(ffmpeg, path, is_mpeg_stream(head)))
    try:
        if child.at_end():
            raise _failure(child)
        stream = cast(BinaryIO, io.BufferedReader(child, PIECE))
        wav = parse_wav(stream, None)
        start = _start(child)
        check_seconds(start)
        source = Source(wav.rate, wav.channels, iter(()))
        source.blocks = _blocks(child, stream, wav, start, source.notes)
        yield source
    finally:
        child.close()


def command(ffmpeg: Path, path: Path, mpeg_stream: bool = False) -> list[str]:
    """Decode to WAV on stdout at the file's own rate and channels; silence fills gaps between packets.

    The time of the first sample is written to stderr: ffmpeg's own padding to time 0 would repeat it at every
    change of format within the file. In an MPEG stream ffmpeg counts from the first stream in use, so there
    the video's packets are passed by, undecoded, to keep a late sound late.
    """
    first = "ametadata=mode=add:key=begins:value=1:enable='eq(n,0)'"
    printed = "ametadata=mode=print:key=begins:file='pipe\\:2':direct=1"
    passed_by = ["-map", "0:a:0", "-map", "0:v:0?", "-c", "copy", "-f", "null", "-"]
    return [
        str(ffmpeg), "-nostdin", "-v", "error", "-threads", "1", "-max_alloc", str(128 << 20),
        "-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, "-i", f"file:{path}",
        "-map", "0:a:0", "-af", f"{first},{printed},aresample=async=1", "-c:a", "pcm_f32le",
        "-bitexact", "-flush_packets", "0", "-f", "wav", "pipe:1",
        *(passed_by if mpeg_stream else []),
    ]  # fmt: skip


def is_mpeg_stream(head: bytes) -> bool:
    """Whether a file's first bytes are those of an MPEG transport or program stream."""
    return (head[:1] == b"G" and head[188:189] == b"G") or head[:4] == b"\0\0\1\xba"


@lru_cache(maxsize=4)
def warm_up(ffmpeg: Path) -> None:
    """Have the program loaded once, so that a cold disk or a virus scanner is not taken for a stalled decoder."""
    try:
        subprocess.run(
            [ffmpeg, "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=WARM_UP_SECONDS,
            check=True,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotReady(f"ffmpeg at {ffmpeg} does not run ({error}); run: dxtalker doctor") from error


def _start(child: Child) -> float:
    """Seconds from the start of the file's clock to the first sample; asked after the first bytes.

    A start before 0 is only a decoder's way of counting its own delay.
    """
    for _ in range(100):  # the line is written before the first sample, but read by another thread
        if found := STARTS.search(child.said):
            return max(0.0, float(found[1]))
        if child.silent:
            break
        time.sleep(0.01)
    return 0.0


def _blocks(
    child: Child, stream: BinaryIO, wav: WavFormat, start: float, notes: list[str]
) -> Iterator[np.ndarray]:
    """(n, channels) float32: silence up to ``start`` seconds, then what is decoded."""
    missing = round(start * wav.rate)  # samples per channel
    while missing > 0:
        count = min(missing, PIECE // wav.channels)
        yield np.zeros((count, wav.channels), np.float32)
        missing -= count
    for block in read_frames(stream, wav):
        child.decoded_seconds += len(block) / wav.rate
        yield block
    code, said = child.finish(), complaint(child)
    if child.decoded_seconds == 0:
        raise _failure(child)
    if code != 0 or said:
        notes.append(f"the decoder found damage: {said or f'exit code {code}'}")


def _failure(child: Child) -> BadInput:
    """The error for a file of which nothing could be decoded."""
    code, said = child.finish(), complaint(child)
    if "matches no streams" in said or "does not contain any stream" in said:
        return BadInput("it holds no audio track; give a file with sound")
    if "moov atom not found" in said:
        return BadInput("it is cut short (its index, the moov atom, is missing); download or export it again")
    if "whitelist" in said:
        return Unsupported("it is a kind of file that is not read; convert it to WAV, FLAC, MP3 or MP4")
    if code is not None and code < 0:
        return BadInput(f"the decoder crashed on it (signal {-code}); the file is damaged: export it again")
    if not said:
        return BadInput("it holds no sound (0 samples); record or export it again")
    return BadInput(f"it is no audio that can be decoded, or is damaged ({said}); export it again")


def complaint(child: Child) -> str:
    """What the decoder wrote, each thing once, without addresses, paths and its closing remarks."""
    lines = child.said.decode("utf-8", "replace").splitlines()
    lines = [re.sub(r"^(\[[^\]]*\]\s*)*(Error opening input: )?", "", line) for line in lines]
    told = [line for line in lines if line and not line.startswith(ASIDES)]
    said = " ".join("; ".join(dict.fromkeys(told)).split())[:160]
    return "".join(letter if letter.isprintable() else "?" for letter in said)
