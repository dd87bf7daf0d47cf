"""The log of a run: ``log.jsonl``, lines for people with the time left, and TensorBoard where it is asked for."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotReady
from ..files import write_atomically
from .checkpoint import writing

FILE = "log.jsonl"
EVERY = 30.0  # seconds between two lines for people


class RunLog:
    """Writes one line of JSON for each stretch of steps; what a resumed run repeats is cut off first."""

    def __init__(self, run: Path, first: int, steps: int, say: Callable[[str], None], board: bool) -> None:
        self.path, self.steps, self.say = run / FILE, steps, say
        self.first, self.begun, self.told = first, time.monotonic(), time.monotonic()
        self._cut(first)
        self.board = _tensorboard(run, first) if board else None

    def _cut(self, first: int) -> None:
        """Leave the lines up to step ``first``: a killed run wrote some after its last checkpoint."""
        if not self.path.is_file():
            return
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
            try:
                if line.endswith("\n") and json.loads(line)["step"] <= first:
                    kept.append(line)
            except (ValueError, KeyError, TypeError):
                continue  # half a line
        with writing(self.path.parent):
            write_atomically(self.path, "".join(kept).encode())

    def write(
        self, step: int, figures: Mapping[str, float], scores: Mapping[str, float], seconds: float
    ) -> None:
        """One line after ``step`` steps; ``scores`` where it was validated."""
        line: dict[str, Any] = {"step": step, **figures, **scores, "seconds": round(seconds, 1)}
        line = {k: v if math.isfinite(v) else None for k, v in line.items()}
        with writing(self.path.parent), self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if self.board:
            for name, value in {**figures, **scores}.items():
                self.board.add_scalar(f"{'score' if name in scores else 'train'}/{name}", value, step)
            self.board.flush()
        if scores or step == self.steps or time.monotonic() - self.told > EVERY:
            self.told = time.monotonic()
            told = [
                f"loss {figures['loss']:.3f}",
                *(f"{k} {v:.3f}" for k, v in scores.items()),
                self._left(step),
            ]
            self.say(f"step {step} of {self.steps}: " + ", ".join(told))

    def _left(self, step: int) -> str:
        pace = (time.monotonic() - self.begun) / max(1, step - self.first)
        return f"{span(pace * (self.steps - step))} left"


def span(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def check_tensorboard() -> None:
    """Raises NotReady where TensorBoard is not installed."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        raise NotReady("--tensorboard needs TensorBoard; install it with: pip install tensorboard") from error


def _tensorboard(run: Path, first: int) -> Any:
    check_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(run / "tensorboard"), purge_step=first + 1)
