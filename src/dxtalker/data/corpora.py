"""What is known of each corpus: how late its pictures are against its sound, and what its track covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Corpus:
    """Facts that training and evaluation treat alike for every system."""

    delays: Mapping[str, float] = field(default_factory=dict)  # clip: seconds its pictures lag its sound
    upper_face: bool = True  # brows, lids and gaze were tracked
    head: bool = True  # head rotation was tracked
    share: float = 1.0  # how often training and probes draw from it, against the others


# What a table's truth is corrected by, for every system alike: measured as docs/curation.md says. Pictures of the
# corpora that are not named are in time to within 16 ms.
CORPORA = {
    "grid_s1": Corpus(share=0.62),
    "facegood": Corpus(upper_face=False, head=False, share=0.1),
    "us_gov": Corpus({"address_a": -0.167, "address_b": -0.09, "address_c": -0.015}),
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


def delay(name: str, clip: str) -> float:
    """Seconds by which the pictures of ``clip`` of corpus ``name`` are late; before its sound: negative."""
    return corpus(name).delays.get(clip, 0.0)
