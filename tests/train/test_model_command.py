"""The card of a run, ``model export`` and ``model show``, and the refusals of ``train``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch
from small_task import LineTask
from torch import nn

from dxtalker.cli import main
from dxtalker.errors import BadInput, NotReady
from dxtalker.motion.sampler import Generator
from dxtalker.motion.style import STYLE
from dxtalker.records import ARKIT_NAMES
from dxtalker.speech.encoder import WIDTH as CONTENT
from dxtalker.train.card import card
from dxtalker.train.checkpoint import BEST, Progress, read_checkpoint, read_last, save_best, save_last
from dxtalker.train.command import make_config
from dxtalker.train.network import CHANNELS, Network, NetworkConfig
from dxtalker.train.paper.config import PaperConfig
from dxtalker.train.presets import preset_config
from dxtalker.train.run_log import RunLog, check_tensorboard, span
from dxtalker.train.show import model_lines
from dxtalker.train.small import SmallConfig
from dxtalker.train.task import Source, TrainConfig, Wishes

pytestmark = pytest.mark.train
TINY = SmallConfig(network=NetworkConfig(width=16, layers=1, heads=2))
SOURCES = [
    Source("grid", "faces", 12, 90.0, {"CC BY 4.0": 10, "CC0": 2}),
    Source("readers", "voices without a face", 3, 30.0),
    Source("others", "chose the step", 4, 60.0, {"CC0": 4}),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose network has its first weights."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    facts = {
        "step": 200, "scores": {"others": 0.75}, "config": asdict(TINY), "seconds": 200, "machine": "1 x cpu",
        "sources": [asdict(s) for s in SOURCES], "task": {"conditions": ["style"]},
    }  # fmt: skip
    constants = {
        "content_mean": torch.zeros(CONTENT), "content_std": torch.ones(CONTENT),
        "motion_mean": torch.zeros(CHANNELS), "motion_std": torch.ones(CHANNELS),
        "style_mean": torch.zeros(len(STYLE)), "style_std": torch.ones(len(STYLE)),
    }  # fmt: skip
    save_best(folder, Network(TINY.network), constants, facts)
    return folder


def test_export_and_show(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dxtalker.train.export.MOST_BYTES", 100_000)
    main(["model", "export", str(run / BEST), "-o", str(tmp_path / "my.onnx"), "--name", "mine"])
    assert "MB; a model that ships has at most 0.1" in capsys.readouterr().err
    assert Generator(tmp_path / "my.onnx", threads=1).name.startswith("mine ")
    main(["model", "show", str(tmp_path / "my.onnx")])
    told = {line[:12].strip(): line[12:] for line in capsys.readouterr().out.splitlines()}
    count = sum(p.numel() for p in Network(TINY.network).parameters())
    assert told["parameters"] == f"{count:,}" and told["steps"] == "200 of 2400" and told["space"] == "arkit"
    assert told["scores"] == "others 0.750" and told["name"].startswith("mine ") and told["seed"] == "1"
    assert "grid (12 clips, 1.5 min, faces)" in told["trained on"]


def test_the_packaged_model_is_shown() -> None:
    told = "\n".join(model_lines(None))
    assert "name        dxtalker" in told and "size" in told and len(ARKIT_NAMES) == 52


def test_the_card_has_every_fact(run: Path) -> None:
    text = card(read_checkpoint(run), 4_000_000)
    for fact in (
        "| grid | faces | 12 | 1.5 | CC BY 4.0 (10 clips), CC0 (2 clips) |",
        "| readers | voices without a face | 3 | 0.5 | not stated in the data |",
        "| others | 0.750 |", "seed 1", "after 3 min of training on 1 x cpu", "4.0 MB",
        "The licences of readers are not stated", "chosen on others", '"weights": {',
    ):  # fmt: skip
        assert fact in text
    assert "TODO" not in text and "None" not in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["model", "export", "{tmp}", "-o", "{tmp}/m.onnx"], "has no best.safetensors; expected a folder"),
        (["model", "export", "{run}", "-o", "{tmp}/m.txt"], "does not end in .onnx"),
        (["model", "export", "{run}", "-o", "{tmp}/no/m.onnx"], "does not exist"),
        (["model", "show", "{run}/best.safetensors"], "is not a model of dxtalker"),
        (["model", "show", "{tmp}/none.onnx"], "there is no such file"),
        (
            ["train", "{tmp}", "-o", "{tmp}/r", "--preset", "huge"],
            "there is no preset 'huge'; expected small",
        ),
        (["train", "{tmp}", "-o", "{tmp}/r", "--batch", "0"], "batch is 0; expected at least 1"),
        (["train", "{tmp}", "-o", "{tmp}/r", "--rate", "nan"], "rate is nan; expected more than 0"),
        (
            ["train", "{tmp}", "-o", "{tmp}/r", "--content", "packaged"],
            "--content belongs to the preset paper, not to small; leave it out, or give --preset paper",
        ),
        (
            [
                "train",
                "{tmp}",
                "-o",
                "{tmp}/r",
                "--preset",
                "paper",
                "--content",
                "packaged",
                "--voices",
                "{tmp}",
            ],
            "the preset paper learns from faces alone; leave out --voices and --phones",
        ),
    ],
)
def test_refusals_are_one_line(
    arguments: list[str], told: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([a.format(tmp=tmp_path, run=run) for a in arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and told in said and said.count("\n") == 1 and said.startswith("dxtalker: ")


def test_the_command_line_overrides_the_preset() -> None:
    assert make_config("small", Wishes()) == preset_config("small")
    made = make_config("small", Wishes(10, 4, 0.1, 7))
    assert (made.steps, made.batch, made.rate, made.seed) == (10, 4, 0.1, 7)
    with pytest.raises(BadInput, match="steps is 0; expected at least 1"):
        make_config("small", Wishes(steps=0))


def test_the_preset_paper_on_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[TrainConfig] = []
    monkeypatch.setattr("dxtalker.train.command.run_training", lambda *given: made.append(given[2]))
    paper = ["train", str(tmp_path), "-o", str(tmp_path / "r"), "--preset", "paper"]
    main(paper)
    main(
        [
            *paper,
            "--content",
            "packaged",
            "--emotion",
            "a/b",
            "--revision",
            "0ff",
            "--flame",
            "f.pkl",
            "--seed",
            "1",
        ]
    )
    plain, told = made
    assert plain == preset_config("paper") and plain.seed == 1234
    wanted = PaperConfig(content="packaged", emotion="a/b", revision="0ff", flame="f.pkl", seed=1)
    assert told == wanted


def test_another_config_says_which_option_goes_on(tmp_path: Path) -> None:
    kept = PaperConfig(content="packaged")
    save_last(tmp_path, kept, Progress(), {})
    assert read_last(tmp_path, kept)
    with pytest.raises(BadInput, match=r"with content packaged, not a/b; give --content packaged to go on"):
        read_last(tmp_path, replace(kept, content="a/b"))
    with pytest.raises(BadInput, match=r"with flame none, not f.pkl; leave out --flame to go on"):
        read_last(tmp_path, replace(kept, flame="f.pkl"))


def test_the_log_says_the_time_left_and_cuts_what_is_repeated(tmp_path: Path) -> None:
    said: list[str] = []
    log = RunLog(tmp_path, 0, 100, said.append, False)
    for step in (20, 40):
        log.write(step, {"loss": 1.0}, {"made": 0.5} if step == 40 else {}, 1.0)
    log.write(60, {"loss": float("nan")}, {}, 1.0)
    with (tmp_path / "log.jsonl").open("a") as stream:
        stream.write('{"step": 80, "lo')  # killed here
    assert said[-1].startswith("step 40 of 100: loss 1.000, made 0.500, ") and said[-1].endswith(" left")
    RunLog(tmp_path, 40, 100, said.append, False)
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").open()] == [20, 40]
    assert [span(s) for s in (5, 600, 7300)] == ["5 s", "10 min", "2 h 2 min"]


def test_tensorboard_is_optional(tmp_path: Path) -> None:
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        with pytest.raises(NotReady, match="pip install tensorboard"):
            check_tensorboard()
        return
    RunLog(tmp_path, 0, 4, lambda _: None, True).write(2, {"loss": 1.0}, {"made": 0.5}, 1.0)
    assert list((tmp_path / "tensorboard").iterdir())


def test_a_checkpoint_of_another_version_is_said(run: Path, tmp_path: Path) -> None:
    kept = read_checkpoint(run)
    facts = {"step": 1, "scores": {}, "config": kept.config, **kept.facts}
    save_best(tmp_path, nn.Linear(2, 2), LineTask().constants, facts)
    with pytest.raises(SystemExit, match="2"):
        main(["model", "export", str(tmp_path), "-o", str(tmp_path / "m.onnx")])
