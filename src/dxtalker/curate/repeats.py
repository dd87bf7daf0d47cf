"""Pictures that a video shows twice: 24 or 25 a second that were made 30 by repeating every fifth or sixth."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

AROUND = 4  # pictures to either side that a repeated one is held against
MOVES = 70  # percentile of their changes
STANDS = 0.3  # of that: a picture that changes less repeats the one before, but for compression
WINDOW = 1.0  # seconds to either side in which repeats must be common, and even
COMMON = 0.1  # share of pictures: single still ones are a face at rest
EVEN = 0.6  # pictures by which the shown instants may be off those of an even rate


def distinct(change: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M,) which of N pictures are not repeats, and (M,) seconds at which they were taken, as far as can be told.

    ``change`` (N,) is the mean difference from the picture before, ``times`` (N,) when each is shown. A converter shows
    each picture at the next instant of its own rate; where the pictures that remain come evenly but for that, they are
    put back on a straight line of times.
    """
    if len(times) < 4 * AROUND:
        return np.arange(len(times)), times
    rate = 1 / float(np.median(np.diff(times)))
    around = sliding_window_view(np.pad(change, AROUND, mode="reflect"), 2 * AROUND + 1)
    still = change < STANDS * np.percentile(around, MOVES, axis=1)
    still[0] = False
    width = max(1, round(WINDOW * rate))
    often = _mean(still.astype(np.float64), width) >= COMMON
    kept = np.flatnonzero(~(still & often))
    return kept, _evened(times[kept], often[kept], width, EVEN / rate)


def _evened(times: np.ndarray, where: np.ndarray, reach: int, most: float) -> np.ndarray:
    """``times`` (M,) on the straight lines through those ``reach`` to either side, ``where`` these are even."""
    found = times.copy()
    number = np.arange(len(times), dtype=np.float64)
    for i in np.flatnonzero(where):
        here = slice(max(0, i - reach), i + reach + 1)
        if not where[here].all():  # an even part has its own line up to its end
            same = np.flatnonzero(~where[here]) + here.start
            before, after = same[same < i], same[same > i]
            here = slice(before[-1] + 1 if len(before) else here.start, after[0] if len(after) else here.stop)
        if len(times[here]) < 2 * AROUND:
            continue
        slope, value = np.polyfit(number[here] - i, times[here], 1)
        if np.abs(value + slope * (number[here] - i) - times[here]).max() < most:
            found[i] = value
    return np.maximum.accumulate(found)


def _mean(values: np.ndarray, reach: int) -> np.ndarray:
    """(N,) mean of those ``reach`` to either side."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    low = np.maximum(np.arange(len(values)) - reach, 0)
    high = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    return (total[high] - total[low]) / (high - low)
