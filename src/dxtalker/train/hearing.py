"""What the mouth does, heard in the sound alone: trained first and by itself, then never again.

Small networks between frames of content and the mouth, of which the mean counts. Trained together with the transformer
they would learn the few filmed speakers' rhythm; trained first, with dropped features and few steps, they follow new
voices better than a linear read-out of the same features (docs/model-card.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..data.prepare import SILENCE, Example
from ..records import MOUTH
from ..speech.encoder import WIDTH as CONTENT
from .batches import Batch, Sampler, Scales

FARTHEST = 4.0  # standard deviations: a few numbers of the encoder go far beyond in long windows
HEARD = len(MOUTH) + 1  # the mouth, and whether the lips meet
LEAST, SURE = 0.25, 0.6  # how closed the lips are heard to be: below the first open, above the second closed


@dataclass(frozen=True)
class HearingConfig:
    """Sizes and training of the hearing network."""

    width: int = 128  # features of a frame
    context: int = 2  # frames heard on either side
    drop_content: float = 0.3  # share of the content's numbers dropped in training
    dropout: float = 0.2  # of the features behind them
    members: int = 3  # networks, each trained from its own start
    foreign: int = 1  # of them, those that learn from curves of other rigs too
    steps: int = 600  # optimiser steps of each
    batch: int = 24  # windows a step
    window: int = 75  # frames a window, 3 s
    rate: float = 1e-3  # peak learning rate
    decay: float = 0.3  # weight decay
    gap_weight: float = 0.06  # weight of the lip-gap error, per mm²
    closed_weight: float = 1.0  # weight of whether the lips meet


class Ear(nn.Module):
    """Standardised content (B, T, 1024) -> (B, T, 29): the mouth's normalised curves, and how closed the lips are."""

    def __init__(self, config: HearingConfig) -> None:
        super().__init__()
        width = config.width
        self.drop_content = nn.Dropout(config.drop_content)
        self.frame = nn.Linear(CONTENT, width)
        self.around = nn.Conv1d(width, width, 2 * config.context + 1, padding=config.context)
        self.drop = nn.Dropout(config.dropout)
        self.act = nn.GELU()
        self.out = nn.Linear(width, HEARD)

    def forward(self, content: Tensor) -> Tensor:
        """(B, T, HEARD)."""
        content = self.drop_content(content.clamp(-FARTHEST, FARTHEST))
        x = self.drop(self.act(self.frame(content))).transpose(1, 2)
        return self.out(self.drop(self.act(self.around(x))).transpose(1, 2))


class Hearing(nn.Module):
    """The mean of several ears; shapes as of one."""

    def __init__(self, config: HearingConfig) -> None:
        super().__init__()
        self.ears = nn.ModuleList(Ear(config) for _ in range(config.members))
        self.foreign = config.foreign

    def forward(self, content: Tensor, first: int = 0) -> Tensor:
        """(B, T, HEARD), the mean of the ears from ``first`` on."""
        return torch.stack([ear(content) for ear in self.ears[first:]]).mean(dim=0)


def train_hearing(
    hearing: Hearing,
    examples: Sequence[Example],
    scales: Scales,
    lip_gap: np.ndarray,
    config: HearingConfig,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
    views: float = 0.0,
) -> None:
    """Teach the mouth from clips whose mouth is known, and closed lips from whoever knows, voices with phones too.

    What curves of another rig tell is not quite what landmarks tell, so most ears do without them, unless there is
    nothing else. What ``hearing`` was before is forgotten. ``lip_gap`` (52,) mm of opening at weight 1 of each shape.
    ``views`` as in ``Sampler``.
    """
    knowing = [e for e in examples if e.covered[MOUTH].any() or np.isfinite(e.closed).any()]
    tracked = [e for e in knowing if np.isfinite(e.closed).any()]
    if not any(e.covered[MOUTH].any() and e.corpus != SILENCE for e in tracked):
        tracked = knowing
    for number, ear in enumerate(hearing.ears):
        taught = knowing if number < config.foreign else tracked
        say(f"hearing: ear {number + 1} of {config.members}")
        torch.manual_seed(seed + 1009 * number)
        ear.load_state_dict(Ear(config).state_dict())
        sampler = Sampler(taught, scales, config.window, views=views)
        _train_ear(ear, sampler, scales, lip_gap, config, seed + 1009 * number)
    hearing.eval().requires_grad_(False)


def _train_ear(
    ear: nn.Module, sampler: Sampler, scales: Scales, lip_gap: np.ndarray, config: HearingConfig, seed: int
) -> None:
    optimiser = torch.optim.AdamW(ear.parameters(), config.rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, config.steps)
    gap = torch.from_numpy((lip_gap[MOUTH] * scales.motion_std[MOUTH]).astype(np.float32))
    ear.requires_grad_(True).train()
    for step in range(config.steps):
        loss = _ear_loss(ear, sampler.batch(config.batch, seed * 7_000_003 + step), gap, config)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def _ear_loss(ear: nn.Module, batch: Batch, gap: Tensor, config: HearingConfig) -> Tensor:
    """Squared errors of the curves, of the lip gap where the mouth is known, and of whether the lips meet."""
    guess, weight = ear(batch.content), batch.weight[..., MOUTH]
    off = guess[..., :-1] - batch.clean[..., MOUTH]
    seen = (weight.sum(-1) > 0).float()
    curves = (weight * off**2).sum() / weight.sum().clamp_min(1.0)
    missed = ((off @ gap) ** 2 * seen).sum() / seen.sum().clamp_min(1.0)
    known = torch.isfinite(batch.closed)
    told = torch.where(known, batch.closed, torch.zeros(()))
    closed = (((guess[..., -1] - told) ** 2) * known).sum() / known.sum().clamp_min(1)
    return curves + config.gap_weight * missed + config.closed_weight * closed


@torch.no_grad()
def hear(hearing: Hearing, example: Example, scales: Scales) -> tuple[np.ndarray, np.ndarray]:
    """What is heard in ``example``: mouth curves (T, 28), and how closed (T,) the lips are, 0..1.

    Ears that learned from other rigs' curves are not asked, where there are others: labels would pass their ways on.
    """
    content = torch.from_numpy(scales.content(example.content))[None]
    first = hearing.foreign if hearing.foreign < len(hearing.ears) else 0
    heard = hearing(content, first)[0].numpy()
    mouth = (heard[:, :-1] * scales.motion_std[MOUTH] + scales.motion_mean[MOUTH]).clip(0, 1)
    return mouth, ((heard[:, -1] - LEAST) / (SURE - LEAST)).clip(0, 1)
