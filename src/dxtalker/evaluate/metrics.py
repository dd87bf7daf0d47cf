"""How well one opening curve follows another; the words of the design, with their units in the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FEATURE_FPS

FPS = float(FEATURE_FPS)
LAGS = np.arange(-10, 11) * 0.02  # seconds; negative: the guess comes before the truth
BANDS_HZ = (0.0, 2.0, 5.0, 12.5)  # phrases and words, syllables, single sounds and what shakes
SILENT_DB = 30.0  # below the clip's loud speech (95th percentile)
WIDE = 80  # percentile of the truth in speech above which a mouth counts as wide open


@dataclass(frozen=True)
class Pair:
    """One clip: a guess and the truth on the same 25 fps frames, and which frames are silent."""

    guess: np.ndarray  # (T,) mm of lip opening
    truth: np.ndarray  # (T,) mm
    silent: np.ndarray  # (T,) bool


def standardised(values: np.ndarray) -> np.ndarray:
    """Zero mean, unit deviation; all zero where nothing moves."""
    values = np.asarray(values, np.float64)  # in float32 a constant's mean is not the constant
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def frame_correlations(pair: Pair) -> np.ndarray:
    """(T,) whose mean is Pearson's R of the clip; over clips, R weighted by frames. A flat guess counts 0.

    Each frame's value is R and the frame's influence on it (Hampel 1974), z1 z2 - R (z1² + z2²) / 2, so that blocks
    drawn from it tell how sure R is, means and deviations included. Where the guess is the truth it is 1 everywhere.
    """
    ours, theirs = standardised(pair.guess), standardised(pair.truth)
    r = float((ours * theirs).mean())
    return r + ours * theirs - 0.5 * r * (ours**2 + theirs**2)


def correlation(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Pearson's R of each pair, averaged with the frames as weights; a flat guess counts 0."""
    return float(np.concatenate([standardised(a) * standardised(b) for a, b in pairs]).mean())


def by_lag(pairs: Sequence[Pair]) -> np.ndarray:
    """(len(LAGS),) R, pooled over clips, with the guess moved to be heard ``LAGS`` seconds earlier.

    The best entry tells how late the guess is: on single clips of running speech lags cannot be read.
    """
    return np.array([correlation([_shifted(p, lag) for p in pairs]) for lag in LAGS])


def _shifted(pair: Pair, lag: float) -> tuple[np.ndarray, np.ndarray]:
    """The guess ``lag`` seconds later in time, and the truth."""
    at = np.arange(len(pair.guess)) / FPS
    return np.interp(at + lag, at, pair.guess), pair.truth


def amplitude_ratio(pairs: Sequence[Pair]) -> float:
    """Standard deviation of the guess over the truth's."""
    return _ratio(
        np.concatenate([p.guess for p in pairs]).std(), np.concatenate([p.truth for p in pairs]).std()
    )


def wide_ratio(pairs: Sequence[Pair]) -> float:
    """Mean opening of the guess over the truth's where the truth's mouth is wide open.

    Belongs beside every figure of closures: a mouth that never opens closes perfectly. A guess that is right on
    average but not at each instant falls below 1 here, as whatever regresses to the mean does.
    """
    guesses, truths = [np.zeros(0)], [np.zeros(0)]
    for p in pairs:
        if (~p.silent).any():
            wide = ~p.silent & (p.truth >= np.percentile(p.truth[~p.silent], WIDE))
            guesses.append(p.guess[wide])
            truths.append(p.truth[wide])
    return _ratio(np.concatenate(guesses).sum(), np.concatenate(truths).sum())


def jitter_ratio(pairs: Sequence[Pair]) -> float:
    """RMS second difference of the guess over the truth's."""
    return _ratio(_roughness([p.guess for p in pairs]), _roughness([p.truth for p in pairs]))


def energy_ratios(guesses: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> list[float]:
    """Energy of the guesses over the truths' in each band of ``BANDS_HZ``; curves (T,) or (T, C), summed over C.

    What one deviation hides: a guess may move as much as the truth at other rates. Hann-tapered periodograms.
    """
    guessed = np.sum([_energy(g) for g in guesses], axis=0)
    true = np.sum([_energy(t) for t in truths], axis=0)
    return [_ratio(g, t) for g, t in zip(guessed, true, strict=True)]


def _energy(curve: np.ndarray) -> np.ndarray:
    """(bands,) energy of a curve without its mean; none in fewer than eight frames."""
    if len(curve) < 8:
        return np.zeros(len(BANDS_HZ) - 1)
    columns = np.asarray(curve, np.float64).reshape(len(curve), -1)
    columns = (columns - columns.mean(axis=0)) * np.hanning(len(columns))[:, None]
    power = (np.abs(np.fft.rfft(columns, axis=0)) ** 2).sum(axis=1) / len(columns)
    at = np.fft.rfftfreq(len(columns), 1 / FPS)
    return np.histogram(at, BANDS_HZ, weights=power)[0]


def silent_frames(loudness: np.ndarray) -> np.ndarray:
    """(T,) bool: far below the clip's speech, and not within two frames of it."""
    loud = loudness > np.percentile(loudness, 95) - SILENT_DB
    near = np.convolve(loud, np.ones(5), mode="same") > 0
    return ~near


def silence_opening(openings: Sequence[np.ndarray], silences: Sequence[np.ndarray]) -> float:
    """Mean opening in silence over mean opening in speech; NaN with hardly any silence or without opening."""
    values = np.concatenate([np.maximum(opening, 0) for opening in openings])
    silent = np.concatenate(silences)
    if silent.sum() < 5 or (~silent).sum() < 5 or values[~silent].mean() < 1e-6:
        return float("nan")
    return float(values[silent].mean() / values[~silent].mean())


def _ratio(value: float, whole: float) -> float:
    return float(value / whole) if abs(whole) > 1e-12 else float("nan")


def _roughness(curves: Sequence[np.ndarray]) -> float:
    steps = np.concatenate([np.diff(c, 2) ** 2 for c in curves])
    return float(np.sqrt(steps.mean())) if len(steps) else float("nan")
