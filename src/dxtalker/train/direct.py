"""The direct path from sound to mouth: linear, fitted in closed form, never trained further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..data.corpora import frame_weights
from ..data.prepare import VOICES, Example
from ..data.ridge import Ridge, fit_ridge
from ..records import ARKIT_INDEX, MOUTH, channels
from .batches import Scales
from .network import CHANNELS, Network

LEAST, SURE = 0.25, 0.6  # how closed the lips are heard to be: below the first open, above the second closed
PART = channels("mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper")  # shapes that part lips


def fit_direct(network: Network, examples: Sequence[Example], scales: Scales, penalty: float) -> None:
    """Set the direct path to ridge solutions: the mouth from tracked clips, closed lips from whoever knows."""
    context = network.config.context
    tracked = [e for e in examples if e.corpus != VOICES]
    target = [scales.motion(e.motion)[:, MOUTH] for e in tracked]
    mouth = fit_ridge([sound(e, scales) for e in tracked], target, _weights(tracked), context, penalty)
    knowing = [e for e in examples if np.isfinite(e.closed).any()]
    told = [np.isfinite(e.closed) for e in knowing]
    heard, target = [sound(e, scales) for e in knowing], [e.closed[:, None] for e in knowing]
    closed = fit_ridge(heard, target, _weights(knowing), context, penalty, told)
    kernels, biases = zip(_as_kernel(mouth), _as_kernel(closed), strict=True)
    with torch.no_grad():
        network.direct.weight.copy_(torch.from_numpy(np.concatenate(kernels)))
        network.direct.bias.copy_(torch.from_numpy(np.concatenate(biases)))


def sound(example: Example, scales: Scales) -> np.ndarray:
    """(T, 516) float32: standardised content and prosody, what the direct path hears."""
    return np.concatenate([scales.content(example.content), example.prosody], axis=1)


def _weights(examples: Sequence[Example]) -> list[float]:
    return frame_weights([(e.corpus, len(e.motion)) for e in examples])


def _as_kernel(ridge: Ridge) -> tuple[np.ndarray, np.ndarray]:
    """Convolution weight (C, D, taps) and bias (C,) of a ridge."""
    taps = 2 * ridge.context + 1
    kernel = ridge.weights.reshape(taps, len(ridge.mean), -1) / ridge.std[None, :, None]
    bias = ridge.bias - (kernel * ridge.mean[None, :, None]).sum(axis=(0, 1))
    return kernel.transpose(2, 1, 0), bias


@torch.no_grad()
def label_voice(network: Network, example: Example, scales: Scales, lip_gap: np.ndarray) -> Example:
    """The mouth that the direct path hears in a voice without a face, as that voice's label.

    Lips are closed where its phones say so or, without phones, where the direct path hears them meet.
    ``lip_gap`` (52,) mm of opening at weight 1 of each shape.
    """
    heard = network.direct(torch.from_numpy(sound(example, scales).T[None]))[0].T.numpy()
    motion, covered = example.motion.copy(), np.zeros(CHANNELS, np.float32)
    motion[:, MOUTH] = (heard[:, :-1] * scales.motion_std[MOUTH] + scales.motion_mean[MOUTH]).clip(0, 1)
    if np.isfinite(example.closed).any():
        told = np.nan_to_num(example.closed)
        beside = np.maximum(np.append(told[1:], 0), np.append(0, told[:-1]))
        how_closed = np.maximum(told, 0.5 * beside)
    else:
        how_closed = ((heard[:, -1] - LEAST) / (SURE - LEAST)).clip(0, 1)
    curves = motion[:, : len(lip_gap)]
    motion[:, : len(lip_gap)] += how_closed[:, None] * (close_lips(curves, lip_gap) - curves)
    covered[MOUTH] = 1
    return replace(example, motion=motion, covered=covered)


def close_lips(curves: np.ndarray, lip_gap: np.ndarray) -> np.ndarray:
    """Curves (T, 52) with the lips together: what parts them is taken back, mouthClose meets what is left."""
    closed = curves.copy()
    closed[:, PART] *= 0.2
    jaw, close = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
    closed[:, jaw] *= 0.4
    left = np.maximum(closed @ lip_gap, 0)
    closed[:, close] = (closed[:, close] - left / lip_gap[close]).clip(0, 1)
    return closed
