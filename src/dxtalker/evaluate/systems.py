"""What is compared: our model and simple baselines, each a function from a clip to a lip opening in mm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..data.corpora import frame_weights
from ..data.ridge import fit_ridge
from ..face.head import Head
from ..motion.finish import Finish, finish
from ..motion.perform import generate
from ..motion.sampler import Generator, Sampling
from .clips import ScoredClip

System = Callable[[ScoredClip], np.ndarray]
# Frames on either side, and the ridge penalty that carried over to other corpora best.
MEL_CONTEXT, MEL_PENALTY = 6, 0.3
CONTENT_CONTEXT, CONTENT_PENALTY = 2, 0.1


def baselines(training: Sequence[ScoredClip]) -> dict[str, System]:
    """Constant pose, loudness alone, and linear probes on log-mels and on the encoder's features.

    Probes and amplitudes are fitted to ``training``, whose corpora count as they do in training the model.
    """
    weights = frame_weights([(t.corpus, len(t.truth)) for t in training])
    truths = [t.truth[:, None] for t in training]
    mean = float(np.concatenate([t.truth for t in training]).mean())

    def probe(hear: Callable[[ScoredClip], np.ndarray], context: int, penalty: float) -> System:
        ridge = fit_ridge([hear(t) for t in training], truths, weights, context, penalty)
        return lambda clip: ridge(hear(clip))[:, 0]

    return {
        "constant pose": lambda clip: np.full(len(clip.truth), mean),
        "loudness": probe(lambda clip: clip.features.loudness[:, None], 0, 0.0),
        "log-mel probe": probe(lambda clip: clip.mel, MEL_CONTEXT, MEL_PENALTY),
        "encoder probe": probe(lambda clip: clip.features.content, CONTENT_CONTEXT, CONTENT_PENALTY),
    }


def ours(generator: Generator, head: Head, takes: int) -> dict[str, System]:
    """The model: one take and the mean of ``takes``, without finishing; and one finished take."""

    def take(clip: ScoredClip, seed: int) -> np.ndarray:
        return head.opening(generate(clip.features, generator, Sampling(seed=seed)).curves)

    def mean(clip: ScoredClip) -> np.ndarray:
        return np.mean([take(clip, seed) for seed in range(takes)], axis=0)

    def finished(clip: ScoredClip) -> np.ndarray:
        raw = generate(clip.features, generator, Sampling(seed=0))
        return head.opening(finish(raw, clip.features, head.lip_gap, Finish(), 0).curves)

    return {
        "ours, one take, raw": lambda clip: take(clip, 0),
        f"ours, mean of {takes} takes, raw": mean,
        "ours, one take, finished": finished,
    }
