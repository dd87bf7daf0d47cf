"""Styles of the speakers that are trained on: each taken from pieces of their clips, drawn again for every window."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.prepare import SILENCE, VOICES, Example
from ..motion.style import LEAST_SECONDS, STYLE, standard_style, style_of
from ..records import ARKIT_NAMES, FEATURE_FPS, Motion

PIECE = round(8 * float(FEATURE_FPS))  # frames of a clip that a style is taken from
LEAST = round(LEAST_SECONDS * float(FEATURE_FPS))
LEAST_STD = 0.01  # in each number's unit: one that is the same in all clips is not blown up


@dataclass(frozen=True)
class Styles:
    """Every speaker's styles, and how all of them spread."""

    pieces: Mapping[str, np.ndarray]  # speaker -> (K, 28) float32, K >= 1
    mean: np.ndarray  # (28,) float32
    std: np.ndarray  # (28,) float32

    def draw(self, example: Example, rng: np.random.Generator) -> np.ndarray:
        """(28,) float32, standard: of some piece of the same speaker; NaN where that is not known."""
        pieces = self.pieces.get(speaker_of(example))
        if pieces is None:
            return np.full(len(STYLE), np.nan, np.float32)
        return standard_style(pieces[rng.integers(len(pieces))], self.mean, self.std)


def speaker_of(example: Example) -> str:
    """Whose clip it is; where that is not known every clip has a speaker of its own."""
    return f"{example.corpus}/{example.speaker or example.name}"


def make_styles(examples: Sequence[Example]) -> Styles:
    """Of all clips whose face was tracked for three seconds; voices and silence have none."""
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for example in examples:
        if example.corpus not in (VOICES, SILENCE) and len(example.motion) >= LEAST:
            found[speaker_of(example)] += _of_pieces(example)
    everyone = np.concatenate([np.full((1, len(STYLE)), np.nan), *(np.stack(s) for s in found.values())])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that no clip tells
        mean, std = np.nanmean(everyone, axis=0), np.nanstd(everyone, axis=0)
    mean, std = np.nan_to_num(mean), np.maximum(np.nan_to_num(std), LEAST_STD)
    pieces = {name: np.stack(styles) for name, styles in found.items()}
    return Styles(pieces, mean.astype(np.float32), std.astype(np.float32))


def _of_pieces(example: Example) -> list[np.ndarray]:
    motion = example.motion
    covered = np.broadcast_to(example.covered, motion.shape).min(axis=0)
    starts = range(0, max(1, len(motion) - LEAST + 1), PIECE)
    parts = [motion[at : at + PIECE] for at in starts]
    curves = len(ARKIT_NAMES)
    return [
        style_of(Motion(p[:, :curves], p[:, curves:], np.zeros((len(p), 3), np.float32)), covered)
        for p in parts
    ]
