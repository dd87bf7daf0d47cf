"""The direct path from sound to mouth: linear, fitted in closed form, never trained further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..data.corpora import corpus
from ..data.prepare import VOICES, Example
from ..data.ridge import Ridge, fit_ridge
from ..records import ARKIT_INDEX, MOUTH, channels
from .batches import Scales
from .network import CHANNELS, Network

LEAST, SURE = 0.25, 0.6  # how closed the lips are heard to be: below the first open, above the second closed
PART = channels("mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper")  # shapes that part lips


def fit_direct(network: Network, examples: Sequence[Example], scales: Scales, penalty: float) -> None:
    """Set the direct path to ridge solutions: the mouth from tracked clips, closed lips from whoever knows."""
    tracked = [e for e in examples if e.corpus != VOICES]
    target = [((e.motion - scales.motion_mean) / scales.motion_std)[:, MOUTH] for e in tracked]
    mouth = fit_ridge(
        [sound(e, scales) for e in tracked], target, _weights(tracked), network.config.context, penalty
    )
    knowing = [e for e in examples if np.isfinite(e.closed).any()]
    told = [np.isfinite(e.closed) for e in knowing]
    closed = _fit_where(knowing, told, scales, network.config.context, penalty)
    kernels, biases = zip(_as_kernel(mouth), _as_kernel(closed), strict=True)
    with torch.no_grad():
        network.direct.weight.copy_(torch.from_numpy(np.concatenate(kernels)))
        network.direct.bias.copy_(torch.from_numpy(np.concatenate(biases)))


def sound(example: Example, scales: Scales) -> np.ndarray:
    """(T, 516) float32: standardised content and prosody, what the direct path hears."""
    content = (example.content.astype(np.float32) - scales.content_mean) / scales.content_std
    return np.concatenate([content, example.prosody], axis=1)


def _weights(examples: Sequence[Example]) -> list[float]:
    """One weight a frame for each clip, such that corpora count by their shares."""
    frames = {c: sum(len(e.motion) for e in examples if e.corpus == c) for c in {e.corpus for e in examples}}
    return [corpus(e.corpus).share / frames[e.corpus] for e in examples]


def _fit_where(
    examples: Sequence[Example], told: Sequence[np.ndarray], scales: Scales, context: int, penalty: float
) -> Ridge:
    """Closed lips (T, 1) from the frames in which they are known."""
    heard = [sound(e, scales) for e in examples]
    return fit_ridge(heard, [e.closed[:, None] for e in examples], _weights(examples), context, penalty, told)


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
