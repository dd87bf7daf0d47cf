"""A coarticulation teacher: phones with their times in, mouth curves out, fitted to filmed speech.

What each phone asks of lips, jaw and tongue is written down as a few articulatory features; how much of each is seen,
and how early it begins and how late it ends, is fitted: one ridge over the features of all phones within 240 ms of a
frame, so that neighbours share the mouth as in dominance models (Löfqvist 1990; Cohen and Massaro 1993). Features
instead of phones are what carries over to words and speakers that were not filmed: docs/voices.md has the figures.

Lips are closed afterwards by the phones' times, since a least-squares read-out never quite closes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.phones import LIPS_MEET, PAUSES, Phone
from ..data.prepare import Example
from ..data.ridge import Ridge, fit_ridge
from ..errors import NotReady
from ..face.visemes import recipe
from ..records import ARKIT_INDEX, ARKIT_NAMES, FEATURE_FPS, MOUTH

CONTEXT = 6  # frames on either side that a phone acts over
PENALTY = 0.03  # ridge per frame on standardised features
FINE = 100  # features are sampled so often a second, and smoothed over ±40 ms, before frames are taken
# What phones do, ARPABET with how much (1 where nothing is said).
FEATURES = {
    "lips meet": "P B M",
    "lip on teeth": "F V",
    "tongue on teeth": "TH DH",
    "tongue on ridge": "T D N S Z L:.5",
    "hiss": "S Z SH ZH CH JH",
    "palate": "SH ZH CH JH",
    "back of tongue": "K G NG",
    "breath": "HH",
    "lateral": "L",
    "rhotic": "R ER",
    "round": "W UW OW:.9 R:.7 SH:.6 ZH:.6 CH:.6 JH:.6 AO:.6 UH:.6 OY:.6 ER:.5 AW:.4",
    "vowel": "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW",
    "high": "IY UW W Y IH:.8 UH:.7 EY:.3 AY:.3",
    "middle": "EH AH EY:.8 ER:.8 OW:.7 OY:.6 AO:.5",
    "low": "AE AA AY:.8 AW:.8 AO:.5",
    "front": "IY Y EY IH:.8 EH:.8 AE:.7 AY:.5 OY:.4",
    "back": "AA AO OW UH:.8 UW:.7 AW:.4 OY:.4",
    "silence": "",
}
# Closures as they were filmed (median over 564 /p b m/ of GRID's first speaker, pocketsphinx's times): lips have met
# 20 to 40 ms before the phone's start, part at its end, and are 4 to 6 mm apart 20 ms beside that.
PART_MM = 150.0  # mm a second at which lips come together and leave each other
MEET, PART = (
    0.03,
    0.01,
)  # seconds before the phone's start at which lips meet, before its end at which they part
CLOSED_MM = 0.3  # opening that is left in a closure
MOST_SCALED = 2.0  # a voice's opening is made larger or smaller by at most this
REACH = 0.12  # seconds beside a closure beyond which it asks for nothing
LIP_ON_TEETH = frozenset({"F", "V"})
BITE = 0.9  # of the viseme FF that is reached in /f v/
BITE_SECONDS = 0.08  # over which the lower lip comes and goes


def articulation(phones: Sequence[Phone], frames: int) -> np.ndarray:
    """(frames, 18) float32: how much of each of ``FEATURES`` is asked for, at 25 fps. What is no phone is silence."""
    table = _table()
    fine = np.zeros((frames * FINE // int(FEATURE_FPS) + FINE, len(FEATURES)), np.float32)
    fine[:, -1] = 1
    for phone in phones:
        asked = table.get(phone.name)
        if asked is not None and phone.name not in PAUSES:
            fine[round(phone.start * FINE) : round(phone.end * FINE)] = asked
    kernel = np.array([1, 2, 3, 4, 3, 2, 1], np.float32) / 16
    edged = np.pad(fine, ((3, 3), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(column, kernel, mode="valid") for column in edged.T], axis=1)
    return smooth[np.arange(frames) * FINE // int(FEATURE_FPS)]


def _table() -> dict[str, np.ndarray]:
    """(18,) float32 of each phone."""
    table: dict[str, np.ndarray] = {}
    for row, entries in enumerate(FEATURES.values()):
        for entry in entries.split():
            name, _, amount = entry.partition(":")
            table.setdefault(name, np.zeros(len(FEATURES), np.float32))[row] = float(amount or 1)
    return table


@dataclass(frozen=True)
class Teacher:
    """Mouths for phones."""

    ridge: Ridge  # articulation to the 28 mouth curves
    lip_gap: np.ndarray  # (52,) mm of opening at weight 1 of each curve

    def __call__(self, phones: Sequence[Phone], frames: int) -> np.ndarray:
        """(frames, 28) float32 mouth curves at 25 fps, columns as ``records.MOUTH``; lips closed on /p b m/."""
        mouth = self.ridge(articulation(phones, frames)).clip(0, 1)
        return close_lips(mouth, most_opening(phones, frames), self.lip_gap[MOUTH])


def most_opening(phones: Sequence[Phone], frames: int) -> np.ndarray:
    """(frames,) float32 mm: the most that lips can be apart, so that they meet in /p b m/; infinite far from them.

    A phone shorter than a frame closes the frame that is nearest to its middle.
    """
    times = np.arange(frames) / float(FEATURE_FPS)
    most = np.full(frames, np.inf, np.float32)
    for phone in phones:
        if phone.name in LIPS_MEET and frames:
            meet, part = phone.start - MEET, max(phone.end - PART, phone.start)
            apart = np.maximum(meet - times, times - part)
            apart[np.argmin(np.abs(times - (meet + part) / 2))] = 0
            near = apart < REACH
            most[near] = np.minimum(most[near], CLOSED_MM + PART_MM * np.maximum(apart[near], 0))
    return most


def close_lips(mouth: np.ndarray, most: np.ndarray, lip_gap: np.ndarray) -> np.ndarray:
    """Mouth curves (T, 28) whose opening is at most ``most`` (T,) mm: what parts the lips yields, in proportion.

    ``lip_gap`` (28,) mm at weight 1. What brings lips together, or moves them otherwise, stays.
    """
    parting = np.maximum(lip_gap, 0)
    apart, together = mouth @ parting, mouth @ np.minimum(lip_gap, 0)
    wanted = np.maximum(most - together, 0)
    share = np.where(apart > wanted, wanted / np.maximum(apart, 1e-6), 1.0)
    return (mouth * np.where(parting > 0, share[:, None], 1)).astype(np.float32)


def bite_lip(mouth: np.ndarray, phones: Sequence[Phone]) -> np.ndarray:
    """Mouth curves (T, 28) whose lower lip comes to the upper teeth in /f v/, which no landmark shows.

    A phone shorter than a frame bites in the frame that is nearest to its middle.
    """
    times = np.arange(len(mouth)) / float(FEATURE_FPS)
    how = np.zeros(len(mouth), np.float32)
    for phone in phones:
        if phone.name in LIP_ON_TEETH and len(mouth):
            beside = np.maximum(np.maximum(phone.start - times, times - phone.end), 0)
            beside[np.argmin(np.abs(times - (phone.start + phone.end) / 2))] = 0
            how = np.maximum(how, (1 - beside / BITE_SECONDS).clip(0, 1))
    target = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, weight in recipe("FF").items():
        target[ARKIT_INDEX[name]] = weight
    return (mouth + BITE * how[:, None] * (target[MOUTH] - mouth)).astype(np.float32)


def fit_teacher(
    examples: Sequence[Example], phones: Mapping[str, Sequence[Phone]], lip_gap: np.ndarray
) -> Teacher:
    """Fit to every example whose mouth was tracked and whose phones are told under its name.

    ``lip_gap`` (52,) mm of the head's opening at weight 1. Raises NotReady when there is none.
    """
    known = [e for e in examples if e.covered[MOUTH].all() and phones.get(e.name)]
    if not known:
        raise NotReady(
            "no filmed clip has phone times, so no teacher can be fitted; align the clips' words first"
        )
    heard = [articulation(phones[e.name], len(e.motion)) for e in known]
    shown = [e.motion[:, MOUTH] for e in known]
    ridge = fit_ridge(heard, shown, [1.0] * len(known), CONTEXT, PENALTY)
    return Teacher(ridge, lip_gap)


def as_large(teacher: Teacher, mouth: np.ndarray, phones: Sequence[Phone]) -> np.ndarray:
    """Mouth curves (T, 28) that the sound told, opened as far as the teacher says of what is said in them.

    When a mouth opens is heard better than it is told by phones, how far by how much a voice's phones ask for: the
    opening keeps its shape and gets the teacher's mean and spread over the clip.
    """
    gap, told = teacher.lip_gap[MOUTH], teacher(phones, len(mouth))
    spread = (told @ gap).std() / max(float((mouth @ gap).std()), 1e-3)
    share = np.clip(spread, 1 / MOST_SCALED, MOST_SCALED)
    return (told.mean(axis=0) + share * (mouth - mouth.mean(axis=0))).clip(0, 1).astype(np.float32)
