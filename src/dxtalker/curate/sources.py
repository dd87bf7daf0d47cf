"""A folder -> its videos in a fixed order, each with its provenance. Nothing is decoded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BadInput
from .provenance import SIDECARS, Provenance, folder_words, provenance_of

VIDEO_SUFFIXES = (
    ".3g2", ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mj2", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".mxf", ".ogv", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv",
)  # fmt: skip
SOUND_SUFFIXES = (
    ".aac", ".aif", ".aiff", ".flac", ".m4a", ".m4b", ".mka", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma",
)  # fmt: skip
UNKNOWN = Provenance()
DEEPEST = 64  # folders within folders
HEAD_BYTES = 400


@dataclass(frozen=True)
class Video:
    """A file that may be a video."""

    path: Path
    name: str  # relative to the folder that is curated, with /
    provenance: Provenance = UNKNOWN
    refused: str = ""  # why it is not opened at all, one sentence; "" for one that is


@dataclass(frozen=True)
class Found:
    """What lies in a folder."""

    videos: tuple[Video, ...]
    others: int  # files that are no videos, by their names and first bytes; sidecars are not counted


def find_videos(given: Path, output: Path | None = None) -> Found:
    """The videos of the folder ``given`` and below, or the one file ``given``; sorted by name.

    Whatever bears a video's extension is one; other files are when their first bytes say so. Hidden files and the
    folder ``output`` are left out. A link is followed as long as it stays below ``given``; one that leads out of
    it comes with a reason. Raises BadInput for what cannot be read or is no video, and for sidecars that break their schema.
    """
    given = Path(given)
    if given.is_file():
        if not is_video(given):
            raise BadInput(f"{given} is no video; give a folder of videos, or one video such as MP4 or WebM")
        names = {entry.name for entry in given.parent.iterdir()}
        here = folder_words(given.parent, names)
        above = replace(Provenance(), **here.common) if here else Provenance()
        return Found((Video(given, _text(given.name), provenance_of(given, names, above, here)),), 0)
    if not given.is_dir():
        raise BadInput(f"there is no folder {given}; give a folder of videos, or one video")
    walk = _Walk(given.resolve(), None if output is None else output.resolve())
    videos = tuple(sorted(walk.below(given, Provenance(), ()), key=lambda video: video.name))
    return Found(videos, walk.others)


class _Walk:
    def __init__(self, root: Path, output: Path | None) -> None:
        self.root, self.output, self.others = root, output, 0

    def below(self, folder: Path, above: Provenance, way: tuple[str, ...]) -> Iterator[Video]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if not way:
                raise BadInput(f"cannot read {folder}: {error.strerror}") from None
            yield Video(folder, "/".join(way), above, f"the folder cannot be read ({error.strerror})")
            return
        names = {entry.name for entry in entries}
        here = folder_words(folder, names)
        if here:
            above = replace(above, **here.common)
        for entry in entries:
            if entry.name.startswith(".") or entry.name.endswith(SIDECARS):
                continue
            path, own_way = folder / entry.name, (*way, _text(entry.name))
            refused = self._refused(entry, len(way))
            if refused:
                yield Video(path, "/".join(own_way), above, refused)
            elif entry.is_dir():
                if path.resolve() != self.output:
                    yield from self.below(path, above, own_way)
            elif is_video(path):
                yield Video(path, "/".join(own_way), provenance_of(path, names, above, here))
            else:
                self.others += 1

    def _refused(self, entry: os.DirEntry[str], depth: int) -> str:
        if depth >= DEEPEST:
            return f"it lies more than {DEEPEST} folders deep"
        if entry.is_symlink():
            try:
                target = Path(entry.path).resolve(strict=True)
            except (OSError, RuntimeError):
                return "it is a link that leads nowhere"
            if not target.is_relative_to(self.root):
                return "it is a link that leads out of the folder, and is not followed"
            if entry.is_dir():
                return "it is a link to a folder, which is not followed: what lies there is found in its own place"
        return ""


def is_video(path: Path) -> bool:
    """By its extension, or by its first bytes where that is no video's and no sound's."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    if suffix in SOUND_SUFFIXES:
        return False
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting
            return False
        with path.open("rb") as stream:
            return looks_like_video(stream.read(HEAD_BYTES))
    except OSError:
        return False


def looks_like_video(head: bytes) -> bool:
    """Whether a file's first bytes are those of a container of video."""
    return (
        (head[4:8] == b"ftyp" and head[8:11] not in (b"M4A", b"M4B", b"hei", b"mif", b"avi"))
        or head[4:8] == b"moov"
        or head.startswith((b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\0\0\1\xba", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"))
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or (head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G")
    )  # fmt: skip


def _text(name: str) -> str:
    """A file's name as text that can be written: bytes that are no UTF-8 as escapes."""
    shown = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in shown)
