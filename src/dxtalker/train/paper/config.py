"""One training run of the paper's network; the defaults are the published ones, and what was not published says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...motion.paper import AHEAD, EVERY, NEW, PAST
from ..task import TrainConfig
from .network import PaperNetworkConfig


@dataclass(frozen=True)
class PaperConfig(TrainConfig):
    """The preset ``paper``."""

    preset: str = "paper"
    steps: int = 9000  # 100 epochs of 11 506 clips
    batch: int = 128
    rate: float = 1e-4
    last_rate: float = 0.0
    warm: int = 200  # published: none
    decay: float = 0.01
    average: float = 0.999  # published: no averaging
    seed: int = 1234
    content: str = (
        "microsoft/wavlm-base-plus"  # encoder of the words: a name or folder of the hub, or packaged
    )
    content_layers: tuple[int, ...] = (-1,)  # of it; several are mixed by learned weights, none: all of them
    emotion: str = (
        ""  # encoder of the voice's emotion: emotion2vec, a name or folder of the hub; "": packaged
    )
    revision: str = "main"  # of the hub's models; best a commit
    flame: str = ""  # path of a FLAME file: clips with ARKit curves alone are then used too
    window: int = NEW + PAST + AHEAD  # frames a window, 10 s
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
