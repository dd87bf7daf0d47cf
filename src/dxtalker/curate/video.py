"""One piece of a video -> its takes and its rejects: every stage in order, the cheap before the dear. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

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
LIKENESS = "likeness"  # in the evidence of a take: by it pieces know each other's people
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
    job: object  # what is to be cut out of the pictures, for ``Stages.pictures``


@dataclass(frozen=True)
class Shot:
    """A stretch of which pictures are wanted."""

    first: int  # frame of the piece
    frames: int
    job: object | None  # None: a thumbnail is enough


@dataclass(frozen=True)
class Pictures:
    """Of a clip."""

    crop: bytes = b""  # MP4
    thumbnail: bytes = b""  # JPEG


class Stages(Protocol):
    """The stages with whatever models they have loaded. Each is a pure function of what it is given."""

    def look(self, path: Path, start: float, seconds: float, alive: Alive) -> Looked:
        """``alive`` is called with the seconds that were looked at."""
        ...

    def stretches(self, looked: Any, sound: Waveform) -> Sequence[Stretch]:
        """``sound`` begins with frame 0."""
        ...

    def sound(self, wave: Waveform) -> Verdict: ...

    def people(self, likenesses: Sequence[np.ndarray]) -> Sequence[int]:
        """Which stretches show the same face: equal numbers, from 0 in order of appearance."""
        ...

    def meet(self, parts: Sequence[Seen]) -> Any:
        """Who is seen in parts that show one face."""
        ...

    def follow(self, record: ClipRecord, path: Path, looked: Any, sound: Waveform, person: Any) -> Tracked:
        """``record.start`` counts from frame 0 of ``looked`` and sample 0 of ``sound``."""
        ...

    def evidence(self, clip: Clip) -> Mapping[str, np.ndarray]:
        """What the sync of a clip is judged by later."""
        ...

    def fingerprint(self, clip: Clip) -> Mapping[str, np.ndarray]:
        """What it is told from other clips by."""
        ...

    def pictures(self, path: Path, looked: Any, shots: Sequence[Shot]) -> Iterator[tuple[int, Pictures]]:
        """One more pass over the pictures: (number of the shot, what was cut of it), in any order."""
        ...


@dataclass
class _Part:
    """A stretch on its way."""

    first: int
    frames: int
    start: float  # seconds in the video
    verdict: Verdict
    likeness: np.ndarray
    tracked: Tracked | None = None
    speaker: str = ""
    evidence: Mapping[str, np.ndarray] | None = None

    def add(self, verdict: Verdict) -> None:
        """All scores; the first reason counts."""
        said = self.verdict if self.verdict.reason else verdict
        self.verdict = Verdict({**self.verdict.scores, **verdict.scores}, said.reason, said.remark)

    @property
    def good(self) -> bool:
        return not self.verdict.reason


@dataclass(frozen=True)
class _Piece:
    """What the stages share while they work on one piece."""

    path: Path
    heard: Hearing
    looked: Looked
    sound: Waveform  # from the instant of frame 0 on
    stages: Stages
    sha256: str
    alive: Alive


def curate_piece(
    path: Path,
    heard: Hearing,
    sha256: str,
    settings: Settings,
    stages: Stages,
    alive: Alive = lambda seconds: None,
) -> Piece:
    """What the part of the video ``path`` that ``heard`` is the sound of gives.

    A stretch that may go on after it is left to the next piece: this one then has fewer seconds than ``heard``.
    Raises what the look raises: BadInput, Unsupported or LimitExceeded for pictures that cannot be read. ``alive`` is
    called with the seconds of video that were done; a look is half of it.
    """
    seconds = (heard.stop - heard.start) / SAMPLE_RATE
    told = _Told(alive)
    looked = stages.look(path, heard.start / SAMPLE_RATE, seconds, told.half)
    sound = Waveform(heard.between(round(looked.start * SAMPLE_RATE), heard.end))
    piece = _Piece(path, heard, looked, sound, stages, sha256, alive)
    found = stages.stretches(looked, sound)
    if not heard.last and _goes_on(found, round(seconds * FPS)):
        seconds, found = found[-1].first / FPS, found[:-1]
    parts = [_part(stretch, piece) for stretch in found]
    for part in parts:
        if part.good:
            first = round(part.start * SAMPLE_RATE)
            part.add(stages.sound(Waveform(heard.between(first, first + part.frames * FRAME))))
            alive(0.0)
    _follow([part for part in parts if part.good], piece)
    takes, rejects = _finish(parts, piece, round(settings.offset * SAMPLE_RATE))
    alive(max(seconds - told.seconds, 0.0))
    width, height = looked.seen.size
    return Piece(seconds, takes, rejects, f"{width}x{height}", tuple(looked.notes))


@dataclass
class _Told:
    """Counts what a look tells, by half."""

    alive: Alive
    seconds: float = 0.0

    def half(self, seconds: float) -> None:
        self.seconds += seconds / 2
        self.alive(seconds / 2)


def _goes_on(found: Sequence[Stretch], frames: int) -> bool:
    """Whether the last stretch is cut by the end of the ``frames`` alone: it is good or too short, and reaches it.

    One that takes more than half of them stays: each piece must bring a video on.
    """
    if not found:
        return False
    last = found[-1]
    usable = last.verdict.reason in ("", "picture.short")
    return usable and last.stop >= frames and 2 * last.first >= frames


def _part(stretch: Stretch, piece: _Piece) -> _Part:
    """No longer than the sound lasts."""
    start = (round(piece.looked.start * FPS) + stretch.first) / FPS
    there = len(piece.heard.between(round(start * SAMPLE_RATE), piece.heard.end)) // FRAME
    frames = min(stretch.stop - stretch.first, there)
    part = _Part(stretch.first, frames, start, stretch.verdict, stretch.likeness)
    if frames < 1:
        part.add(Verdict(reason="sound.silent", remark="the sound ends before it"))
    return part


def _follow(parts: Sequence[_Part], piece: _Piece) -> None:
    """Each person is met once, and followed in each of their stretches."""
    stages, seen = piece.stages, piece.looked.seen
    people = stages.people([part.likeness for part in parts]) if parts else ()
    for face in sorted(set(people)):
        theirs = [part for part, other in zip(parts, people, strict=True) if other == face]
        try:
            person = stages.meet([seen.cut(part.first, part.first + part.frames) for part in theirs])
        except BadInput as error:
            for part in theirs:
                part.add(_loose(error))
            continue
        for part in theirs:
            part.speaker = f"{face:02d}"
            _follow_one(part, piece, person)
            piece.alive(0.0)


def _follow_one(part: _Part, piece: _Piece, person: Any) -> None:
    record = replace(_record(part, "c000", piece.sha256), start=part.first / FPS)
    try:
        part.tracked = piece.stages.follow(record, piece.path, piece.looked, piece.sound, person)
        part.add(part.tracked.verdict)
        if part.good:
            part.evidence = piece.stages.evidence(part.tracked.clip)
    except BadInput as error:
        part.add(_loose(error))


def _loose(error: BadInput) -> Verdict:
    return Verdict(reason="track.loose", remark=" ".join(str(error).split()))


def _finish(
    parts: Sequence[_Part], piece: _Piece, margin: int
) -> tuple[tuple[Take, ...], tuple[Reject, ...]]:
    """Pictures of all parts; what is good becomes a take with ``margin`` samples more on both sides."""
    shots = [
        Shot(part.first, part.frames, part.tracked.job if part.good and part.tracked else None)
        for part in parts
    ]
    shown = dict(piece.stages.pictures(piece.path, piece.looked, shots)) if parts else {}
    takes: list[Take] = []
    rejects: list[Reject] = []
    for number, part in enumerate(parts):
        pictures = shown.get(number, Pictures())
        if part.good and part.tracked is not None:
            takes.append(_take(part, pictures, piece, f"c{len(takes):03d}", margin))
        else:
            rejects.append(Reject(_record(part, f"r{len(rejects):03d}", piece.sha256), pictures.thumbnail))
    return tuple(takes), tuple(rejects)


def _take(part: _Part, pictures: Pictures, piece: _Piece, name: str, margin: int) -> Take:
    assert part.tracked is not None
    clip = replace(
        part.tracked.clip,
        record=_record(part, name, piece.sha256),
        crop=pictures.crop,
        thumbnail=pictures.thumbnail,
    )
    first = round(part.start * SAMPLE_RATE)
    stop = first + part.frames * FRAME
    return Take(
        clip,
        piece.heard.between(first - margin, first),
        piece.heard.between(stop, stop + margin),
        {**(part.evidence or {}), **piece.stages.fingerprint(clip), LIKENESS: part.likeness},
    )


def _record(part: _Part, name: str, sha256: str) -> ClipRecord:
    """What is known of it in its video alone; names, sources and licences come when drafts are collected."""
    return ClipRecord(
        name, "", sha256, part.start, part.frames, part.speaker,
        scores={key: float(value) for key, value in part.verdict.scores.items() if np.isfinite(value)},
        dropped=part.verdict.reason, remark=part.verdict.remark,
    )  # fmt: skip
