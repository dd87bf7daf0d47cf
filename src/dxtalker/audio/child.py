"""A decoder as a child process: its output as a stream that cannot block for long, and always an end to it.

A decoder may spin for ever on a hundred bytes, so it never runs in this process: the child is ended when
nothing new is decoded for STALL_SECONDS, when it is slower than the sound it decodes, or when we stop.
"""

from __future__ import annotations

import io
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import cast

from ..errors import LimitExceeded

STALL_SECONDS = 2.0  # waiting for the next decoded bytes
HEAD_START = 10.0  # seconds of waiting in all, on top of the length of what was decoded
MEMORY_BYTES = 512 << 20  # address space of the child (Linux), of which ffmpeg's own program is 190 MB
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}  # glibc reserves 128 MB of that for each thread otherwise
PIECES, PIECE = 8, 1 << 16  # buffers between the pipe and us, and bytes in each
SAID_BYTES = 1 << 16  # kept of what the child writes to stderr
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console flashes up


class Child(io.RawIOBase):
    """Runs ``arguments``; reading gives its stdout, ``said`` the begin of its stderr.

    Reading raises LimitExceeded when the child stalls. ``close`` ends it, whatever state it is in.
    """

    def __init__(
        self,
        arguments: list[str],
        memory_bytes: int | None = None,  # default MEMORY_BYTES
        stall_seconds: float | None = None,  # default STALL_SECONDS
    ) -> None:
        super().__init__()
        self._stall = stall_seconds or STALL_SECONDS
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=os.environ | ONE_ARENA,
            creationflags=NO_WINDOW,
            start_new_session=os.name == "posix",  # a group of its own, to be ended as a whole
        )
        _limit_memory(self._process.pid, memory_bytes or MEMORY_BYTES)
        # Pieces go round: a reader thread fills them, readinto empties them, and none is ever allocated anew.
        self._empty: queue.Queue[bytearray | None] = queue.Queue()  # None stops the thread
        self._full: queue.Queue[memoryview] = queue.Queue()  # one of length 0 ends the stream
        for _ in range(PIECES):
            self._empty.put(bytearray(PIECE))
        self._piece = memoryview(b"")
        self._used = 0  # bytes of it
        self._ended = False
        self._waited = 0.0  # seconds spent waiting for the child
        self.decoded_seconds = 0.0  # of sound; set by who reads
        self.said = b""
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read_output, self._read_errors)
        ]
        for thread in self._threads:
            thread.start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[override]
        if self.at_end():
            return 0
        part = self._piece[self._used : self._used + len(buffer)]
        buffer[: len(part)] = part
        self._used += len(part)
        return len(part)

    def at_end(self) -> bool:
        """Wait until there is something to read; True at the end of the stream."""
        if self._used == len(self._piece) and not self._ended:
            if self._used:
                self._empty.put(cast(bytearray, self._piece.obj))
            self._piece, self._used = self._next(), 0
            self._ended = not self._piece
        return self._ended

    @property
    def silent(self) -> bool:
        """Whether ``said`` is all that will be said."""
        return not self._threads[1].is_alive()

    def finish(self) -> int | None:
        """After the last byte: wait for the child's exit code; None when it had to be ended."""
        try:
            code = self._process.wait(STALL_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        self._threads[1].join(STALL_SECONDS)
        return code

    def close(self) -> None:
        """End the child and whatever it started, and collect it. Safe to call twice."""
        if self._process.poll() is None:
            _kill(self._process)
        self._empty.put(None)
        for thread in self._threads:
            thread.join(STALL_SECONDS)
        self._process.wait()
        super().close()

    def _next(self) -> memoryview:
        begin = time.monotonic()
        try:
            piece = self._full.get(timeout=self._stall)
        except queue.Empty:
            raise LimitExceeded(
                f"the decoder made no progress for {self._stall:.0f} s and was stopped;"
                " the file is probably damaged: convert it to WAV, or try again if the computer was busy"
            ) from None
        self._waited += time.monotonic() - begin
        if self._waited > HEAD_START + self.decoded_seconds:
            raise LimitExceeded(
                "it decodes more slowly than it plays and was stopped; convert it to WAV first"
            )
        return piece

    def _read_output(self) -> None:
        with cast(io.FileIO, self._process.stdout) as pipe:
            while (piece := self._empty.get()) is not None:
                count = pipe.readinto(piece)
                self._full.put(memoryview(piece)[:count])
                if not count:
                    break

    def _read_errors(self) -> None:
        with cast(io.FileIO, self._process.stderr) as pipe:
            while piece := pipe.read(SAID_BYTES):
                self.said = (self.said + piece)[:SAID_BYTES]


def _limit_memory(pid: int, most: int) -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):  # already ended, or a lower limit is in force
            resource.prlimit(pid, resource.RLIMIT_AS, (most, most))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # its own group: a wrapper script's children too
