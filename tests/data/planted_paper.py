"""Clips in which three hidden curves are heard in three tones and seen in three places of a FLAME face.

The words' curve is heard at 500 Hz and moves the even expression codes; the mood's at 2 kHz moves the odd ones; the
loudness', by far the loudest, at 1 kHz opens the jaw and turns the head.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from made_up_clips import made_up_clip

from dxtalker.data.clip import FlameTrack
from dxtalker.data.shards import ClipWriter
from dxtalker.records import Waveform
from dxtalker.speech.prosody import SAMPLES_PER_FRAME

WORDS, MOOD, LOUD = 500.0, 2000.0, 1000.0  # Hz
SMILE, BROW = slice(0, 50, 2), slice(1, 50, 2)  # expression codes


def curve(rng: np.random.Generator, frames: int) -> np.ndarray:
    """(frames,) 0..1, smooth over a quarter of a second."""
    drawn = np.convolve(rng.standard_normal(frames + 12), np.hanning(9), "same")[6:-6]
    return np.clip(0.5 + 0.25 * drawn / drawn.std(), 0, 1)


def planted(seed: int, frames: int) -> tuple[np.ndarray, FlameTrack]:
    """(640 T,) samples and what is seen."""
    rng = np.random.default_rng(seed)
    words, mood, loud = (curve(rng, frames) for _ in range(3))
    at = np.arange(frames * SAMPLES_PER_FRAME)
    place = np.arange(frames) * SAMPLES_PER_FRAME + SAMPLES_PER_FRAME / 2
    tones = (0.02 * words, WORDS), (0.02 * mood, MOOD), (0.2 * loud, LOUD)
    sound = sum(
        np.interp(at, place, level) * np.sin(2 * np.pi * hertz * at / 16_000) for level, hertz in tones
    )
    expression = rng.normal(0, 0.02, (frames, 50))
    expression[:, SMILE] += 2 * words[:, None]
    expression[:, BROW] += 2 * mood[:, None]
    pose = rng.normal(0, 0.002, (frames, 6))
    pose[:, 1] += 0.3 * loud
    pose[:, 3] += 0.2 * loud
    shape = np.repeat(rng.normal(0, 1, (1, 100)), frames, axis=0)
    detail = rng.normal(0, 0.05, (frames, 128))
    empty = np.zeros((frames, 0))
    parts = (expression, pose, shape, detail, empty, empty, empty)
    return sound.astype(np.float32), FlameTrack(*(part.astype(np.float32) for part in parts))


def write_planted(folder: Path, lengths: list[int], seed: int = 0) -> None:
    """A collection of one clip for each of ``lengths``, in frames."""
    with ClipWriter(folder, {"imported": "planted"}) as writer:
        for number, frames in enumerate(lengths):
            sound, flame = planted(seed + number, frames)
            clip = made_up_clip(f"V0-s{number}-00001", number, frames)
            record = replace(clip.record, tracked=False)
            writer.add(replace(clip, record=record, sound=Waveform(sound), flame=flame))


@dataclass(frozen=True)
class Tone:
    """An encoder that hears one tone: its level, and numbers that say nothing."""

    hertz: float
    layers: int = 1
    width: int = 4

    @property
    def key(self) -> str:
        return f"tone-{self.hertz}"

    def features(self, samples: np.ndarray) -> np.ndarray:
        """(T, 1, 4) float32."""
        frames = samples.reshape(-1, SAMPLES_PER_FRAME)
        wave = np.exp(-2j * np.pi * self.hertz * np.arange(SAMPLES_PER_FRAME) / 16_000)
        rng = np.random.default_rng(zlib.crc32(samples.tobytes()))
        heard = rng.standard_normal((len(frames), self.layers, self.width)).astype(np.float32)
        heard[:, -1, 0] = 20 * np.abs(frames @ wave) / SAMPLES_PER_FRAME
        return heard
