"""Runs that stop, go on, fail and are refused, with a task of a few numbers."""

from __future__ import annotations

import errno
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch
from safetensors.torch import load_file
from small_task import Batch, LineTask, config
from torch import nn

from dxtalker.errors import BadInput, DxtalkerError
from dxtalker.train.checkpoint import BEST, LAST, open_run, read_checkpoint
from dxtalker.train.loop import draw, rate, train
from dxtalker.train.task import TrainConfig

pytestmark = pytest.mark.train


class Stopped(LineTask):
    """Is asked to stop, as Ctrl-C does, while it works on step ``at``."""

    at = 6
    number = signal.SIGINT

    def loss(self, network: nn.Module, batch: Batch):
        if len(self.seeds) == self.at + 1:
            os.kill(os.getpid(), self.number)
        return super().loss(network, batch)


class Killed(LineTask):
    """Dies at step 9, as if it lost its power: nothing is written then."""

    def loss(self, network: nn.Module, batch: Batch):
        if len(self.seeds) == 10:
            raise MemoryError
        return super().loss(network, batch)


def lines(run: Path) -> list[dict[str, float]]:
    """The log without its clock."""
    read = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read]


def state(run: Path) -> dict[str, object]:
    found = torch.load(run / LAST, weights_only=True)
    found["progress"].pop("seconds")
    return found


def equal(a: object, b: object) -> bool:
    """Bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(equal, a, b))
    return a == b


def go(task: LineTask, run: Path, made: TrainConfig | None = None) -> list[str]:
    said: list[str] = []
    train(task, made or config(), run, said.append)
    return said


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole")
    go(LineTask(), run)
    return run


@pytest.mark.parametrize(("task", "error"), [(Stopped(), KeyboardInterrupt), (Killed(), MemoryError)])
def test_a_resumed_run_is_the_unbroken_run(task: LineTask, error: type, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(error):
        go(task, tmp_path)
    again = LineTask()
    said = go(again, tmp_path)
    assert said[0] == ("resumed at step 7" if error is KeyboardInterrupt else "resumed at step 6")
    assert len(again.seeds) == 12 - int(said[0].split()[-1])
    assert lines(tmp_path) == lines(whole) and len(lines(whole)) == 6
    assert equal(state(tmp_path), state(whole))
    a, b = load_file(tmp_path / BEST), load_file(whole / BEST)
    assert equal(a, b) and a.keys() == b.keys()


def test_sigterm_keeps_the_step_too(tmp_path: Path) -> None:
    task, before = Stopped(), signal.getsignal(signal.SIGTERM)
    task.number = signal.SIGTERM
    with pytest.raises(SystemExit, match="143"):
        go(task, tmp_path)
    assert state(tmp_path)["progress"]["step"] == 7
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_checkpoint_every_few_minutes(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        go(Killed(), tmp_path, config(save_minutes=0))
    assert state(tmp_path)["progress"]["step"] == 9


def test_windows_of_steps_and_processes_are_distinct() -> None:
    drawn = [draw(seed, step, rank) for seed in (1, 2) for step in range(3000) for rank in range(3)]
    assert len(set(drawn)) == len(drawn)


def test_the_rate_rises_and_falls() -> None:
    made = config(100, warm=10, rate=1.0)
    rates = [rate(made, step) for step in range(100)]
    assert rates[0] == 0.1 and max(rates) == rates[9] and 0.1 < rates[-1] < 0.11
    assert sorted(rates[9:], reverse=True) == rates[9:]


def test_no_number_stops_and_names_the_batch(tmp_path: Path) -> None:
    with pytest.raises(DxtalkerError, match="nan at step 8 with windows of clip_a, clip_b;") as caught:
        go(LineTask(bad_from=8), tmp_path)
    assert "\n" not in str(caught.value)
    kept = load_file(tmp_path / "bad_batch_0.safetensors")
    assert kept["x"].shape == (4, 3) and kept["y"].isnan().sum() == 1
    assert state(tmp_path)["progress"]["step"] == 6  # the last good one
    assert all(v.isfinite().all() for v in load_file(tmp_path / BEST).values())
    said = go(LineTask(fingerprint="1 clips, 0001"), tmp_path)  # without the clip at fault
    assert said[0].startswith("the clips differ from the run so far (2 clips, 0000, now 1 clips, 0001)")


def test_gradients_that_are_no_numbers_stop_too(tmp_path: Path) -> None:
    class Steep(LineTask):
        def loss(self, network: nn.Module, batch: Batch):
            error, parts = super().loss(network, batch)
            return error + network[0].weight.sum().sub(network[0].weight.sum().detach()).abs().sqrt(), parts

    with pytest.raises(DxtalkerError, match="the gradient became nan at step 0"):
        go(Steep(), tmp_path)
    assert not (tmp_path / LAST).exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [({"rate": 0.1}, "rate 0.0005, not 0.1; give --rate 0.0005"), ({"steps": 13}, "steps 12, not 13"),
     ({"decay": 0.0}, "decay 0.05, not 0.0; it cannot go on")],
)  # fmt: skip
def test_another_config_is_refused(change: dict[str, float], told: str, whole: Path) -> None:
    before = (whole / LAST).read_bytes()
    with pytest.raises(BadInput, match=f"was started with {told}") as caught:
        go(LineTask(), whole, config(**change))
    assert "\n" not in str(caught.value) and (whole / LAST).read_bytes() == before


def test_a_finished_run_does_nothing(whole: Path) -> None:
    task = LineTask()
    go(task, whole)
    assert task.seeds == []


def test_the_best_mean_is_kept(tmp_path: Path) -> None:
    class Falls(LineTask):
        def validate(self, network: nn.Module) -> dict[str, float]:
            return {"a": 0.5, "b": 1.0 - len(self.seeds) / 100}

    go(Falls(), tmp_path)
    kept = read_checkpoint(tmp_path)
    assert kept.step == 6 and kept.scores == {"a": 0.5, "b": 0.94}
    assert [line["step"] for line in lines(tmp_path) if "b" in line] == [6, 12]


def test_every_process_opens_the_run_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as processes:
        for _ in processes.map(open_run, [tmp_path / "run"] * 200):  # raises what they raise
            pass
    assert list((tmp_path / "run").iterdir()) == []


def test_folders_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInput, match=r"cannot write to .*file: File exists; choose a folder"):
        go(LineTask(), tmp_path / "file")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr("dxtalker.train.loop.open_run", lambda _: None)
    monkeypatch.setattr("dxtalker.train.checkpoint.write_atomically", full)
    with pytest.raises(DxtalkerError, match="No space left on device; free some space"):
        go(LineTask(), run)


def test_files_that_are_no_checkpoints(tmp_path: Path, whole: Path) -> None:
    (tmp_path / LAST).write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"cannot be resumed .* delete it"):
        go(LineTask(), tmp_path)
    for path in (tmp_path / LAST, whole / LAST):
        with pytest.raises(BadInput, match="not a checkpoint"):
            read_checkpoint(path)
    with pytest.raises(BadInput, match=r"has no best\.safetensors; expected a folder"):
        read_checkpoint(tmp_path)
