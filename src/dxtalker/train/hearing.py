"""What the mouth does, heard in the sound alone: trained first and by itself, then never again.

A small network between frames of content and the mouth. Trained together with the transformer it would learn the few
filmed speakers' rhythm; trained first, with dropped features and few steps, it follows new voices a little better than
a linear read-out of the same features (docs/model-card.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..data.prepare import Example
from ..records import MOUTH
from ..speech.encoder import WIDTH as CONTENT
from .batches import Sampler, Scales

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
    steps: int = 700  # optimiser steps
    batch: int = 24  # windows a step
    window: int = 75  # frames a window, 3 s
    rate: float = 1e-3  # peak learning rate
    decay: float = 0.3  # weight decay
    gap_weight: float = 0.06  # weight of the lip-gap error, per mm²
    closed_weight: float = 1.0  # weight of whether the lips meet


class Hearing(nn.Module):
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

    def reset(self) -> None:
        """Forget everything."""
        for layer in (self.frame, self.around, self.out):
            layer.reset_parameters()

    def forward(self, content: Tensor) -> Tensor:
        """(B, T, HEARD)."""
        content = self.drop_content(content.clamp(-FARTHEST, FARTHEST))
        x = self.drop(self.act(self.frame(content))).transpose(1, 2)
        return self.out(self.drop(self.act(self.around(x))).transpose(1, 2))


def train_hearing(
    hearing: Hearing,
    examples: Sequence[Example],
    scales: Scales,
    lip_gap: np.ndarray,
    config: HearingConfig,
    seed: int,
) -> None:
    """Teach the mouth from clips whose mouth is known, and closed lips from whoever knows, voices with phones too.

    ``lip_gap`` (52,) mm of opening at weight 1 of each shape.
    """
    torch.manual_seed(seed)
    knowing = [e for e in examples if e.covered[MOUTH].any() or np.isfinite(e.closed).any()]
    sampler = Sampler(knowing, scales, config.window)
    optimiser = torch.optim.AdamW(hearing.parameters(), config.rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, config.steps)
    gap = torch.from_numpy((lip_gap[MOUTH] * scales.motion_std[MOUTH]).astype(np.float32))
    hearing.requires_grad_(True).train()
    for step in range(config.steps):
        batch = sampler.batch(config.batch, seed * 7_000_003 + step)
        guess = hearing(batch.content)
        weight = batch.weight[..., MOUTH]
        off = guess[..., :-1] - batch.clean[..., MOUTH]
        seen = (weight.sum(-1) > 0).float()
        loss = (weight * off**2).sum() / weight.sum().clamp_min(1.0)
        loss = loss + config.gap_weight * ((off @ gap) ** 2 * seen).sum() / seen.sum().clamp_min(1.0)
        known = torch.isfinite(batch.closed)
        told = torch.where(known, batch.closed, torch.zeros(()))
        loss = loss + config.closed_weight * (
            ((guess[..., -1] - told) ** 2) * known
        ).sum() / known.sum().clamp_min(1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    hearing.eval().requires_grad_(False)


@torch.no_grad()
def hear(hearing: Hearing, example: Example, scales: Scales) -> tuple[np.ndarray, np.ndarray]:
    """What is heard in ``example``: mouth curves (T, 28), and how closed (T,) the lips are, 0..1."""
    heard = hearing(torch.from_numpy(scales.content(example.content))[None])[0].numpy()
    mouth = (heard[:, :-1] * scales.motion_std[MOUTH] + scales.motion_mean[MOUTH]).clip(0, 1)
    return mouth, ((heard[:, -1] - LEAST) / (SURE - LEAST)).clip(0, 1)
