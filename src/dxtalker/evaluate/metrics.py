"""How well one opening curve follows another; the words of the design, with their units in the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LAGS = np.arange(-10, 11) * 0.02  # seconds; negative: the guess comes before the truth
BLOCK = 125  # frames, 5 s: what the bootstrap draws
SILENT_DB = 30.0  # below the clip's loud speech (95th percentile)


@dataclass(frozen=True)
class Pair:
    """One clip: a guess and the truth on the same 25 fps frames, and which frames are silent."""

    guess: np.ndarray  # (T,) mm of lip opening
    truth: np.ndarray  # (T,) mm
    silent: np.ndarray  # (T,) bool


@dataclass(frozen=True)
class Scores:
    """One system on one corpus."""

    correlation: float  # R at lag 0, per clip, weighted by frames
    low: float  # 95 % bootstrap interval of R over 5 s blocks
    high: float
    best_lag_ms: float  # lag of the guess at which R, pooled over the corpus, is best; > 0: the guess is late
    best_correlation: float  # R there
    amplitude: float  # standard deviation of the guess over the truth's
    silence_opening: float  # mean opening in silence over mean opening in speech, of the guess
    truth_silence_opening: float  # the same, of the truth
    jitter: float  # RMS second difference of the guess over the truth's


def score(pairs: Sequence[Pair], seed: int = 0) -> Scores:
    """Scores over the clips of one corpus."""
    by_lag = [correlation([_shifted(p, lag) for p in pairs]) for lag in LAGS]
    best = int(np.argmax(by_lag))
    low, high = _interval(pairs, seed)
    guesses, truths = np.concatenate([p.guess for p in pairs]), np.concatenate([p.truth for p in pairs])
    return Scores(
        correlation=correlation([(p.guess, p.truth) for p in pairs]),
        low=low,
        high=high,
        best_lag_ms=round(float(LAGS[best]) * 1000),
        best_correlation=by_lag[best],
        amplitude=float(guesses.std() / truths.std()),
        silence_opening=_in_silence(pairs, "guess"),
        truth_silence_opening=_in_silence(pairs, "truth"),
        jitter=_roughness([p.guess for p in pairs]) / _roughness([p.truth for p in pairs]),
    )


def standardised(values: np.ndarray) -> np.ndarray:
    """Zero mean, unit deviation; all zero where nothing moves."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def correlation(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Pearson's R of each pair, averaged with the frames as weights; a flat guess counts 0."""
    products = [standardised(a) * standardised(b) for a, b in pairs]
    return float(np.concatenate(products).mean())


def _shifted(pair: Pair, lag: float) -> tuple[np.ndarray, np.ndarray]:
    """The guess ``lag`` seconds later in time, and the truth."""
    at = np.arange(len(pair.guess)) / 25.0
    return np.interp(at + lag, at, pair.guess), pair.truth


def _interval(pairs: Sequence[Pair], seed: int) -> tuple[float, float]:
    """95 % interval of R: 5 s blocks drawn with replacement."""
    blocks = []
    for pair in pairs:
        product = standardised(pair.guess) * standardised(pair.truth)
        blocks += [product[i : i + BLOCK] for i in range(0, len(product), BLOCK)]
    sums, counts = np.array([b.sum() for b in blocks]), np.array([len(b) for b in blocks])
    draws = np.random.default_rng(seed).integers(0, len(blocks), (2000, len(blocks)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def silent_frames(loudness: np.ndarray) -> np.ndarray:
    """(T,) bool: far below the clip's speech, and not within two frames of it."""
    loud = loudness > np.percentile(loudness, 95) - SILENT_DB
    near = np.convolve(loud, np.ones(5), mode="same") > 0
    return ~near


def _in_silence(pairs: Sequence[Pair], which: str) -> float:
    values = np.concatenate([np.maximum(getattr(p, which), 0) for p in pairs])
    silent = np.concatenate([p.silent for p in pairs])
    if silent.sum() < 5 or values[~silent].mean() < 1e-6:
        return float("nan")
    return float(values[silent].mean() / values[~silent].mean())


def _roughness(curves: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(np.concatenate([np.diff(c, 2) ** 2 for c in curves]).mean()))
