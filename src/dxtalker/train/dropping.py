"""Condition dropout: in training each condition is now and then not given, so that the network can do without any."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..motion.conditions import EMOTIONS
from ..records import ARKIT_NAMES
from .batches import Batch

CURVES = len(ARKIT_NAMES)
EMOTION_PARTS = (slice(0, len(EMOTIONS)), slice(len(EMOTIONS), None))  # weights; valence and arousal
STYLE_PARTS = (slice(0, 14), slice(14, 22), slice(22, None))  # mouth, upper face, head: see motion/style.py


@dataclass(frozen=True)
class Dropping:
    """Shares of windows to which a condition is not given, each drawn by itself."""

    sound: float = 0.1
    emotion: float = 0.2
    style: float = 0.5
    rotation: float = 0.7  # of the others, half are given a part of the window
    parts: float = 0.2  # of an emotion's and a style's parts, where the whole is given


def drop_conditions(batch: Batch, shares: Dropping) -> Batch:
    """The batch as the network gets to see it. What is given of the head's rotation does not count in the loss."""
    clean = batch.clean
    rotation = batch.rotation.masked_fill(_some(clean, shares.rotation) | ~_span(clean), torch.nan)
    weight = batch.weight.clone()
    weight[..., CURVES:] *= rotation.isnan()
    heard = (~_some(clean, shares.sound)).float()
    return replace(
        batch,
        content=batch.content * heard,
        prosody=batch.prosody * heard,
        emotion=_part_dropped(batch.emotion, shares.emotion, shares.parts, EMOTION_PARTS),
        style=_part_dropped(batch.style, shares.style, shares.parts, STYLE_PARTS),
        rotation=rotation,
        weight=weight,
    )


def _some(like: Tensor, share: float) -> Tensor:
    """(B, 1, 1) bool, true in about ``share`` of the windows."""
    return torch.rand(len(like), 1, 1, device=like.device) < share


def _part_dropped(values: Tensor, share: float, part_share: float, parts: tuple[slice, ...]) -> Tensor:
    """(B, T, C) with NaN in whole windows, and in columns of others."""
    values = values.masked_fill(_some(values, share), torch.nan)
    for part in parts:
        values[..., part] = values[..., part].masked_fill(_some(values, part_share), torch.nan)
    return values


def _span(like: Tensor) -> Tensor:
    """(B, T, 1) bool: in half of the windows all frames, in the others those between two random ones."""
    count = like.shape[1]
    ends = (torch.rand(len(like), 2, device=like.device) * count).sort(dim=1).values  # (B, 2)
    at = torch.arange(count, device=like.device)
    within = (at >= ends[:, :1]) & (at < ends[:, 1:])  # (B, T)
    return within[..., None] | _some(like, 0.5)
