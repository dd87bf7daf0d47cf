"""What is compared: models and simple baselines, each a function from a clip to a guess of its motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.corpora import frame_weights
from ..data.ridge import fit_ridge
from ..errors import BadInput
from ..face.head import Head
from ..motion.finish import Finish, finish
from ..motion.perform import generate
from ..motion.sampler import Generator, Sampling
from ..records import ARKIT_NAMES, Motion
from .clips import ScoredClip

LABELS = "labels on our rig"
REFERENCE = "encoder probe"  # whom a model has to beat: differences are taken to it
OURS = "ours"
FIRST = f"{OURS}, one take, raw"
# Frames on either side, and the ridge penalty that carried over to other corpora best.
MEL_CONTEXT, MEL_PENALTY = 6, 0.3
CONTENT_CONTEXT, CONTENT_PENALTY = 2, 0.1
LEVEL_PENALTY = 1e-6  # none to speak of, but sound of one level has a solution


@dataclass(frozen=True)
class Guess:
    """A motion for one clip."""

    opening: np.ndarray  # (T,) mm; a probe's own, which follows lips better than that of its curves
    curves: np.ndarray  # (T, 52) float32, 0..1
    rotation: np.ndarray  # (T, 3) float32 radians


System = Callable[[ScoredClip], Guess]


@dataclass(frozen=True)
class Takes:
    """Several takes of one clip."""

    raw: tuple[Guess, ...]  # as the network gives them
    finished: tuple[Guess, ...]  # as they are drawn

    def mean(self) -> Guess:
        """Of the raw takes."""
        return Guess(
            *(np.mean([getattr(t, f) for t in self.raw], axis=0) for f in ("opening", "curves", "rotation"))
        )


@dataclass(frozen=True)
class Model:
    """A generator under the name that tables show."""

    name: str
    generator: Generator
    head: Head
    takes: int

    def __call__(self, clip: ScoredClip) -> Takes:
        """Each take made once: seeds 0, 1, … finished with the same seed."""
        raw = [generate(clip.features, self.generator, Sampling(seed=seed)) for seed in range(self.takes)]
        done = [
            finish(motion, clip.features, self.head.lip_gap, Finish(), seed)
            for seed, motion in enumerate(raw)
        ]
        return Takes(tuple(map(self._guess, raw)), tuple(map(self._guess, done)))

    def _guess(self, motion: Motion) -> Guess:
        return Guess(self.head.opening(motion.curves), motion.curves, motion.rotation)

    def guesses(self, takes: Takes) -> dict[str, Guess]:
        """What is scored of the takes, by the table's row."""
        return {
            f"{self.name}, one take, raw": takes.raw[0],
            f"{self.name}, mean of {len(takes.raw)} takes, raw": takes.mean(),
            f"{self.name}, one take, finished": takes.finished[0],
        }


def load_models(paths: Sequence[Path], head: Head, takes: int) -> list[Model]:
    """The first is ours; others have their file's name, or that of its folder if the file is a run's model.onnx.

    Without ``paths`` the packaged one. Raises BadInput for files that are no generators, or share a name.
    """
    names = [OURS, *(p.parent.name if p.name == "model.onnx" else p.stem for p in paths[1:])]
    if len(set(names)) < len(names):
        raise BadInput(
            f"two models are called {names[-1]!r}; rename a file so that the table can tell them apart"
        )
    return [
        Model(name, Generator(path), head, takes) for name, path in zip(names, paths or [None], strict=True)
    ]


def labels(head: Head) -> System:
    """The truth as our rig shows it: what a perfect model would score, and the truth's own figures."""
    return lambda clip: Guess(head.opening(clip.curves), clip.curves, clip.rotation)


def baselines(training: Sequence[ScoredClip]) -> dict[str, System]:
    """Constant pose, loudness alone, and linear probes on log-mels and on the encoder's features.

    Each gives the opening, all curves and the head at once; opening is predicted directly. They are fitted to
    ``training``, whose corpora count as they do in training the model.
    """
    weights = frame_weights([(t.corpus, len(t.truth)) for t in training])
    targets = _targets(training)
    mean = np.concatenate(targets).mean(axis=0)

    def guess(columns: np.ndarray) -> Guess:
        curves = np.clip(columns[:, 1 : 1 + len(ARKIT_NAMES)], 0, 1).astype(np.float32)
        return Guess(columns[:, 0], curves, columns[:, 1 + len(ARKIT_NAMES) :])

    def probe(hear: Callable[[ScoredClip], np.ndarray], context: int, penalty: float) -> System:
        ridge = fit_ridge([hear(t) for t in training], targets, weights, context, penalty)
        return lambda clip: guess(ridge(hear(clip)))

    return {
        "constant pose": lambda clip: guess(np.tile(mean, (len(clip.truth), 1))),
        "loudness": probe(lambda clip: clip.features.loudness[:, None], 0, LEVEL_PENALTY),
        "log-mel probe": probe(lambda clip: clip.mel, MEL_CONTEXT, MEL_PENALTY),
        REFERENCE: probe(lambda clip: clip.features.content, CONTENT_CONTEXT, CONTENT_PENALTY),
    }


def _targets(training: Sequence[ScoredClip]) -> list[np.ndarray]:
    """(T, 1 + 55) of each clip: opening, curves, rotation. What a corpus did not track is the others' mean, so that
    it pulls no probe anywhere and one matrix serves all columns."""
    rows = [np.concatenate([t.truth[:, None], t.curves, t.rotation], axis=1) for t in training]
    known = [np.concatenate([[1.0], t.covered]) > 0 for t in training]
    frames = np.sum([len(r) * k for r, k in zip(rows, known, strict=True)], axis=0)
    total = np.sum([r.sum(axis=0) * k for r, k in zip(rows, known, strict=True)], axis=0)
    mean = total / np.maximum(frames, 1)
    return [np.where(k, r, mean).astype(np.float32) for r, k in zip(rows, known, strict=True)]
