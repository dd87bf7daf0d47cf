"""What a run keeps on disk: all that is needed to go on, and the best averaged weights."""

from __future__ import annotations

import errno
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import BadInput, DxtalkerError
from ..files import write_atomically
from .task import TrainConfig

LAST, BEST = "last.pt", "best.safetensors"  # everything to resume with; the weights that are exported
FORMAT = "dxtalker-train-1"
ON_THE_COMMAND_LINE = ("preset", "steps", "batch", "rate", "seed", "content", "emotion", "revision", "flame")


@dataclass
class Progress:
    """How far a run is."""

    step: int = 0  # steps done
    best: float = -float("inf")  # mean validation score of the weights that are kept
    seconds: float = 0.0  # of training, over all its starts
    sums: dict[str, float] = field(default_factory=dict)  # figures since the last line of the log
    count: int = 0  # steps in these sums
    fingerprint: str = ""  # of the clips
    processes: int = 1


@dataclass(frozen=True)
class Checkpoint:
    """The averaged weights of a run, and what is known of it."""

    weights: dict[str, Tensor]  # of the network
    constants: dict[str, Tensor]  # that the task keeps beside them
    config: dict[str, Any]  # as the preset's config
    step: int
    scores: dict[str, float]  # of this step, on what was validated on
    facts: dict[str, Any]  # of the training: data, seconds, machine


@contextmanager
def writing(run: Path) -> Iterator[None]:
    """Give a full disk or a folder that cannot be written one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "free some space and give the same command again: it goes on at its last checkpoint"
            raise DxtalkerError(f"cannot write to {run}: {error.strerror}; {advice}") from error
        raise BadInput(
            f"cannot write to {run}: {error.strerror}; choose a folder you may write to"
        ) from error


def open_run(run: Path) -> None:
    """Make the folder. Raises BadInput when it cannot be written. Every process of a run may call it at once."""
    with writing(run):
        run.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(
            dir=run
        ):  # of a name of its own: another process's may come and go meanwhile
            pass


def save_last(run: Path, config: TrainConfig, progress: Progress, parts: Mapping[str, Any]) -> None:
    """Write everything to resume with; ``parts`` have a ``state_dict``. A reader sees the old file or the new."""
    state = {"format": FORMAT, "config": json.dumps(asdict(config)), "progress": asdict(progress)}
    state |= {name: part.state_dict() for name, part in parts.items() if part is not None}
    stream = io.BytesIO()
    torch.save(state, stream)
    with writing(run):
        write_atomically(run / LAST, stream.getbuffer())


def read_last(run: Path, config: TrainConfig) -> dict[str, Any] | None:
    """What ``save_last`` wrote, or None for a new run. Raises BadInput where ``config`` is another one."""
    path = run / LAST
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["format"] != FORMAT:
            raise ValueError(f"its format is {state['format']!r:.40}")
        kept = json.loads(state["config"])
    except Exception as error:  # torch has many
        raise BadInput(
            f"{path} cannot be resumed ({str(error)[:80]}); delete it to train from the start"
        ) from error
    _refuse_another(run, _flat(kept), _flat(json.loads(json.dumps(asdict(config)))))
    return state


def _refuse_another(run: Path, kept: dict[str, Any], given: dict[str, Any]) -> None:
    for name in [*kept, *(n for n in given if n not in kept)]:
        if kept.get(name) != given.get(name):
            before, now = (
                "none" if table.get(name) in (None, "") else table[name] for table in (kept, given)
            )
            mend = "it cannot go on"
            if name in ON_THE_COMMAND_LINE:
                mend = f"leave out --{name}" if before == "none" else f"give --{name} {kept[name]}"
                mend += " to go on with it"
            raise BadInput(
                f"{run} was started with {name} {before}, not {now}; {mend}, or choose another folder"
            )


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def save_best(
    run: Path, network: nn.Module, constants: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """The weights and constants as safetensors; each of ``facts`` as JSON beside them."""
    tensors = {f"network.{n}": v.detach().cpu().contiguous() for n, v in network.state_dict().items()}
    tensors |= {f"constants.{n}": v.cpu().contiguous() for n, v in constants.items()}
    data = save(tensors, {name: json.dumps(value) for name, value in facts.items()})
    with writing(run):
        write_atomically(run / BEST, data)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what ``save_best`` wrote; ``path`` is the file or its run's folder. Raises BadInput if it is not one."""
    if path.is_dir():
        path = path / BEST
        if not path.is_file():
            raise BadInput(f"{path.parent} has no {BEST}; expected a folder that dxtalker train wrote")
    try:
        with safe_open(path, framework="pt") as data:
            facts = {name: json.loads(value) for name, value in data.metadata().items()}
            tensors = {name: data.get_tensor(name) for name in data.keys()}  # noqa: SIM118 - not a dict
        parts = [
            {n.removeprefix(kind): t for n, t in tensors.items() if n.startswith(kind)}
            for kind in ("network.", "constants.")
        ]
        return Checkpoint(*parts, facts.pop("config"), facts.pop("step"), facts.pop("scores"), facts)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, SafetensorError) as error:
        raise BadInput(f"{path} is not a checkpoint of dxtalker train ({str(error)[:80]})") from error
