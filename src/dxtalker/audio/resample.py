"""Sample-rate conversion by the SoX resampler: the same samples whether a signal comes whole or in blocks."""

from __future__ import annotations

import numpy as np

from ..errors import BadInput
from ..records import SAMPLE_RATE


class ResampleStream:
    """One mono signal in blocks, from ``rate_in`` to ``rate_out`` Hz, without delay between the two.

    Joined, the blocks are exactly what ``resample`` makes of the whole, however it was cut.
    """

    def __init__(self, rate_in: float, rate_out: float = SAMPLE_RATE) -> None:
        _check(rate_in, rate_out)
        self._stream = None
        if rate_in != rate_out:
            import soxr

            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="float32")

    def push(self, block: np.ndarray, last: bool = False) -> np.ndarray:
        """(n,) float32 in, (m,) float32 out: what is ready; the rest of the signal follows ``last``."""
        block = np.ascontiguousarray(block, dtype=np.float32)
        return block if self._stream is None else self._stream.resample_chunk(block, last=last)


def resample(samples: np.ndarray, rate_in: float, rate_out: float = SAMPLE_RATE) -> np.ndarray:
    """(N,) float32 at ``rate_in`` Hz -> (round(N * rate_out / rate_in),) float32 at ``rate_out`` Hz.

    Raises BadInput for a rate that is not a positive number or samples that are not one channel.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise BadInput(f"samples to resample have shape {samples.shape}; expected one channel, (N,)")
    return ResampleStream(rate_in, rate_out).push(samples, last=True)


def _check(*rates: float) -> None:
    for rate in rates:
        if not (np.isfinite(rate) and rate > 0):
            raise BadInput(f"sample rate {rate} is not one; expected Hz above 0, for example 16000")
