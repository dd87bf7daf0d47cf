"""One shard: a plain tar (ustar, the WebDataset convention) of clips, with an index as its last member.

The index is called ``__index__``, which WebDataset's readers pass over. A reader here never unpacks: it takes members
at their offsets, bounded in size, and where the index is damaged it walks the headers and goes on after broken ones.
Equal clips make equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import BadInput
from .clip_file import LIMITS
from .record_file import MAX_FRAMES, NAME

BLOCK = 512
INDEX = "__index__"
MAX_INDEX = 16 << 20  # bytes
MAX_MEMBERS = 100_000  # walked in one shard
PIECE = 1 << 20


@dataclass(frozen=True)
class Member:
    """Where a file lies in a shard."""

    offset: int  # bytes from the shard's begin
    size: int  # bytes
    crc: int | None = None  # CRC-32, where the index says it


@dataclass(frozen=True)
class Entry:
    """A clip in a shard."""

    name: str
    members: Mapping[str, Member] = field(default_factory=dict)  # by extension
    frames: int = 0  # 0 where the index is lost
    licence: str = ""


@dataclass(frozen=True)
class Shard:
    """A shard as the manifest knows it."""

    file: str
    sha256: str
    bytes: int
    clips: int
    frames: int
    index: tuple[int, int]  # offset and bytes of the index

    @property
    def seconds(self) -> float:
        return self.frames / 25


class ShardWriter:
    """Writes ``path`` under a temporary name beside it; ``close`` gives it its name, or nothing of it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.part")
        self.entries: list[Entry] = []
        self.size = 0  # bytes
        self._hash = hashlib.sha256()
        self._stream = self.part.open("wb")

    def add(self, name: str, members: Mapping[str, bytes], frames: int, licence: str) -> None:
        """One clip; ``members`` are its files by extension."""
        places = {}
        for suffix, data in members.items():
            offset = self._member(name + suffix, data)
            places[suffix] = Member(offset, len(data), zlib.crc32(data))
        self.entries.append(Entry(name, places, frames, licence))

    def _member(self, name: str, data: bytes) -> int:
        head = tarfile.TarInfo(name)
        head.size, head.mode = len(data), 0o644  # time, owner and group stay 0
        self._write(head.tobuf(tarfile.USTAR_FORMAT))
        offset = self.size
        self._write(data)
        self._write(bytes(-len(data) % BLOCK))
        return offset

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)

    def close(self) -> Shard:
        """Write the index, and rename when all is on the disk."""
        index = _index_json(self.entries)
        offset = self._member(INDEX, index)
        self._write(bytes(2 * BLOCK))
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self.part.replace(self.path)
        frames = sum(entry.frames for entry in self.entries)
        place = (offset, len(index))
        return Shard(self.path.name, self._hash.hexdigest(), self.size, len(self.entries), frames, place)

    def discard(self) -> None:
        self._stream.close()
        self.part.unlink(missing_ok=True)


def _index_json(entries: list[Entry]) -> bytes:
    rows = [
        [e.name, e.frames, e.licence, {s: [m.offset, m.size, m.crc] for s, m in e.members.items()}]
        for e in entries
    ]
    return json.dumps({"clips": rows}, ensure_ascii=False).encode()


def _read_index(data: bytes, size: int) -> list[Entry]:
    """Entries of an index in a shard of ``size`` bytes. Raises ValueError for one that cannot be."""
    entries = []
    rows = json.loads(data)["clips"]
    for name, frames, licence, members in rows:
        if not NAME.fullmatch(name) or not 0 < frames <= MAX_FRAMES or not isinstance(licence, str):
            raise ValueError("an impossible clip")
        places = {}
        for suffix, (offset, count, crc) in members.items():
            if not 0 <= offset <= offset + count <= size or not 0 <= count <= LIMITS[suffix]:
                raise ValueError("a member beyond the shard or its limit")
            places[suffix] = Member(offset, count, crc)
        entries.append(Entry(name, places, frames, licence))
    return entries


def list_shard(stream: BinaryIO, index: tuple[int, int] | None = None) -> tuple[list[Entry], list[str]]:
    """The clips of a shard, and what was wrong with it.

    ``index`` is where the index should be; without it, or where it is damaged, the headers are walked.
    """
    size = os.fstat(stream.fileno()).st_size
    problems: list[str] = []
    if index is not None and 0 <= index[0] <= index[0] + index[1] <= size and index[1] <= MAX_INDEX:
        stream.seek(index[0])
        if found := _try_index(stream.read(index[1]), size):
            return found, []
    if index is not None:
        problems.append("its index is damaged or elsewhere")
    groups: dict[str, dict[str, Member]] = {}
    for name, member in walk(stream, size, problems):
        if name == INDEX:
            stream.seek(member.offset)
            if member.size <= MAX_INDEX and (found := _try_index(stream.read(member.size), size)):
                return found, problems
            problems.append("its index is damaged")
            continue
        stem, dot, suffix = name.partition(".")
        if not NAME.fullmatch(stem) or dot + suffix not in LIMITS or member.size > LIMITS[dot + suffix]:
            problems.append(f"{name[:100]!r} is no part of a clip, or too large")
            continue
        groups.setdefault(stem, {}).setdefault(dot + suffix, member)
    return [Entry(name, members) for name, members in groups.items()], problems


def _try_index(data: bytes, size: int) -> list[Entry] | None:
    try:
        return _read_index(data, size)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def walk(stream: BinaryIO, size: int, problems: list[str]) -> Iterator[tuple[str, Member]]:
    """Every regular member of a tar by its headers; after a broken header, on from the next whole one."""
    at, broken = 0, False
    for _ in range(MAX_MEMBERS + size // BLOCK):
        if at + BLOCK > size:
            break
        stream.seek(at)
        head = stream.read(BLOCK)
        at += BLOCK
        if not any(head) and not broken:
            if not any(stream.read(BLOCK)):
                return  # two empty blocks: the end
            continue
        name, count = _header(head)
        if name is None or at + count > size:
            if not broken:
                problems.append(f"a broken header at byte {at - BLOCK}")
            broken = True
            continue
        broken = False
        yield name, Member(at, count)
        at += count + -count % BLOCK
    problems.append("it ends in the middle")


def _header(head: bytes) -> tuple[str | None, int]:
    """Name and size of a regular file; None for anything else."""
    try:
        said = int(head[148:156].strip(b"\0 "), 8)
        summed = sum(head) - sum(head[148:156]) + 8 * 32
        if (
            said != summed
            or head[257:262] != b"ustar"
            or head[156:157] not in (b"0", b"\0")
            or any(head[345:500])
        ):
            return None, 0
        return head[:100].rstrip(b"\0").decode("ascii"), int(head[124:136].strip(b"\0 "), 8)
    except ValueError:
        return None, 0


def read_members(stream: BinaryIO, entry: Entry, suffixes: set[str]) -> dict[str, bytes]:
    """The members of ``entry`` that are asked for. Raises BadInput where one is not what was written."""
    found = {}
    for suffix, member in entry.members.items():
        if suffix not in suffixes:
            continue
        if member.size > LIMITS[suffix]:
            raise BadInput(f"its {suffix} is larger than {LIMITS[suffix] >> 20} MB")
        stream.seek(member.offset)
        data = stream.read(member.size)
        if len(data) != member.size or (member.crc is not None and zlib.crc32(data) != member.crc):
            raise BadInput(f"its {suffix} is damaged (its checksum is another)")
        found[suffix] = data
    return found


def sha256_of(path: Path) -> str:
    """Of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def shard_of(path: Path) -> tuple[Shard, list[Entry]] | None:
    """What a shard that lies there is; None unless it is whole by its own index."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        problems: list[str] = []
        for name, member in walk(stream, size, problems):
            if name != INDEX:
                continue
            stream.seek(member.offset)
            entries = _try_index(stream.read(min(member.size, MAX_INDEX)), size)
            if entries is None or problems:
                return None
            frames = sum(entry.frames for entry in entries)
            place = (member.offset, member.size)
            return Shard(path.name, sha256_of(path), size, len(entries), frames, place), entries
    return None
