"""A collection of clips at rest: written shard by shard, and read as a stream that survives damage.

``ClipWriter`` makes ``clips-00000.tar`` ..., ``dropped.jsonl`` and, last, ``manifest.json``. Killed at any moment, it
leaves a collection of the shards that were whole. ``ClipReader`` streams clips from it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import BadInput
from .clip import Clip, ClipRecord
from .clip_file import LIMITS, to_members
from .manifest import Manifest, is_collection, read_manifest, write_manifest
from .record_file import record_json
from .shard_file import Entry, Shard, ShardWriter, read_members, shard_of

SHARD_CLIPS, SHARD_BYTES = 500, 200 << 20
DROPPED = "dropped.jsonl"


def shard_name(number: int) -> str:
    return f"clips-{number:05d}.tar"


class ClipWriter:
    """Writes a collection into ``folder``; use it in a ``with`` block, which finishes it unless an error leaves it.

    Clips come in the order in which they shall lie: the same clips in the same order make the same bytes. What lies
    in the folder of an earlier collection is replaced. With ``resume``, an earlier one's clips are kept as far as
    they have the same names in the same order: ``skip`` says so, and such a clip need not be made again.

    Raises BadInput when the folder cannot be written, or on ``resume`` was written with other settings.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        resume: bool = False,
        shard_clips: int = SHARD_CLIPS,
        shard_bytes: int = SHARD_BYTES,
    ) -> None:
        self.folder, self.settings = folder, dict(settings)
        self.shard_clips, self.shard_bytes = shard_clips, shard_bytes
        self.kept = self.reused = 0  # clips, and those of them that lay there already
        self._names: set[str] = set()
        self._shards: list[Shard] = []
        self._licences, self._reasons = Counter[str](), Counter[str]()
        self._open: ShardWriter | None = None
        self._old: list[tuple[Shard, list[Entry]]] = []  # whole shards of before, from the one we are in
        self._taken = 0  # clips taken of the first of them
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._begin(resume)
            self._dropped = (folder / f".{DROPPED}.part").open("wb")
        except OSError as error:
            raise BadInput(f"cannot write to {folder} ({error.strerror}); choose another folder") from error

    def _begin(self, resume: bool) -> None:
        if resume and is_collection(self.folder):
            before = read_manifest(self.folder).settings
            if before != self.settings:
                changed = sorted(
                    k for k in {*before, *self.settings} if before.get(k) != self.settings.get(k)
                )
                raise BadInput(
                    f"{self.folder} was begun with other settings ({', '.join(changed)[:100]});"
                    " choose another folder, or start it anew"
                )
            for number in range(len(_shard_paths(self.folder))):
                path = self.folder / shard_name(number)
                found = shard_of(path) if path.is_file() else None
                if found is None:
                    break
                self._old.append(found)
        write_manifest(self.folder, Manifest(self.settings))
        keep = {shard.file for shard, _ in self._old}
        for path in [*_shard_paths(self.folder), *self.folder.glob(".clips-*.part")]:
            if path.name not in keep:
                path.unlink()

    def skip(self, name: str) -> bool:
        """Whether the next clip lies there already and is called ``name``; it is then taken as it is."""
        if len(self._old) > 1 and self._taken == len(self._old[0][1]):
            self._shards.append(self._old.pop(0)[0])
            self._taken = 0
        entries = self._old[0][1] if self._old else []
        if self._taken == len(entries) or entries[self._taken].name != name:
            return False
        entry = entries[self._taken]
        self._note(entry.name, entry.licence)
        self.reused += 1
        self._taken += 1
        return True

    def add(self, clip: Clip) -> None:
        """One clip that is kept. Raises BadInput when it is malformed, or its name was there before."""
        record = clip.record
        if record.name in self._names:
            raise BadInput(f"two clips are called {record.name}; names in a collection are unique")
        if record.dropped:
            raise BadInput(f"clip {record.name} was dropped ({record.dropped}); give its record to drop()")
        if self.skip(record.name):
            return
        members = to_members(clip)
        try:
            self._leave_old()
            self._put(record.name, members, record.frames, record.licence)
        except OSError as error:
            raise BadInput(
                f"cannot write to {self.folder} ({error.strerror}); make room, then run it again"
            ) from error
        self._note(record.name, record.licence)

    def drop(self, record: ClipRecord) -> None:
        """The record of a clip, or of a video that gave none, that is not used."""
        if not record.dropped:
            raise BadInput(f"clip {record.name} has no reason for being dropped")
        self._reasons[record.dropped] += 1
        self._dropped.write(record_json(record) + b"\n")

    def _note(self, name: str, licence: str) -> None:
        self._names.add(name)
        self._licences[licence] += 1
        self.kept += 1

    def _put(self, name: str, members: Mapping[str, bytes], frames: int, licence: str) -> None:
        size = sum(len(data) + 1024 for data in members.values())
        full = self._open and self._open.entries and (
            len(self._open.entries) >= self.shard_clips or self._open.size + size > self.shard_bytes
        )  # fmt: skip
        if full:
            self._end_shard()
        if self._open is None:
            self._open = ShardWriter(self.folder / shard_name(len(self._shards)))
        self._open.add(name, members, frames, licence)

    def _leave_old(self) -> None:
        """The old shards are left here: what was taken of the one we are in is copied, the rest is deleted.

        It is copied even when all of it was taken, for the next clip may still have its place in it.
        """
        if not self._old:
            return
        old, taken = self._old, self._taken
        self._old, self._taken = [], 0
        with (self.folder / old[0][0].file).open("rb") as stream:
            for entry in old[0][1][:taken]:
                members = read_members(stream, entry, set(LIMITS))
                self._put(entry.name, members, entry.frames, entry.licence)
        for shard, _ in old:
            (self.folder / shard.file).unlink()

    def _end_shard(self) -> None:
        if self._open is not None:
            self._shards.append(self._open.close())
            self._open = None
            _sync(self.folder)

    def close(self) -> Manifest:
        """Finish the last shard, the dropped records and the manifest."""
        if len(self._old) == 1 and self._taken == len(self._old[0][1]):
            self._shards.append(self._old.pop()[0])
        self._leave_old()
        self._end_shard()
        self._dropped.flush()
        os.fsync(self._dropped.fileno())
        self._dropped.close()
        (self.folder / f".{DROPPED}.part").replace(self.folder / DROPPED)
        manifest = Manifest(
            self.settings, tuple(self._shards), dict(self._reasons), dict(self._licences), finished=True
        )
        write_manifest(self.folder, manifest)
        _sync(self.folder)
        return manifest

    def abandon(self) -> None:
        """Leave the collection as a kill would: the shards that are whole, and no manifest of them."""
        if self._open is not None:
            self._open.discard()
        self._dropped.close()
        (self.folder / f".{DROPPED}.part").unlink(missing_ok=True)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def _shard_paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("clips-*.tar"))


def _sync(folder: Path) -> None:
    """The names in a folder onto the disk, where the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
