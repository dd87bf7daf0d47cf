"""The training loop: a task in, a checkpoint with its averaged network out; stops and resumes anywhere."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from ..errors import BadInput, DxtalkerError
from ..files import write_atomically
from .checkpoint import BEST, Progress, open_run, read_last, save_best, save_last, writing
from .machine import Machine
from .run_log import RunLog
from .stopping import Stop, stopping
from .task import Task, TrainConfig

NAMED = 6  # clips that an error lists


def train(
    task: Task,
    config: TrainConfig,
    run: Path,
    say: Callable[[str], None],
    machine: Machine | None = None,
    tensorboard: bool = False,
) -> Path:
    """Train into the folder ``run``; returns the checkpoint of the best validation. Resumes what is there.

    A run that was stopped and resumed gives, on one machine, the bits of an unbroken one: windows and noise of
    a step belong to (seed, step, process), and everything else is in the checkpoint. Raises BadInput where
    ``run`` was started with another config, DxtalkerError when the loss is no number.
    """
    open_run(run)
    machine = machine or Machine()
    config_fits(config, machine)
    loop = _Loop(task, config, run, machine, say)
    loop.resume()
    log = None
    if machine.first:
        log = RunLog(run, loop.progress.step, config.steps, say, tensorboard)
    with stopping() as stop:
        loop.go(stop, log)
    return run / BEST


def config_fits(config: TrainConfig, machine: Machine) -> None:
    """Raise BadInput unless the batch can be shared among the processes."""
    if config.batch % machine.processes:
        raise BadInput(
            f"a batch of {config.batch} windows cannot be shared among {machine.processes} processes;"
            f" give --batch a multiple of {machine.processes}"
        )


def draw(seed: int, step: int, rank: int) -> int:
    """What a process draws its windows and noise of a step from: distinct for each (step, rank)."""
    return seed * 1_000_003 + step + (rank << 40)


class _Loop:
    """The state of one run in one process."""

    def __init__(
        self, task: Task, config: TrainConfig, run: Path, machine: Machine, say: Callable[[str], None]
    ) -> None:
        self.task, self.config, self.run, self.machine, self.say = task, config, run, machine, say
        trained = [p for p in task.network.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(trained, config.rate, (0.9, 0.98), weight_decay=config.decay)
        self.network, self.optimiser = machine.accelerator.prepare(task.network, optimiser)
        self.averaged = copy.deepcopy(machine.unwrap(self.network)).requires_grad_(False)
        self.progress = Progress(fingerprint=task.fingerprint, processes=machine.processes)
        self.saved = time.monotonic()

    def resume(self) -> None:
        """Take up the last checkpoint, if there is one."""
        state = read_last(self.run, self.config)
        if state is None:
            return
        for name, part in self._parts().items():
            if part is not None and name in state:
                part.load_state_dict(state[name])
        now, self.progress = self.progress, Progress(**state["progress"])
        for what, before, after in (
            ("the clips differ", self.progress.fingerprint, now.fingerprint),
            ("the number of processes differs", self.progress.processes, now.processes),
        ):
            if before != after and self.machine.first:
                self.say(
                    f"{what} from the run so far ({before}, now {after}): it goes on, but not on the same curve"
                )
        self.progress.fingerprint, self.progress.processes = now.fingerprint, now.processes
        if self.machine.first:
            self.say(f"resumed at step {self.progress.step}")

    def go(self, stop: Stop, log: RunLog | None) -> None:
        """Every step that is left; a checkpoint with each validation, every few minutes, and when asked to stop."""
        config, progress = self.config, self.progress
        while progress.step < config.steps:
            began = time.monotonic()
            asked = self._step(progress.step, stop)
            progress.step += 1
            progress.seconds += time.monotonic() - began
            last = progress.step == config.steps
            if progress.step % config.validate_every == 0 or last:
                self._validate(log)
            elif progress.step % config.log_every == 0:
                self._write(log, {})
            due = time.monotonic() - self.saved > 60 * config.save_minutes
            if progress.step % config.validate_every == 0 or last or asked or due:
                self.keep()
            if asked and not last:
                if self.machine.first:
                    self.say(f"stopped after step {progress.step}; the same command goes on from there")
                stop.end()

    def keep(self) -> None:
        """Write the checkpoint to resume with."""
        if self.machine.first:
            save_last(self.run, self.config, self.progress, self._parts())
        self.saved = time.monotonic()

    def _step(self, step: int, stop: Stop) -> bool:
        """One optimiser step; whether any process was asked to stop."""
        config, machine = self.config, self.machine
        seed = draw(config.seed, step, machine.rank)
        torch.manual_seed(seed)  # a resumed run draws what an unbroken one draws
        for group in self.optimiser.param_groups:
            group["lr"] = rate(config, step)
        self.network.train()
        batch = machine.to_device(self.task.batch(config.batch // machine.processes, seed))
        loss, parts = self.task.loss(self.network, batch)
        figures = machine.mean({"loss": loss, **parts, "asked": float(stop.asked)})
        asked = figures.pop("asked") > 0
        if not math.isfinite(figures["loss"]):
            self._give_up(f"the loss became {figures['loss']}", step, batch, not math.isfinite(loss.item()))
        self.optimiser.zero_grad()
        machine.accelerator.backward(loss)
        norm = machine.accelerator.clip_grad_norm_(self.network.parameters(), config.clip)
        # With fp16, gradients overflow now and then by design: Accelerate passes over such a step.
        if norm is not None and machine.accelerator.scaler is None and not math.isfinite(float(norm)):
            self._give_up(f"the gradient became {float(norm)}", step, batch, True)
        self.optimiser.step()
        self._average(step)
        for name, value in figures.items():
            self.progress.sums[name] = self.progress.sums.get(name, 0.0) + value
        self.progress.count += 1
        return asked

    @torch.no_grad()
    def _average(self, step: int) -> None:
        """The averaged network follows, at first faster: it forgets the first weights."""
        decay = min(self.config.average, (1 + step) / (10 + step))
        new = self.machine.unwrap(self.network)
        for kept, value in zip(self.averaged.parameters(), new.parameters(), strict=True):
            kept.lerp_(value, 1 - decay)
        for kept, value in zip(self.averaged.buffers(), new.buffers(), strict=True):
            kept.copy_(value)

    def _validate(self, log: RunLog | None) -> None:
        if log:
            self.averaged.eval()
            with torch.no_grad():
                scores = self.task.validate(self.averaged)
            mean = float(np.mean(list(scores.values()))) if scores else float(self.progress.step)
            if mean > self.progress.best or not (self.run / BEST).is_file():
                save_best(self.run, self.averaged, self.task.constants, self._facts(scores))
            self.progress.best = max(self.progress.best, mean)
            self._write(log, scores)
        self.machine.wait()

    def _write(self, log: RunLog | None, scores: dict[str, float]) -> None:
        """The mean figures since the last line."""
        progress = self.progress
        figures = {name: value / progress.count for name, value in progress.sums.items()}
        if log:
            log.write(
                progress.step,
                figures | {"rate": rate(self.config, progress.step - 1)},
                scores,
                progress.seconds,
            )
        progress.sums, progress.count = {}, 0

    def _facts(self, scores: dict[str, float]) -> dict[str, Any]:
        return {
            "step": self.progress.step,
            "scores": scores,
            "config": asdict(self.config),
            "seconds": round(self.progress.seconds),
            "machine": self.machine.describe(),
            "sources": [asdict(s) for s in self.task.sources],
            "task": dict(self.task.facts),
        }

    def _give_up(self, what: str, step: int, batch: Any, here: bool) -> None:
        """Name the batch, write it beside the run for a look, and stop; checkpoints stay as they are."""
        names = list(dict.fromkeys(getattr(batch, "names", ()))) if here else []
        file = f"bad_batch_{self.machine.rank}.safetensors"
        if here:
            tensors = {n: v.cpu().contiguous() for n, v in vars(batch).items() if isinstance(v, Tensor)}
            with writing(self.run):
                write_atomically(
                    self.run / file, save(tensors, {"step": str(step), "names": json.dumps(names)})
                )
        names = list(dict.fromkeys(self.machine.everyone(names)))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        told = f" with windows of {', '.join(names[:NAMED])}{more}" if names else ""
        raise DxtalkerError(
            f"{what} at step {step}{told}; the batch is in {self.run / 'bad_batch_*.safetensors'}: leave out clips that"
            " are at fault (--hold-out) and give the same command again, or lower --rate in another folder"
        )

    def _parts(self) -> dict[str, Any]:
        return {
            "network": self.machine.unwrap(self.network),
            "averaged": self.averaged,
            "optimiser": self.optimiser,
            "scaler": self.machine.accelerator.scaler,
        }


def rate(config: TrainConfig, step: int) -> float:
    """The learning rate: up over the first steps, then down to its last share as a cosine."""
    share = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    return (
        config.rate * min(1.0, (step + 1) / config.warm) * (config.last_rate + (1 - config.last_rate) * share)
    )
