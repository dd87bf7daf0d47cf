"""The published FLAME motion space of 284 parameters, its noise, and the sampler that joins windows (arXiv 2602.10516).

A network of this space tells a velocity: the straight path runs from keyed noise at time 0 to normalised changes
against a reference frame at time 1. It is followed by Euler's method in 32 steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from ..errors import BadInput
from ..records import FEATURE_FPS
from .randomness import normals

PARAMETERS = 284
SHAPE, EXPRESSION, HEAD, JAW, DETAIL = (
    slice(0, 100), slice(100, 150), slice(150, 153), slice(153, 156), slice(156, 284),
)  # fmt: skip
GROUPS = {"shape": SHAPE, "expression": EXPRESSION, "head": HEAD, "jaw": JAW, "detail": DETAIL}
OPEN = JAW.start  # the jaw's opening, radians
JAW_LOW, JAW_HIGH = (
    np.array([0.0, -0.15, -0.15]),
    np.array([0.5, 0.15, 0.15]),
)  # radians, as face.bodies.solve
EVERY = 25  # frames between the keys of the noise
NEW, PAST, AHEAD = 200, 25, 25  # frames a window adds, remembers and looks ahead: 250 in all, as published
Velocity = Callable[[np.ndarray, float, int, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class FlameCodes:
    """FLAME and EMOCA parameters over time, as the paper stores them."""

    values: (
        np.ndarray
    )  # (T, 284) float32: shape 100, expression 50, head 3, jaw 3 (radians, axis-angle), detail 128
    fps: Fraction = FEATURE_FPS
    start: float = 0.0  # seconds, instant of frame 0
    info: dict[str, str] = field(default_factory=dict)  # where it came from: model, seed, steps

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != PARAMETERS:
            raise BadInput(f"FlameCodes has shape {self.values.shape}; expected (T, {PARAMETERS})")
        if not np.isfinite(self.values).all():
            raise BadInput("FlameCodes holds NaN or infinite values; expected finite numbers")

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class CodeScales:
    """How a network's numbers become FLAME parameters."""

    mean: np.ndarray  # (284,) float32, of changes against the reference
    std: np.ndarray  # (284,) float32


@dataclass(frozen=True)
class PaperSampling:
    """How FLAME motion is drawn."""

    steps: int = 32  # Euler steps from noise to motion
    guidance: float = 1.0  # above 1: what is heard counts more than in training; doubles the cost
    lip: float = 1.0  # how far loudness opens the jaw in the noise; as in training
    every: int = EVERY  # frames between the noise's keys; as in training
    hold_shape: bool = (
        True  # one identity for all frames: the reference's; False: predicted for each, as published
    )
    seed: int = 0  # another seed, another take

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 512 or not 0 <= self.guidance <= 5:
            raise BadInput("steps must be 1 to 512 and guidance 0 to 5")
        if self.every < 1 or not 0 <= self.lip <= 4:
            raise BadInput("the noise's keys must be at least 1 frame apart and lip 0 to 4")


def keyed_noise(seed: int, first: int, count: int, every: int = EVERY) -> np.ndarray:
    """(count, 284) float32 of the absolute frames ``first`` ..: normal draws every so many frames, straight between.

    A frame's noise depends on the seed and its number alone, whatever window it is asked in.
    """
    groups = PARAMETERS // 4  # the counter gives four numbers at a time
    frames = first + np.arange(count)
    keys = frames // every
    low, high = (int(keys[0]), int(keys[-1]) + 2) if count else (0, 0)
    drawn = normals(seed, "paper", low * groups, (high - low) * groups).reshape(-1, PARAMETERS)
    share = ((frames - keys * every) / every)[:, None]
    return ((1 - share) * drawn[keys - low] + share * drawn[keys - low + 1]).astype(np.float32)


def loud_jaw(noise: np.ndarray, amplitude: np.ndarray, lip: float) -> np.ndarray:
    """``noise`` (T, 284), its jaw opening made |noise| · amplitude · lip: in loud frames the path begins open."""
    result = noise.copy()
    result[:, OPEN] = np.abs(result[:, OPEN]) * amplitude * lip
    return result


def follow(velocity: Velocity, amplitude: np.ndarray, sampling: PaperSampling, first: int = 0) -> np.ndarray:
    """(T, 284) float32 normalised changes for sound of ``amplitude`` (T,), window by window.

    ``velocity(x, t, begin, past)`` is told the state x (n, 284) of the frames from ``begin`` on at time t, and the
    finished motion ``past`` (p, 284) of the first p of them; it returns (n, 284). ``first`` is the absolute number
    of frame 0.
    """
    total = len(amplitude)
    made = np.zeros((total, PARAMETERS), np.float32)
    for at in range(0, total, NEW):
        begin, end, stop = max(0, at - PAST), min(total, at + NEW + AHEAD), min(total, at + NEW)
        past = made[begin:at]
        start = keyed_noise(sampling.seed, first + begin, end - begin, sampling.every)
        start = loud_jaw(start, amplitude[begin:end], sampling.lip)
        x = start.copy()
        for step in range(sampling.steps):
            t = step / sampling.steps
            x[: len(past)] = (1 - t) * start[: len(past)] + t * past  # what is known stays on its path
            x = x + velocity(x, t, begin, past) / sampling.steps
        made[at:stop] = x[at - begin : stop - begin]
    return made


def to_codes(
    changes: np.ndarray,
    reference: np.ndarray,
    scales: CodeScales,
    sampling: PaperSampling,
    info: dict[str, str],
) -> FlameCodes:
    """Normalised ``changes`` (T, 284) against ``reference`` (284,) as parameters, the jaw within its joint's range.

    ``info`` gets how many frames had a jaw out of range, under "jaw_limited".
    """
    values = changes * scales.std + scales.mean + reference
    if sampling.hold_shape:
        values[:, SHAPE] = reference[SHAPE]
    jaw = np.clip(values[:, JAW], JAW_LOW, JAW_HIGH)
    over = int((np.abs(jaw - values[:, JAW]).max(axis=1, initial=0) > 0.01).sum())
    values[:, JAW] = jaw
    return FlameCodes(values.astype(np.float32), info={**info, "jaw_limited": str(over)})
