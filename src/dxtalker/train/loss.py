"""The loss of the preset ``small``: what the flow must estimate, and what of it viewers see."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .batches import Batch

CLOSURES = 7  # times a shut mouth's lip-gap error counts more than an open one's
SHUT_MM = 1.0  # opening over which that fades


@dataclass(frozen=True)
class Measures:
    """What the loss needs to know of the rig and the scales."""

    gap: Tensor  # (55,) mm of lip opening for one standard deviation of each channel
    offset: Tensor  # (55,) mean of each channel, in its standard deviations
    spread: Tensor  # (55,) deviation of the noise that each normalised channel starts from
    gap_weight: float  # weight of the lip-gap error, per mm²


def flow_loss(network: nn.Module, batch: Batch, measures: Measures) -> tuple[Tensor, dict[str, Tensor]]:
    """Flow-matching loss on the clean estimate, and its parts: the lip-gap error in mm² under "gap".

    The path is straight, x_t = (1 - t) x_0 + t x_1 (Lipman et al. 2023; Liu et al. 2023). Estimating x_1
    instead of the velocity weighs all times alike and leaves the last solver step exact. What is known of the past
    counts nothing, nor does head rotation that is given: ``dropping`` has taken its weight.
    """
    clean = batch.clean
    time = torch.rand(len(clean), device=clean.device)
    noisy = torch.lerp(measures.spread * torch.randn_like(clean), clean, time[:, None, None])
    estimate = network(
        noisy, time, batch.content, batch.prosody, batch.past, batch.known,
        batch.emotion, batch.style, batch.rotation,
    )  # fmt: skip
    weight = batch.weight * (1 - batch.known)
    error = (weight * (estimate - clean) ** 2).sum() / weight.sum().clamp_min(1.0)
    missed = gap_error(estimate, clean, weight, measures)
    return error + measures.gap_weight * missed, {"gap": missed}


def gap_error(estimate: Tensor, clean: Tensor, weight: Tensor, measures: Measures) -> Tensor:
    """mm²: how far the lips are from where they should be, closures counting up to eight times."""
    seen = (clean + measures.offset) @ measures.gap  # (B, T) mm
    closing = 1 + CLOSURES * torch.exp(-seen.clamp_min(0) / SHUT_MM)
    return (((estimate - clean) @ measures.gap) ** 2 * closing * (weight.sum(-1) > 0)).mean()
