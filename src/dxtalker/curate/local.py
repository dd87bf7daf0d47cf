"""Work on this machine: a few processes, one file each at a time; a process that dies costs the file it had.

``concurrent.futures`` gives up the whole pool when one process dies, and does not say whose fault it was.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, TypeVar

from ..errors import DxtalkerError, NotReady

J = TypeVar("J")
T = TypeVar("T", contravariant=True)
R = TypeVar("R", covariant=True)

STALL_SECONDS = 900.0  # without a sign of life a file is given up: a piece of a video takes a few minutes
LOADING_SECONDS = 300.0  # that a process may take until it is ready
MEMORY_BYTES = 8 << 30  # of data a process may hold (Linux)
GRACE_SECONDS = 3.0  # for a process to clean up when it is asked to end
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Alive = Callable[
    [float], None
]  # to be called now and then with the seconds of video done since the last call


class Work(Protocol[T, R]):
    """What processes do; it is pickled once for each."""

    def prepare(self) -> None:
        """Load what is needed, once in a process. Raises DxtalkerError when that cannot be."""

    def __call__(self, job: T, alive: Alive, /) -> R:
        """One file. What it raises is a failure of that file."""
        ...


@dataclass(frozen=True)
class Outcome(Generic[J]):
    """A job that is through."""

    job: J
    result: Any = None  # what the work returned
    failure: str = ""  # one line: why there is no result
    trace: str = ""  # for the log


def run_local(
    work: Work,
    jobs: Iterable[J],
    processes: int,
    alive: Alive = lambda seconds: None,
    stall_seconds: float | None = None,  # default STALL_SECONDS
) -> Iterator[Outcome[J]]:
    """Do ``jobs`` in ``processes`` processes; outcomes come as they are ready, in no order.

    No more than ``processes`` jobs are taken at once, and the next is taken when one is through. Leaving the iterator
    ends the processes. Raises what ``work.prepare`` raised, as NotReady.
    """
    waiting = iter(jobs)
    team: list[_Process] = []
    try:
        with _one_thread():
            for job in waiting:
                team.append(_Process(work))
                team[-1].give(job)
                if len(team) == processes:
                    break
        while any(one.job is not None for one in team):
            wait([one.pipe for one in team if one.job is not None], timeout=1.0)
            for place, one in enumerate(team):
                outcome = one.hear(alive, stall_seconds or STALL_SECONDS)
                if outcome is None:
                    continue
                yield outcome
                for job in waiting:
                    if not one.usable:
                        with _one_thread():
                            team[place] = one = _Process(work)
                    one.give(job)
                    break
    finally:
        for one in team:
            one.dismiss()
        for one in team:
            one.end()


class _Process:
    """A child, and what it was given."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        with _deaf():
            self.process.start()
        theirs.close()
        self.job: Any = None
        self.usable = True
        self.ready = False  # whether what it needs is loaded
        self._heard = time.monotonic()

    def give(self, job: Any) -> None:
        self.job, self._heard = job, time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):  # found out when listening
            self.pipe.send(job)

    def hear(self, alive: Alive, stall_seconds: float) -> Outcome[Any] | None:
        """What became of the job, if it is through."""
        if self.job is None:
            return None
        try:
            while self.pipe.poll():
                kind, *told = self.pipe.recv()
                self._heard = time.monotonic()
                if kind == "alive":
                    alive(told[0])
                elif kind == "ready":
                    self.ready = True
                elif kind == "unusable":
                    raise NotReady(told[0])
                else:
                    return self._through(*told)
        except (EOFError, ConnectionResetError, BrokenPipeError):
            return self._died()
        if time.monotonic() - self._heard > (stall_seconds if self.ready else LOADING_SECONDS):
            self.dismiss()
            self.end()
            self.usable = False
            return self._through(
                None, f"nothing was heard of it for {stall_seconds:.0f} s, and it was stopped", ""
            )
        return None

    def _through(self, result: Any, failure: str, trace: str) -> Outcome[Any]:
        job, self.job = self.job, None
        return Outcome(job, result, failure, trace)

    def _died(self) -> Outcome[Any]:
        self.process.join(GRACE_SECONDS)
        self.usable = False
        code = self.process.exitcode
        how = f"with exit code {code}" if code is None or code >= 0 else f"by {_signal_name(-code)}"
        if not self.ready:
            raise NotReady(
                f"the processes that do the work end {how} before they begin; run: dxtalker doctor"
            )
        return self._through(None, f"the process that worked on it ended {how}", "")

    def dismiss(self) -> None:
        """Ask it to end."""
        with suppress(OSError):
            self.pipe.close()
        if self.process.is_alive():
            self.process.terminate()

    def end(self) -> None:
        self.process.join(GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(GRACE_SECONDS)


def _signal_name(number: int) -> str:
    name = next((entry.name for entry in signal.Signals if entry.value == number), f"signal {number}")
    return f"{name}, for want of memory perhaps" if name == "SIGKILL" else name


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started in here does not hear Ctrl-C, not even before it can say so: the parent ends it."""
    if sys.platform == "win32":
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the child inherits this
    # Another thread may be the one that is told, and Python would still raise here: half a child would be written.
    told: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, frame: told.append(number)) if main else None
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if main:
            signal.signal(signal.SIGINT, handler)
    if told:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is started in here computes with one thread: figures then do not depend on the number of cores."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(pipe: Connection, work: Work) -> None:
    """What a child does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and tells us
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_memory()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, OSError):
        try:
            work.prepare()
            pipe.send(("ready",))
            while True:
                job = pipe.recv()
                pipe.send(("through", *_done(work, job, lambda seconds: pipe.send(("alive", seconds)))))
        except DxtalkerError as error:
            pipe.send(("unusable", str(error)))


def _done(work: Work, job: Any, alive: Alive) -> tuple[Any, str, str]:
    try:
        return work(job, alive), "", ""
    except (BrokenPipeError, ConnectionResetError, NotReady):  # no fault of the file
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        return None, f"{type(error).__name__}: {said}"[:300], traceback.format_exc()


def _leave(*_: object) -> None:
    raise SystemExit(143)  # so that half-written files are taken away


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(143)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):
            _, most = resource.getrlimit(resource.RLIMIT_DATA)
            limit = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
            resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
