"""One training run of the paper's network; the defaults are the published ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...motion.paper import AHEAD, EVERY, NEW, PAST
from .network import PaperNetworkConfig


@dataclass(frozen=True)
class PaperConfig:
    """Sizes of a run; what was not published says so."""

    steps: int = 9000  # optimiser steps: 100 epochs of 11 506 clips
    batch: int = 128  # windows a step
    window: int = NEW + PAST + AHEAD  # frames a window, 10 s
    rate: float = 1e-4  # peak learning rate, falling to nothing as a cosine
    warm: int = 200  # steps of rising rate; published: none
    decay: float = 0.01  # weight decay
    clip: float = 1.0  # norm that gradients are cut to
    seed: int = 1234
    every: int = EVERY  # frames between the noise's keys; 1: white noise
    lip: float = 1.0  # how far loudness opens the jaw in the noise
    balanced: bool = (
        False  # shape, expression, head, jaw and detail count alike; False: channels do, as published
    )
    drop: float = 0.1  # share of windows that do not hear a stream, for guidance; published: 0
    carried: float = 0.75  # share of windows that know their first frames, so that windows join; published: 0
    past: int = PAST  # most frames that a window knows
    past_noise: float = (
        0.1  # of a standard deviation, on what is known: the sampler's own past is not perfect
    )
    network: PaperNetworkConfig = field(default_factory=PaperNetworkConfig)
