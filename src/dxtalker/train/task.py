"""What the loop asks of whatever is trained: a preset's task gives batches, a loss and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn


@dataclass(frozen=True)
class TrainConfig:
    """What the loop needs to know; a preset's config adds fields of its own."""

    preset: str = "small"  # which task: train/presets.py
    steps: int = 2400  # optimiser steps
    batch: int = 12  # windows a step, over all processes
    rate: float = 5e-4  # peak learning rate
    last_rate: float = 0.1  # share of it at the end, reached as a cosine
    warm: int = 100  # steps over which it rises at the start
    decay: float = 0.05  # weight decay
    clip: float = 1.0  # norm that gradients are clipped to
    average: float = 0.998  # decay of the averaged weights
    seed: int = 1  # of the first weights, the windows and the noise
    validate_every: int = 200  # steps
    log_every: int = 20  # steps
    save_minutes: float = 3.0  # of wall time between checkpoints


@dataclass(frozen=True)
class Wishes:
    """Fields of a preset's config that a user gave; None: the preset's own."""

    steps: int | None = None
    batch: int | None = None
    rate: float | None = None
    seed: int | None = None
    content: str | None = None  # from here on of the preset paper alone
    emotion: str | None = None
    revision: str | None = None
    flame: str | None = None


@dataclass(frozen=True)
class Request:
    """What a user gave to train on."""

    folders: Sequence[Path]  # tracked clips
    cache: Path  # folder for features that are computed once
    held_out: frozenset[str] = frozenset()  # clip names and patterns that are never trained on
    voices: Sequence[Path] = ()  # speech without a face
    phones: Sequence[Path] = ()  # phone times of those voices and of filmed clips
    validate: Sequence[Path] = ()  # other corpora, which choose the step
    threads: int = 0  # 0: as many as there are cores


@dataclass(frozen=True)
class Source:
    """One corpus of a run, for its card."""

    name: str
    use: str  # what it taught, or that it was scored on
    clips: int
    seconds: float
    licences: Mapping[str, int] = field(default_factory=dict)  # licence -> clips, where a collection says so


class Task(Protocol):
    """What is trained. Everything is made before the loop starts, under a seeded torch."""

    network: nn.Module  # parameters that are trained require a gradient
    constants: dict[str, Tensor]  # saved beside the weights, for the export
    facts: Mapping[str, Any]  # plain facts that the export needs, as JSON takes them
    sources: Sequence[Source]
    fingerprint: str  # of the clips; another one after a resume is said

    def batch(self, size: int, seed: int) -> Any:
        """A frozen dataclass of tensors on the CPU, equal for equal seeds and states of torch.

        A field ``names``, one clip name or several a window, is what a failing step is reported with.
        """
        ...

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts for the log, all scalars; ``network`` must be called, not its methods."""
        ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Scores of the averaged network, higher is better; the step of the best mean is kept. May be empty."""
        ...
