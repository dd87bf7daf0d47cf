"""Windows of the paper's clips, and the loss of its network on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ...data.paper import PaperClip, PaperScales
from ...motion.paper import GROUPS, PARAMETERS, loud_jaw
from ...speech.envelope import amplitude
from .config import PaperConfig


@dataclass(frozen=True)
class PaperBatch:
    """Tensors of one step; shapes as in ``PaperNetwork.forward``."""

    clean: Tensor  # (B, T, 284) standardised changes
    noise: Tensor  # (B, T, 284) where the path begins
    content: Tensor  # (B, T, L, W)
    emotion: Tensor  # (B, T, L', W')
    envelope: Tensor  # (B, T, 640)
    reference: Tensor  # (B, 284)
    past: Tensor  # (B, T, 284)
    known: Tensor  # (B, T, 1)
    heard: Tensor  # (B, 3)
    time: Tensor  # (B,)
    weight: Tensor  # (B, 284) 1 where the clip has the parameter
    keep: Tensor  # (B, T) bool, False behind the end of a short clip
    names: tuple[str, ...] = ()  # of the clips


class PaperWindows:
    """Draws windows: every second of sound has the same chance, whatever the length of its clip."""

    def __init__(self, clips: Sequence[PaperClip], scales: PaperScales, config: PaperConfig) -> None:
        self.clips, self.scales, self.config = list(clips), scales, config
        length = np.array([clip.frames for clip in clips], float)
        self.chances = length / length.sum()

    def batch(self, size: int, seed: int) -> PaperBatch:
        """``size`` windows; the same ``seed`` draws the same ones, noise and all."""
        rng = np.random.default_rng(seed)
        drawn = [self.clips[rng.choice(len(self.clips), p=self.chances)] for _ in range(size)]
        windows = [self._window(clip, rng) for clip in drawn]
        names = tuple(clip.name for clip in drawn)
        return PaperBatch(*(_stack(part) for part in zip(*windows, strict=True)), names)

    def _window(self, clip: PaperClip, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """In the order of ``PaperBatch``'s fields, of one window."""
        c, s = self.config, self.scales
        start = int(rng.integers(0, max(0, clip.frames - c.window) + 1))
        part = slice(start, start + c.window)
        codes, reference = np.asarray(clip.codes()[part]), np.asarray(clip.codes()[0])
        sound = clip.envelope()[part].astype(np.float32)
        clean = s.changes(codes, reference)
        count = len(clean)
        noise = loud_jaw(random_noise(rng, start, count, c.every), amplitude(sound), c.lip)
        known = np.zeros((c.window, 1), np.float32)
        if rng.random() < c.carried:
            known[: min(rng.integers(1, c.past + 1), count - 1)] = 1
        past = known[:count] * (clean + c.past_noise * rng.standard_normal(clean.shape)) * clip.covered
        heard = (rng.random(3) >= c.drop).astype(np.float32)
        keep = np.arange(c.window) < count
        arrays = (clean, noise, s.content(clip.content()[part]), s.emotion(clip.emotion()[part]), sound)
        clean, noise, content, emotion, sound, past = (_filled(a, c.window) for a in (*arrays, past))
        moment = np.array(rng.random(), np.float32)
        mark = s.reference(reference) * clip.covered
        return clean, noise, content, emotion, sound, mark, past, known, heard, moment, clip.covered, keep


def _stack(rows: Sequence[np.ndarray]) -> Tensor:
    whole = np.stack(rows)
    return torch.from_numpy(whole if whole.dtype == bool else whole.astype(np.float32, copy=False))


def _filled(values: np.ndarray, count: int) -> np.ndarray:
    """``values`` with zeros behind, ``count`` rows in all."""
    return np.pad(values, [(0, count - len(values)), *([(0, 0)] * (values.ndim - 1))])


def random_noise(rng: np.random.Generator, first: int, count: int, every: int) -> np.ndarray:
    """(count, 284) float32 as ``motion.paper.keyed_noise``, of ``rng``; keys lie where the clip's own frames have them."""
    at = first % every + np.arange(count)
    drawn = rng.standard_normal((int(at[-1]) // every + 2, PARAMETERS), np.float32)
    share = (at % every / every)[:, None].astype(np.float32)
    return (1 - share) * drawn[at // every] + share * drawn[at // every + 1]


def losses(network: nn.Module, batch: PaperBatch, config: PaperConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """Flow matching's squared error of the velocity, and that of each group of parameters, for the log.

    The path is straight (Lipman et al. 2023; Liu et al. 2023). Frames that are known, and those that are not there,
    do not count.
    """
    time = batch.time[:, None, None]
    noisy = torch.lerp(batch.noise, batch.clean, time)
    keep = None if bool(batch.keep.all()) else batch.keep
    velocity = network(
        noisy, batch.time, batch.content, batch.emotion, batch.envelope, batch.reference, batch.past, batch.known,
        batch.heard, keep,
    )  # fmt: skip
    weight = (batch.keep[..., None] * (1 - batch.known)) * batch.weight[:, None]
    error = (velocity.float() - (batch.clean - batch.noise)) ** 2 * weight
    sums, counts = error.sum((0, 1)), weight.sum((0, 1))
    parts = {n: sums[place].sum() / counts[place].sum().clamp_min(1.0) for n, place in GROUPS.items()}
    covered = torch.stack([(counts[place].sum() > 0).float() for place in GROUPS.values()])
    whole = sums.sum() / counts.sum()
    if config.balanced:
        whole = torch.stack(list(parts.values())).sum() / covered.sum()
    return whole, {name: part.detach() for name, part in parts.items()}
