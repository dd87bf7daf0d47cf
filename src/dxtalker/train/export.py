"""A checkpoint becomes the onnx file that ``speak`` loads."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from .. import __version__
from ..errors import BadInput
from ..files import atomic_path
from ..motion.sampler import FORMAT
from .loop import noise_spread
from .network import CHANNELS, CONTENT, PROSODY, Network, NetworkConfig


class Runtime(nn.Module):
    """The network with the standardisation of its content, and a switch for not hearing."""

    def __init__(self, network: Network, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        content: Tensor,
        prosody: Tensor,
        past: Tensor,
        known: Tensor,
        heard: Tensor,
    ) -> Tensor:
        content = (content - self.mean) / self.std * heard
        return self.network(noisy, time, content, prosody * heard, past, known)


@dataclass(frozen=True)
class Checkpoint:
    """The averaged network of a run, ready to use, and what is known of the run."""

    network: Network
    scales: dict[str, Tensor]  # as batches.Scales
    config: dict[str, Any]  # of the training, as loop.TrainConfig
    step: int
    scores: dict[str, float]  # correlation of the opening on each validation corpus


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint of ``loop.train``. Raises BadInput if the file is not one."""
    try:
        with safe_open(path, framework="pt") as data:
            facts = data.metadata()
            tensors = {name: data.get_tensor(name) for name in data.keys()}  # noqa: SIM118 - not a dict
        config = json.loads(facts["config"])
        network = Network(NetworkConfig(**config["network"]))
        network.load_state_dict({n[8:]: t for n, t in tensors.items() if n.startswith("network.")})
        scales = {n[7:]: t for n, t in tensors.items() if n.startswith("scales.")}
        return Checkpoint(network.eval(), scales, config, int(facts["step"]), json.loads(facts["scores"]))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise BadInput(f"{path} is not a checkpoint of dxtalker train ({error})") from error


def export(checkpoint: Path, target: Path, name: str = "dxtalker-small") -> None:
    """Write ``target`` (.onnx) from ``checkpoint``; any number of frames, one window at a time."""
    trained = load_checkpoint(checkpoint)
    scales = trained.scales
    runtime = Runtime(trained.network, scales["content_mean"], scales["content_std"]).eval()
    frames = 60
    example = (
        torch.randn(1, frames, CHANNELS), torch.zeros(1), torch.randn(1, frames, CONTENT),
        torch.randn(1, frames, PROSODY), torch.zeros(1, frames, CHANNELS), torch.zeros(1, frames, 1), torch.ones(1, 1, 1),
    )  # fmt: skip
    names = ["noisy", "time", "content", "prosody", "past", "known", "heard"]
    count = torch.export.Dim("frames", min=2, max=100_000)
    along = {1: count}
    shapes = {
        "noisy": along,
        "time": None,
        "content": along,
        "prosody": along,
        "past": along,
        "known": along,
        "heard": None,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            runtime, example, dynamo=True, input_names=names, output_names=["clean"], dynamic_shapes=shapes,
            opset_version=20, verbose=False,
        )  # fmt: skip
    model = program.model_proto
    facts = {
        "format": FORMAT,
        "space": "arkit",
        "name": name,
        "version": __version__,
        "motion_mean": np.round(scales["motion_mean"].numpy(), 6).tolist(),
        "motion_std": np.round(scales["motion_std"].numpy(), 6).tolist(),
        "noise_spread": noise_spread(trained.config["mouth_noise"]).tolist(),
        "step": trained.step,
    }
    _forget_where_it_was_made(model)
    onnx.helper.set_model_props(model, {"dxtalker": json.dumps(facts)})
    onnx.checker.check_model(model)
    with atomic_path(target) as temporary:
        temporary.write_bytes(model.SerializeToString())


def _forget_where_it_was_made(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: stack traces with paths of this machine."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
