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


def read_phones(path: Path) -> dict[str, tuple[Phone, ...]]:
    """Phones by recording name, from JSON: name -> {"phones": [[start, end, phone], …]}.

    Raises BadInput when the file is not of that form.
    """
    try:
        data = json.loads(path.read_text())
        return {
            str(name): tuple(
                Phone(str(phone).rstrip("012"), float(start), float(end))
                for start, end, phone in entry["phones"]
            )
            for name, entry in data.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            f"{path} does not hold phone times ({error}); see data/phones.py for the form"
        ) from error


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
