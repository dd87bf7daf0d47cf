"""A task of a few numbers, with all that the loop asks of one, for tests of the loop."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from dxtalker.train.task import Source, TrainConfig


@dataclass(frozen=True)
class Batch:
    """Points of a line, by clips."""

    x: Tensor  # (B, 3)
    y: Tensor  # (B, 1)
    names: tuple[str, ...]


def config(steps: int = 12, **changes: float) -> TrainConfig:
    return TrainConfig(
        **{"steps": steps, "batch": 4, "warm": 2, "validate_every": 6, "log_every": 2} | changes
    )


@dataclass
class LineTask:
    """Learns a sum, with dropout, so that every step draws noise in the network too."""

    bad_from: int = 1_000_000  # step from whose windows on the data is no number
    fingerprint: str = "2 clips, 0000"
    scores: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = (Source("made", "faces", 2, 60.0, {"CC0": 2}),)
    seeds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 1))
        self.constants = {"mean": torch.zeros(3)}

    def batch(self, size: int, seed: int) -> Batch:
        self.seeds.append(seed)
        x = torch.randn(size, 3)
        y = x.sum(1, keepdim=True)
        if seed % (1 << 40) % 1_000_003 >= self.bad_from:
            y[0] = torch.nan
        return Batch(x, y, ("clip_a", "clip_b", "clip_a"))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        error = ((network(batch.x) - batch.y) ** 2).mean()
        return error, {"root": error.sqrt()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        assert not network.training
        return self.scores
