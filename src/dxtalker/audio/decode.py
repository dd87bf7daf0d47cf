"""Everything that is not plain WAV: an ffmpeg child process, watched, bounded and always reaped.

A decoder may spin for ever on a hundred bytes, so it never runs in this process: the child is ended when
nothing new is decoded for STALL_SECONDS, when it is slower than the sound it decodes, or when we stop.
"""

from __future__ import annotations

import io
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ..errors import BadInput, LimitExceeded, NotReady, Unsupported
from ..ffmpeg import ffmpeg_path
from .limits import check_seconds
from .source import Source
from .wav import WavFormat, parse_wav, read_frames

STALL_SECONDS = 2.0  # waiting for the next decoded bytes
HEAD_START = 10.0  # seconds of waiting in all, on top of the length of what was decoded
CHILD_BYTES = 512 << 20  # address space of the child (Linux), of which 190 MB are the program itself
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}  # glibc reserves 128 MB of that for each thread otherwise
ASIDES = ("Error opening input file", "frame:", "begins=")  # of what it says, what is no complaint
PIECES, PIECE = 8, 1 << 16  # buffers between the pipe and us, and bytes in each
SILENT_FRAMES = 1 << 13  # in a block of silence
STDERR_BYTES = 1 << 16  # kept of what the decoder says
STARTS = re.compile(rb"pts_time:(-?[0-9.]+)")  # as the ametadata filter prints it

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
    child = Child(command(ffmpeg_path(), path, is_mpeg_stream(head)))
    try:
        stream = cast(BinaryIO, io.BufferedReader(child, PIECE))
        if child.is_empty():
            raise child.failure()
        wav = parse_wav(stream, None)
        start = child.start()
        check_seconds(start)
        source = Source(wav.rate, wav.channels, iter(()))
        source.blocks = chain(_silence(start, wav), _watched(child, stream, wav, source.notes))
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


class Child(io.RawIOBase):
    """A decoder's stdout as a stream that cannot block for longer than STALL_SECONDS."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__()
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=os.environ | ONE_ARENA,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                start_new_session=os.name == "posix",  # a group of its own, to be ended as a whole
            )
        except OSError as error:
            raise NotReady(
                f"{arguments[0]} cannot be run ({error.strerror}); run: dxtalker doctor"
            ) from error
        _limit_memory(self._process.pid)
        # Pieces go round: a reader thread fills them, readinto empties them, and none is ever allocated anew.
        self._empty: queue.Queue[bytearray | None] = queue.Queue()  # None stops the thread
        self._full: queue.Queue[memoryview] = queue.Queue()  # one of length 0 ends the stream
        for _ in range(PIECES):
            self._empty.put(bytearray(PIECE))
        self._said = b""
        self._piece = memoryview(b"")
        self._used = 0  # bytes of it
        self._ended = False
        self._waited = 0.0  # seconds spent waiting for the decoder
        self.decoded_seconds = 0.0  # set by who reads
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read_output, self._read_errors)
        ]
        for thread in self._threads:
            thread.start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[override]
        if self.is_empty():
            return 0
        part = self._piece[self._used : self._used + len(buffer)]
        buffer[: len(part)] = part
        self._used += len(part)
        return len(part)

    def is_empty(self) -> bool:
        """Wait until there is something to read; True at the end of the stream."""
        if self._used == len(self._piece) and not self._ended:
            if self._used:
                self._empty.put(self._piece.obj)  # type: ignore[arg-type]
            self._piece, self._used = self._next(), 0
            self._ended = not self._piece
        return self._ended

    def _next(self) -> memoryview:
        begin = time.monotonic()
        try:
            piece = self._full.get(timeout=STALL_SECONDS)
        except queue.Empty:
            raise LimitExceeded(
                f"the decoder made no progress for {STALL_SECONDS:.0f} s and was stopped;"
                " the file is probably damaged: convert it to WAV, or try again if the computer was busy"
            ) from None
        self._waited += time.monotonic() - begin
        if self._waited > HEAD_START + self.decoded_seconds:
            raise LimitExceeded(
                "it decodes more slowly than it plays and was stopped; convert it to WAV first"
            )
        return piece

    def start(self) -> float:
        """Seconds from the start of the file's clock to the first sample; call it after the first bytes.

        A start before 0 is only a decoder's way of counting its own delay.
        """
        for _ in range(100):  # the line is written before the first sample, but read by another thread
            if found := STARTS.search(self._said):
                return max(0.0, float(found[1]))
            time.sleep(0.01)
        return 0.0

    def finish(self) -> str | None:
        """After the last sample: None when the decoder was content, else what it complained about."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STALL_SECONDS)
        self._threads[1].join(STALL_SECONDS)
        return self._complaint() or (f"exit code {code}" if (code := self._process.returncode) else None)

    def failure(self) -> BadInput:
        """The error for a file of which nothing could be decoded."""
        said = self.finish() or ""
        if "matches no streams" in said or "does not contain any stream" in said:
            return BadInput("it holds no audio track; give a file with sound")
        if "moov atom not found" in said:
            return BadInput(
                "it is cut short (its index, the moov atom, is missing); download or export it again"
            )
        if "whitelist" in said:
            return Unsupported("it is a kind of file that is not read; convert it to WAV, FLAC, MP3 or MP4")
        code = self._process.returncode
        if code is not None and code < 0:
            return BadInput(
                f"the decoder crashed on it (signal {-code}); the file is damaged: export it again"
            )
        if not said:
            return BadInput("it holds no sound (0 samples); record or export it again")
        return BadInput(f"it is no audio that can be decoded, or is damaged ({said}); export it again")

    def close(self) -> None:
        """End the child and whatever it started, and collect it. Safe to call twice."""
        _kill(self._process)
        self._empty.put(None)
        for thread in self._threads:
            thread.join(STALL_SECONDS)
        self._process.wait()
        super().close()

    def _read_output(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        with pipe:
            while (piece := self._empty.get()) is not None:
                count = pipe.readinto(piece)  # type: ignore[attr-defined]
                self._full.put(memoryview(piece)[:count])
                if not count:
                    break

    def _read_errors(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None
        with pipe:
            while piece := os.read(pipe.fileno(), STDERR_BYTES):
                self._said = (self._said + piece)[:STDERR_BYTES]

    def _complaint(self) -> str:
        """What the decoder wrote, each thing once, without addresses, paths and its closing remarks."""
        text = self._said.decode("utf-8", "replace")
        lines = [re.sub(r"^(\[[^\]]*\]\s*)*(Error opening input: )?", "", line) for line in text.splitlines()]
        told = [line for line in lines if line and not line.startswith(ASIDES)]
        return " ".join("; ".join(dict.fromkeys(told)).split())[:160]


def _silence(seconds: float, wav: WavFormat) -> Iterator[np.ndarray]:
    left = round(seconds * wav.rate)  # frames
    while left > 0:
        count = min(left, SILENT_FRAMES)
        yield np.zeros((count, wav.channels), np.float32)
        left -= count


def _watched(child: Child, stream: BinaryIO, wav: WavFormat, notes: list[str]) -> Iterator[np.ndarray]:
    for block in read_frames(stream, wav):
        child.decoded_seconds += len(block) / wav.rate
        yield block
    if complaint := child.finish():
        if child.decoded_seconds == 0:
            raise child.failure()
        notes.append(f"the decoder found damage: {complaint}")


def _limit_memory(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):  # already ended, or a lower limit is in force
            resource.prlimit(pid, resource.RLIMIT_AS, (CHILD_BYTES, CHILD_BYTES))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # its own group: a wrapper script's children too
