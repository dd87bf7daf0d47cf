"""The audio door: decoded channels -> checked, mixed, resampled 16 kHz mono, in blocks or as one Waveform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..records import SAMPLE_RATE, Waveform
from .limits import MAX_LEVEL, MAX_UNUSABLE, check_seconds
from .resample import ResampleStream
from .source import Source, open_source

CEILING = 0.9999  # share of full scale; two samples in a row at or above it are clipped
CLIPPED = 1e-4  # share of clipped samples from which it is worth a note
SILENT = 1e-3  # -60 dBFS peak
CANCELLED = 0.05  # mix over loudest channel, from which channels are said to cancel


class Mixer:
    """(n, channels) blocks -> (n,) mono by the mean of the channels, with a tally of what was odd."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.total = 0  # samples over all channels
        self.unusable = 0  # NaN, infinite or beyond MAX_LEVEL; replaced by silence
        self.clipped = 0
        self.channel_peak = 0.0
        self.mix_peak = 0.0

    def mix(self, block: np.ndarray) -> np.ndarray:
        level = np.abs(block)  # (n, channels)
        peak = float(level.max())
        if not peak <= MAX_LEVEL:  # also when NaN
            bad = ~(level <= MAX_LEVEL)
            block, level = np.where(bad, np.float32(0), block), np.where(bad, np.float32(0), level)
            self.unusable += int(bad.sum())
            peak = float(level.max())
        if peak >= CEILING:
            high = level >= CEILING
            self.clipped += int((high[1:] & high[:-1]).sum())
            block = np.clip(block, -1.0, 1.0)
        mono = block[:, 0].copy()
        for channel in range(1, self.channels):
            mono += block[:, channel]
        mono /= self.channels
        self.total += block.size
        self.channel_peak = max(self.channel_peak, min(peak, 1.0))
        self.mix_peak = max(self.mix_peak, float(np.abs(mono).max()))
        return mono

    def check(self) -> None:
        """Raise BadInput when too much of what was read is no sound."""
        if self.unusable > MAX_UNUSABLE * self.total:
            share = 100 * self.unusable / self.total
            raise BadInput(
                f"{share:.0f} % of its samples are NaN, infinite or over {MAX_LEVEL:.0f} times full scale;"
                " expected -1..1: export it again, as 16-bit PCM for example"
            )

    def notes(self) -> list[str]:
        said = []
        if self.channels > 1:
            said.append(f"{self.channels} channels were mixed to one")
        if self.unusable:
            said.append(
                f"{self.unusable:,} samples were not finite numbers or absurdly loud; they are silence now"
            )
        if self.clipped > CLIPPED * self.total:
            said.append(f"clipped: {100 * self.clipped / self.total:.2g} % of the samples lie at full scale")
        if self.mix_peak < CANCELLED * self.channel_peak and self.channel_peak > SILENT:
            said.append("the channels cancel each other when mixed; give a file with one of them")
        elif self.mix_peak < SILENT:
            level = f"peak {20 * np.log10(self.mix_peak):.0f} dBFS" if self.mix_peak > 0 else "all zeros"
            said.append(f"silent: {level}")
        return said


def load_audio(path: Path | str) -> Waveform:
    """Read any audio file, or the first audio track of a video, as 16 kHz mono.

    Time 0 is the start of the file: a track that begins late is preceded by silence. ``notes`` say what
    was mixed, repaired, clipped, silent or cut short. Raises BadInput, Unsupported or LimitExceeded with
    the file's name and the reason, and NotReady when ffmpeg is needed and missing.
    """
    notes: list[str] = []
    samples = np.empty(0, np.float32)
    filled = 0
    for block in _blocks(path, notes):
        if filled + len(block) > len(samples):
            # In small steps, which the allocator takes in place: the peak is the samples, not twice of them.
            samples.resize(filled + len(block) + max(filled // 16, SAMPLE_RATE), refcheck=False)
        samples[filled : filled + len(block)] = block
        filled += len(block)
    samples.resize(filled, refcheck=False)
    return Waveform(samples, SAMPLE_RATE, tuple(notes))


def stream_audio(path: Path | str, block_seconds: float = 10.0) -> Iterator[np.ndarray]:
    """Yield (round(block_seconds * 16000),) float32 blocks of 16 kHz mono; the last one may be shorter.

    Joined, they are the samples of ``load_audio``, whatever the block size. Errors are those of
    ``load_audio``; ones about the whole (too few usable samples) come after the last block.
    """
    if not 0 < block_seconds < np.inf:
        raise BadInput(f"block_seconds is {block_seconds}; expected seconds above 0, for example 10")
    size = max(1, round(block_seconds * SAMPLE_RATE))
    return _regroup(_blocks(path, []), size)


def _blocks(path: Path | str, notes: list[str]) -> Iterator[np.ndarray]:
    """(n,) float32 pieces of 16 kHz mono, of whatever length the decoder's blocks give."""
    with open_source(path) as source:
        yield from _mono(source, notes)
        notes[:0] = source.notes


def _mono(source: Source, notes: list[str]) -> Iterator[np.ndarray]:
    mixer = Mixer(source.channels)
    stream = ResampleStream(source.rate, SAMPLE_RATE)
    count = 0  # samples at 16 kHz
    for block in source.blocks:
        piece = np.clip(stream.push(mixer.mix(block)), -1.0, 1.0)
        count += len(piece)
        check_seconds(count / SAMPLE_RATE)
        if len(piece):
            yield piece
    piece = np.clip(stream.push(np.empty(0, np.float32), last=True), -1.0, 1.0)
    if len(piece):
        yield piece
    if count + len(piece) == 0:
        raise BadInput("it holds no sound (0 samples); record or export it again")
    mixer.check()
    notes += mixer.notes()


def _regroup(pieces: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    held: list[np.ndarray] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            for begin in range(0, whole, size):
                yield joined[begin : begin + size].copy()
            held, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(held)
