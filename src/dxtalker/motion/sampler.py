"""The flow sampler: a trained network, noise that belongs to absolute frames, and the solvers between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..files import asset
from ..networks import open_network
from ..records import ARKIT_NAMES, MOUTH
from .conditions import NAMES, Conditions, Guidance
from .randomness import normals
from .style import standard_style

CHANNELS = len(ARKIT_NAMES) + 3  # curves, then head pitch, yaw, roll
FORMAT = "dxtalker-generator-1"
SOLVERS = ("euler", "midpoint", "heun")


@dataclass(frozen=True)
class Sampling:
    """How motion is drawn from the model."""

    steps: int = 2  # solver steps from noise to motion; more sharpen the motion and follow new voices less
    solver: str = "euler"  # euler, midpoint or heun
    mouth_noise: float = 0.5  # share of its trained noise that the mouth starts from; 0: no play in the lips
    guidance: Guidance = field(default_factory=Guidance)  # how much each condition counts
    seed: int = 0  # another seed, another take

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 256:
            raise BadInput(f"sampling steps {self.steps} is out of range; expected 1 to 256")
        if self.solver not in SOLVERS:
            raise BadInput(f"unknown solver {self.solver!r}; expected {', '.join(SOLVERS)}")
        if not 0 <= self.mouth_noise <= 1:
            raise BadInput(f"mouth_noise is {self.mouth_noise}; expected 0 to 1")


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
            self._read(facts, {i.name for i in self.session.get_inputs()})
        except BadInput:
            raise
        except Exception as error:
            raise BadInput(
                f"{source} is not a dxtalker generator ({error}); train one with: dxtalker train"
            ) from error

    def _read(self, facts: Mapping[str, Any], inputs: set[str]) -> None:
        """What the file says of itself; files from before there were conditions have no inputs for them."""
        self.mean = np.array(facts["motion_mean"], np.float32)  # (55,)
        self.std = np.array(facts["motion_std"], np.float32)  # (55,)
        self.spread = np.array(facts["noise_spread"], np.float32)  # (55,)
        self.name = f"{facts['name']} {facts['version']}"
        self.inputs = inputs
        self.conditions = tuple(n for n in NAMES if n in facts.get("conditions", []) and n in inputs)
        self.style_mean = np.array(facts.get("style_mean", 0), np.float32)  # (28,)
        self.style_std = np.array(facts.get("style_std", 1), np.float32)  # (28,)

    def require(self, asked: Conditions) -> None:
        """Raise BadInput unless the model was trained on everything that is asked for."""
        for name in asked.asked:
            if name not in self.conditions:
                knows = ", ".join(self.conditions) or "none of emotion, style and rotation"
                raise BadInput(
                    f"the model {self.name} was not trained on {name} as a condition (it knows {knows}); leave it out, or"
                    " train a model on clips that tell it: docs/training.md, Conditions"
                )

    def estimate(
        self,
        noisy: np.ndarray,
        time: float,
        heard: Heard,
        past: np.ndarray,
        asked: Conditions,
        guidance: Guidance,
    ) -> np.ndarray:
        """The clean motion (T, 55), normalised, that ``noisy`` (T, 55) at flow ``time`` 0..1 stands for.

        ``past`` (at most T, 55) is the normalised motion of the first frames.
        """
        known = np.zeros((len(noisy), 1), np.float32)
        known[: len(past)] = 1
        carried = np.zeros_like(noisy)
        carried[: len(past)] = past
        inputs = {
            "noisy": noisy, "content": heard.content, "prosody": heard.prosody, "past": carried, "known": known,
            "heard": np.ones((1, 1), np.float32), **self._standard(asked),
        }  # fmt: skip
        given = {"sound": ("heard",), "past": ("past", "known") if len(past) else ()}
        given |= {name: (name,) for name in asked.asked}

        def run(parts: dict[str, np.ndarray]) -> np.ndarray:
            batch = {name: part[None] for name, part in parts.items() if name in self.inputs}
            batch["time"] = np.array([time], np.float32)
            return np.asarray(self.session.run(["clean"], batch)[0])[0]

        whole = run(inputs)
        guided = whole
        for name, scale in guidance.changed.items():
            if taken := {part: _nothing(part, inputs[part]) for part in given.get(name, ())}:
                guided = guided + (scale - 1) * (whole - run(inputs | taken))
        return guided

    def _standard(self, asked: Conditions) -> dict[str, np.ndarray]:
        """The conditions as the network gets them, NaN where nothing is asked."""
        return {
            "emotion": asked.emotion,
            "style": standard_style(asked.style, self.style_mean, self.style_std),
            "rotation": (asked.rotation - self.mean[-3:]) / self.std[-3:],
        }


def _nothing(part: str, value: np.ndarray) -> np.ndarray:
    """What an input of the network is where its condition is not given."""
    return np.full_like(value, np.nan if part in NAMES else 0)


@dataclass(frozen=True)
class Heard:
    """The voice of one window."""

    content: np.ndarray  # (T, 1024) float32
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
