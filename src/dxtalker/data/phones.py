"""Phone times beside recordings: which frames must have closed lips."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..records import FEATURE_FPS

LIPS_MEET = frozenset({"P", "B", "M"})
LEAD = 0.02  # seconds by which the lips are ahead of the aligner's phone
PAUSES = frozenset({"SIL", "SP", ""})


@dataclass(frozen=True)
class Phone:
    """One phone of a recording."""

    name: str  # ARPABET without stress
    start: float  # seconds
    end: float
    stress: int = 0  # of a vowel, as ARPABET's digit: 1 main, 2 secondary, 0 none or not told


def read_phones(path: Path) -> dict[str, tuple[Phone, ...]]:
    """Phones by recording name, from JSON: name -> {"phones": [[start, end, phone], …]}; "AA1" is a stressed AA.

    Raises BadInput when the file is not of that form.
    """
    try:
        data = json.loads(path.read_text())
        return {
            str(name): tuple(
                _phone(str(phone), float(start), float(end)) for start, end, phone in entry["phones"]
            )
            for name, entry in data.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            f"{path} does not hold phone times ({error}); see data/phones.py for the form"
        ) from error


def _phone(name: str, start: float, end: float) -> Phone:
    plain = name.rstrip("012")
    return Phone(plain, start, end, int(name[len(plain)]) if len(name) > len(plain) else 0)


def lips_meet(phones: tuple[Phone, ...], frames: int) -> np.ndarray:
    """(frames,) float32: 1 in /p b m/, 0 in other phones, NaN in pauses, where lips may do either."""
    times = np.arange(frames) / float(FEATURE_FPS) + LEAD
    closed = np.full(frames, np.nan, np.float32)
    for phone in phones:
        if phone.name not in PAUSES:
            closed[(times >= phone.start) & (times < phone.end)] = 0
    for phone in phones:
        if phone.name in LIPS_MEET:
            closed[(times >= phone.start) & (times <= phone.end)] = 1
    return closed
