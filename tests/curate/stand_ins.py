"""Stages that take no time: files of sound alone stand for videos, and what they "show" follows from their length.

A file whose name has "crash", "hang", "raise" or "torn" in it does just that when its pictures are looked at.
"""

from __future__ import annotations

import os
import signal
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dxtalker.curate.collect import Evidence, Joint
from dxtalker.curate.settings import Settings
from dxtalker.curate.verdict import Verdict
from dxtalker.curate.video import Alive, Pictures, Shot, Stages, Tracked
from dxtalker.data.clip import Clip, ClipRecord
from dxtalker.errors import BadInput
from dxtalker.face.seen import Seen
from dxtalker.records import Motion, Waveform

SETTINGS = Settings(shortest=1.0, longest=2.0, offset=0.2)
FRAMES = 50  # of a stretch


@dataclass(frozen=True)
class Looked:
    start: float
    seen: Seen
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stretch:
    first: int
    stop: int
    verdict: Verdict
    likeness: np.ndarray


class StandIn:
    """Every third stretch is too dark; quiet ones are silent."""

    def __init__(self, late: float = 0.0) -> None:
        self.late = late

    def look(self, path: Path, start: float, seconds: float, alive: Alive) -> Looked:
        if "crash" in path.name:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "hang" in path.name:
            time.sleep(60)
        if "raise" in path.name:
            raise RuntimeError("no stage is perfect")
        if "torn" in path.name:
            raise BadInput(f"{path.name!r}: it is cut short (its index, the moov atom, is missing)")
        time.sleep(0.05 if "slow" in path.name else 0)
        count = round(seconds * 25)
        nothing = np.zeros((0, 478, 3), np.int16), np.zeros((0, 52), np.float32), np.zeros((0, 2), np.float32)
        return Looked(start, Seen((64, 48), np.zeros(count, bool), *nothing))

    def stretches(self, looked: Looked, sound: Waveform) -> Sequence[Stretch]:
        found = []
        for number, first in enumerate(range(0, len(looked.seen) - FRAMES + 1, FRAMES)):
            dark = Verdict({"picture.level": 3.0}, "picture.dark", "3 of 255; expected 35 to 235")
            fair = Verdict({"picture.level": 90.0})
            verdict = dark if number % 3 == 2 else fair
            found.append(Stretch(first, first + FRAMES, verdict, np.zeros(1, np.float32)))
        return found

    def sound(self, wave: Waveform) -> Verdict:
        loud = float(np.abs(wave.samples).max(initial=0))
        return Verdict({"sound.snr": 100 * loud}, "" if loud > 0.01 else "sound.silent")

    def people(self, likenesses: Sequence[np.ndarray]) -> Sequence[int]:
        return [number % 2 for number in range(len(likenesses))]

    def meet(self, parts: Sequence[Seen]) -> int:
        return len(parts)

    def follow(self, record: ClipRecord, path: Path, looked: Looked, sound: Waveform, person: int) -> Tracked:
        count, first = record.frames, round(record.start * 25)
        ramp = (np.arange(first, first + count, dtype=np.float32) % 100) / 100
        curves = np.tile(ramp[:, None], (1, 52))
        still = np.zeros((count, 3), np.float32)
        clip = Clip(
            record=record,
            sound=Waveform(sound.samples[first * 640 : (first + count) * 640]),
            motion=Motion(curves, still, still),
            code=np.full(3, person, np.float32),
            scores=curves.astype(np.float16),
            landmarks=np.zeros((count, 478, 3), np.float16),
            present=np.ones(count, bool),
        )
        return Tracked(clip, Verdict({"track.error": 1.0}), first)

    def evidence(self, clip: Clip) -> Mapping[str, np.ndarray]:
        return {"late": np.array([self.late]), "sum": np.array([float(clip.sound.samples.sum())])}

    def fingerprint(self, clip: Clip) -> Mapping[str, np.ndarray]:
        return {"face": np.frombuffer(clip.thumbnail, np.uint8)}

    def pictures(self, path: Path, looked: Looked, shots: Sequence[Shot]) -> Iterator[tuple[int, Pictures]]:
        for number, shot in enumerate(shots):
            yield number, Pictures(b"", bytes([shot.first % 256]))


def make_stand_in(settings: Settings) -> Stages:
    return StandIn()


class ByLength(StandIn):
    """Videos are late by a hundredth of their length."""

    def look(self, path: Path, start: float, seconds: float, alive: Alive) -> Looked:
        self.late = seconds / 100
        return super().look(path, start, seconds, alive)


def make_by_length(settings: Settings) -> Stages:
    return ByLength()


def make_late(settings: Settings) -> Stages:
    return StandIn(0.1)


@dataclass(frozen=True)
class Late:
    seconds: float
    error: float = 0.01
    confidence: float = 1.0


def offset(evidence: Sequence[Evidence]) -> Late:
    return Late(float(np.median([one["late"][0] for one in evidence])))


def sync(evidence: Evidence, late: Late, settings: Settings) -> Verdict:
    doubtful = settings.sync_confidence > 0.9
    return Verdict({"sync.offset": late.seconds, "sync.confidence": 0.9}, "sync.doubtful" if doubtful else "")


def duplicates(clips: Sequence[tuple[str, Evidence]]) -> Mapping[str, str]:
    first: dict[float, str] = {}
    return {
        name: kept for name, one in clips if (kept := first.setdefault(float(one["sum"][0]), name)) != name
    }


JOINT = Joint(offset, sync, duplicates, lambda sources: JOINT, lambda likenesses: [0] * len(likenesses))


def write_video(path: Path, seconds: float, seed: int = 0) -> Path:
    """A WAV file of noise under whatever name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 3000, round(16_000 * seconds))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
    return path
