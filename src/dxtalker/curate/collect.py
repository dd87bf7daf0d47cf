"""Drafts of all videos -> the collection: sync of each source, duplicates, names and licences, shards.

Everything that needs more than one video is decided here, from the drafts alone and in the order of the videos' names,
so the result does not depend on who made the drafts, or when.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np

from ..data.clip import Clip, ClipRecord
from ..data.manifest import Manifest, is_collection, read_manifest
from ..data.shards import ClipWriter
from .correct import corrected
from .drafts import Drafts, Through
from .settings import Settings
from .sources import Video
from .spool import Spool
from .verdict import Verdict
from .video import LIKENESS

VERSION = 1  # of what is decided here: another one decides anew
# A video is its own source from so many seconds of clips on, where that tells enough: videos of one folder that were
# cut alike are not always late alike (the three addresses of docs/curation.md: 176, 120 and 33 ms early).
OWN_SECONDS, OWN_ERROR, OWN_CONFIDENCE = 10.0, 0.03, 0.9
SURE = 0.5  # least confidence with which a source is corrected by its offset
SLUG = 48  # letters of a video's name in those of its clips

Evidence = Mapping[str, np.ndarray]


class Late(Protocol):
    """By how much the pictures of a source are late."""

    @property
    def seconds(self) -> float: ...
    @property
    def error(self) -> float: ...  # seconds, standard error
    @property
    def confidence(self) -> float: ...  # 0..1, that it is no chance


@dataclass(frozen=True)
class Joint:
    """The judgements that look at more than one clip."""

    # Of a source, from the evidence of its clips.
    offset: Callable[[Sequence[Evidence]], Late]
    # Of a clip, beside what ``offset`` said of its source.
    sync: Callable[[Evidence, Any, Settings], Verdict]
    # Of clips under their names: name -> the one it is a duplicate of.
    duplicates: Callable[[Sequence[tuple[str, Evidence]]], Mapping[str, str]]
    # What a collection teaches, from the evidence of its sources: the same judgements, better fitted to it.
    learn: Callable[[Sequence[Sequence[Evidence]]], Joint]
    # Of the likenesses of one video's clips in their order: equal numbers, from 0, for those that show the same face.
    people: Callable[[Sequence[np.ndarray]], Sequence[int]]


@dataclass
class Entry:
    """A take among all of them."""

    video: Video
    key: str  # of its drafts
    piece: int
    take: str  # name in the piece
    record: ClipRecord
    source: str  # with which its sync is measured
    evidence: Evidence = field(repr=False)
    dropped: str = ""
    remark: str = ""
    offset: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)

    def drop(self, reason: str, remark: str) -> None:
        if not self.dropped:
            self.dropped, self.remark = reason, remark


def collect(
    videos: Sequence[tuple[Video, Through]],
    drafts: Drafts,
    output: Path,
    settings: Settings,
    joint: Joint,
    say: Callable[[str, float], None] = lambda stage, share: None,
) -> Manifest:
    """Write the collection of ``videos``, sorted, each with what is known of its drafts; nothing where it is there.

    Raises BadInput for a draft that is damaged, or a folder that cannot be written.
    """
    told = told_settings(videos, settings)
    before = read_manifest(output) if is_collection(output) else None
    if before is not None and before.settings == told and before.finished:
        return before
    say("reading drafts", 0.0)
    entries, rejects = _gather(videos, drafts, joint)
    say("sync", 0.0)
    _sync(entries, settings, joint)
    say("duplicates", 0.0)
    _find_duplicates(entries, joint)
    resume = before is not None and before.settings == told
    with ClipWriter(output, told, resume=resume) as writer:
        for record in rejects:
            writer.drop(record)
        for number, entry in enumerate(entries):
            say("writing", number / len(entries))
            if entry.dropped:
                writer.drop(_final(entry, entry.record))
            elif not writer.skip(entry.record.name):
                clip = _clip(entry, drafts)
                if clip is None:
                    entry.drop("picture.short", "the corrected clip has no sound")
                    writer.drop(_final(entry, entry.record))
                else:
                    writer.add(clip)
    return read_manifest(output)


def told_settings(videos: Sequence[tuple[Video, Through]], settings: Settings) -> dict[str, object]:
    """What the collection is made with, as the manifest has it: the settings, and all that went in as one sum."""
    parts = [[video.name, asdict(video.provenance), video.refused, asdict(done)] for video, done in videos]
    whole = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    plain = json.loads(json.dumps(asdict(settings)))  # tuples become lists, as they will be read
    return {**plain, "version": VERSION, "videos": len(videos), "sum": whole[:32]}


def _gather(
    videos: Sequence[tuple[Video, Through]], drafts: Drafts, joint: Joint
) -> tuple[list[Entry], list[ClipRecord]]:
    """Every take and every reject, under its final name; evidence lies in a file."""
    spool = Spool(drafts.folder)
    entries: list[Entry] = []
    rejects: list[ClipRecord] = []
    first: dict[str, Video] = {}  # sha256 -> the first video of these bytes
    for video, done in videos:
        if done.dropped:
            rejects.append(_whole(video, done, done.dropped, done.remark))
            continue
        other = first.setdefault(done.sha256, video)
        if other is not video:
            rejects.append(_whole(video, done, "duplicate", f"the file is the same as {other.name}"))
            continue
        own, others = _video(video, done, drafts, joint, spool)
        if not own and not others:
            others = [_whole(video, done, "picture.no_face", f"in {done.seconds:.1f} s")]
        entries += own
        rejects += others
    return entries, rejects


def _video(
    video: Video, done: Through, drafts: Drafts, joint: Joint, spool: Spool
) -> tuple[list[Entry], list[ClipRecord]]:
    """The takes and the rejects of one video. Each of its pieces counts its people for itself: they are counted anew."""
    found: list[tuple[int, str, ClipRecord, Evidence]] = []  # piece, take
    rejects: list[tuple[int, ClipRecord]] = []
    for number in range(done.pieces):
        with drafts.piece(done.key, number) as piece:
            found += [
                (number, take, piece.record(take), spool.keep(piece.evidence(take))) for take in piece.takes
            ]
            rejects += [(number, reject.record) for reject in piece.rejects()]
    called: dict[tuple[int, str], str] = {}  # piece and the name of a person there -> the name in the video
    if done.pieces > 1:
        people = joint.people([evidence.get(LIKENESS, np.zeros(0, np.float32)) for *_, evidence in found])
        found = [
            (number, take, replace(record, speaker=called.setdefault((number, record.speaker), f"{face:02d}")), evidence)
            for (number, take, record, evidence), face in zip(found, people, strict=True)
        ]  # fmt: skip
        rejects = [
            (number, replace(record, speaker=called.get((number, record.speaker), ""))) for number, record in rejects
        ]  # fmt: skip
    source = source_of(video.name, done)
    entries = [
        Entry(video, done.key, number, take, _named(video, record), source, evidence)
        for number, take, record, evidence in found
    ]
    return entries, [_named(video, record) for _, record in rejects]


def source_of(name: str, done: Through) -> str:
    """What a video's sync is measured with where it tells too little itself: videos of its folder made alike."""
    return f"{PurePosixPath(name).parent}/ {done.make}"


def _named(video: Video, record: ClipRecord) -> ClipRecord:
    """With the names and the licence that it has in the collection."""
    stem = stem_of(video.name)
    said = video.provenance
    return replace(
        record,
        name=f"{stem}-{round(record.start * 1000):07d}",
        source=video.name,
        speaker=said.speaker or f"{stem}-{record.speaker or 'x'}",
        licence=said.licence,
        attribution=said.credit,
    )


def stem_of(name: str) -> str:
    """Letters, digits, - and _ that stand for a video and no other: its name as far as it goes, and a sum of it."""
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", str(PurePosixPath(name).with_suffix(""))).strip("-")
    return f"{slug[-SLUG:].strip('-') or 'video'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _whole(video: Video, done: Through, reason: str, remark: str) -> ClipRecord:
    record = ClipRecord("x", "", done.sha256, 0.0, 0, "", dropped=reason, remark=remark)
    return replace(_named(video, record), name=f"{stem_of(video.name)}-video")


def _sync(entries: Sequence[Entry], settings: Settings, joint: Joint) -> None:
    """How late each source is; then how well each of its clips fits that."""
    sources: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        sources[entry.source][entry.video.name].append(entry)
    joint = joint.learn([[one.evidence for one in members] for members in _alike(sources.values())])
    for source in sorted(sources):
        videos = sources[source]
        pooled = joint.offset([entry.evidence for members in videos.values() for entry in members])
        for members in videos.values():
            late = _own(members, joint) or pooled
            for entry in members:
                said = joint.sync(entry.evidence, late, settings)
                entry.scores |= said.scores
                if said.reason:
                    entry.drop(said.reason, said.remark)
                elif late.confidence >= SURE:
                    entry.offset = late.seconds


def _alike(sources: Iterable[Mapping[str, list[Entry]]]) -> Iterator[list[Entry]]:
    """Clips that are late alike: those of a long video, and those of a folder's short ones."""
    for videos in sources:
        rest: list[Entry] = []
        for members in videos.values():
            if _seconds(members) < OWN_SECONDS:
                rest += members
            else:
                yield members
        if rest:
            yield rest


def _seconds(members: Sequence[Entry]) -> float:
    return sum(entry.record.duration for entry in members)


def _own(members: Sequence[Entry], joint: Joint) -> Late | None:
    """What the clips of one video say together, if that is enough."""
    if _seconds(members) < OWN_SECONDS:
        return None
    late = joint.offset([entry.evidence for entry in members])
    return late if late.error <= OWN_ERROR and late.confidence >= OWN_CONFIDENCE else None


def _find_duplicates(entries: Sequence[Entry], joint: Joint) -> None:
    kept = [(entry.record.name, entry.evidence) for entry in entries if not entry.dropped]
    again = joint.duplicates(kept)
    for entry in entries:
        if entry.record.name in again:
            entry.drop("duplicate", f"it is there as {again[entry.record.name]}")


def _final(entry: Entry, record: ClipRecord) -> ClipRecord:
    scores = {
        **record.scores,
        **{key: float(value) for key, value in entry.scores.items() if np.isfinite(value)},
    }
    return replace(
        record, name=entry.record.name, source=entry.record.source, speaker=entry.record.speaker,
        licence=entry.record.licence, attribution=entry.record.attribution,
        scores=scores, dropped=entry.dropped, remark=entry.remark,
    )  # fmt: skip


def _clip(entry: Entry, drafts: Drafts) -> Clip | None:
    with drafts.piece(entry.key, entry.piece) as piece:
        take = piece.take(entry.take)
    clip = corrected(take, entry.offset)
    return None if clip is None else replace(clip, record=_final(entry, clip.record))
