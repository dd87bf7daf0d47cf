"""Figures and tables of the bench of other packages; the words are those of ``dxtalker evaluate``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dxtalker.data.phones import Phone
from dxtalker.evaluate.clips import ScoredClip
from dxtalker.evaluate.closures import closed_at, confirmed, recalled, widest_at
from dxtalker.evaluate.metrics import FPS, Pair, amplitude_ratio, correlation, silence_opening
from dxtalker.records import SpeechFeatures, Waveform

LAGS = np.arange(-20, 21) * 0.02  # seconds: twice as far as dxtalker evaluate looks, as some are that late
Openings = Mapping[str, np.ndarray]  # by clip: (T,) mm at 25 a second


@dataclass(frozen=True)
class Said:
    """A recording with what is known of it."""

    name: str
    group: str
    wave: Waveform
    text: str  # what is said, where it is known
    features: SpeechFeatures
    clip: ScoredClip | None = None  # filmed
    phones: tuple[Phone, ...] = ()

    @property
    def frames(self) -> int:
        """At 25 a second."""
        return len(self.features)


@dataclass(frozen=True)
class Row:
    """One system."""

    title: str
    openings: Openings
    times_real_time: float = float("nan")  # seconds of sound a second of one core


def figures(row: Row, said: Sequence[Said]) -> dict[str, float]:
    """On filmed clips of one group: see docs/others.md."""
    clips = [(s, row.openings[s.name]) for s in said if s.clip is not None and s.name in row.openings]
    if not clips:
        return {}
    pairs = [Pair(_fit(opening, len(s.clip.truth)), s.clip.truth, s.clip.silent) for s, opening in clips]
    lags = np.array([correlation([(_earlier(p.guess, lag), p.truth) for p in pairs]) for lag in LAGS])
    amplitude = amplitude_ratio(pairs)
    scaled = [np.abs(p.guess / max(amplitude, 1e-9) - p.truth) for p in pairs]
    return {
        "R": correlation([(p.guess, p.truth) for p in pairs]),
        "best lag ms": float(1000 * LAGS[int(np.argmax(lags))]),
        "R there": float(lags.max()),
        "amplitude": amplitude,
        "error mm": float(np.concatenate([np.abs(p.guess - p.truth) for p in pairs]).mean()),
        "error mm, rescaled": float(np.concatenate(scaled).mean()),
        "closures kept": _mean(
            [recalled(p.guess, s.clip.met, p.silent) for p, (s, _) in zip(pairs, clips, strict=True)]
        ),
        "closures true": _mean(
            [confirmed(p.guess, s.clip.met, p.silent) for p, (s, _) in zip(pairs, clips, strict=True)]
        ),
        "silence": silence_opening([p.guess for p in pairs], [p.silent for p in pairs]),
    }


def at_phones(row: Row, said: Sequence[Said], scale: float) -> dict[str, float]:
    """On recordings with phone times; ``scale`` brings the opening to the filmed truth's deviation."""
    heard = [(s, row.openings[s.name]) for s in said if s.phones and s.name in row.openings]
    if not heard:
        return {}

    def mean(value: Callable[[tuple[Phone, ...], np.ndarray], np.ndarray], factor: float) -> float:
        return _mean([value(s.phones, factor * o) for s, o in heard])

    return {
        "closed": mean(closed_at, 1.0),
        "open vowels mm": mean(widest_at, 1.0),
        "closed, rescaled": mean(closed_at, scale),
        "open vowels mm, rescaled": mean(widest_at, scale),
    }


def _mean(values: Sequence[np.ndarray]) -> float:
    """Of what was asked; NaN where nothing was."""
    joined = np.concatenate(values)
    return float(joined[np.isfinite(joined)].mean()) if np.isfinite(joined).any() else float("nan")


def _earlier(opening: np.ndarray, lag: float) -> np.ndarray:
    """(T,) the opening ``lag`` seconds later in time, held at its ends."""
    at = np.arange(len(opening)) / FPS
    return np.interp(at + lag, at, opening)


def _fit(opening: np.ndarray, frames: int) -> np.ndarray:
    """(frames,): cut, or held at its end."""
    return np.pad(opening[:frames], (0, max(0, frames - len(opening))), mode="edge")


def tables(rows: Sequence[Row], said: Sequence[Said]) -> dict[str, dict[str, dict[str, float]]]:
    """By group, by system; filmed groups first, then "phones"."""
    groups: dict[str, list[Said]] = defaultdict(list)
    for s in said:
        groups[s.group].append(s)
    found = {
        group: {row.title: figures(row, members) for row in rows}
        for group, members in groups.items()
        if members[0].clip is not None
    }
    scale = {row.title: 1 / max(figures(row, said).get("amplitude", 1.0), 1e-9) for row in rows}
    found["phones"] = {row.title: at_phones(row, said, scale[row.title]) for row in rows}
    return found


def as_text(found: Mapping[str, Mapping[str, Mapping[str, float]]], rows: Sequence[Row]) -> str:
    """Markdown tables."""
    speed = {row.title: row.times_real_time for row in rows}
    lines = []
    for group, systems in found.items():
        columns = next((list(f) for f in systems.values() if f), [])
        if not columns:
            continue
        lines += [
            "",
            f"## {group}",
            "",
            f"| system | {' | '.join(columns)} | x real time |",
            "|---" * (len(columns) + 2) + "|",
        ]
        for title, values in systems.items():
            if values:
                shown = [f"{values[c]:+.0f}" if "lag" in c else f"{values[c]:.2f}" for c in columns]
                lines.append(f"| {title} | {' | '.join(shown)} | {speed[title]:.1f} |")
    return "\n".join(lines).replace("nan", "–")
