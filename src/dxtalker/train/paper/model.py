"""A trained network of the paper: read from its run, motion from it, how well it fits, and its form for the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data.paper import PaperClip, PaperScales
from ...errors import BadInput
from ...motion.paper import EXPRESSION, HEAD, OPEN, PARAMETERS, CodeScales, FlameCodes, PaperSampling
from ...motion.paper_model import FORMAT, PaperVoice, perform
from ...speech.prosody import SAMPLES_PER_FRAME
from ..checkpoint import Checkpoint
from ..runnable import Runnable
from .network import PaperNetwork, PaperNetworkConfig

INPUTS = ("noisy", "time", "content", "emotion", "envelope", "reference", "past", "known", "heard")


@dataclass(frozen=True)
class PaperModel:
    """A network ready to use."""

    network: PaperNetwork
    scales: PaperScales
    content: str  # key of the encoder of the words
    emotion: str  # key of the encoder of the emotion
    lip: float  # as ``PaperConfig``
    every: int


class Runtime(nn.Module):
    """The network with the standardisation of what it hears and of its reference."""

    def __init__(self, model: PaperModel) -> None:
        super().__init__()
        self.network = model.network
        for name in ("content", "emotion", "reference"):
            for part in ("mean", "std"):
                values = getattr(model.scales, f"{name}_{part}")
                self.register_buffer(f"{name}_{part}", torch.from_numpy(values))
        self.register_buffer("covered", torch.from_numpy(model.scales.covered))

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
    ) -> Tensor:
        content = (content - self.content_mean) / self.content_std
        emotion = (emotion - self.emotion_mean) / self.emotion_std
        reference = (reference - self.reference_mean) / self.reference_std * self.covered
        return self.network(noisy, time, content, emotion, envelope, reference, past, known, heard)


def paper_model(checkpoint: Checkpoint) -> PaperModel:
    """The averaged network of a run. Raises BadInput where the checkpoint is of another preset or version."""
    try:
        told = checkpoint.facts["task"]
        network = PaperNetwork(PaperNetworkConfig(**told["network"]))
        network.load_state_dict(checkpoint.weights)
        scales = PaperScales(**{name: value.numpy() for name, value in checkpoint.constants.items()})
        config = checkpoint.config
        return PaperModel(
            network.eval(), scales, told["content"], told["emotion"], config["lip"], config["every"]
        )
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadInput(
            f"the checkpoint is not of the preset paper, or of another version ({str(error)[:80]})"
        ) from error


def code_scales(scales: PaperScales) -> CodeScales:
    """Of the sampler; a parameter that no clip had stays the reference's."""
    return CodeScales(scales.mean * scales.covered, scales.std * scales.covered)


def sample(
    model: PaperModel, voice: PaperVoice, reference: np.ndarray, sampling: PaperSampling | None = None
) -> FlameCodes:
    """Motion of ``model`` on the device it is on; see ``motion.paper_model.perform``."""
    device = next(model.network.parameters()).device
    runtime = Runtime(model).eval().to(device)

    @torch.inference_mode()
    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = (torch.from_numpy(np.ascontiguousarray(inputs[name])).to(device) for name in INPUTS)
        return runtime(*tensors).float().cpu().numpy()

    how = sampling or PaperSampling(lip=model.lip, every=model.every)
    return perform(run, voice, reference, code_scales(model.scales), how, {"model": "dxtalker-paper"})


def paper_runnable(checkpoint: Checkpoint) -> Runnable:
    """What ``motion.paper_model.PaperGenerator`` loads."""
    model, frames = paper_model(checkpoint), 60
    sizes = model.network.config
    motion = torch.zeros(1, frames, PARAMETERS)
    inputs = {
        "noisy": torch.randn(1, frames, PARAMETERS), "time": torch.zeros(1),
        "content": torch.randn(1, frames, sizes.content_layers, sizes.content_width),
        "emotion": torch.randn(1, frames, sizes.emotion_layers, sizes.emotion_width),
        "envelope": torch.rand(1, frames, SAMPLES_PER_FRAME), "reference": motion[:, 0].clone(),
        "past": motion, "known": motion[..., :1].clone(), "heard": torch.ones(1, 3),
    }  # fmt: skip
    scales = code_scales(model.scales)
    facts: dict[str, Any] = {
        "format": FORMAT,
        "space": "flame",
        "mean": np.round(scales.mean.astype(float), 7).tolist(),
        "std": np.round(scales.std.astype(float), 7).tolist(),
        "content": model.content,
        "emotion": model.emotion,
        "lip": model.lip,
        "every": model.every,
    }
    growing = ("noisy", "content", "emotion", "envelope", "past", "known")
    return Runnable(Runtime(model).eval(), inputs, growing, "velocity", facts)


@torch.no_grad()
def validate(network: nn.Module, clips: Sequence[PaperClip], scales: PaperScales) -> dict[str, float]:
    """Correlation with the truth of the network's first estimate, from no noise, in the first window of each clip.

    "jaw" is the opening's, "expression" that of the 50 codes and "head" that of its three angles, each weighted by
    how far the truth moves, and by frames. A group that no clip covers is left out.
    """
    network.eval()
    found: dict[str, list[tuple[float, int]]] = {}
    for clip in clips:
        codes = np.asarray(clip.codes()[:250])
        truth, guess = scales.changes(codes, codes[0]), _estimate(network, clip, scales)
        for name, place in (("jaw", slice(OPEN, OPEN + 1)), ("expression", EXPRESSION), ("head", HEAD)):
            if clip.covered[place].all() and len(truth) > 2:
                r = _correlation(guess[:, place], truth[:, place])
                found.setdefault(name, []).append((r, len(truth)))
    return {name: sum(r * n for r, n in rows) / sum(n for _, n in rows) for name, rows in found.items()}


def _correlation(guess: np.ndarray, truth: np.ndarray) -> float:
    """Of columns (T, C), weighted by the truth's deviation; 0 where one is constant."""
    g, t = guess - guess.mean(0), truth - truth.mean(0)
    size = np.sqrt((g**2).sum(0) * (t**2).sum(0))
    r = np.where(size > 1e-9, (g * t).sum(0) / np.maximum(size, 1e-9), 0)
    return float(np.average(r, weights=t.std(0) + 1e-9))


def _estimate(network: nn.Module, clip: PaperClip, scales: PaperScales) -> np.ndarray:
    """(T <= 250, 284) standardised changes: from no noise, one step to the end."""
    device = next(network.parameters()).device

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))[None].to(device)

    content, emotion = scales.content(clip.content()[:250]), scales.emotion(clip.emotion()[:250])
    face = scales.reference(np.asarray(clip.codes()[0])) * clip.covered
    nothing = torch.zeros(1, len(content), PARAMETERS, device=device)
    velocity = network(
        nothing, nothing[:, 0, 0], tensor(content), tensor(emotion), tensor(clip.envelope()[:250]), tensor(face),
        nothing, nothing[..., :1], torch.ones(1, 3, device=device),
    )  # fmt: skip
    return velocity[0].float().cpu().numpy()
