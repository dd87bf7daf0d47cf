"""The generator's network: what is heard and a noisy motion in, an estimate of the clean motion out.

A transformer over frames. Sound is added to the very frame it belongs to and attention decays with
distance, so the network knows which sound goes with which frame; nothing depends on absolute position,
so any length works. Mouth, upper face and head have output heads of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..motion.conditions import EMOTION
from ..motion.sampler import CHANNELS
from ..motion.style import STYLE
from ..records import ARKIT_NAMES, MOUTH, UPPER
from .hearing import HEARD, Hearing, HearingConfig

CURVES = len(ARKIT_NAMES)
PROSODY = 4  # loudness, its change, voicing, pitch; see motion/condition.py


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network."""

    width: int = 128  # features of a frame
    layers: int = 3  # transformer blocks
    heads: int = 4  # attention heads
    dropout: float = 0.1
    guess_noise: float = 0.15  # added in training to what the transformer hears of the content
    hearing: HearingConfig = field(default_factory=HearingConfig)


class Block(nn.Module):
    """Self-attention and a feed-forward layer, both shifted and scaled by the flow time."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(4 * width, width)
        )
        self.modulate = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, time: Tensor, bias: Tensor) -> Tensor:
        """x (B, T, W), time (B, W), bias (heads, T, T) -> (B, T, W)."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulate(time)[:, None].chunk(6, dim=-1)
        b, t, w = x.shape
        h = self.norm1(x) * (1 + scale1) + shift1
        q, k, v = self.qkv(h).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) * (w // self.heads) ** -0.5 + bias
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, w)
        x = x + (1 + gate1) * self.drop(self.out(mixed))
        h = self.norm2(x) * (1 + scale2) + shift2
        return x + (1 + gate2) * self.drop(self.feed(h))


class Network(nn.Module):
    """Estimates the clean motion from a noisy one. All motion is normalised per channel."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        # The transformer hears content through this alone, which is trained before: what the transformer learns on few
        # voices is how mouths move, not how they sound.
        self.hearing = Hearing(config.hearing)
        self.local = nn.Conv1d(HEARD + PROSODY, width, 5, padding=2)
        self.motion = nn.Linear(2 * CHANNELS + 1, width)
        self.emotion = _silent(2 * len(EMOTION), width)
        self.style = _silent(2 * len(STYLE), width)
        self.rotation = _silent(6, width)
        self.mood = _silent(2 * len(EMOTION), width)  # emotion once more, for the upper face alone
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.mouth = self._read_out(len(MOUTH))
        self.upper = self._read_out(len(UPPER))
        self.head = self._read_out(3)
        order = torch.cat([torch.as_tensor(MOUTH), torch.as_tensor(UPPER), torch.arange(CURVES, CHANNELS)])
        self.register_buffer("order", torch.argsort(order), persistent=False)
        slopes = 2.0 ** -torch.arange(1, config.heads + 1).float()
        self.register_buffer("slopes", slopes, persistent=False)

    def train(self, mode: bool = True) -> Network:
        """As ever, but the hearing stays as it was trained."""
        super().train(mode)
        self.hearing.eval()
        return self

    def _read_out(self, channels: int) -> nn.Module:
        width = self.config.width
        last = nn.Linear(width, channels)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        return nn.Sequential(nn.Linear(width, width), nn.GELU(), last)

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        content: Tensor,
        prosody: Tensor,
        past: Tensor,
        known: Tensor,
        emotion: Tensor | None = None,
        style: Tensor | None = None,
        rotation: Tensor | None = None,
    ) -> Tensor:
        """Estimate of the clean motion (B, T, 55).

        noisy (B, T, 55); time (B,) 0 noise .. 1 clean; content (B, T, 1024) standardised, zero when not
        heard; prosody (B, T, 4); past (B, T, 55) motion where ``known`` (B, T, 1) is 1, else zero.
        emotion (B, T, 10), style (B, T, 28), rotation (B, T, 3) normalised: NaN, or None, where not given. Rotation that is
        given comes back as it is.
        """
        x = self.motion(torch.cat([noisy, past, known], dim=-1))
        for given, reads in ((emotion, self.emotion), (style, self.style), (rotation, self.rotation)):
            if given is not None:
                x = x + reads(with_switch(given))
        guess = self.hearing(content)
        heard = guess
        if self.training:
            unsure = self.config.guess_noise * torch.randn_like(heard)
            heard = heard + torch.cat([unsure[..., :-1], unsure[..., -1:] / 4], dim=-1)
        x = x + self.local(torch.cat([heard, prosody], dim=-1).transpose(1, 2)).transpose(1, 2)
        moment = self.time(sinusoid(time))
        at = torch.arange(x.shape[1], device=x.device, dtype=x.dtype)
        bias = -self.slopes[:, None, None] * (at[None, :] - at[:, None]).abs()
        for block in self.blocks:
            x = block(x, moment, bias)
        x = self.norm(x)
        upper = x if emotion is None else x + self.mood(with_switch(emotion))
        head = self.head(x)
        if rotation is not None:
            head = torch.where(rotation.isnan(), head, rotation.to(head.dtype))
        parts = [self.mouth(x) + guess[..., :-1], self.upper(upper), head]
        return torch.cat(parts, dim=-1)[..., self.order]


def _silent(inputs: int, width: int) -> nn.Linear:
    """A projection that begins at zero, and stays there for a condition that is never given."""
    made = nn.Linear(inputs, width, bias=False)
    nn.init.zeros_(made.weight)
    return made


def with_switch(given: Tensor) -> Tensor:
    """(..., 2 C): what is given, and where it is; zeros stand for NaN (..., C)."""
    known = ~given.isnan()
    return torch.cat([torch.where(known, given, torch.zeros_like(given)), known.to(given.dtype)], dim=-1)


def sinusoid(time: Tensor) -> Tensor:
    """(B, 64) sines and cosines of the flow time (B,)."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), 32, device=time.device, dtype=time.dtype))
    angles = time[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
