"""Clips out of a collection, one after the other, without unpacking it; what is damaged is counted and passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ..errors import BadInput
from .clip import Clip, ClipRecord
from .clip_file import FIELDS, from_members
from .manifest import Manifest, is_collection, read_manifest
from .record_file import read_record
from .shard_file import Entry, Shard, list_shard, read_members, sha256_of
from .shards import DROPPED

T = TypeVar("T")
Members = dict[str, bytes]  # by extension
ALL = tuple(FIELDS)
MAX_PROBLEMS = 200  # sentences kept
MAX_LINE = 1 << 20  # bytes of one dropped record


class ClipReader:
    """Clips of a collection; iterate over it. ``skipped`` and ``problems`` tell, after that, what was lost.

    Without a finished manifest (the writer was killed, or the file is gone) every shard that is there is read.
    ``check`` compares each shard's sha256 with the manifest's before its clips are read; a clip's own checksums are
    compared always. Raises BadInput when the folder holds no shard at all, or a field is not one of ``FIELDS``.
    """

    def __init__(self, folder: Path, fields: Sequence[str] = ALL, check: bool = True) -> None:
        unknown = [name for name in fields if name not in FIELDS]
        if unknown:
            raise BadInput(f"clips have no {', '.join(unknown)}; expected some of {', '.join(FIELDS)}")
        self.folder, self.fields, self.check = Path(folder), tuple(fields), check
        self.skipped = 0  # clips that could not be read
        self.problems: list[str] = []  # at most MAX_PROBLEMS, one sentence each
        self._index: dict[str, tuple[Path, Entry]] | None = None
        self.manifest, self.why = _manifest(self.folder)  # why: what is wrong with the manifest, or ""
        if not self.shards:
            raise BadInput(
                f"{folder} holds no clips; expected a folder that dxtalker curate made, with clips-*.tar"
            )

    @property
    def shards(self) -> list[tuple[Path, Shard | None]]:
        """Path of each shard, and what the manifest says of it."""
        if self.manifest.finished:
            return [(self.folder / shard.file, shard) for shard in self.manifest.shards]
        return [(path, None) for path in sorted(self.folder.glob("clips-*.tar"))]

    def __iter__(self) -> Iterator[Clip]:
        suffixes = {".json", *(FIELDS[name] for name in self.fields)}
        return self._read(suffixes, self.check, lambda members: from_members(members, self.fields))

    def records(self) -> Iterator[ClipRecord]:
        """Only the records; nothing but JSON is read."""
        return self._read({".json"}, False, _record)

    def names(self) -> list[str]:
        """Of every clip, in order, by the shards' indices."""
        return list(self._places())

    def clip(self, name: str) -> Clip:
        """One clip. Raises BadInput when there is none of this name, or it is damaged."""
        place = self._places().get(name)
        if place is None:
            raise BadInput(f"{self.folder} has no clip {name!r:.100}")
        path, entry = place
        with path.open("rb") as stream:
            suffixes = {".json", *(FIELDS[field] for field in self.fields)}
            return from_members(read_members(stream, entry, suffixes), self.fields)

    def summary(self) -> str:
        """One line for people about what was lost; empty when nothing was."""
        if not self.problems:
            return ""
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        return f"{self.folder.name}: {self.skipped} clips could not be read; {self.problems[0]}{more}"

    def _places(self) -> dict[str, tuple[Path, Entry]]:
        if self._index is None:
            self._index = {}
            for path, shard in self.shards:
                if path.is_file():
                    with path.open("rb") as stream:
                        for entry in list_shard(stream, shard.index if shard else None)[0]:
                            self._index.setdefault(entry.name, (path, entry))
        return self._index

    def _read(self, suffixes: set[str], check: bool, decode: Callable[[Members], T]) -> Iterator[T]:
        """``decode`` of every clip that can be read; begins a new count of what cannot."""
        self.skipped, self.problems = 0, []
        if self.why:
            self._say(self.why)
        seen: set[str] = set()
        for path, shard in self.shards:
            before, good = self.skipped, 0
            try:
                for found in self._read_shard(path, shard, suffixes, check, decode, seen):
                    good += 1
                    yield found
            except OSError as error:
                self._say(f"{path.name}: cannot be read ({error.strerror or error})")
            if shard is not None:  # what the manifest promises and no index told
                self.skipped = max(self.skipped, before + shard.clips - good)

    def _read_shard(
        self,
        path: Path,
        shard: Shard | None,
        suffixes: set[str],
        check: bool,
        decode: Callable[[Members], T],
        seen: set[str],
    ) -> Iterator[T]:
        if shard is not None and path.stat().st_size != shard.bytes:
            self._say(f"{path.name}: has {path.stat().st_size} bytes; the manifest says {shard.bytes}")
        elif shard is not None and check and sha256_of(path) != shard.sha256:
            self._say(f"{path.name}: its sha256 is not the manifest's; it was changed or is damaged")
        with path.open("rb") as stream:
            entries, problems = list_shard(stream, shard.index if shard else None)
            for problem in problems:
                self._say(f"{path.name}: {problem}")
            for entry in entries:
                where = f"{path.name}: clip {entry.name}"
                if entry.name in seen:
                    self._lose(f"{where}: is there twice")
                    continue
                try:
                    found = decode(read_members(stream, entry, suffixes))
                except (BadInput, MemoryError) as error:
                    self._lose(f"{where}: {error or 'too large for the memory'}")
                    continue
                seen.add(entry.name)
                yield found

    def _lose(self, problem: str) -> None:
        self.skipped += 1
        self._say(problem)

    def _say(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)


def _manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest, or one that knows nothing, and why."""
    if not is_collection(folder):
        return Manifest(), f"{folder.name} has no manifest; every shard that is there is read"
    try:
        found = read_manifest(folder)
    except BadInput as error:
        return Manifest(), str(error)
    if not found.finished:
        return found, f"{folder.name} was not finished; every shard that is there is read"
    return found, ""


def _record(members: Members) -> ClipRecord:
    if ".json" not in members:
        raise BadInput("its record (.json) is missing")
    return read_record(members[".json"])[0]


def read_clips(folder: Path, fields: Sequence[str] = ALL, check: bool = True) -> ClipReader:
    """The clips of a collection with these ``fields``; see ``ClipReader``."""
    return ClipReader(folder, fields, check)


def read_records(folder: Path) -> Iterator[ClipRecord]:
    """Records of the clips that were kept."""
    return ClipReader(folder).records()


def read_dropped(folder: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[ClipRecord]:
    """Records of what was dropped, none where the file is not there; damaged lines are passed over and said."""
    path = Path(folder) / DROPPED
    if not path.is_file():
        return
    bad = 0
    with path.open("rb") as stream:
        while line := stream.readline(MAX_LINE):
            try:
                yield read_record(line)[0]
            except BadInput:
                bad += 1
    if bad:
        say(f"{path.name}: {bad} damaged lines were passed over")
