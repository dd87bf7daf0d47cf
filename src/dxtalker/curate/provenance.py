"""Whose video it is and what may be done with it: small JSON files beside the videos, read with care.

``clips.json`` or ``licence.json`` in a folder speaks for every video below it, ``NAME.clips.json`` or
``NAME.licence.json`` beside a video for that one, and the nearer word counts (docs/curation.md has the schema).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ..errors import BadInput
from ..files import read_at_most

SIDECARS = ("clips.json", "licence.json")
LARGEST = 8 << 20  # bytes of one such file: a corpus may list each of its videos
LONGEST = 1000  # characters of a value
SPELT = {"license": "licence", "credit": "attribution"}  # other names of the same


@dataclass(frozen=True)
class Provenance:
    """What is known of where a video comes from; "" is not known."""

    licence: str = "unknown"
    attribution: str = ""  # who is to be named
    url: str = ""  # where it came from
    speaker: str = ""  # who speaks, if it is one person throughout

    @property
    def credit(self) -> str:
        """Attribution and address in one line."""
        return ", ".join(part for part in (self.attribution, self.url) if part)


NAMES = tuple(entry.name for entry in fields(Provenance))


@dataclass(frozen=True)
class Sidecar:
    """One such file: what it says of all, and of single videos by their file names."""

    common: dict[str, str]
    videos: dict[str, dict[str, str]]


def read_sidecar(path: Path) -> Sidecar:
    """Raises BadInput for a file that is not of the schema: a licence that is misread is worse than none."""
    try:
        told = json.loads(read_at_most(path, LARGEST).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no JSON ({error}); correct it or take it away") from None
    if not isinstance(told, dict):
        raise BadInput(f'{path} holds no object; expected for example {{"licence": "CC BY 4.0"}}')
    videos = told.pop("videos", {})
    if not isinstance(videos, dict):
        raise BadInput(f'{path}: "videos" is no object; expected file names with what is said of each')
    return Sidecar(_words(path, told), {name: _words(path, value) for name, value in videos.items()})


def _words(path: Path, told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        raise BadInput(f"{path}: a video's entry is no object; expected for example an object with a licence")
    words = {SPELT.get(str(name), str(name)): value for name, value in told.items()}
    for name, value in words.items():
        if name not in NAMES:
            raise BadInput(f"{path}: {name!r} is not known; expected {', '.join(NAMES)} or videos")
        if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
            raise BadInput(f"{path}: {name} is no plain text of at most {LONGEST} characters")
    return words


def folder_words(folder: Path, names: set[str]) -> Sidecar | None:
    """What a folder with the file names ``names`` says of the videos below it."""
    here = [name for name in SIDECARS if name in names]
    if len(here) > 1:
        raise BadInput(f"{folder} has both {' and '.join(here)}; keep one of them")
    return read_sidecar(folder / here[0]) if here else None


def provenance_of(path: Path, names: set[str], above: Provenance, here: Sidecar | None) -> Provenance:
    """What is said of the video ``path`` in a folder with the file names ``names``.

    ``above`` is what the folder inherits and says itself, ``here`` the folder's own file.
    """
    found = above
    if here is not None and path.name in here.videos:
        found = replace(found, **here.videos[path.name])
    for stem in (path.name, path.stem):
        for kind in SIDECARS:
            if f"{stem}.{kind}" in names:
                return replace(found, **read_sidecar(path.with_name(f"{stem}.{kind}")).common)
    return found
