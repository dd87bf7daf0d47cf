"""One piece of a video -> its takes and its rejects: every stage in order, the cheap before the dear. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..data.clip import Clip, ClipRecord
from ..errors import BadInput
from ..face.seen import Seen
from ..records import FEATURE_FPS, SAMPLE_RATE, Waveform
from .drafts import Piece, Reject, Take
from .settings import Settings
from .soundtrack import Hearing
from .verdict import Verdict

FPS = int(FEATURE_FPS)
FRAME = SAMPLE_RATE // FPS  # samples
Alive = Callable[[float], None]


class Looked(Protocol):
    """What the pictures of a piece show, at 25 a second (look.py)."""

    @property
    def start(self) -> float: ...  # seconds, of frame 0
    @property
    def seen(self) -> Seen: ...  # T frames
    @property
    def notes(self) -> tuple[str, ...]: ...


class Stretch(Protocol):
    """A part of it with one face, and what is to be said against it (stretches.py)."""

    @property
    def first(self) -> int: ...  # frame of the piece
    @property
    def stop(self) -> int: ...  # up to, not including
    @property
    def verdict(self) -> Verdict: ...
    @property
    def likeness(self) -> np.ndarray: ...  # (K,) float32, of the face


@dataclass(frozen=True)
class Tracked:
    """A stretch that was followed."""

    clip: Clip  # without pictures
    verdict: Verdict  # of the checks
    windows: Sequence[object]  # T squares of the picture around the face


@dataclass(frozen=True)
class Shot:
    """Pictures that are wanted of a clip."""

    first: int  # frame of the piece
    windows: (
        Sequence[object] | None
    )  # T squares, one a frame; None: the one of ``first`` alone, around the face


@dataclass(frozen=True)
class Pictures:
    """Of a clip."""

    crop: bytes = b""  # MP4
    thumbnail: bytes = b""  # JPEG


class Stages(Protocol):
    """The stages with whatever models they have loaded. Each is a pure function of what it is given."""

    def look(self, path: Path, start: float, seconds: float) -> Looked: ...

    def stretches(self, looked: Looked, sound: Waveform) -> Sequence[Stretch]:
        """``sound`` begins with frame 0."""
        ...

    def sound(self, wave: Waveform) -> Verdict: ...

    def people(self, likenesses: Sequence[np.ndarray]) -> Sequence[int]:
        """Which stretches show the same face: equal numbers, from 0 in order of appearance."""
        ...

    def meet(self, parts: Sequence[Seen]) -> object:
        """Who is seen in parts that show one face."""
        ...

    def follow(self, record: ClipRecord, seen: Seen, sound: Waveform, person: object) -> Tracked:
        """``record.start`` counts from frame 0 of ``seen`` and sample 0 of ``sound``."""
        ...

    def evidence(self, clip: Clip) -> Mapping[str, np.ndarray]: ...

    def pictures(
        self, path: Path, looked: Looked, shots: Sequence[Shot]
    ) -> Iterator[tuple[int, Pictures]]: ...


@dataclass
class _Candidate:
    """A stretch on its way."""

    first: int
    frames: int
    start: float  # seconds in the video
    verdict: Verdict
    likeness: np.ndarray
    tracked: Tracked | None = None
    speaker: str = ""
    evidence: Mapping[str, np.ndarray] | None = None


def curate_piece(
    path: Path,
    heard: Hearing,
    sha256: str,
    settings: Settings,
    stages: Stages,
    alive: Alive = lambda seconds: None,
) -> Piece:
    """What the part of the video ``path`` that ``heard`` is the sound of gives.

    Raises what the look raises: BadInput, Unsupported or LimitExceeded for pictures that cannot be read. ``alive`` is
    called with the seconds of video that were done.
    """
    seconds = (heard.stop - heard.start) / SAMPLE_RATE
    looked = stages.look(path, heard.start / SAMPLE_RATE, seconds)
    alive(0.0)
    begin = round(looked.start * SAMPLE_RATE)
    sound = Waveform(heard.between(begin, heard.begin + len(heard.samples)))
    found = [_candidate(stretch, looked, heard) for stretch in stages.stretches(looked, sound)]
    for one in found:
        if not one.verdict.reason:
            wave = Waveform(_sound_of(one, heard))
            one.verdict = _both(one.verdict, stages.sound(wave))
    alive(0.0)
    _follow_all([one for one in found if not one.verdict.reason], looked, sound, sha256, stages, alive)
    shots = [
        Shot(one.first, one.tracked.windows)
        if one.tracked is not None and not one.verdict.reason
        else Shot(one.first + one.frames // 2, None)
        for one in found
    ]
    pictures = dict(stages.pictures(path, looked, shots)) if found else {}
    takes, rejects = [], []
    for number, one in enumerate(found):
        shown = pictures.get(number, Pictures())
        if one.tracked is not None and not one.verdict.reason:
            record = _record(one, f"c{len(takes):03d}", sha256)
            takes.append(_take(one, shown, heard, record, round(settings.offset * SAMPLE_RATE)))
        else:
            record = _record(one, f"r{len(rejects):03d}", sha256)
            rejects.append(Reject(record, shown.thumbnail))
    alive(seconds)
    width, height = looked.seen.size
    return Piece(seconds, tuple(takes), tuple(rejects), f"{width}x{height}", tuple(looked.notes))


def _candidate(stretch: Stretch, looked: Looked, heard: Hearing) -> _Candidate:
    start = looked.start + stretch.first / FPS
    there = len(heard.between(round(start * SAMPLE_RATE), heard.begin + len(heard.samples))) // FRAME
    frames = min(stretch.stop - stretch.first, there)
    verdict = stretch.verdict
    if frames < 1 and not verdict.reason:
        verdict = _both(verdict, Verdict(reason="sound.silent", remark="the sound ends before it"))
    return _Candidate(stretch.first, max(frames, 0), start, verdict, stretch.likeness)


def _sound_of(one: _Candidate, heard: Hearing) -> np.ndarray:
    first = round(one.start * SAMPLE_RATE)
    return heard.between(first, first + one.frames * FRAME)


def _follow_all(
    found: Sequence[_Candidate], looked: Looked, sound: Waveform, sha256: str, stages: Stages, alive: Alive
) -> None:
    """Each person is met once, and followed in each of their stretches."""
    if not found:
        return
    parts = [looked.seen.cut(one.first, one.first + one.frames) for one in found]
    people = stages.people([one.likeness for one in found])
    for face in sorted(set(people)):
        theirs = [number for number, other in enumerate(people) if other == face]
        try:
            person = stages.meet([parts[number] for number in theirs])
        except BadInput as error:
            for number in theirs:
                found[number].verdict = _both(found[number].verdict, _loose(error))
            continue
        for number in theirs:
            _follow(found[number], looked, sound, sha256, stages, person, chr(ord("a") + face % 26))
            alive(0.0)


def _follow(
    one: _Candidate,
    looked: Looked,
    sound: Waveform,
    sha256: str,
    stages: Stages,
    person: object,
    speaker: str,
) -> None:
    one.speaker = speaker
    record = replace(_record(one, "c000", sha256), start=one.first / FPS)
    try:
        one.tracked = stages.follow(record, looked.seen, sound, person)
    except BadInput as error:
        one.verdict = _both(one.verdict, _loose(error))
        return
    one.verdict = _both(one.verdict, one.tracked.verdict)
    if not one.verdict.reason:
        one.evidence = stages.evidence(one.tracked.clip)


def _loose(error: BadInput) -> Verdict:
    return Verdict(reason="track.loose", remark=" ".join(str(error).split()))


def _both(first: Verdict, then: Verdict) -> Verdict:
    """All scores; the first reason counts."""
    said = first if first.reason else then
    return Verdict({**first.scores, **then.scores}, said.reason, said.remark)


def _record(one: _Candidate, name: str, sha256: str) -> ClipRecord:
    """What is known of it in its video alone; names, sources and licences come when drafts are collected."""
    return ClipRecord(
        name, "", sha256, one.start, one.frames, one.speaker,
        scores={key: float(value) for key, value in one.verdict.scores.items() if np.isfinite(value)},
        dropped=one.verdict.reason, remark=one.verdict.remark,
    )  # fmt: skip


def _take(one: _Candidate, shown: Pictures, heard: Hearing, record: ClipRecord, margin: int) -> Take:
    """``margin`` samples of sound are kept on both sides, where there are as many."""
    assert one.tracked is not None
    first = round(one.start * SAMPLE_RATE)
    stop = first + one.frames * FRAME
    return Take(
        replace(one.tracked.clip, record=record, crop=shown.crop, thumbnail=shown.thumbnail),
        heard.between(first - margin, first),
        heard.between(stop, stop + margin),
        dict(one.evidence or {}),
    )
