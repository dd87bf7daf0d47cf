"""What is known of the emotion of clips: a curve in a track, or ``emotions.csv`` in the folder that is trained on.

The table has a row for each clip, or for each change within one: ``clip,emotion`` or ``clip,seconds,emotion``, where clip
is a name or a pattern as in ``03-*``, and emotion is words as in ``happy:0.8 arousal:0.5`` or ``unknown``.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadInput
from ..motion.conditions import EMOTION, ask, emotion_of
from ..records import FEATURE_FPS
from .clips import Track
from .corpora import delay

if TYPE_CHECKING:
    from .prepare import Example

TABLE = "emotions.csv"
MAX_BYTES = 64 << 20
Row = tuple[str, float, np.ndarray]  # clip or pattern, seconds from which on, (10,)


def track_emotion(track: Track, frames: int) -> np.ndarray | None:
    """(frames, 10) float32 of a track that has an emotion, at 25 fps in time with the sound; NaN where unknown.

    Raises BadInput where it does not fit the track or is out of range.
    """
    if track.emotion is None:
        return None
    count = round(track.duration * track.fps)
    rows = np.tile(track.emotion, (count, 1)) if track.emotion.ndim == 1 else track.emotion
    if rows.shape != (count, len(EMOTION)):
        raise BadInput(
            f"the emotion of {track.name} has shape {track.emotion.shape}; expected ({len(EMOTION)},) or"
            f" ({count}, {len(EMOTION)})"
        )
    seen = np.arange(frames) / float(FEATURE_FPS) + delay(track.corpus, track.name)
    nearest = np.clip(np.rint(seen * track.fps).astype(int), 0, count - 1)  # NaN is not interpolated
    return ask(frames, emotion=rows[nearest]).emotion


def with_table(examples: Sequence[Example], folder: Path) -> list[Example]:
    """The examples with what the folder's table says of them, which goes before what their tracks say.

    Raises BadInput for a table that cannot be read, or that names no clip of the folder.
    """
    if not (folder / TABLE).is_file():
        return list(examples)
    rows = read_table(folder / TABLE)
    for name, _, _ in rows:
        if not any(fnmatchcase(e.name, name) for e in examples):
            raise BadInput(
                f"{folder / TABLE} names {name!r:.60}, which is no clip of {folder}; correct or remove the line"
            )
    return [_told(example, rows) for example in examples]


def _told(example: Example, rows: Sequence[Row]) -> Example:
    mine = [(seconds, row) for name, seconds, row in rows if fnmatchcase(example.name, name)]
    if not mine:
        return example
    told = np.full((len(example.motion), len(EMOTION)), np.nan, np.float32)
    for seconds, row in sorted(mine, key=lambda found: found[0]):  # of two at once the later line holds
        told[round(seconds * float(FEATURE_FPS)) :] = row
    return replace(example, emotion=told)


def read_table(path: Path) -> list[Row]:
    """Rows of ``path``. Raises BadInput with the line that is wrong."""
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(f"{path} has more than {MAX_BYTES >> 20} MB; expected a table of clips")
    rows: list[Row] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            if not {"clip", "emotion"} <= set(reader.fieldnames or ()):
                raise BadInput(
                    f"{path} has no columns clip and emotion; expected the first line clip,emotion"
                )
            for line in reader:
                try:
                    seconds = float(line.get("seconds") or 0)
                    if not 0 <= seconds < 1e6:
                        raise BadInput(f"{seconds} seconds are out of range; expected 0 or more")
                    rows.append((line["clip"] or "", seconds, emotion_of(line["emotion"] or "")))
                except (BadInput, ValueError) as error:
                    raise BadInput(f"{path}, line {reader.line_num}: {error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"{path} is no table of emotions ({error}); expected UTF-8 text, clip,emotion"
        ) from error
    return rows
