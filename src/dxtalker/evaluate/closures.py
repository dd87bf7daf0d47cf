"""Where lips must meet and where they must not: /p b m/, open vowels, /f v/, and the truth's own closures.

Values stand on a clip's frames as (T,) float32, NaN where nothing is asked, so that they are averaged and drawn in
blocks like everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..data.phones import LIPS_MEET, Phone
from ..records import FEATURE_FPS
from .regions import Regions

CLOSED_MM = 1.0  # at most so far above full lip contact
BESIDE = 0.04  # seconds around a phone, or a closure of the truth, in which one counts
OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
LIP_ON_TEETH = frozenset({"F", "V"})
TOUCH_MM = 3.0  # from the teeth's edge to the nearest of the lip's five middle vertices; at rest it is 6.8


def at_phones(
    phones: Sequence[Phone], names: frozenset[str], frames: int, value: Callable[[slice], float]
) -> np.ndarray:
    """(frames,) float32: at the middle of each phone among ``names`` the ``value`` of its frames, ±40 ms."""
    fps = float(FEATURE_FPS)
    found = np.full(frames, np.nan, np.float32)
    for phone in phones:
        first = max(0, int(np.ceil((phone.start - BESIDE) * fps - 1e-6)))
        last = min(frames - 1, int(np.floor((phone.end + BESIDE) * fps + 1e-6)))
        if phone.name in names and first <= last:
            found[(first + last) // 2] = value(slice(first, last + 1))
    return found


def closed_at(phones: Sequence[Phone], opening: np.ndarray) -> np.ndarray:
    """(T,) 1 or 0 at each /p b m/: whether ``opening`` (T,) mm is closed somewhere in it. Its mean is the rate."""
    return at_phones(phones, LIPS_MEET, len(opening), lambda near: float(opening[near].min() < CLOSED_MM))


def widest_at(phones: Sequence[Phone], opening: np.ndarray) -> np.ndarray:
    """(T,) mm at each open vowel: the widest of ``opening`` (T,) in it. Belongs beside every closure rate."""
    return at_phones(phones, OPEN_VOWELS, len(opening), lambda near: float(opening[near].max()))


def lip_to_teeth_at(phones: Sequence[Phone], curves: np.ndarray, where: Regions) -> np.ndarray:
    """(T,) mm at each /f v/: the least distance in it of the lower lip from the upper front teeth, curves (T, 52)."""
    return at_phones(
        phones, LIP_ON_TEETH, len(curves), lambda near: float(lip_to_teeth_mm(curves[near], where).min())
    )


def lip_to_teeth_mm(curves: np.ndarray, where: Regions) -> np.ndarray:
    """(T,) between the nearest of the lower lip's middle vertices and of the upper front teeth's edge, (T, 52)."""
    lip = where.lower_lip + (curves @ where.lower_lip_moves).reshape(len(curves), -1, 3)
    return np.linalg.norm(lip[:, :, None] - where.teeth, axis=3).min(axis=(1, 2))


def beside(closed: np.ndarray) -> np.ndarray:
    """(T,) bool: true in a frame or in one within 40 ms of it."""
    reach = round(BESIDE * float(FEATURE_FPS))
    return np.convolve(closed, np.ones(2 * reach + 1), mode="same") > 0.5


def recalled(opening: np.ndarray, met: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """(T,) 1 or 0 in each spoken frame whose lips truly meet: whether ``opening`` (T,) mm closes within 40 ms.

    ``met`` (T,) is 1 where the truth's lips meet, 0 where they are apart, NaN where nobody knows. For clips whose phones
    are not known. Silence is left out: a mouth at rest is not a sound.
    """
    asked = (met == 1) & ~silent
    return np.where(asked, beside(opening < CLOSED_MM), np.nan).astype(np.float32)


def confirmed(opening: np.ndarray, met: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """(T,) 1 or 0 in each spoken frame in which ``opening`` (T,) mm is closed: whether the truth's is within 40 ms."""
    asked = (opening < CLOSED_MM) & ~silent & np.isfinite(met)
    return np.where(asked, beside(met == 1), np.nan).astype(np.float32)
