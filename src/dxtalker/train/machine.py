"""The processes and devices of one run, through Hugging Face Accelerate."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs, gather_object
from torch import Tensor, nn

PATIENCE = timedelta(hours=6)  # others wait while the first process computes features


class Machine:
    """One process of a run: alone, or one of several that ``accelerate launch`` started."""

    def __init__(self) -> None:
        # What is not heard in a step has no gradient in it, which several processes must expect.
        handlers = [
            DistributedDataParallelKwargs(find_unused_parameters=True),
            InitProcessGroupKwargs(timeout=PATIENCE),
        ]
        # Half precision is Accelerate's setting; on a CPU it would only be slower and coarser.
        precision = None if torch.cuda.is_available() else "no"
        self.accelerator = Accelerator(mixed_precision=precision, kwargs_handlers=handlers)

    @property
    def first(self) -> bool:
        """Whether this process writes files and talks."""
        return self.accelerator.is_main_process

    @property
    def rank(self) -> int:
        return self.accelerator.process_index

    @property
    def processes(self) -> int:
        return self.accelerator.num_processes

    @contextmanager
    def first_goes_ahead(self) -> Iterator[None]:
        """The block runs in the first process, then in the others, which find its files."""
        with self.accelerator.main_process_first():
            yield

    def to_device(self, batch: Any) -> Any:
        """The frozen dataclass ``batch`` with its tensors on this process's device."""
        moved = {f.name: getattr(batch, f.name) for f in fields(batch)}
        return replace(
            batch, **{n: v.to(self.accelerator.device) for n, v in moved.items() if isinstance(v, Tensor)}
        )

    def mean(self, figures: dict[str, Tensor | float]) -> dict[str, float]:
        """Each figure's mean over all processes."""
        values = [torch.as_tensor(v, dtype=torch.float64, device="cpu") for v in figures.values()]
        together = torch.stack([v.detach() for v in values])
        if self.processes > 1:
            kind = torch.float32 if self.accelerator.device.type == "mps" else torch.float64
            together = self.accelerator.reduce(together.to(self.accelerator.device, kind), "mean")
        return dict(zip(figures, together.tolist(), strict=True))

    def everyone(self, things: list[str]) -> list[str]:
        """The lists of all processes, one after another."""
        return list(gather_object(things)) if self.processes > 1 else things

    def wait(self) -> None:
        """Until every process is here."""
        self.accelerator.wait_for_everyone()

    def unwrap(self, network: nn.Module) -> nn.Module:
        return self.accelerator.unwrap_model(network)

    def note(self) -> str:
        """What a user should know of how this was started; "" where all is well."""
        asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
        if self.processes == 1 and asked and "MASTER_ADDR" in os.environ:
            return (
                "accelerate launch starts one process on CPUs, however many were asked for; several are started by:"
                " ACCELERATE_USE_CPU=true torchrun --nproc_per_node 2 -m dxtalker.train"
            )
        return ""

    def describe(self) -> str:
        """One line: processes, device, precision, versions."""
        device = self.accelerator.device
        name = (
            torch.cuda.get_device_name(device)
            if device.type == "cuda"
            else f"{device.type} {platform.machine()}"
        )
        return (
            f"{self.processes} x {name}, {os.cpu_count()} cores, {_memory()}, "
            f"precision {self.accelerator.mixed_precision}, torch {torch.__version__}"
        ).replace("precision no,", "precision fp32,")


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB memory"
    except (ValueError, OSError, AttributeError):  # not a POSIX system
        return "memory unknown"
