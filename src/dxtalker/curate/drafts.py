"""Drafts: what one video gave, on its way to the shards; a run that was stopped goes on from them.

``clips/.work/`` holds for each video, by what is in it and by the settings, one file a piece of a few minutes and one
small file that says that the video is through. Nothing in them depends on the video's name or licence, on the order of
work or on the clock, so the same video gives the same bytes by whatever machinery.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ..data.clip import Clip, ClipRecord
from ..data.clip_file import from_members, to_members
from ..data.record_file import read_record, record_json
from ..errors import BadInput
from ..files import write_atomically
from .settings import Settings

FOLDER = ".work"
VERSION = 2  # of drafts: another one is made anew
SUFFIX = ".draft"
LARGEST = 256 << 20  # bytes of a member
MORE = ".more.npz"
LATE = ("sync_confidence",)  # settings that are applied to drafts, and leave them as they are


@dataclass(frozen=True)
class Take:
    """A clip before its sync is known: pictures as the file has them against its sound."""

    clip: Clip  # the record's name counts the clips of a piece; offset 0
    before: np.ndarray  # (B,) float32, the samples before the clip's, up to the most that can be corrected
    after: np.ndarray  # (A,) float32, those after
    evidence: Mapping[str, np.ndarray] = field(
        default_factory=dict
    )  # of its sync: what curate/sync.py asks for


@dataclass(frozen=True)
class Reject:
    """A part of a video, or all of it, that is not used; ``record.dropped`` says why."""

    record: ClipRecord
    thumbnail: bytes = b""  # JPEG, where there is a face to show


@dataclass(frozen=True)
class Piece:
    """A few minutes of a video."""

    seconds: float  # of it
    takes: tuple[Take, ...] = ()
    rejects: tuple[Reject, ...] = ()
    make: str = ""  # of the pictures: size and rate
    notes: tuple[str, ...] = ()  # what was odd, one sentence each


@dataclass(frozen=True)
class Through:
    """What is known of a video that is done."""

    key: str
    sha256: str
    seconds: float  # looked at
    pieces: int
    takes: int
    make: str = ""  # size and rate: videos of one make in one folder are taken to be late alike
    dropped: str = ""  # a reason for which no part of it is used; "" where parts were looked at
    remark: str = ""


def settings_key(settings: Settings) -> str:
    """Eight letters that stand for everything a draft depends on besides the video."""
    told = {name: value for name, value in asdict(settings).items() if name not in LATE}
    return hashlib.sha256(json.dumps([VERSION, told], sort_keys=True).encode()).hexdigest()[:8]


class Drafts:
    """The folder of them."""

    def __init__(self, output: Path) -> None:
        self.folder = output / FOLDER / "drafts"

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / key[:2] / f"{key}{ending}"

    def open(self) -> None:
        """Make the folder; take away what a kill left half-written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("*/.*"):
            path.unlink(missing_ok=True)

    def through(self, key: str) -> Through | None:
        """What is known of a video that is done and whose pieces are all there."""
        try:
            told = json.loads(self._path(key, ".json").read_bytes())
            done = Through(**told["through"]) if told["version"] == VERSION else None
        except (OSError, ValueError, TypeError, KeyError):
            return None
        whole = done is not None and all(self.has_piece(key, number) for number in range(done.pieces))
        return done if whole else None

    def set_through(self, done: Through) -> None:
        text = json.dumps({"version": VERSION, "through": asdict(done)}, sort_keys=True, indent=1)
        self._write(self._path(done.key, ".json"), text.encode())

    def has_piece(self, key: str, number: int) -> bool:
        return self._path(key, f".{number}{SUFFIX}").is_file()

    def set_piece(self, key: str, number: int, piece: Piece) -> None:
        self._write(self._path(key, f".{number}{SUFFIX}"), piece_bytes(piece))

    def piece(self, key: str, number: int) -> PieceFile:
        """Raises BadInput for a file that is damaged."""
        return PieceFile(self._path(key, f".{number}{SUFFIX}"))

    def forget(self, key: str) -> None:
        """Take a video's drafts away, so that it is done again."""
        for path in self.folder.glob(f"{key[:2]}/{key}.*"):
            path.unlink(missing_ok=True)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, data)


def piece_bytes(piece: Piece) -> bytes:
    """A zip archive, not compressed, without dates: the same piece gives the same bytes."""
    members: dict[str, bytes] = {}
    for take in piece.takes:
        name = take.clip.record.name
        members |= {f"{name}{suffix}": data for suffix, data in to_members(take.clip).items()}
        members[f"{name}{MORE}"] = _arrays_bytes(
            {"before": take.before, "after": take.after, **take.evidence}
        )
    for reject in piece.rejects:
        members[f"{reject.record.name}.json"] = record_json(reject.record)
        if reject.thumbnail:
            members[f"{reject.record.name}.jpg"] = reject.thumbnail
    index = {
        "version": VERSION,
        "seconds": piece.seconds,
        "make": piece.make,
        "notes": list(piece.notes),
        "takes": [take.clip.record.name for take in piece.takes],
        "rejects": [reject.record.name for reject in piece.rejects],
    }
    return _archive({"index.json": json.dumps(index, sort_keys=True).encode(), **members})


class PieceFile:
    """Reads a piece's file, part by part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
            index = json.loads(self._read("index.json"))
            if index["version"] != VERSION:
                raise BadInput(f"{path.name} was written by another version")
            self.seconds, self.make = float(index["seconds"]), str(index["make"])
            self.notes: tuple[str, ...] = tuple(index["notes"])
            self.takes: tuple[str, ...] = tuple(index["takes"])
            self._rejects: tuple[str, ...] = tuple(index["rejects"])
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise BadInput(f"the draft {path.name} is damaged ({error}); delete it and run again") from None

    def __enter__(self) -> PieceFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def record(self, name: str) -> ClipRecord:
        return read_record(self._read(f"{name}.json"))[0]

    def evidence(self, name: str) -> dict[str, np.ndarray]:
        arrays = _read_arrays(self._read(f"{name}{MORE}"))
        return {key: array for key, array in arrays.items() if key not in ("before", "after")}

    def clip(self, name: str, wanted: Collection[str] | None = None) -> Clip:
        names = [entry for entry in self._archive.namelist() if entry.startswith(f"{name}.")]
        members = {entry[len(name) :]: self._read(entry) for entry in names if not entry.endswith(MORE)}
        return from_members(members) if wanted is None else from_members(members, wanted)

    def take(self, name: str) -> Take:
        arrays = _read_arrays(self._read(f"{name}{MORE}"))
        before, after = arrays.pop("before"), arrays.pop("after")
        return Take(self.clip(name), before, after, arrays)

    def rejects(self) -> Iterator[Reject]:
        there = set(self._archive.namelist())
        for name in self._rejects:
            picture = self._read(f"{name}.jpg") if f"{name}.jpg" in there else b""
            yield Reject(self.record(name), picture)

    def _read(self, member: str) -> bytes:
        try:
            if self._archive.getinfo(member).file_size > LARGEST:
                raise BadInput(f"the draft {self._path.name} has a part of more than {LARGEST >> 20} MB")
            return self._archive.read(member)
        except (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise BadInput(
                f"the draft {self._path.name} is damaged ({error}); delete it and run again"
            ) from None


def _archive(members: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data)
    return whole.getvalue()


def _arrays_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    members = {}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
        members[f"{name}.npy"] = stream.getvalue()
    return _archive(members)


def _read_arrays(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
