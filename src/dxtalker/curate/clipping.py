"""Clipped sound: samples at full scale, and tops that were cut off at any level before the gain was changed."""

from __future__ import annotations

import numpy as np

FULL = 0.9999  # share of full scale, as at the audio door
BINS = 100  # of the amplitudes between zero and the loudest
LOWEST = 40  # bin under which a crest is no ceiling
LEAST = 12  # samples in a crest
CREST = 2.0  # times as many samples as a little below


def clipped_share(samples: np.ndarray) -> float:
    """Share of (N,) samples that lie at full scale or in a crest of the amplitudes' distribution, 0..1.

    The louder, the rarer: of a voice, shouted ones included, amplitudes only become fewer towards the loudest. Where
    tops were cut off, many samples crowd at the ceiling, and still do, spread a little, after resampling and coding.
    Each polarity is looked at alone, for a recorder's ceiling need not be symmetric.
    """
    if not len(samples):
        return 0.0
    level = np.abs(samples)
    full = level >= FULL
    runs = int((full[1:] & full[:-1]).sum())
    return max(runs / len(samples), *(_crest(side) / len(samples) for side in (samples, -samples)))


def _crest(side: np.ndarray) -> float:
    """How many positive samples of (N,) are too many for where they lie."""
    top = float(side.max())
    if top <= 1e-4:
        return 0.0
    counts, _ = np.histogram(side, bins=BINS, range=(0.0, top * 1.0001))
    here = counts + np.append(counts[1:], 0)  # (100,) this bin and the next
    below = np.full(BINS, np.inf)
    below[5:] = 2 / 3 * (counts[:-5] + counts[1:-4] + counts[2:-3])  # two bins' worth, 3 to 5 below
    crest = (np.arange(BINS) >= LOWEST) & (here >= LEAST) & (here > CREST * below)
    return float(np.max((here - below)[crest], initial=0.0))
