"""A checkpoint becomes the onnx file that ``speak`` loads."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .. import __version__
from ..errors import BadInput
from ..files import atomic_path
from ..motion.sampler import FORMAT
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


def load_checkpoint(path: Path) -> tuple[Network, dict[str, Tensor], dict[str, object]]:
    """The averaged network, its scales and its training configuration. Raises BadInput if it is not one."""
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        config = json.loads(state["config"])
        network = Network(NetworkConfig(**config["network"]))
        network.load_state_dict(state["averaged"])
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise BadInput(f"{path} is not a checkpoint of dxtalker train ({error})") from error
    return (
        network.eval(),
        state["scales"],
        {"train": config, "step": state["step"], "scores": json.loads(state["scores"])},
    )


def export(checkpoint: Path, target: Path, name: str = "dxtalker-small") -> None:
    """Write ``target`` (.onnx) from ``checkpoint``; any number of frames, one window at a time."""
    import onnx

    network, scales, history = load_checkpoint(checkpoint)
    runtime = Runtime(network, scales["content_mean"], scales["content_std"]).eval()
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
        "step": history["step"],
    }
    onnx.helper.set_model_props(model, {"dxtalker": json.dumps(facts)})
    onnx.checker.check_model(model)
    with atomic_path(target) as temporary:
        temporary.write_bytes(model.SerializeToString())
