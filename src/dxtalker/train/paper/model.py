"""A trained network of the paper: its checkpoint, motion from it, how well it fits, and its file for the runtime."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ... import __version__
from ...data.paper import PaperClip, PaperScales
from ...errors import BadInput
from ...files import atomic_path
from ...motion.paper import EXPRESSION, HEAD, OPEN, PARAMETERS, CodeScales, FlameCodes, PaperSampling
from ...motion.paper_model import FORMAT, PaperVoice, perform
from ...speech.prosody import SAMPLES_PER_FRAME
from .config import PaperConfig
from .network import PaperNetwork, PaperNetworkConfig

INPUTS = ("noisy", "time", "content", "emotion", "envelope", "reference", "past", "known", "heard")


@dataclass(frozen=True)
class PaperModel:
    """A network ready to use."""

    network: PaperNetwork
    scales: PaperScales
    config: PaperConfig
    content: str  # key of the encoder of the words
    emotion: str  # key of the encoder of the emotion
    step: int = 0
    scores: dict[str, float] | None = None


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


def save_paper(path: Path, model: PaperModel) -> None:
    """Write a checkpoint (.safetensors)."""
    tensors = {f"network.{n}": v.detach().cpu().contiguous() for n, v in model.network.state_dict().items()}
    tensors |= {
        f"scales.{n}": torch.from_numpy(np.ascontiguousarray(v)) for n, v in vars(model.scales).items()
    }
    facts = {
        "paper": json.dumps(asdict(model.config)), "content": model.content, "emotion": model.emotion,
        "step": str(model.step), "scores": json.dumps(model.scores or {}),
    }  # fmt: skip
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, facts)


def load_paper(path: Path) -> PaperModel:
    """Read a checkpoint of ``save_paper``. Raises BadInput if the file is not one."""
    try:
        with safe_open(path, framework="pt") as data:
            facts = data.metadata()
            tensors = {name: data.get_tensor(name) for name in data.keys()}  # noqa: SIM118 - not a dict
        told = json.loads(facts["paper"])
        config = PaperConfig(**{**told, "network": PaperNetworkConfig(**told["network"])})
        network = PaperNetwork(config.network)
        network.load_state_dict({n[8:]: t for n, t in tensors.items() if n.startswith("network.")})
        scales = PaperScales(**{n[7:]: t.numpy() for n, t in tensors.items() if n.startswith("scales.")})
        scores = json.loads(facts["scores"])
        return PaperModel(
            network.eval(), scales, config, facts["content"], facts["emotion"], int(facts["step"]), scores
        )
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise BadInput(f"{path} is not a checkpoint of the paper's preset ({error})") from error


def code_scales(scales: PaperScales) -> CodeScales:
    """Of the sampler; a parameter that no clip had stays the reference's."""
    return CodeScales(scales.mean * scales.covered, scales.std * scales.covered)


def sample(
    model: PaperModel, voice: PaperVoice, reference: np.ndarray, sampling: PaperSampling | None = None
) -> FlameCodes:
    """Motion of ``model`` on the device it is on; see ``motion.paper_model.perform``."""
    runtime = Runtime(model).eval()
    device = next(model.network.parameters()).device
    runtime.to(device)

    @torch.inference_mode()
    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = (torch.from_numpy(np.ascontiguousarray(inputs[name])).to(device) for name in INPUTS)
        return runtime(*tensors).float().cpu().numpy()

    how = sampling or PaperSampling(lip=model.config.lip, every=model.config.every)
    return perform(run, voice, reference, code_scales(model.scales), how, {"model": f"paper {__version__}"})


@torch.inference_mode()
def validate(
    network: PaperNetwork, clips: Sequence[PaperClip], scales: PaperScales, device: torch.device | str = "cpu"
) -> dict[str, float]:
    """Correlation with the truth of the network's first estimate, from no noise, in the first window of each clip.

    "jaw" is the opening's, "expression" the mean over the codes that move most, weighted by how they move, "head" the
    mean over three angles; each weighted by frames. A group that no clip covers is left out.
    """
    network.eval()
    found: dict[str, list[tuple[float, int]]] = {}
    for clip in clips:
        part = slice(0, 250)
        codes = np.asarray(clip.codes()[part])
        truth = scales.changes(codes, codes[0])
        guess = _estimate(network, clip, scales, part, device)
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


def _estimate(
    network: PaperNetwork, clip: PaperClip, scales: PaperScales, part: slice, device: torch.device | str
) -> np.ndarray:
    """(T, 284) standardised changes: from no noise, one step to the end."""
    arrays = (
        scales.content(clip.content()[part]),
        scales.emotion(clip.emotion()[part]),
        clip.envelope()[part],
    )
    heard = [torch.from_numpy(a.astype(np.float32))[None].to(device) for a in arrays]
    frames = heard[0].shape[1]
    nothing = torch.zeros(1, frames, PARAMETERS, device=device)
    face = torch.from_numpy(scales.reference(np.asarray(clip.codes()[0])) * clip.covered)[None].to(device)
    velocity = network(
        nothing, torch.zeros(1, device=device), *heard, face, nothing, nothing[..., :1], torch.ones(1, 3, device=device)
    )  # fmt: skip
    return velocity[0].float().cpu().numpy()


def export_paper(checkpoint: Path, target: Path, name: str = "dxtalker-paper") -> None:
    """Write ``target`` (.onnx) from ``checkpoint``; any number of frames, one window at a time."""
    model = load_paper(checkpoint)
    sizes, frames = model.config.network, 60
    example = (
        torch.randn(1, frames, PARAMETERS), torch.zeros(1),
        torch.randn(1, frames, sizes.content_layers, sizes.content_width),
        torch.randn(1, frames, sizes.emotion_layers, sizes.emotion_width),
        torch.rand(1, frames, SAMPLES_PER_FRAME), torch.zeros(1, PARAMETERS),
        torch.zeros(1, frames, PARAMETERS), torch.zeros(1, frames, 1), torch.ones(1, 3),
    )  # fmt: skip
    along = {1: torch.export.Dim("frames", min=2, max=1000)}
    shapes = {name: None if name in ("time", "reference", "heard") else along for name in INPUTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Runtime(model).eval(), example, dynamo=True, input_names=list(INPUTS), output_names=["velocity"],
            dynamic_shapes=shapes, opset_version=20, verbose=False,
        )  # fmt: skip
    scales = code_scales(model.scales)
    facts = {
        "format": FORMAT,
        "space": "flame",
        "name": name,
        "version": __version__,
        "mean": np.round(scales.mean, 7).tolist(),
        "std": np.round(scales.std, 7).tolist(),
        "content": model.content,
        "emotion": model.emotion,
        "lip": model.config.lip,
        "every": model.config.every,
        "step": model.step,
    }
    proto = program.model_proto
    for part in (proto, proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.graph.initializer):
        part.ClearField("metadata_props")  # the exporter's stack traces have paths of the machine
        part.ClearField("doc_string")
    onnx.helper.set_model_props(proto, {"dxtalker": json.dumps(facts)})
    onnx.checker.check_model(proto)
    with atomic_path(target) as temporary:
        temporary.write_bytes(proto.SerializeToString())
