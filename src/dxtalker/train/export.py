"""A checkpoint becomes the onnx file that ``speak`` loads."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import onnx
import torch

from .. import __version__
from ..errors import BadInput
from ..files import write_atomically
from .checkpoint import read_checkpoint, writing
from .presets import preset_runnable
from .show import MOST_BYTES


def export(run: Path, target: Path, name: str = "", say: Callable[[str], None] = lambda _: None) -> None:
    """Write ``target`` (.onnx) from a run's folder or checkpoint; any number of frames, one window at a time.

    ``name`` is what the model is called; by default dxtalker- and its preset. Says when it is larger than what
    ships. Raises BadInput when ``run`` is no checkpoint or ``target`` cannot be written.
    """
    if not target.parent.is_dir():
        raise BadInput(f"the folder {target.parent} does not exist; create it or choose another output path")
    trained = read_checkpoint(run)
    runnable = preset_runnable(trained)
    count = torch.export.Dim("frames", min=2, max=100_000)
    shapes = {name: {1: count} if name in runnable.growing else None for name in runnable.inputs}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, which nothing here uses
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            runnable.module, tuple(runnable.inputs.values()), dynamo=True, input_names=list(runnable.inputs),
            output_names=[runnable.output], dynamic_shapes=shapes, opset_version=20, verbose=False,
        )  # fmt: skip
    assert program is not None
    model = program.model_proto
    facts = {
        **runnable.facts,
        "name": name or f"dxtalker-{trained.config['preset']}",
        "version": __version__,
        "step": trained.step,
        "parameters": sum(p.numel() for p in runnable.module.parameters()),
        "trained": {"config": trained.config, "scores": trained.scores, **trained.facts},
    }
    _forget_where_it_was_made(model)
    onnx.helper.set_model_props(model, {"dxtalker": json.dumps(facts)})
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    with writing(target.parent):
        write_atomically(target, data)
    if len(data) > MOST_BYTES:
        say(f"{target} has {len(data) / 1e6:.1f} MB; a model that ships has at most {MOST_BYTES / 1e6:g}")


def _forget_where_it_was_made(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: stack traces with paths of this machine."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
