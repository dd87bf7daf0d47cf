"""What ``ablate.py`` measures of a trained model on clips that it did not learn from, and the tables of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dxtalker.data.phones import Phone
from dxtalker.evaluate.blocks import BLOCK, interval, mean_of
from dxtalker.evaluate.clips import ScoredClip
from dxtalker.evaluate.closures import closed_at, confirmed, recalled, widest_at
from dxtalker.evaluate.metrics import (
    LAGS,
    Pair,
    by_lag,
    frame_correlations,
    jitter_ratio,
    silence_opening,
    silent_frames,
)
from dxtalker.face.head import Head
from dxtalker.motion.perform import generate
from dxtalker.motion.sampler import Generator, Sampling
from dxtalker.records import SpeechFeatures
from dxtalker.train.checkpoint import Checkpoint
from dxtalker.train.small import small_runnable

Hear = Callable[[SpeechFeatures], SpeechFeatures]


@dataclass(frozen=True)
class Voice:
    """A voice without a face, and what it says."""

    name: str
    features: SpeechFeatures
    phones: tuple[Phone, ...]


class TorchGenerator(Generator):
    """A checkpoint where the sampler expects an onnx file: the same numbers, without an export."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        made = small_runnable(checkpoint)
        self.session: Any = self
        self.module, facts = made.module.eval(), made.facts
        self.mean = np.array(facts["motion_mean"], np.float32)
        self.std = np.array(facts["motion_std"], np.float32)
        self.spread = np.array(facts["noise_spread"], np.float32)
        self.name, self.inputs, self.conditions = "trial", set(made.inputs), ()
        self.style_mean = np.array(facts["style_mean"], np.float32)
        self.style_std = np.array(facts["style_std"], np.float32)

    @torch.no_grad()
    def run(self, _: Sequence[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """What onnxruntime's session would give."""
        return [self.module(**{name: torch.from_numpy(value) for name, value in given.items()}).numpy()]


def on_film(clips: Sequence[ScoredClip], generator: Generator, head: Head, hear: Hear, takes: int) -> dict:
    """Figures of one corpus, of one raw take but for ``mean``; ``blocks`` has [R, frames] of each 5 s of each clip."""
    one, mean, kept, true, ours, theirs = [], [], [], [], [], []
    for clip in clips:
        openings = _openings(clip.features, generator, head, hear, takes)
        one.append(Pair(openings[0], clip.truth, clip.silent))
        mean.append(Pair(np.mean(openings, axis=0), clip.truth, clip.silent))
        kept += [recalled(opening, clip.met, clip.silent) for opening in openings]
        true += [confirmed(opening, clip.met, clip.silent) for opening in openings]
        ours.append(widest_at(clip.phones, openings[0]))
        theirs.append(widest_at(clip.phones, clip.truth))
    by_frame = [frame_correlations(pair) for pair in one]
    figures = {
        "one": mean_of(by_frame),
        "mean": mean_of([frame_correlations(pair) for pair in mean]),
        "lag_ms": 1000 * float(LAGS[np.argmax(by_lag(one))]),
        "closures_kept": mean_of(kept),
        "closures_true": mean_of(true),
        "vowels": mean_of(ours) / mean_of(theirs),
        "silence": silence_opening([p.guess for p in one], [p.silent for p in one]),
        "jitter": jitter_ratio(one),
    }
    blocks = [
        [[float(v[at : at + BLOCK].mean()), len(v[at : at + BLOCK])] for at in range(0, len(v), BLOCK)]
        for v in by_frame
    ]
    return _told(figures) | {"blocks": blocks}


def on_voices(voices: Sequence[Voice], generator: Generator, head: Head, hear: Hear) -> dict:
    """Figures of one raw take of voices whose phones are known."""
    openings = [_openings(voice.features, generator, head, hear, 1)[0] for voice in voices]
    said = [voice.phones for voice in voices]
    figures = {
        "closed": mean_of([closed_at(p, opening) for p, opening in zip(said, openings, strict=True)]),
        "vowels_mm": mean_of([widest_at(p, opening) for p, opening in zip(said, openings, strict=True)]),
        "silence": silence_opening(openings, [silent_frames(v.features.loudness) for v in voices]),
    }
    return _told(figures)


def _openings(
    features: SpeechFeatures, generator: Generator, head: Head, hear: Hear, takes: int
) -> list[np.ndarray]:
    """(T,) mm of each take, as the product samples them."""
    heard = hear(features)
    return [
        head.opening(generate(heard, generator, Sampling(seed=take)).curves).astype(np.float32)
        for take in range(takes)
    ]


def _told(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: float(value) if np.isfinite(value) else None for name, value in figures.items()}


def frames_of(row: Mapping, corpus: str) -> list[np.ndarray]:
    """Per clip (T,) R of the frame's block: enough for means and intervals over blocks."""
    clips = row["corpora"][corpus]["blocks"]
    return [np.concatenate([np.full(n, value) for value, n in clip]) for clip in clips]


def difference(row: Mapping, full: Mapping, corpus: str) -> tuple[float, float, float]:
    """R of one take less that of ``full`` on the same frames, and the ends of its 95 % interval."""
    off = [a - b for a, b in zip(frames_of(row, corpus), frames_of(full, corpus), strict=True)]
    return mean_of(off), *interval(off)


def tables(rows: Sequence[Mapping]) -> str:
    """Two Markdown tables, a line a row and seed: R against the full training of that seed, and everything else.

    The full training itself is set against that of the first seed, which shows what another seed alone does.
    """
    full = {row["seed"]: row for row in rows if row["row"] == "full"}
    first = next(iter(full.values()), None)
    corpora = list(rows[0]["corpora"])
    lines = [["", "seed", *(cell for n in corpora for cell in (f"R {n}", "against full"))]]
    others = [_titles(corpora)]
    for row in rows:
        base = first if row["row"] == "full" else full.get(row["seed"])
        cells = [row["row"], str(row["seed"])]
        for name in corpora:
            found = row["corpora"][name]
            cells += [f"{found['one']:.3f} / {found['mean']:.3f}", _against(row, base, name)]
        lines.append(cells)
        others.append(_others(row, corpora))
    return f"{_markdown(lines)}\n\n{_markdown(others)}"


def _against(row: Mapping, base: Mapping | None, corpus: str) -> str:
    if base is None or base is row:
        return "–"
    middle, low, high = difference(row, base, corpus)
    sure = "**" if low > 0 or high < 0 else ""
    return f"{sure}{middle:+.3f}{sure} ({low:+.3f} to {high:+.3f})"


FILM = (
    ("closures_kept", "closures kept", 2),
    ("closures_true", "true", 2),
    ("vowels", "open vowels", 2),
    ("silence", "silence", 3),
    ("jitter", "jitter", 2),
    ("lag_ms", "lag ms", 0),
)


def _titles(corpora: Sequence[str]) -> list[str]:
    """Of the second table: each figure of film has a cell with all corpora in it."""
    return [
        "",
        "seed",
        "voices: /p b m/",
        "vowels mm",
        "silence",
        *(f"{title} {' / '.join(corpora)}" for _, title, _ in FILM),
        "minutes",
    ]


def _others(row: Mapping, corpora: Sequence[str]) -> list[str]:
    voices = row["voices"]
    cells = [row["row"], str(row["seed"])]
    cells += [
        _shown(voices[name], digits) for name, digits in (("closed", 3), ("vowels_mm", 1), ("silence", 3))
    ]
    for name, _, digits in FILM:
        cells.append(" / ".join(_shown(row["corpora"][n][name], digits) for n in corpora))
    return [*cells, f"{row['seconds'] / 60:.1f}"]


def _shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([head, "|---" * len(lines[0]) + "|", *body])
