"""A video's sound in pieces of a few minutes, each with a little of what is before and after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import stream_audio
from ..records import SAMPLE_RATE, Waveform

BLOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Hearing:
    """The sound of a part of a video."""

    samples: np.ndarray  # (N,) float32 at 16 kHz
    begin: int  # the sample of the video's sound that is ``samples[0]``
    start: int  # the sample with which the part begins; what is before it is margin
    stop: int  # the sample with which it ends; what is after it is margin
    last: bool = False  # whether the video's sound ends with it

    @property
    def wave(self) -> Waveform:
        """The part without its margins."""
        return Waveform(self.between(self.start, self.stop))

    @property
    def end(self) -> int:
        """The sample after the last that is here."""
        return self.begin + len(self.samples)

    def between(self, first: int, stop: int) -> np.ndarray:
        """(n,) samples from ``first`` up to ``stop`` of the video's sound, as far as they are here."""
        return self.samples[max(first - self.begin, 0) : max(stop - self.begin, 0)]


class Soundtrack:
    """Samples that come in blocks, given out in pieces; what lies before the last piece asked for is let go."""

    def __init__(self, blocks: Iterable[np.ndarray], size: int, margin: int) -> None:
        """Of (n,) blocks come pieces of ``size`` samples with up to ``margin`` more on both sides."""
        self._blocks, self._size, self._margin = iter(blocks), size, margin
        self._held, self._begin = np.zeros(0, np.float32), 0
        self._ended = False

    def piece(self, start: int) -> Hearing:
        """What begins with sample ``start``, which is not before the one asked for last.

        The last piece has up to a quarter more, or less, or nothing at all.
        """
        most = start + self._size + self._size // 4
        self._read(max(most, start + self._size + self._margin) + 1)
        used = min(max(start - self._margin - self._begin, 0), len(self._held))
        self._held, self._begin = self._held[used:], self._begin + used
        end = self._begin + len(self._held)
        if self._ended and end <= most:
            return Hearing(self._held, self._begin, min(start, end), end, True)
        stop = start + self._size
        return Hearing(self._held[: stop + self._margin - self._begin], self._begin, start, stop)

    def _read(self, stop: int) -> None:
        """Until the sample before ``stop`` is held, or there are no more."""
        parts, there = [self._held], self._begin + len(self._held)
        while not self._ended and there < stop:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                parts.append(block)
                there += len(block)
        self._held = np.concatenate(parts)


def hear(path: Path, seconds: float, margin: float) -> Soundtrack:
    """The sound of the file ``path`` in pieces of ``seconds``; pieces raise what ``load_audio`` does."""
    return Soundtrack(
        stream_audio(path, BLOCK_SECONDS), round(seconds * SAMPLE_RATE), round(margin * SAMPLE_RATE)
    )
