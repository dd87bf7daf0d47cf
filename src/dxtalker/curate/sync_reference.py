"""What lips are expected to do, from sound alone: a few linear read-outs of the speech encoder's features.

The first is the lips' opening, the others are groups of phones and loudness; weights join them to one curve that the
pictures are compared with. The packaged weights are where a collection's own begin (``sync_learn.learn``).
Made by ``scripts/make_sync_reference.py``; its zero is that of acoustic closures (docs/curation.md, Sync).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..data.ridge import around
from ..errors import BadInput
from ..files import asset
from ..records import SpeechFeatures

QUIET, LOUD = -60.0, -10.0  # dBFS; beyond them loudness says nothing about lips


@dataclass(frozen=True)
class SyncReference:
    """Expected opening = ``heard(features) @ weights`` plus a constant that nobody needs."""

    mean: np.ndarray  # (D,) float32, of the last D numbers of the content: block 4
    std: np.ndarray  # (D,) float32
    read_outs: np.ndarray  # ((2 context + 1) * D, K - 1) float32, for standardised content
    scale: np.ndarray  # (K,) float32, standard deviation of each read-out in speech; loudness is the last
    weights: np.ndarray  # (K,) float32, for read-outs divided by ``scale``; mm of opening
    context: int = 2  # frames on either side
    zero: float = 0.0  # seconds that are taken off every lag found with these weights

    def heard(self, features: SpeechFeatures) -> np.ndarray:
        """(T, K) float32 read-outs at 25 fps, each with a standard deviation of about 1 in speech."""
        content = (
            around((features.content[:, -len(self.mean) :] - self.mean) / self.std, self.context)
            @ self.read_outs
        )
        level = np.clip(features.loudness, QUIET, LOUD)[:, None]
        return (np.concatenate([content, level], axis=1) / self.scale).astype(np.float32)


@cache
def load_sync_reference(path: Path | None = None) -> SyncReference:
    """The packaged reference. Raises NotReady when it is missing, BadInput when the file is none."""
    try:
        with np.load(path or asset("sync_reference.npz"), allow_pickle=False) as data:
            fields = {
                name: data[name].astype(np.float32)
                for name in ("mean", "std", "read_outs", "scale", "weights")
            }
            return SyncReference(**fields, context=int(data["context"]))
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"{path} is not a sync reference ({error}); make one with scripts/make_sync_reference.py"
        ) from error
