"""The whole comparison runs on clips made from our own rig."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import write_clip

from dxtalker.data.ridge import around, fit_ridge
from dxtalker.errors import BadInput
from dxtalker.evaluate.command import Request, run_evaluation
from dxtalker.evaluate.tables import POOLED
from dxtalker.face.head_file import load_head
from dxtalker.files import asset

RNG = np.random.default_rng(0)
SYSTEMS = (
    "labels on our rig",
    "constant pose",
    "loudness",
    "log-mel probe",
    "encoder probe",
    "ours, one take, raw",
)


def test_ridge_finds_a_linear_law_with_context() -> None:
    features = [RNG.normal(size=(400, 5)).astype(np.float32) for _ in range(3)]
    law = RNG.normal(size=(15, 2)).astype(np.float32)
    targets = [around(f, 1) @ law + 3 for f in features]
    ridge = fit_ridge(features, targets, [1.0, 2.0, 0.5], 1, 1e-6)
    assert np.abs(ridge(features[0]) - targets[0]).max() < 0.05


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root, head = tmp_path_factory.mktemp("corpora"), load_head()
    for number in range(3):
        write_clip(root / "fitted", f"a{number}", head, seed=number)
    write_clip(root / "scored", "b", head, seed=5, fps=30.0)
    return root / "fitted", root / "scored"


@pytest.fixture(scope="module")
def done(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict, str]:
    """Text, JSON and page of one evaluation with everything in it."""
    (fitted, scored), root = folders, tmp_path_factory.mktemp("out")
    (root / "run").mkdir()
    shutil.copy(asset("generator.onnx"), root / "run/model.onnx")
    shutil.copy(asset("generator.onnx"), root / "first.onnx")
    phones = {"b": {"phones": [[0.2, 0.3, "P"], [0.5, 0.8, "AA1"]]}}
    (root / "phones.json").write_text(json.dumps(phones))
    request = Request(
        (root / "run", scored, fitted),
        probes=(fitted,),
        hold_out=("a0",),
        only=("a0", "b"),
        models=(root / "first.onnx",),
        takes=2,
        phones=(root / "phones.json",),
        cache=root,
        output=root / "table.json",
        report=root / "page.html",
    )
    text = run_evaluation(request, lambda _: None)
    return text, json.loads((root / "table.json").read_text()), (root / "page.html").read_text()


def test_every_system_is_in_the_table(done: tuple[str, dict, str]) -> None:
    text, found, page = done
    rows = found["scores"]["scored"]
    for system in (
        *SYSTEMS,
        "ours, mean of 2 takes, raw",
        "ours, one take, finished",
        "first, one take, raw",
    ):
        assert system in rows and system in text and system in page
    assert rows["constant pose"]["correlation"] == 0 and rows["constant pose"]["best_lag_ms"] is None
    # The made jaw follows loudness: whoever hears must do better than who does not.
    assert rows["loudness"]["correlation"] > 0.3 and rows["ours, mean of 2 takes, raw"]["correlation"] > 0.2
    perfect = rows["labels on our rig"]
    assert perfect["correlation"] > 0.95 and perfect["mve_mm"] == 0 and perfect["frechet_mouth_mm2"] < 1e-6
    assert rows["ours, one take, raw"]["mve_mm"] > 0 and rows["ours, one take, raw"]["phones_closed"] == 1


def test_differences_are_paired_with_the_encoder_probe(done: tuple[str, dict, str]) -> None:
    for rows in done[1]["scores"].values():
        ours, probe = rows["ours, one take, raw"], rows["encoder probe"]
        assert ours["difference"] == pytest.approx(ours["correlation"] - probe["correlation"])
        low, high = ours["intervals"]["difference"]
        assert low <= ours["difference"] <= high and probe["intervals"]["difference"] == [0, 0]


def test_corpora_are_pooled(done: tuple[str, dict, str]) -> None:
    found = done[1]
    assert list(found["scores"]) == ["scored", "fitted", POOLED]
    one, other, both = (found["scores"][c]["loudness"]["correlation"] for c in found["scores"])
    frames = found["seconds"]["scored"], found["seconds"]["fitted"]
    assert both == pytest.approx(np.average([one, other], weights=frames))
    assert len(found["clip_correlation"][POOLED]) == 2 and set(found["takes"][POOLED]) == {"ours", "first"}


def test_the_same_model_twice_is_the_same(done: tuple[str, dict, str]) -> None:
    rows = done[1]["scores"]["scored"]
    assert rows["ours, one take, raw"] == rows["first, one take, raw"]


def test_the_page_is_whole_and_names_its_masks(done: tuple[str, dict, str]) -> None:
    _, found, page = done
    assert "<script" not in page and not re.search(r"(?:src|href)=.(?!data:)", page)
    assert page.count("<svg") >= 6 and "data:image/png" in page
    for mask in found["masks"].values():
        assert mask["sha256"] in page


def test_refusals(folders: tuple[Path, Path], tmp_path: Path) -> None:
    fitted, scored = folders

    def run(request: Request) -> None:
        run_evaluation(request, lambda _: None)

    with pytest.raises(BadInput, match="fitted to"):
        run(Request((fitted,), (fitted,), takes=1, cache=tmp_path))
    with pytest.raises(BadInput, match="no clip is left"):
        run(Request((fitted,), only=("none",), takes=1, cache=tmp_path))
    with pytest.raises(BadInput, match="expected 1 to 64"):
        run(Request((scored,), takes=0))
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(BadInput, match="no clips were given"):
        run(Request((tmp_path,)))
    with pytest.raises(BadInput, match="not a dxtalker generator"):
        run(Request((tmp_path, scored)))
    with pytest.raises(BadInput, match="called 'x'"):
        run(Request((scored,), models=(tmp_path / "model.onnx", tmp_path / "x.onnx", tmp_path / "y/x.onnx")))
