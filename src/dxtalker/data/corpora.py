"""What is known of each corpus: how late its pictures are against its sound, and what its track covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Corpus:
    """Facts that training and evaluation treat alike for every system."""

    delay: float = 0.0  # seconds by which the tracked mouth lags the sound
    upper_face: bool = True  # brows, lids and gaze were tracked
    head: bool = True  # head rotation was tracked
    share: float = 1.0  # how often training and probes draw from it, against the others


# Delays: the lag at which linear probes trained on one corpus fit the others best (docs/model-card.md).
CORPORA = {
    "grid_s1": Corpus(delay=0.06, share=0.62),
    "grid_unseen": Corpus(delay=0.06),
    "facegood": Corpus(delay=0.04, upper_face=False, head=False, share=0.23),
    "us_gov": Corpus(),
    "voices": Corpus(upper_face=False, head=False, share=0.35),
    "silence": Corpus(upper_face=False, head=False, share=0.15),
}


def frame_weights(clips: Sequence[tuple[str, int]]) -> list[float]:
    """What a frame of each clip (corpus, frames) counts, such that corpora count by their shares."""
    frames = Counter[str]()
    for name, count in clips:
        frames[name] += count
    return [corpus(name).share / frames[name] for name, _ in clips]


def corpus(name: str) -> Corpus:
    """Facts of corpus ``name``; one that is not listed is taken as in time and fully tracked."""
    return CORPORA.get(name, Corpus())
