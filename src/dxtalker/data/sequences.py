"""Where published sequences lie: folders, zip and tar archives, HDF5 files; each is given part by part, in memory.

A sequence is a folder (or a group) with ``expcode`` and ``posecode``. Nothing is unpacked to disk. An archive in which
a name leads out of it, or a member is a link, a device, encrypted, there twice, or far larger than its packed bytes, is
refused as a whole: whoever made it did not make this dataset.
"""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import BadInput, LimitExceeded
from ..face.bodies.npz_file import plain_array
from ..files import check_file, naming, read_at_most

# Parts that are read, and the most bytes each may have; the envelope is left out, as it follows from the sound.
ARRAY_BYTES = 128 << 20
PARTS = {
    "audio": 256 << 20,
    "metadata": 1 << 20,
    "refimg": 4 << 20,
    **dict.fromkeys(
        ("expcode", "posecode", "shapecode", "detailcode", "texcode", "lightcode", "cam"), ARRAY_BYTES
    ),
}
SUFFIXES = {"audio": ".wav", "metadata": ".pkl"}  # the others are .npy
NEEDED = {"expcode", "posecode"}
MAX_MEMBERS = 2_000_000
RATIO, SPARE = 200, 1 << 30  # a tar unpacks to at most so many times its bytes, and so many more
ZIP_RATIO, ZIP_SPARE = 1200, 1 << 20  # deflate's most is 1032
Part = np.ndarray | bytes


@dataclass(frozen=True)
class PublishedSequence:
    """One sequence before it is read."""

    path: str  # within what was given, with /
    read: Callable[[], dict[str, Part]]  # parts by name; raises BadInput

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def find_sequences(source: Path, say: Callable[[str], None]) -> Iterator[PublishedSequence]:
    """Every sequence of a folder or file, in the order of their paths (of a tar: as they come).

    Raises BadInput for a hostile or damaged archive, or a file of another kind; NotReady where h5py is missing.
    """
    if source.is_dir():
        yield from _in_folder(source, say)
        return
    with naming(source):
        check_file(source, "folder, .h5, .zip or .tar of the published dataset")
        with source.open("rb") as stream:
            head = stream.read(512)
        if head.startswith(b"\x89HDF\r\n\x1a\n"):
            from .hdf5_file import in_hdf5

            yield from in_hdf5(source, say)
        elif zipfile.is_zipfile(source):
            yield from _in_zip(source)
        elif head[257:262] == b"ustar" or head[:2] == b"\x1f\x8b":
            yield from _in_tar(source)
        else:
            raise BadInput("it is no HDF5, zip or tar file; expected the published dataset, or its folder")


def part_of(file: str, folder: str) -> str:
    """Name of the part that the file ``file`` of the sequence ``folder`` is; "" for one that is not needed."""
    stem, dot, suffix = file.rpartition(".")
    if suffix == "wav" and stem == folder:
        return "audio"
    return stem if stem in PARTS and dot + suffix == SUFFIXES.get(stem, ".npy") else ""


def decoded(parts: dict[str, bytes]) -> dict[str, Part]:
    """.npy files become arrays; sound and metadata stay bytes. Raises BadInput for what is no plain array."""
    result: dict[str, Part] = {}
    for part, data in parts.items():
        if part in SUFFIXES:
            result[part] = data
            continue
        try:
            result[part] = plain_array(data)
        except (ValueError, TypeError) as error:
            raise BadInput(f"{part}.npy is no plain array ({str(error)[:80]})") from None
    return result


def _in_folder(source: Path, say: Callable[[str], None]) -> Iterator[PublishedSequence]:
    for folder, below, files in os.walk(source):  # follows no links to folders
        below.sort()
        here = Path(folder)
        parts = {part_of(file, here.name): file for file in sorted(files)}
        parts.pop("", None)
        path = here.relative_to(source).as_posix() if here != source else here.resolve().name
        if parts.keys() >= NEEDED:
            yield PublishedSequence(path, lambda here=here, parts=parts: _read_folder(here, parts))
            continue
        for file in sorted(files):
            if file.endswith((".h5", ".hdf5")):
                from .hdf5_file import in_hdf5

                with naming(here / file):
                    check_file(here / file, "HDF5 file")
                    yield from in_hdf5(here / file, say)


def _read_folder(folder: Path, files: dict[str, str]) -> dict[str, Part]:
    found = {}
    for part, file in files.items():
        with naming(folder / file):
            check_file(folder / file, "regular file")
            found[part] = read_at_most(folder / file, PARTS[part])
    return decoded(found)


def check_name(name: str) -> PurePosixPath:
    """The path of an archive's member. Raises BadInput when it leads out of the archive."""
    path = PurePosixPath(name)
    odd = "\\" in name or "\0" in name or any(len(part) > 1 and part[1] == ":" for part in path.parts)
    if path.is_absolute() or ".." in path.parts or odd:
        raise BadInput(f"its member {name[:80]!r} leads out of the archive; nothing of it was unpacked")
    return path


def _in_zip(source: Path) -> Iterator[PublishedSequence]:
    try:
        with zipfile.ZipFile(source) as archive:
            groups = _zip_groups(archive, source.stat().st_size)
            for folder in sorted(groups):
                members = groups[folder]
                if members.keys() >= NEEDED:
                    yield PublishedSequence(folder, lambda members=members: _read_zip(archive, members))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise BadInput(f"it is a damaged archive ({error}); fetch it again") from None


def _zip_groups(archive: zipfile.ZipFile, size: int) -> dict[str, dict[str, zipfile.ZipInfo]]:
    """Members by folder and part, after all of them were checked."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise LimitExceeded(f"it has more than {MAX_MEMBERS:,} members")
    if sum(info.compress_size for info in members) > size:
        raise BadInput("its members lie over each other; nothing of it was unpacked")
    groups: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in members:
        path = check_name(info.filename)
        if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & 1:
            raise BadInput(
                f"its member {info.filename[:80]!r} is a link or encrypted; nothing of it was unpacked"
            )
        if info.file_size > ZIP_RATIO * info.compress_size + ZIP_SPARE:
            raise LimitExceeded(
                f"its member {info.filename[:80]!r} claims to unpack to far more than its bytes"
            )
        part = "" if info.is_dir() else part_of(path.name, path.parent.name)
        if part:
            _place(groups, path, part, info, info.file_size)
    return groups


def _place(groups: dict[str, dict], path: PurePosixPath, part: str, member: object, size: int) -> None:
    if size > PARTS[part]:
        raise LimitExceeded(f"its member {str(path)[:80]!r} has more than {PARTS[part] >> 20} MB")
    group = groups.setdefault(path.parent.as_posix(), {})
    if part in group:
        raise BadInput(f"its member {str(path)[:80]!r} is there twice; nothing of it was unpacked")
    group[part] = member


def _read_zip(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, Part]:
    found = {}
    for part, info in members.items():
        try:
            with archive.open(info) as stream:
                found[part] = stream.read(info.file_size + 1)  # zipfile stops at the size that is claimed
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise BadInput(f"{part} is damaged in the archive ({error})") from None
    return decoded(found)


def _in_tar(source: Path) -> Iterator[PublishedSequence]:
    """A tar, compressed by gzip or not, is read once from begin to end; a sequence's files lie side by side."""
    limit = RATIO * source.stat().st_size + SPARE
    groups: dict[str, dict[str, bytes]] = {}  # the folder we are in
    done: set[str] = set()
    total = 0
    try:
        with tarfile.open(source, "r|*") as archive:
            for count, info in enumerate(archive):
                path = check_name(info.name)
                total += info.size
                if total > limit or count > MAX_MEMBERS:
                    raise LimitExceeded("it unpacks to far more than its own bytes")
                if not info.isfile() and not info.isdir():
                    raise BadInput(
                        f"its member {info.name[:80]!r} is a link or a device; nothing of it was unpacked"
                    )
                part = part_of(path.name, path.parent.name) if info.isfile() else ""
                folder = path.parent.as_posix()
                if not part:
                    continue
                if folder not in groups:
                    yield from _whole(groups)
                    done |= set(groups)
                    groups.clear()
                if folder in done:
                    raise BadInput(
                        f"the files of {folder[:80]!r} lie apart in the tar; unpack and give its folder"
                    )
                _place(groups, path, part, b"", info.size)
                stream = archive.extractfile(info)
                groups[folder][part] = stream.read(info.size) if stream else b""
            yield from _whole(groups)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise BadInput(f"it is a damaged archive ({error}); fetch it again") from None


def _whole(groups: dict[str, dict[str, bytes]]) -> Iterator[PublishedSequence]:
    for folder, parts in groups.items():
        if parts.keys() >= NEEDED:
            yield PublishedSequence(folder, lambda parts=dict(parts): decoded(parts))
