"""``dxtalker train``: folders of tracked clips in; checkpoints, onnx model and model card out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from ..errors import BadInput
from ..files import write_atomically
from .card import card
from .checkpoint import open_run, read_checkpoint, read_last, writing
from .export import export
from .loop import config_fits, train
from .machine import Machine
from .presets import PRESETS, preset_config, preset_task
from .run_log import check_tensorboard
from .task import Request, TrainConfig, Wishes

MODEL, CARD = "model.onnx", "card.md"


def make_config(preset: str, wishes: Wishes) -> TrainConfig:
    """The preset's config with what the user wished. Raises BadInput for what cannot be, or is not of this preset."""
    own = preset_config(preset)
    given = {name: value for name, value in vars(wishes).items() if value is not None}
    for name in given:
        if not hasattr(own, name):
            other = next(p for p in PRESETS if hasattr(preset_config(p), name))
            raise BadInput(
                f"--{name} belongs to the preset {other}, not to {preset}; leave it out, or give --preset {other}"
            )
    for name in ("steps", "batch"):
        if given.get(name, 1) < 1:
            raise BadInput(f"{name} is {given[name]}; expected at least 1")
    if not 0 < given.get("rate", 1) < math.inf:
        raise BadInput(f"rate is {wishes.rate}; expected more than 0, as in 5e-4")
    if given.get("seed", 0) < 0:
        raise BadInput(f"seed is {wishes.seed}; expected 0 or more")
    return replace(own, **given)


def run_training(
    request: Request, run: Path, config: TrainConfig, say: Callable[[str], None], tensorboard: bool = False
) -> Path:
    """Train, export and describe; returns the model's path. In several processes the first one talks and writes."""
    if request.threads:
        torch.set_num_threads(request.threads)
    if tensorboard:
        check_tensorboard()
    open_run(run)
    machine = Machine()
    config_fits(config, machine)
    read_last(run, config)  # another config is refused before hours of features
    told = say if machine.first else _silent
    if machine.note():
        told(machine.note())
    with machine.first_goes_ahead():
        torch.manual_seed(config.seed)
        task = preset_task(request, config, told)
    checkpoint = train(task, config, run, told, machine, tensorboard)
    model = run / MODEL
    if machine.first:
        export(checkpoint, model, say=say)
        with writing(run):
            write_atomically(run / CARD, card(read_checkpoint(checkpoint), model.stat().st_size).encode())
        say(f"wrote {model} and {run / CARD}")
    machine.wait()
    return model


def _silent(_: str) -> None:
    pass
