"""Random training windows out of prepared examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data.corpora import corpus
from ..data.prepare import Example
from ..face.head import Head
from ..motion.condition import SPAN
from ..motion.conditions import EMOTION
from ..motion.style import STYLE
from ..records import ARKIT_NAMES, MOUTH, UPPER
from .styles import Styles

CURVES = len(ARKIT_NAMES)
REGION_SHARES = ((MOUTH, 0.6), (UPPER, 0.25), (np.arange(CURVES, CURVES + 3), 0.15))
LEAST_STD = np.array([0.02] * CURVES + [0.01] * 3, np.float32)  # a channel that hardly moves is not blown up
LEVEL_DB = 3.0  # a voice's own level is known to this, both ways
KNOWN_NOISE = 0.1  # of a standard deviation, on past frames: the sampler's own past is not perfect


@dataclass(frozen=True)
class Scales:
    """How content and motion are standardised, and how much each motion channel counts."""

    content_mean: np.ndarray  # (1024,) float32
    content_std: np.ndarray  # (1024,) float32
    motion_mean: np.ndarray  # (55,) float32
    motion_std: np.ndarray  # (55,) float32
    weight: np.ndarray  # (55,) float32, loss weight of each channel

    def content(self, content: np.ndarray) -> np.ndarray:
        """(T, 1024) float32, standardised."""
        return (content.astype(np.float32) - self.content_mean) / self.content_std

    def motion(self, motion: np.ndarray) -> np.ndarray:
        """(T, 55) float32, standardised."""
        return (motion - self.motion_mean) / self.motion_std


def make_scales(examples: Sequence[Example], head: Head) -> Scales:
    """Statistics over ``examples``; within a region a channel counts by the mm it moves the head's skin."""
    content = np.concatenate([c for e in examples for c in (e.content, e.among) if c is not None])
    content = content.astype(np.float32)
    covered = np.concatenate([np.broadcast_to(e.covered, e.motion.shape) for e in examples])
    motion = np.concatenate([e.motion for e in examples])
    count = covered.sum(axis=0)
    mean = (motion * covered).sum(axis=0) / np.maximum(count, 1)
    std = np.sqrt(((motion - mean) ** 2 * covered).sum(axis=0) / np.maximum(count, 1))
    std = np.maximum(std, LEAST_STD)
    moved = np.linalg.norm(head.deltas, axis=2).sum(axis=1)
    moved = np.concatenate([moved, np.full(3, moved.max())]) * std
    weight = np.zeros(CURVES + 3, np.float32)
    for region, share in REGION_SHARES:
        part = moved[region] / moved[region].sum() + 0.2 / len(region)
        weight[region] = share * part / part.sum()
    return Scales(
        content.mean(axis=0),
        content.std(axis=0) + 1e-6,
        mean.astype(np.float32),
        std.astype(np.float32),
        weight * (CURVES + 3),
    )


@dataclass(frozen=True)
class Batch:
    """Tensors of one step; motion is normalised."""

    clean: Tensor  # (B, T, 55)
    content: Tensor  # (B, T, 1024) standardised
    prosody: Tensor  # (B, T, 4)
    weight: Tensor  # (B, T, 55) loss weight, 0 where the corpus has no data
    past: Tensor  # (B, T, 55) motion where ``known`` is 1, else zero
    known: Tensor  # (B, T, 1)
    closed: Tensor  # (B, T) 1 where the lips meet, 0 where they are apart, NaN where nobody knows
    emotion: Tensor  # (B, T, 10) columns as EMOTION; NaN: not known
    style: Tensor  # (B, T, 28) standard; NaN: not known
    rotation: Tensor  # (B, T, 3) normalised head rotation that is given; NaN: not known
    names: tuple[str, ...] = ()  # of the clips, each once: what a step that fails is reported with


class Sampler:
    """Draws windows: a corpus by its share, then clips of it one after another until the window is full."""

    def __init__(
        self,
        examples: Sequence[Example],
        scales: Scales,
        window: int,
        shares: Mapping[str, float] | None = None,
        styles: Styles | None = None,
        views: float = 0.0,
    ) -> None:
        """``shares`` of corpora go before those of ``data.corpora``; without ``styles`` no window has one.

        ``views`` is the share of clips that are heard in their other recording, where they have one.
        """
        self.scales, self.window, self.styles, self.views = scales, window, styles, views
        self.groups = {
            name: [e for e in examples if e.corpus == name] for name in {e.corpus for e in examples}
        }
        self.names = sorted(self.groups)
        lengths = {
            name: np.array([len(e.motion) for e in group], float) for name, group in self.groups.items()
        }
        self.within = {name: length / length.sum() for name, length in lengths.items()}
        wanted = np.array([(shares or {}).get(name, corpus(name).share) for name in self.names])
        self.chances = wanted / wanted.sum()

    def batch(self, size: int, seed: int) -> Batch:
        """``size`` windows; the same ``seed``, and the same state of torch, draw the same ones."""
        rng = np.random.default_rng(seed)
        windows = [self._window(rng) for _ in range(size)]
        content, prosody, clean, weight, closed, emotion, style = (
            torch.from_numpy(np.stack(part)) for part in zip(*(arrays for arrays, _ in windows), strict=True)
        )
        names = tuple(dict.fromkeys(name for _, of_window in windows for name in of_window))
        known = torch.zeros(size, self.window, 1)
        for row in known:
            length = rng.integers(4, 26) if rng.random() < 0.75 else 0
            row[:length] = 1
        past = known * (clean + KNOWN_NOISE * torch.randn_like(clean)) * (weight > 0)
        rotation = clean[..., CURVES:].masked_fill(weight[..., CURVES:] == 0, torch.nan)
        return Batch(clean, content, prosody, weight, past, known, closed, emotion, style, rotation, names)

    def _window(self, rng: np.random.Generator) -> tuple[tuple[np.ndarray, ...], list[str]]:
        """In the order of ``batch``, of one window; and the names of the clips in it."""
        name = self.names[rng.choice(len(self.names), p=self.chances)]
        group = self.groups[name]
        pieces, length = [], 0
        while length < self.window:
            example = group[rng.choice(len(group), p=self.within[name])]
            last = max(0, len(example.motion) - (self.window - length))
            start = rng.integers(0, last + 1) if length == 0 else 0
            piece = slice(start, start + self.window - length)
            pieces.append((example, piece))
            length += len(example.motion[piece])
        s = self.scales
        heard = [(hear_one(e, self.views, rng), p) for e, p in pieces]
        content = np.concatenate([s.content(content[p]) for (content, _), p in heard])
        prosody = np.concatenate([prosody[p] for (_, prosody), p in heard])
        prosody[:, 0] += rng.uniform(-LEVEL_DB, LEVEL_DB) / SPAN
        clean = np.concatenate([s.motion(e.motion[p]) for e, p in pieces])
        weight = np.concatenate([np.broadcast_to(e.covered * s.weight, e.motion[p].shape) for e, p in pieces])
        closed = np.concatenate([e.closed[p] for e, p in pieces])
        emotion = np.concatenate([_emotion(e)[p] for e, p in pieces])
        style = np.concatenate([np.tile(self._style(e, rng), (len(e.motion[p]), 1)) for e, p in pieces])
        clean, weight = clean.astype(np.float32), weight.astype(np.float32)
        return (content, prosody, clean, weight, closed, emotion, style), [e.name for e, _ in pieces]

    def _style(self, example: Example, rng: np.random.Generator) -> np.ndarray:
        """(28,) of the example's speaker."""
        unknown = np.full(len(STYLE), np.nan, np.float32)
        return unknown if self.styles is None else self.styles.draw(example, rng)


def _emotion(example: Example) -> np.ndarray:
    """(T, 10) float32, NaN where unknown."""
    unknown = (len(example.motion), len(EMOTION))
    return np.full(unknown, np.nan, np.float32) if example.emotion is None else example.emotion


def hear_one(example: Example, views: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Content (T, 1024) and prosody (T, 4): in the other recording by the chance ``views``, else alone or in company."""
    if example.view is not None and rng.random() < views:
        return example.view.content, example.view.prosody
    alone = example.among is None or rng.random() < 0.5
    return example.content if alone else example.among, example.prosody
