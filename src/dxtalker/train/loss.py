"""The loss of the preset ``small``: what the flow must estimate, and what of it viewers see."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .batches import Batch

CLOSURES = 7  # times a shut mouth's lip-gap error counts more than an open one's
SHUT_MM = 1.0  # opening over which that fades
QUIET = -1.5  # of the loudness that is heard: 30 dB below the voice's own level nobody speaks


@dataclass(frozen=True)
class Weights:
    """What each part of the loss counts beside the flow's own."""

    gap: float = 0.03  # the lip-gap error, per mm²
    velocity: float = 0.0  # the error of the lip gap's change, per (mm/frame)²
    still: float = 0.0  # the mouth's motion in silence, per (mm/frame)²
    closures: float = CLOSURES  # times more that the lip-gap error counts where the lips meet


@dataclass(frozen=True)
class Measures:
    """What the loss needs to know of the rig and the scales."""

    gap: Tensor  # (55,) mm of lip opening for one standard deviation of each channel
    offset: Tensor  # (55,) mean of each channel, in its standard deviations
    spread: Tensor  # (55,) deviation of the noise that each normalised channel starts from
    weights: Weights


def flow_loss(network: nn.Module, batch: Batch, measures: Measures) -> tuple[Tensor, dict[str, Tensor]]:
    """Flow-matching loss on the clean estimate, and its parts beside the flow's, in mm² and (mm/frame)².

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
    seen = (weight.sum(-1) > 0).float()
    w = measures.weights
    parts = {
        "gap": gap_error(estimate, clean, seen, measures),
        "velocity": velocity_error(estimate, clean, seen, measures),
        "still": unrest(estimate, batch.prosody[..., 0], seen, measures),
    }
    loss = error + w.gap * parts["gap"] + w.velocity * parts["velocity"] + w.still * parts["still"]
    return loss, parts


def gap_error(estimate: Tensor, clean: Tensor, seen: Tensor, measures: Measures) -> Tensor:
    """mm²: how far the lips are from where they should be, closures counting up to eight times."""
    true = (clean + measures.offset) @ measures.gap  # (B, T) mm
    closing = 1 + measures.weights.closures * torch.exp(-true.clamp_min(0) / SHUT_MM)
    return (((estimate - clean) @ measures.gap) ** 2 * closing * seen).mean()


def velocity_error(estimate: Tensor, clean: Tensor, seen: Tensor, measures: Measures) -> Tensor:
    """(mm/frame)²: how much faster or slower the lips open and close than they should."""
    change = ((estimate - clean) @ measures.gap).diff(dim=1)
    return (change**2 * seen[:, 1:]).mean()


def unrest(estimate: Tensor, loudness: Tensor, seen: Tensor, measures: Measures) -> Tensor:
    """(mm/frame)²: how much the lips move while nobody speaks. Windows that hear nothing at all are not silence.

    ``loudness`` (B, T) as the network hears it.
    """
    quiet = (loudness < QUIET).float()
    both = quiet[:, 1:] * quiet[:, :-1] * seen[:, 1:]
    return ((estimate @ measures.gap).diff(dim=1) ** 2 * both).mean()
