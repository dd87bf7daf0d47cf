"""The published network: six transformer blocks that hear the words, and three heads that hear what is theirs.

Identity (shape and detail) attends to itself, pose (head and jaw) to the amplitude, expression to the emotion of the
voice. The blocks' form is PixArt-alpha's: one modulation by the flow time for all, and a table of each block's own
(Chen et al. 2023). The network tells the velocity of the flow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from ...motion.paper import DETAIL, EXPRESSION, JAW, PARAMETERS, SHAPE
from ...speech.prosody import SAMPLES_PER_FRAME
from ..hub import LayerMix

MOMENTS = 512  # the published flow time is a whole number of this many
IDENTITY = SHAPE.stop + DETAIL.stop - DETAIL.start  # 228
POSE = 6  # head and jaw
EXPRESSIONS = EXPRESSION.stop - EXPRESSION.start


@dataclass(frozen=True)
class PaperNetworkConfig:
    """Sizes; the defaults are the published ones."""

    width: int = 768
    heads: int = 12  # attention heads
    blocks: int = 6  # of the backbone
    identity_blocks: int = 1
    pose_blocks: int = 2
    expression_blocks: int = 2
    dropout: float = 0.1
    content_layers: int = 1  # layers of the content stream that are mixed; set from the encoder
    content_width: int = 768
    emotion_layers: int = 1
    emotion_width: int = 768
    aligned: bool = True  # attention to a stream decays with distance in time; False: as published


class Attention(nn.Module):
    """Multi-head attention of x to a memory, with an additive bias."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor | None) -> Tensor:
        """x (B, T, W), memory (B, S, W), bias broadcast to (B, heads, T, S) -> (B, T, W)."""
        b, t, w = x.shape
        query = self.query(x).view(b, t, self.heads, -1).transpose(1, 2)
        key, value = self.key_value(memory).view(b, -1, 2, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        drop = self.dropout if self.training else 0.0
        bias = None if bias is None else bias.to(query.dtype)  # mixed precision
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=drop)
        return self.out(mixed.transpose(1, 2).reshape(b, t, w))


class Block(nn.Module):
    """Self-attention, attention to a stream (or to itself again), and a gated feed-forward layer."""

    def __init__(self, config: PaperNetworkConfig) -> None:
        super().__init__()
        width = config.width
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.itself = Attention(width, config.heads, config.dropout)
        self.other = Attention(width, config.heads, config.dropout)
        self.widen = nn.Linear(width, 8 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.drop = nn.Dropout(config.dropout)
        self.table = nn.Parameter(torch.randn(6, width) / width**0.5)

    def forward(
        self, x: Tensor, time: Tensor, memory: Tensor | None, bias: Tensor | None, keep: Tensor | None
    ) -> Tensor:
        """x (B, T, W), time (B, 6, W); bias of the stream, keep of x itself -> (B, T, W)."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.table + time)[:, :, None].unbind(1)
        h = self.norm1(x) * (1 + scale1) + shift1
        x = x + gate1 * self.drop(self.itself(h, h, keep))
        x = x + self.drop(self.other(x, x if memory is None else memory, keep if memory is None else bias))
        h = self.norm2(x) * (1 + scale2) + shift2
        value, gate = self.widen(h).chunk(2, dim=-1)
        return x + gate2 * self.narrow(self.drop(value * F.gelu(gate)))


class EnvelopeEncoder(nn.Module):
    """The amplitude stream: dilated convolutions over frames whose channels are the envelope's samples."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = (SAMPLES_PER_FRAME, max(8, width * 2 // 3), width, width)
        layers: list[nn.Module] = []
        for index, dilation in enumerate((1, 2, 4)):
            layers += [
                nn.Conv1d(sizes[index], sizes[index + 1], 3, padding=dilation, dilation=dilation),
                nn.BatchNorm1d(sizes[index + 1]),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False))
        self.norm = nn.LayerNorm(width)

    def forward(self, envelope: Tensor) -> Tensor:
        """(B, T, W) of envelope (B, T, 640)."""
        return self.norm(self.layers(envelope.transpose(1, 2)).transpose(1, 2))


class PaperNetwork(nn.Module):
    """The velocity of normalised changes against a reference frame."""

    def __init__(self, config: PaperNetworkConfig) -> None:
        super().__init__()
        self.config, width = config, config.width
        self.motion = nn.Linear(PARAMETERS, width)
        self.reference = nn.Linear(PARAMETERS, width)
        self.past = nn.Linear(PARAMETERS + 1, width)
        nn.init.zeros_(self.past.weight)
        self.norm = nn.LayerNorm(width)
        self.content_mix, self.emotion_mix = LayerMix(config.content_layers), LayerMix(config.emotion_layers)
        self.content = nn.Linear(config.content_width, width)
        self.emotion = nn.Sequential(nn.Linear(config.emotion_width, width), nn.LayerNorm(width))
        self.amplitude = EnvelopeEncoder(width)
        self.time = nn.Sequential(
            nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 6 * width)
        )
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.identity_blocks = nn.ModuleList(Block(config) for _ in range(config.identity_blocks))
        self.pose_blocks = nn.ModuleList(Block(config) for _ in range(config.pose_blocks))
        self.expression_blocks = nn.ModuleList(Block(config) for _ in range(config.expression_blocks))
        self.identity_out, self.pose_out, self.expression_out = (
            nn.Sequential(
                nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(2 * width, out)
            )
            for out in (IDENTITY, POSE, EXPRESSIONS)
        )
        rank = torch.arange(config.heads) / config.heads
        self.register_buffer(
            "slopes", 4.0 * 2.0 ** (-8 * rank), persistent=False
        )  # of ALiBi, steeper at first

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        content: Tensor,
        emotion: Tensor,
        envelope: Tensor,
        reference: Tensor,
        past: Tensor,
        known: Tensor,
        heard: Tensor,
        keep: Tensor | None = None,
    ) -> Tensor:
        """Velocity (B, T, 284).

        noisy (B, T, 284) at time (B,), 0 noise .. 1 motion; content (B, T, L, W) and emotion (B, T, L', W')
        standardised; envelope (B, T, 640); reference (B, 284) standardised; past (B, T, 284) motion where known
        (B, T, 1) is 1, else 0; heard (B, 3) 1 or 0: whether content, emotion and amplitude are heard; keep (B, T)
        True for frames that are there, None for all.
        """
        frames = noisy.shape[1]
        at = torch.arange(frames, device=noisy.device, dtype=noisy.dtype)
        place, mask, bias = sinusoid(at, self.config.width), _mask(keep), None
        if self.config.aligned:
            bias = -self.slopes[:, None, None] * (at[None] - at[:, None]).abs()
        if mask is not None:
            bias = mask if bias is None else bias + mask
        words = (self.content(self.content_mix(content)) * heard[:, :1, None]) + place
        mood = self.emotion(self.emotion_mix(emotion)) * heard[:, 1:2, None] + place
        loud = self.amplitude(envelope) * heard[:, 2:, None] + place
        x = self.motion(noisy) + self.reference(reference)[:, None]
        x = self.norm(x + self.past(torch.cat([past, known], dim=-1))) + place
        moment = self.time(sinusoid(time * MOMENTS, 256)).view(len(x), 6, -1)
        for block in self.blocks:
            x = block(x, moment, words, bias, mask)
        who, pose, face = x, x, x
        for block in self.identity_blocks:
            who = block(who, moment, None, None, mask)
        for block in self.pose_blocks:
            pose = block(pose, moment, loud, bias, mask)
        for block in self.expression_blocks:
            face = block(face, moment, mood, bias, mask)
        who = self.identity_out(who)
        shapes = SHAPE.stop
        parts = (who[..., :shapes], self.expression_out(face), self.pose_out(pose), who[..., shapes:])
        return torch.cat(parts, dim=-1)


assert (
    EXPRESSION.start == SHAPE.stop and JAW.stop == DETAIL.start
)  # the order that forward joins its parts in


def _mask(keep: Tensor | None) -> Tensor | None:
    """(B, 1, 1, T) added to attention: nothing, or minus infinity where no frame is."""
    if keep is None:
        return None
    return torch.zeros(keep.shape, device=keep.device).masked_fill(~keep, -math.inf)[:, None, None]


def sinusoid(at: Tensor, width: int) -> Tensor:
    """(N, width) sines and cosines of positions (N,), periods from 2 pi to 10 000 times that (Vaswani et al. 2017)."""
    half = width // 2
    rates = torch.exp(-math.log(10_000.0) * torch.arange(half, device=at.device, dtype=at.dtype) / half)
    angles = at[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
