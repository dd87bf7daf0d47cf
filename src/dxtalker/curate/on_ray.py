"""The same work on a Ray cluster: files go through Ray Data, drafts come to lie in the shared folder.

Every node must see the videos and the output folder under the same paths. On a node each task does its files in a
process of its own (local.py), so a file that crashes costs itself there too, and the bytes are the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..errors import BadInput, DxtalkerError, NotReady
from .drafts import Through
from .local import Alive, Outcome, Work, run_local
from .work import Job

FILES = 4  # of one task: loading the models is shared by them
INSTALL = 'pip install "dxtalker[ray]"'


def run_on_ray(
    work: Work, jobs: Sequence[Job], address: str, processes: int = 0, alive: Alive = lambda seconds: None
) -> Iterator[Outcome[Job]]:
    """``run_local`` on the cluster at ``address``: ``auto`` or ``ray://host:port``; ``local`` starts one here.

    ``processes``: how many tasks may run at once; 0 leaves it to the cluster's free cores. Outcomes come as they are
    ready. Raises NotReady without ray, BadInput when there is no cluster at the address.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise NotReady(f"--ray needs {error.name}; install it with: {INSTALL}") from error
    mine = not ray.is_initialized()
    if mine:
        try:
            ray.init(
                address=None if address == "local" else address,
                num_cpus=(processes or None) if address == "local" else None,
                log_to_driver=False,
                logging_level="ERROR",
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            said = " ".join(str(error).split())[:160]
            raise BadInput(
                f"no Ray cluster at {address} ({said}); start one with: ray start --head"
            ) from error
    try:
        yield from _run(ray.data, work, jobs, processes, alive)
    finally:
        if mine:
            ray.shutdown()


def _run(data: Any, work: Work, jobs: Sequence[Job], processes: int, alive: Alive) -> Iterator[Outcome[Job]]:
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = False
    rows = [{"path": str(job.path), "sha256": job.sha256} for job in jobs]
    by_path = {row["path"]: job for row, job in zip(rows, jobs, strict=True)}
    blocks = max(1, -(-len(rows) // FILES))
    some = {"compute": data.TaskPoolStrategy(size=processes)} if processes else {}
    done = data.from_items(rows, override_num_blocks=blocks).map_batches(
        _batch, batch_size=FILES, fn_kwargs={"work": work}, num_cpus=1, **some
    )
    try:
        for row in done.iter_rows():
            result = None if row["failure"] else _through(row)
            alive(result.seconds if result else 0.0)
            yield Outcome(by_path[row["path"]], result, row["failure"], row["trace"])
    except Exception as error:  # Ray wraps what a task raised, more than once
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, DxtalkerError):
                raise NotReady(str(cause)) from error
            cause = cause.__cause__
        raise


def _through(row: dict[str, Any]) -> Through:
    """Numbers come back as numpy's."""
    kinds = {"str": str, "int": int, "float": float}
    return Through(**{entry.name: kinds[str(entry.type)](row[entry.name]) for entry in fields(Through)})


def _batch(batch: dict[str, Any], work: Work) -> dict[str, list[Any]]:
    """What a task does: the columns of its files -> the columns of what became of them."""
    jobs = [Job(Path(str(p)), str(s)) for p, s in zip(batch["path"], batch["sha256"], strict=True)]
    rows = []
    with _without_main():
        for outcome in run_local(work, jobs, 1):
            result = asdict(outcome.result or NOTHING)
            told = {"failure": outcome.failure, "trace": outcome.trace}
            rows.append({"path": str(outcome.job.path), **told, **result})
    return {name: [row[name] for row in rows] for name in rows[0]}


@contextmanager
def _without_main() -> Iterator[None]:
    """A child would run the main program of its parent again, which is Ray's own and takes seconds."""
    main = sys.modules["__main__"]
    hidden = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    try:
        main.__dict__.update(dict.fromkeys(hidden))
        yield
    finally:
        main.__dict__.update(hidden)


NOTHING = Through("", "", 0.0, 0, 0)
