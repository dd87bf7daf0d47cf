"""A collection's own weights of what is heard: learned from its pictures as the packaged reference places them.

Regress the opening on the read-outs with every source at its offset, find the offsets again with the new weights,
and so on until they stand still. Zero stays where the packaged weights put it: a regression that is learned on late
pictures learns to be late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .sync import FINE, FPS, LAGS, REACH, Offset, SyncEvidence, peak_offset, pooled, pooled_offset
from .sync_reference import SyncReference, load_sync_reference

PRIOR_SECONDS = 60.0  # of speech that the packaged weights are worth
LEAST_SECONDS = 60.0  # of speech, from which a collection learns weights of its own
ROUNDS = 6
STILL = 0.001  # seconds that no offset moves by in the last round
TRUSTED = 0.9  # least confidence of the sources that are learned from


@dataclass(frozen=True)
class Learned:
    """What a collection taught."""

    reference: SyncReference
    rounds: int  # 0 where there was too little to learn from
    seconds: float  # of speech learned from


def learn(sources: Iterable[Iterable[SyncEvidence]], start: SyncReference | None = None) -> Learned:
    """Weights for a collection of ``sources``, each its clips, looked at once. Sources that ``start`` (by default the
    packaged reference) does not place with confidence are left out.
    """
    start = start or load_sync_reference()
    placed = (_placed(clips, start) for clips in sources)
    kept = [(pool, offset) for pool, offset in placed if offset.confidence >= TRUSTED]
    pools = [pool for pool, _ in kept]
    seconds = sum(float(pool[REACH, 0]) for pool in pools) / FPS
    if seconds < LEAST_SECONDS:
        return Learned(start, 0, seconds)
    before = np.array([offset.seconds for _, offset in kept])
    length = np.array([pool[REACH, 0] for pool in pools])
    now, reference, rounds = before, start, 0
    while rounds < ROUNDS:
        rounds += 1
        reference = replace(start, weights=_regress(pools, now, start))
        raw = np.array([peak_offset(pool, reference) for pool in pools])
        # The same sources, on the average at the same offset as by the packaged weights.
        reference = replace(reference, zero=start.zero + float((raw - before) @ length / length.sum()))
        after = raw - (reference.zero - start.zero)
        moved, now = float(np.abs(after - now).max()), after
        if moved < STILL:
            break
    return Learned(reference, rounds, seconds)


def _placed(clips: Iterable[SyncEvidence], start: SyncReference) -> tuple[np.ndarray, Offset]:
    """A source's sums (2 REACH + 1, S), and where ``start`` places it."""
    blocks = pooled(clips)
    return blocks.sum(axis=0), pooled_offset(blocks, start)


def _regress(pools: Sequence[np.ndarray], offsets: np.ndarray, start: SyncReference) -> np.ndarray:
    """(K,) float32 weights for pooled sums (2 REACH + 1, S), each at its own offset in seconds.

    Every source's opening counts in units of its own deviation: people open their mouths by different amounts.
    """
    k = len(start.weights)
    gram, pull, pairs = np.zeros((k, k)), np.zeros(k), 0.0
    upper = np.triu_indices(k)
    for pool, offset in zip(pools, offsets, strict=True):
        at = FINE[:, int(np.abs(LAGS - start.zero - offset).argmin())]
        count, power, products = at @ pool[:, 0], at @ pool[:, 1], at @ pool[:, 2 : 2 + k]
        square = np.zeros((k, k))
        square[upper] = at @ pool[:, 2 + k :]
        gram += square + np.triu(square, 1).T
        pull += products * np.sqrt(count / max(power, 1e-9))
        pairs += count
    first = start.weights.astype(np.float64)
    first = first * (first @ pull) / max(first @ gram @ first, 1e-9)
    prior = PRIOR_SECONDS * FPS * (np.diag(np.diag(gram)) / pairs)
    return np.linalg.solve(gram + prior, pull + prior @ first).astype(np.float32)
