"""What a preset hands to the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Runnable:
    """A network as the runtime calls it."""

    module: nn.Module  # in evaluation mode; gives one tensor
    inputs: Mapping[str, Tensor]  # an example of each input by its name, in the order of ``module.forward``
    growing: tuple[str, ...]  # inputs whose second dimension is any number of frames
    output: str  # name of what it gives
    facts: Mapping[str, Any]  # what the runtime must know: format, space, scales
