"""Ctrl-C and SIGTERM end a run after the step at hand, so that it is kept."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN = 1.0  # seconds after which a second Ctrl-C is meant: launchers pass the first one on


class Stop:
    """Whether the run was asked to end, and by what."""

    def __init__(self) -> None:
        self.signal = 0
        self.at = 0.0

    def __call__(self, number: int, _: object) -> None:
        if number == signal.SIGINT and self.signal and time.monotonic() - self.at > AGAIN:
            raise KeyboardInterrupt
        self.signal, self.at = self.signal or number, self.at or time.monotonic()

    @property
    def asked(self) -> bool:
        return self.signal != 0

    def end(self) -> None:
        """Raise what the signal would have raised."""
        if self.signal == signal.SIGTERM:
            raise SystemExit(143)
        raise KeyboardInterrupt


@contextmanager
def stopping() -> Iterator[Stop]:
    """Signals are kept until they are looked at; outside of the main thread they are left as they are."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
