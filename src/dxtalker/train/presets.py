"""The one place where a preset's name chooses its config, its task and how it is exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import BadInput
from .checkpoint import Checkpoint
from .runnable import Runnable
from .task import Request, Task, TrainConfig

PRESETS = ("small", "paper")


def preset_config(name: str) -> TrainConfig:
    """The config of preset ``name``. Raises BadInput for another name."""
    if name == "small":
        from .small import SmallConfig

        return SmallConfig()
    if name == "paper":
        from .paper.config import PaperConfig

        return PaperConfig()
    raise BadInput(f"there is no preset {name!r:.40}; expected {' or '.join(PRESETS)}")


def preset_task(request: Request, config: TrainConfig, say: Callable[[str], None]) -> Task:
    """What ``config`` trains, made from what the user gave; torch is seeded."""
    from .paper.config import PaperConfig
    from .small import SmallConfig, load_small

    if isinstance(config, PaperConfig):
        from .paper.preset import load_paper

        return load_paper(request, config, say)
    if isinstance(config, SmallConfig):
        return load_small(request, config, say)
    raise BadInput(f"there is no task for the preset {config.preset!r:.40}")


def preset_runnable(checkpoint: Checkpoint) -> Runnable:
    """What of ``checkpoint`` becomes an onnx file."""
    name: Any = checkpoint.config.get("preset")
    preset_config(name)
    if name == "paper":
        from .paper.model import paper_runnable

        return paper_runnable(checkpoint)
    from .small import small_runnable

    return small_runnable(checkpoint)
