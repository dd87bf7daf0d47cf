"""How sure a mean is: a bootstrap over blocks of 5 s, since neighbouring frames of speech are alike.

Block bootstrap: Künsch, Annals of Statistics 1989; here blocks do not overlap and never span two clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 125  # frames, 5 s
DRAWS = 2000


def mean_of(clips: Sequence[np.ndarray]) -> float:
    """Mean over all frames of ``clips``, each (T,); NaN frames do not count. NaN where none counts."""
    sums, counts = _blocks(clips)
    return float(sums.sum() / counts.sum()) if counts.sum() else float("nan")


def interval(clips: Sequence[np.ndarray], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of ``mean_of(clips)``; the same seed draws the same blocks.

    Of the difference of two systems on the same frames give the frames' differences: that pairs them.
    """
    sums, counts = _blocks(clips)
    sums, counts = sums[counts > 0], counts[counts > 0]
    if not len(sums):
        return float("nan"), float("nan")
    random, means = np.random.default_rng(seed), []
    for _ in range(DRAWS // 100):  # a hundred draws at a time: little memory for an hour of blocks
        draws = random.integers(0, len(sums), (100, len(sums)))
        means.append(sums[draws].sum(axis=1) / counts[draws].sum(axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def _blocks(clips: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number (B,) of the values that count in each block."""
    sums, counts = [np.zeros(0)], [np.zeros(0)]
    for clip in clips:
        if len(clip):
            starts = np.arange(0, len(clip), BLOCK)
            sums.append(np.add.reduceat(np.nan_to_num(clip.astype(np.float64)), starts))
            counts.append(np.add.reduceat(np.isfinite(clip).astype(np.float64), starts))
    return np.concatenate(sums), np.concatenate(counts)
