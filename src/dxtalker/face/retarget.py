"""A small TOML file that fits a motion to a face: gain, offset, low and high of each channel, left and right swapped.

    [all]                     # every ARKit shape; head motion has tables of its own
    gain = 0.9
    [group.brows]             # GROUPS names them
    gain = 1.3
    [shape.jawOpen]           # a shape of records.ARKIT_NAMES
    offset = -0.02
    high = 0.8
    [rotation.pitch]          # pitch, yaw, roll: degrees
    gain = 0.5
    [translation.z]           # x, y, z: millimetres

A value becomes clip(gain · value + offset, low, high). A later kind of table is more particular: ``shape``
replaces what ``group`` said, which replaces ``all``, key by key.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput, LimitExceeded
from ..records import ARKIT_NAMES, Motion, channels

MAX_BYTES = 1 << 20
GROUPS: dict[str, np.ndarray] = {
    "brows": channels("brow"),
    "blink": channels("eyeBlink"),
    "gaze": channels("eyeLook"),
    "lids": channels("eyeSquint", "eyeWide"),
    "jaw": channels("jaw"),
    "lips": channels("mouth"),
    "cheeks": channels("cheek"),
    "nose": channels("nose"),
    "tongue": channels("tongue"),
}
AXES = {"rotation": ("pitch", "yaw", "roll"), "translation": ("x", "y", "z")}
_UNIT = {"rotation": math.pi / 180, "translation": 0.001}  # of the file's numbers in radians and metres
_MIRROR = {"rotation": (1, -1, -1), "translation": (-1, 1, 1)}
_GAIN, _OFFSET, _LOW, _HIGH = range(4)
_KEYS = ("gain", "offset", "low", "high")


def swapped_order() -> np.ndarray:
    """(52,) int64: for each channel the one of the other side, or itself."""
    other = [_other_side(name) for name in ARKIT_NAMES]
    return np.array([ARKIT_NAMES.index(name) for name in other])


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name[: -len("Left")] + "Right"
    return name[: -len("Right")] + "Left" if name.endswith("Right") else name


def _still(count: int, low: float, high: float) -> np.ndarray:
    return np.tile(np.array([1.0, 0.0, low, high]), (count, 1))


@dataclass(frozen=True)
class Retarget:
    """What is done to each channel; the default changes nothing."""

    shapes: np.ndarray = field(
        default_factory=lambda: _still(52, 0.0, 1.0)
    )  # (52, 4) gain, offset, low, high
    rotation: np.ndarray = field(
        default_factory=lambda: _still(3, -np.inf, np.inf)
    )  # (3, 4) pitch, yaw, roll; radians
    translation: np.ndarray = field(default_factory=lambda: _still(3, -np.inf, np.inf))  # (3, 4) metres
    swap_sides: bool = False  # mirror the motion first

    def apply(self, motion: Motion) -> Motion:
        """``motion`` with every channel mapped; as long and as fast as before."""
        if self.swap_sides:
            motion = mirrored(motion)
        return replace(
            motion,
            curves=_mapped(motion.curves, self.shapes),
            rotation=_mapped(motion.rotation, self.rotation),
            translation=_mapped(motion.translation, self.translation),
        )


def mirrored(motion: Motion) -> Motion:
    """The motion seen in a mirror: left and right shapes exchanged, yaw, roll and x turned round."""
    return replace(
        motion,
        curves=motion.curves[:, swapped_order()],
        rotation=motion.rotation * np.array(_MIRROR["rotation"], np.float32),
        translation=motion.translation * np.array(_MIRROR["translation"], np.float32),
    )


def load_retarget(path: Path) -> Retarget:
    """Read a retargeting file; see the module for its tables.

    Raises BadInput for a file that is no TOML, unknown names (the closest one is suggested) and values that
    are no finite numbers; LimitExceeded above 1 MB.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise LimitExceeded(f"{path} is larger than {MAX_BYTES >> 20} MB; a retargeting file is a page")
        tables = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not TOML ({error}); see docs/bodies.md for an example") from error
    return _from_tables(str(path), tables)


def _from_tables(where: str, tables: Mapping[str, Any]) -> Retarget:
    _known(where, tables, ("all", "group", "shape", "rotation", "translation", "swap_sides"), "table")
    swap = tables.get("swap_sides", False)
    if not isinstance(swap, bool):
        raise BadInput(f"{where}: swap_sides is {swap!r}; expected true or false")
    fresh = Retarget()
    shapes, heads = fresh.shapes, {"rotation": fresh.rotation, "translation": fresh.translation}
    _set(where, "all", tables.get("all", {}), shapes, np.arange(len(shapes)), 1.0)
    for name, table in _named(where, "group", tables.get("group", {}), GROUPS):
        _set(where, f"group.{name}", table, shapes, GROUPS[name], 1.0)
    for name, table in _named(where, "shape", tables.get("shape", {}), ARKIT_NAMES):
        _set(where, f"shape.{name}", table, shapes, np.array([ARKIT_NAMES.index(name)]), 1.0)
    for kind, axes in AXES.items():
        for name, table in _named(where, kind, tables.get(kind, {}), axes):
            _set(where, f"{kind}.{name}", table, heads[kind], np.array([axes.index(name)]), _UNIT[kind])
    for label, rows in (("shapes", shapes), *heads.items()):
        if (rows[:, _LOW] > rows[:, _HIGH]).any():
            raise BadInput(f"{where}: among its {label} a low lies above its high; exchange them")
    return Retarget(shapes, heads["rotation"], heads["translation"], swap)


def _named(
    where: str, kind: str, tables: object, known: Iterable[str]
) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(tables, Mapping):
        raise BadInput(f"{where}: {kind} is {tables!r}; expected tables such as [{kind}.{next(iter(known))}]")
    _known(where, tables, known, kind)
    return list(tables.items())


def _known(where: str, found: Mapping[str, Any], known: Iterable[str], kind: str) -> None:
    """Refuse a name that does not exist, with the one that was probably meant."""
    names = list(known)
    for name in found:
        if name not in names:
            lower = {option.lower(): option for option in names}
            close = difflib.get_close_matches(name.lower(), lower, 1, 0.0)
            raise BadInput(f"{where}: there is no {kind} {name[:60]!r}; did you mean {lower[close[0]]}?")


def _set(where: str, label: str, table: object, rows: np.ndarray, which: np.ndarray, unit: float) -> None:
    """Write a table's keys into ``rows`` (N, 4) at ``which``; ``unit`` scales all but the gain."""
    if not isinstance(table, Mapping):
        raise BadInput(f"{where}: {label} is {table!r}; expected a table with {', '.join(_KEYS)}")
    _known(where, table, _KEYS, f"key of [{label}]")
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadInput(f"{where}: {key} of [{label}] is {value!r}; expected a finite number")
        if key == "gain" and abs(value) > 100:
            raise BadInput(f"{where}: gain of [{label}] is {value}; expected -100 to 100")
        rows[which, _KEYS.index(key)] = value if key == "gain" else value * unit


def _mapped(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(T, C) float32: clip(gain · value + offset, low, high)."""
    mapped = values * rows[:, _GAIN] + rows[:, _OFFSET]
    return np.clip(mapped, rows[:, _LOW], rows[:, _HIGH]).astype(np.float32)
