"""One process and two: the same command line, one log, one checkpoint, windows of its own in each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch
from safetensors.torch import load_file
from small_task import Batch, config

from dxtalker.errors import BadInput
from dxtalker.train.checkpoint import BEST, LAST
from dxtalker.train.loop import config_fits
from dxtalker.train.machine import Machine

pytestmark = pytest.mark.train
HERE = Path(__file__).parent


def in_two(folder: Path) -> list[dict[str, list]]:
    """What each of two processes tells that are started as torchrun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src")])
    common = os.environ | {
        "PYTHONPATH": paths, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    started = [
        subprocess.Popen(
            [sys.executable, str(HERE / "line_run.py"), str(folder)],
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        told = [process.communicate(timeout=100)[1] for process in started]
        assert [process.returncode for process in started] == [0, 0], "\n".join(told)
    finally:
        for process in started:
            process.kill()
    return [json.loads((folder / f"process_{rank}.json").read_text()) for rank in (0, 1)]


def curve(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").open()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


@pytest.mark.slow
def test_two_processes_are_one_run(tmp_path: Path) -> None:
    first, second = in_two(tmp_path)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert sorted(p.name for p in whole.iterdir()) == [BEST, LAST, "log.jsonl"]
    assert [line["step"] for line in curve(whole)] == [2, 4, 6, 8, 10, 12]
    assert not set(first["drawn"][0]) & set(second["drawn"][0])  # windows of its own
    for process in (first, second):
        assert len(process["drawn"][0]) == 12 and process["drawn"][2] == process["drawn"][0][6:]
    assert "resumed at step 6" in first["said"] and second["said"] == []
    assert curve(broken) == curve(whole)
    a, b = load_file(whole / BEST), load_file(broken / BEST)
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    assert "nan at step 3 with windows of clip_a, clip_b;" in first["errors"][1]
    assert first["errors"] == second["errors"]
    assert (tmp_path / "bad" / "bad_batch_1.safetensors").is_file()


def test_one_process() -> None:
    machine = Machine()
    assert machine.first and machine.rank == 0 and machine.processes == 1
    assert machine.mean({"loss": torch.tensor(2.5), "asked": 1.0}) == {"loss": 2.5, "asked": 1.0}
    assert machine.everyone(["a", "b"]) == ["a", "b"]
    batch = Batch(torch.ones(2, 3), torch.ones(2, 1), ("a",))
    assert machine.to_device(batch).names == ("a",) and machine.describe().startswith("1 x ")
    assert machine.accelerator.mixed_precision == "no" or torch.cuda.is_available()


def test_a_batch_that_cannot_be_shared() -> None:
    class Three(Machine):
        processes = 3

    with pytest.raises(
        BadInput, match="4 windows cannot be shared among 3 processes; give --batch a multiple"
    ):
        config_fits(config(), Three())


def test_several_cpu_processes_that_were_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Machine().note() == ""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert "torchrun --nproc_per_node" in Machine().note()
