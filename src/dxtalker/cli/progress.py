"""What a user sees while work goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..pipeline import Progress


class Bars:
    """Progress bars on standard error, one a stage; none when it is not a terminal or ``quiet``."""

    def __init__(self, quiet: bool, prefix: str = "") -> None:
        self.off = quiet or not sys.stderr.isatty()
        self.prefix, self.stage, self.bar = prefix, "", None

    def __enter__(self) -> Progress:
        return self.show

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, stage: str, share: float) -> None:
        if self.off:
            return
        from tqdm import tqdm

        if stage != self.stage:
            self.__exit__()
            form = "{l_bar}{bar}| {elapsed}<{remaining}"
            self.bar, self.stage = tqdm(total=1.0, desc=self.prefix + stage, bar_format=form), stage
        if self.bar is not None:
            self.bar.update(share - self.bar.n)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
