"""A video's sound in pieces of a few minutes, each with a little of what is before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def hear(path: Path, seconds: float, margin: float) -> Iterator[Hearing]:
    """The sound of the file ``path`` in pieces of ``seconds``; see ``load_audio`` for what it raises."""
    return pieces(
        stream_audio(path, BLOCK_SECONDS), round(seconds * SAMPLE_RATE), round(margin * SAMPLE_RATE)
    )


def pieces(blocks: Iterable[np.ndarray], size: int, margin: int) -> Iterator[Hearing]:
    """(n,) blocks of samples -> pieces of ``size`` samples with up to ``margin`` more on both sides.

    The last piece has up to a quarter more, or less; there is always one. No more than two pieces are held.
    """
    held, begin, start = np.zeros(0, np.float32), 0, 0
    ahead = max(margin, size // 4)  # it takes this much more to know that a piece is not the last
    for block in blocks:
        held = np.concatenate([held, block])
        while begin + len(held) > start + size + ahead:
            yield Hearing(held[: start + size + margin - begin], begin, start, start + size)
            start += size
            used = max(start - margin - begin, 0)
            held, begin = held[used:], begin + used
    end = begin + len(held)
    while end - start > size + size // 4:  # where the margin is the larger
        yield Hearing(held[: start + size + margin - begin], begin, start, start + size)
        start += size
    yield Hearing(held, begin, start, end)
