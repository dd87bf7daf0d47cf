"""The flow sampler: a trained network, noise that belongs to absolute frames, and the solvers between them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import asset
from ..networks import open_network
from ..records import ARKIT_NAMES, MOUTH
from .randomness import normals

CHANNELS = len(ARKIT_NAMES) + 3  # curves, then head pitch, yaw, roll
FORMAT = "dxtalker-generator-1"
SOLVERS = ("euler", "midpoint", "heun")


@dataclass(frozen=True)
class Sampling:
    """How motion is drawn from the model."""

    steps: int = 2  # solver steps from noise to motion; more sharpen the motion and follow new voices less
    solver: str = "euler"  # euler, midpoint or heun
    mouth_noise: float = 0.5  # share of its trained noise that the mouth starts from; 0: no play in the lips
    guidance: float = 1.0  # above 1: what is heard counts more than in training; doubles the cost
    seed: int = 0  # another seed, another take

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 256:
            raise BadInput(f"sampling steps {self.steps} is out of range; expected 1 to 256")
        if self.solver not in SOLVERS:
            raise BadInput(f"unknown solver {self.solver!r}; expected {', '.join(SOLVERS)}")
        if not 0 <= self.mouth_noise <= 1 or not 0 <= self.guidance <= 5:
            raise BadInput("mouth_noise must be 0 to 1 and guidance 0 to 5")


class Generator:
    """A trained network in onnxruntime, and the scales of its motion."""

    def __init__(self, path: Path | None = None, threads: int = 0) -> None:
        """Load ``path``, or the packaged model. Raises BadInput when it is not one of ours."""
        source = path or asset("generator.onnx")
        try:
            self.session = open_network(source, threads)
            facts = json.loads(self.session.get_modelmeta().custom_metadata_map["dxtalker"])
            if facts["format"] != FORMAT or facts["space"] != "arkit":
                raise BadInput(
                    f"{source} is a {facts['format']} for {facts['space']}; expected {FORMAT} for arkit"
                )
            self.mean = np.array(facts["motion_mean"], np.float32)
            self.std = np.array(facts["motion_std"], np.float32)
            self.spread = np.array(facts["noise_spread"], np.float32)
            self.name = f"{facts['name']} {facts['version']}"
        except BadInput:
            raise
        except Exception as error:
            raise BadInput(
                f"{source} is not a dxtalker generator ({error}); train one with: dxtalker train"
            ) from error

    def estimate(
        self, noisy: np.ndarray, time: float, heard: Heard, past: np.ndarray, guidance: float
    ) -> np.ndarray:
        """The clean motion (T, 55), normalised, that ``noisy`` (T, 55) at flow ``time`` 0..1 stands for."""
        known = np.zeros((1, len(noisy), 1), np.float32)
        known[:, : len(past)] = 1
        carried = np.zeros_like(noisy)
        carried[: len(past)] = past

        def run(listening: float) -> np.ndarray:
            inputs = {
                "noisy": noisy[None],
                "time": np.array([time], np.float32),
                "content": heard.content[None],
                "prosody": heard.prosody[None],
                "past": carried[None],
                "known": known,
                "heard": np.full((1, 1, 1), listening, np.float32),
            }
            return np.asarray(self.session.run(["clean"], inputs)[0])[0]

        with_sound = run(1.0)
        if guidance == 1:
            return with_sound
        without = run(0.0)
        return without + guidance * (with_sound - without)


@dataclass(frozen=True)
class Heard:
    """The voice of one window."""

    content: np.ndarray  # (T, 512) float32
    prosody: np.ndarray  # (T, 4) float32


def noise(first: int, count: int, sampling: Sampling) -> np.ndarray:
    """(count, 55) float32: the noise that absolute frames ``first`` .. begin from, before the model's spread."""
    groups = -(-CHANNELS // 4)  # the counter gives four numbers at a time
    draws = normals(sampling.seed, "generator", first * groups, count * groups)
    drawn = draws.reshape(count, groups * 4)[:, :CHANNELS].astype(np.float32)
    drawn[:, MOUTH] *= sampling.mouth_noise
    return drawn


def solve(
    estimate: Callable[[np.ndarray, float], np.ndarray], start: np.ndarray, sampling: Sampling
) -> np.ndarray:
    """Follow the straight-path flow from noise ``start`` at time 0 to motion at time 1.

    ``estimate(x, t)`` is the clean motion that x stands for; the velocity is (estimate - x) / (1 - t). Every
    solver ends on an Euler step, which lands on the last estimate exactly.
    """
    x, width = start, 1.0 / sampling.steps
    for index in range(sampling.steps):
        t = index * width
        clean = estimate(x, t)
        velocity = (clean - x) / (1 - t)
        if index == sampling.steps - 1:
            return clean
        if sampling.solver == "midpoint":
            middle = x + 0.5 * width * velocity
            velocity = (estimate(middle, t + 0.5 * width) - middle) / (1 - t - 0.5 * width)
        elif sampling.solver == "heun":
            guess = x + width * velocity
            velocity = 0.5 * (velocity + (estimate(guess, t + width) - guess) / (1 - t - width))
        x = x + width * velocity
    raise AssertionError("a solver takes at least one step")
