"""A clip's record <-> JSON: what is read is checked field by field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from ..errors import BadInput
from .clip import ClipRecord

SCHEMA, VERSION = "dxtalker.clip", 1
NAME = re.compile(r"[A-Za-z0-9_-]{1,90}")
MAX_FRAMES = 25 * 3600
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "dict[str, float]": (dict,),
}  # fmt: skip


def record_json(
    record: ClipRecord, info: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> bytes:
    """One line of JSON; ``info`` is that of the motion, ``notes`` those of the sound.

    Raises BadInput for a name with other signs than letters, digits, - and _, or numbers that are not finite.
    """
    if not NAME.fullmatch(record.name):
        raise BadInput(f"clip name {record.name[:100]!r}; expected up to 90 letters, digits, - and _")
    table = {"schema": SCHEMA, "version": VERSION, **asdict(record)}
    table |= {"info": dict(info)} if info else {}
    table |= {"notes": list(notes)} if notes else {}
    try:
        return json.dumps(table, sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise BadInput(f"clip {record.name}: its record cannot be written ({error})") from None


def read_record(data: bytes) -> tuple[ClipRecord, dict[str, str], tuple[str, ...]]:
    """The record, the motion's info and the sound's notes. Raises BadInput unless every field is of its kind."""
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"its record is no JSON ({str(error)[:80]})") from None
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        raise BadInput(f"its record is not of the schema {SCHEMA}")
    if table.get("version") != VERSION:
        raise BadInput(f"its record has version {table.get('version')!r:.20}; this program reads {VERSION}")
    known: dict[str, Any] = {}
    for field in fields(ClipRecord):
        if field.name in table:
            known[field.name] = _checked(field.name, table[field.name], str(field.type))
    try:
        record = ClipRecord(**known)
    except TypeError as error:  # a field without a default is missing
        raise BadInput(f"its record is incomplete ({error})") from None
    if not NAME.fullmatch(record.name) or not 0 <= record.frames <= MAX_FRAMES:
        raise BadInput("its record has an impossible name or number of frames")
    info, notes = table.get("info", {}), table.get("notes", [])
    if not isinstance(info, dict) or not isinstance(notes, list):
        raise BadInput("its record's info or notes are of the wrong kind")
    return record, {str(k): str(v) for k, v in info.items()}, tuple(str(note) for note in notes)


def _checked(name: str, value: Any, kind: str) -> Any:
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise BadInput(f"its record's {name} is no {kind}")
    if kind == "float":
        value = float(value)
    numbers = [value] if kind == "float" else list(value.values()) if isinstance(value, dict) else []
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise BadInput(f"its record's {name} holds what is no finite number")
    return value
