"""ARKit curves as JSON: Motion -> one self-describing text file, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..files import atomic_path
from ..records import ARKIT_NAMES, Motion, frame_rate
from .limits import read_limited

SCHEMA = "dxtalker.motion"
VERSION = 1
MAX_JSON_BYTES = 256 << 20  # more than two hours at 60 fps; parsing takes about ten times that in memory
_BLOCK = 2048  # frames encoded at a time


def write_json(path: Path, motion: Motion) -> None:
    """Write ``motion`` as JSON: weights, radians and metres, each rounded to five decimals.

    Raises BadInput when the folder cannot be written.
    """
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "fps": f"{motion.fps.numerator}/{motion.fps.denominator}",
        "start": motion.start,
        "count": len(motion),
        "info": motion.info,
        "names": list(ARKIT_NAMES),
    }
    with atomic_path(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(head, ensure_ascii=False, allow_nan=False)[:-1])
        for key, rows in (
            ("rotation", motion.rotation),
            ("translation", motion.translation),
            ("frames", motion.curves),
        ):
            stream.write(f',\n"{key}": [')
            stream.writelines(_rows(rows))
            stream.write("]")
        stream.write("}\n")


def _rows(rows: np.ndarray) -> Iterator[str]:
    for first in range(0, len(rows), _BLOCK):
        block = np.round(rows[first : first + _BLOCK].astype(np.float64), 5) + 0.0  # no "-0.0"
        text = json.dumps(block.tolist(), separators=(",", ":"))[1:-1].replace("],[", "],\n[")
        yield (",\n" if first else "\n") + text


def read_json(path: Path) -> Motion:
    """Read a motion written by ``write_json``; its channels may stand in any order.

    Raises BadInput for anything else, LimitExceeded above 256 MB.
    """
    try:
        data = json.loads(read_limited(path, MAX_JSON_BYTES), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not valid JSON ({error}); expected a {SCHEMA} file") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise BadInput(f'{path} is no motion; expected "schema": "{SCHEMA}"')
    if data.get("version") != VERSION:
        raise BadInput(f"{path} has version {data.get('version')!r}; this release reads version {VERSION}")
    names = data.get("names")
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(ARKIT_NAMES):
        raise BadInput(f'{path}: "names" does not list the 52 ARKit names once each')
    frames = _array(path, data, "frames", 52)
    place = {name: i for i, name in enumerate(names)}
    zeros = np.zeros((len(frames), 3)).tolist()
    return Motion(
        curves=np.clip(frames[:, [place[name] for name in ARKIT_NAMES]], 0, 1),
        rotation=_array(path, {"rotation": zeros, **data}, "rotation", 3),
        translation=_array(path, {"translation": zeros, **data}, "translation", 3),
        fps=fraction(path, data.get("fps")),
        start=_start(path, data.get("start", 0.0)),
        info=text_info(path, data.get("info", {})),
    )


def fraction(path: Path, text: Any) -> Fraction:
    """The frame rate written as "num/den". Raises BadInput for anything else."""
    if not isinstance(text, str) or len(text) > 40:
        raise BadInput(f'{path}: the frame rate {str(text)[:40]!r} is not a fraction such as "30000/1001"')
    return frame_rate(text)


def text_info(path: Path, info: Any) -> dict[str, str]:
    """``info`` if it maps text to text. Raises BadInput otherwise."""
    if not isinstance(info, dict) or not all(isinstance(value, str) for value in info.values()):
        raise BadInput(f'{path}: "info" is not a table of text')
    return info


def _start(path: Path, start: Any) -> float:
    if isinstance(start, bool) or not isinstance(start, int | float) or not abs(start) < 1e9:
        raise BadInput(f'{path}: "start" is {str(start)[:40]!r}; expected seconds')
    return float(start)


def _array(path: Path, data: dict[str, Any], key: str, width: int) -> np.ndarray:
    """(T, width) float32 under ``key``. Raises BadInput unless it is a table of finite numbers."""
    problem = BadInput(f'{path}: "{key}" is not a list of frames of {width} finite numbers each')
    try:
        array = np.array(data.get(key))
    except (ValueError, OverflowError):  # rows of different length, or integers beyond 64 bits
        raise problem from None
    if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in "iuf":
        raise problem
    if not (np.abs(array) < 1e9).all():
        raise problem
    return array.astype(np.float32)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number in JSON")
