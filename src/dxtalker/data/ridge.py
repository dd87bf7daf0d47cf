"""Linear read-out of features around a frame, by ridge regression: the probes of evaluate, a start for train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ridge:
    """y = (features around the frame, standardised) @ weights + bias."""

    weights: np.ndarray  # ((2 context + 1) * D, C) float32, for standardised features
    bias: np.ndarray  # (C,) float32
    mean: np.ndarray  # (D,) float32
    std: np.ndarray  # (D,) float32
    context: int  # frames on either side

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(T, C) for features (T, D)."""
        return around((features - self.mean) / self.std, self.context) @ self.weights + self.bias


def around(features: np.ndarray, context: int) -> np.ndarray:
    """(T, (2 context + 1) * D): each frame with its neighbours, the ends repeated."""
    padded = np.pad(features, ((context, context), (0, 0)), mode="edge")
    return np.concatenate([padded[i : i + len(features)] for i in range(2 * context + 1)], axis=1)


def fit_ridge(
    features: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    weights: Sequence[float],
    context: int,
    penalty: float,
    known: Sequence[np.ndarray] | None = None,
) -> Ridge:
    """Fit clips of features (T, D) to targets (T, C), each clip's frames counting ``weights`` times.

    ``penalty`` is the ridge per frame on standardised features; ``known`` (T,) bool are the frames of each
    clip whose target is to be learned from, by default all.
    """
    used = known or [np.ones(len(x), bool) for x in features]
    shares = np.concatenate([np.full(int(k.sum()), w) for k, w in zip(used, weights, strict=True)])
    shares = (shares / shares.mean()).astype(np.float32)[:, None]
    stacked = np.concatenate([x[k] for x, k in zip(features, used, strict=True)]).astype(np.float32)
    mean = (stacked * shares).mean(axis=0)
    std = np.sqrt(((stacked - mean) ** 2 * shares).mean(axis=0)) + 1e-6
    target = np.concatenate([y[k] for y, k in zip(targets, used, strict=True)]).astype(np.float32)
    centre = (target * shares).mean(axis=0)
    width = (2 * context + 1) * stacked.shape[1]
    gram, pull, at = np.zeros((width, width), np.float32), np.zeros((width, target.shape[1]), np.float32), 0
    for clip, frames in zip(features, used, strict=True):
        x = around((clip.astype(np.float32) - mean) / std, context)[frames]
        piece = slice(at, at + len(x))
        gram += (x * shares[piece]).T @ x
        pull += (x * shares[piece]).T @ (target[piece] - centre)
        at += len(x)
    solution = np.linalg.solve(gram + penalty * len(stacked) * np.eye(width, dtype=np.float32), pull)
    return Ridge(solution.astype(np.float32), centre, mean, std, context)
