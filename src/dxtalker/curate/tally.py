"""What a report counts: one pass over a collection's records, which is all that is ever held of it."""

from __future__ import annotations

import hashlib
import heapq
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..data.clip import ClipRecord
from .reasons import REASONS
from .scores import SCORES

KEPT = ""  # the reason of what was kept
FACES = 24  # records of each reason that are drawn for its contact sheet; more of what was kept
MORE_FACES = 96
FILES = 400  # files that gave nothing, listed by name
NAMED = 8  # attributions listed of a licence


@dataclass
class Share:
    """Some part of the records."""

    videos: set[str] = field(default_factory=set)
    clips: int = 0
    files: int = 0  # records that stand for a whole file
    seconds: float = 0.0

    def add(self, record: ClipRecord) -> None:
        self.videos.add(record.source)
        self.clips += record.frames > 0
        self.files += record.frames == 0
        self.seconds += record.duration


@dataclass
class Licence:
    """What is under one licence."""

    share: Share = field(default_factory=Share)
    attributions: dict[str, int] = field(default_factory=dict)  # who is to be named -> clips


class Draw:
    """The ``most`` records whose names have the smallest sums: a fair draw that no order of records changes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._heap: list[tuple[int, str, ClipRecord]] = []  # the largest sum first, as a negative number

    def add(self, record: ClipRecord) -> None:
        said = f"{record.name}/{record.sha256}/{record.start:.3f}".encode("utf-8", "backslashreplace")
        number = -int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, (number, record.name, record))
        elif number > self._heap[0][0]:
            heapq.heapreplace(self._heap, (number, record.name, record))

    @property
    def records(self) -> list[ClipRecord]:
        """In the order of their names."""
        return [entry[2] for entry in sorted(self._heap, key=lambda entry: (entry[1], entry[0]))]


@dataclass
class Tally:
    """Counts by reason, scores, offsets, licences and a draw of records of a collection."""

    shares: dict[str, Share] = field(default_factory=dict)  # reason -> what it took; KEPT: what was kept
    speakers: set[str] = field(default_factory=set)  # of what was kept
    # (kept, dropped) values of every score; "clip.seconds" is a clip's length
    values: dict[str, tuple[array[float], array[float]]] = field(default_factory=dict)
    offsets: dict[str, dict[str, float]] = field(default_factory=dict)  # folder -> video -> seconds late
    licences: dict[str, Licence] = field(default_factory=dict)  # of what was kept
    draws: dict[str, Draw] = field(default_factory=dict)  # reason -> records to be shown
    files: list[ClipRecord] = field(default_factory=list)  # that gave nothing, the first FILES of them

    def add(self, record: ClipRecord) -> None:
        reason = record.dropped
        self.shares.setdefault(reason, Share()).add(record)
        if record.frames:
            most = FACES if reason else MORE_FACES
            self.draws.setdefault(reason, Draw(most)).add(record)
        elif len(self.files) < FILES:
            self.files.append(record)
        for name, value in record.scores.items():
            if name in SCORES:
                self._value(name, value, reason)
        if record.frames:
            self._value("clip.seconds", record.duration, reason)
        if "sync.offset" in record.scores:
            folder = str(PurePosixPath(record.source).parent)
            self.offsets.setdefault(folder, {})[record.source] = record.scores["sync.offset"]
        if not reason:
            self._keep(record)

    def _value(self, name: str, value: float, reason: str) -> None:
        self.values.setdefault(name, (array("f"), array("f")))[bool(reason)].append(value)

    def _keep(self, record: ClipRecord) -> None:
        self.speakers.add(record.speaker)
        licence = self.licences.setdefault(record.licence, Licence())
        licence.share.add(record)
        named = licence.attributions
        if record.attribution in named or len(named) <= NAMED:
            named[record.attribution] = named.get(record.attribution, 0) + 1

    @property
    def kept(self) -> Share:
        return self.shares.get(KEPT, Share())

    @property
    def dropped(self) -> Share:
        """Everything that was."""
        whole = Share()
        for reason, share in self.shares.items():
            if reason:
                whole.videos |= share.videos
                whole.clips += share.clips
                whole.files += share.files
                whole.seconds += share.seconds
        return whole

    @property
    def videos(self) -> int:
        """All that gave a record."""
        return len(self.kept.videos | self.dropped.videos)

    @property
    def reasons(self) -> list[str]:
        """For which something was dropped, in the order of the stages; unknown ones last."""
        order = {reason: number for number, reason in enumerate(REASONS)}
        return sorted((r for r in self.shares if r), key=lambda r: (order.get(r, len(order)), r))


def tally(records: Iterable[ClipRecord]) -> Tally:
    """Count ``records``: those of clips that were kept and those of what was dropped, in any order."""
    counted = Tally()
    for record in records:
        counted.add(record)
    return counted


def hours(seconds: float) -> str:
    """A length as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h"
