"""``manifest.json``: what a collection of clips is, and what its shards should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BadInput, Unsupported
from ..files import read_at_most, write_atomically
from .shard_file import Shard

SCHEMA, VERSION = "dxtalker.clips", 1
FILE = "manifest.json"
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Manifest:
    """A collection at one look."""

    settings: Mapping[str, Any] = field(default_factory=dict)  # with which the clips were made; plain JSON
    shards: tuple[Shard, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)  # of what was dropped: reason -> count
    licences: Mapping[str, int] = field(default_factory=dict)  # of what was kept: licence -> clips
    finished: bool = False  # False while it is being written, or after a kill

    @property
    def clips(self) -> int:
        return sum(shard.clips for shard in self.shards)

    @property
    def seconds(self) -> float:
        return sum(shard.seconds for shard in self.shards)

    @property
    def dropped(self) -> int:
        return sum(self.reasons.values())


def is_collection(folder: Path) -> bool:
    """Whether ``folder`` holds a manifest of clips, finished or not."""
    return (folder / FILE).is_file()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all; equal manifests are equal bytes."""
    table = {
        "schema": SCHEMA,
        "version": VERSION,
        "finished": manifest.finished,
        "clips": manifest.clips,
        "seconds": manifest.seconds,
        "dropped": manifest.dropped,
        "settings": dict(manifest.settings),
        "licences": dict(manifest.licences),
        "reasons": dict(manifest.reasons),
        "shards": [asdict(shard) | {"seconds": shard.seconds} for shard in manifest.shards],
    }
    text = json.dumps(table, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_atomically(folder / FILE, text.encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of ``folder``. Raises BadInput when there is none or it is damaged, Unsupported for a newer one."""
    path = folder / FILE
    if not path.is_file():
        raise BadInput(f"{folder} has no {FILE}; expected a folder that dxtalker curate made")
    try:
        table = json.loads(read_at_most(path, MAX_BYTES))
        if table["schema"] != SCHEMA:
            raise ValueError(f"its schema is {table['schema']!r:.40}")
        if table["version"] != VERSION:
            raise Unsupported(
                f"{path} has version {table['version']!r:.20}; this program reads {VERSION}: update it"
            )
        return Manifest(
            settings=_plain(table["settings"]),
            shards=tuple(_shard(row) for row in table["shards"]),
            reasons={str(k): int(v) for k, v in _plain(table["reasons"]).items()},
            licences={str(k): int(v) for k, v in _plain(table["licences"]).items()},
            finished=table["finished"] is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(
            f"{path} is damaged ({type(error).__name__}: {str(error)[:80]}); run dxtalker curate again, or delete it"
            " and the shards are read without it"
        ) from None


def _plain(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a table is missing")
    return value


def _shard(row: dict[str, Any]) -> Shard:
    file, (offset, count) = str(row["file"]), row["index"]
    if Path(file).name != file or not file.endswith(".tar") or file.startswith("."):
        raise ValueError(f"{file[:40]!r} is no name of a shard")  # never a path out of the folder
    size, clips, frames = (int(row[key]) for key in ("bytes", "clips", "frames"))
    if min(size, clips, frames) < 0:
        raise ValueError("a negative count")
    return Shard(file, str(row["sha256"]), size, clips, frames, (int(offset), int(count)))
