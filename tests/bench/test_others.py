"""The bench of other packages: what they say becomes curves, and what is missing is said in one line."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import others  # noqa: E402  # bench/ is no package
import others_shapes as shapes  # noqa: E402
from dxtalker.errors import BadInput  # noqa: E402
from dxtalker.evaluate.clips import ScoredClip  # noqa: E402
from dxtalker.face.head_file import load_head  # noqa: E402
from dxtalker.face.visemes import OCULUS  # noqa: E402
from dxtalker.records import ARKIT_INDEX, SpeechFeatures, Waveform  # noqa: E402
from dxtalker.speech import listen  # noqa: E402
from others_figures import figures  # noqa: E402


def test_a_cue_is_its_shape_in_its_middle_and_half_of_it_where_it_begins() -> None:
    weights = shapes.from_cues([(0.0, 0.4, "X"), (0.4, 0.8, "D"), (0.8, 1.0, "A")], 25, 0.08)
    assert weights[15, OCULUS.index("aa")] == 1
    np.testing.assert_allclose(weights[10, [OCULUS.index("sil"), OCULUS.index("aa")]], 0.5, atol=0.02)
    assert weights[24, OCULUS.index("PP")] == 1
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_a_closure_of_40_ms_is_whole_when_cut_and_half_when_faded() -> None:
    cues = [(0.0, 0.39, "D"), (0.39, 0.43, "A"), (0.43, 1.0, "D")]
    cut, faded = (shapes.from_cues(cues, 25, fade)[:, OCULUS.index("PP")] for fade in (0.0, 0.08))
    assert cut[10] == 1 and cut.sum() == 1
    assert faded.max() == pytest.approx(0.5, abs=0.02)


def test_of_cues_that_overlap_the_later_counts_and_gaps_are_rest() -> None:
    weights = shapes.from_cues([(0.2, 0.8, "D"), (0.6, 0.8, "A")], 40, 0.08)
    assert OCULUS[weights[10].argmax()] == "aa"
    assert OCULUS[weights[17].argmax()] == "PP"
    assert OCULUS[weights[0].argmax()] == OCULUS[weights[30].argmax()] == "sil"


def test_a_shape_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="'Q' is no mouth shape"):
        shapes.from_cues([(0.0, 1.0, "Q")], 25, 0.08)


def test_frames_of_another_rate_keep_their_time() -> None:
    weights = np.zeros((60, 2), np.float32)
    weights[:, 1] = np.arange(60) / 60
    found = shapes.from_frames(["viseme_sil", "viseme_O"], weights, 60, 25)
    np.testing.assert_allclose(found[:24, OCULUS.index("O")], np.arange(24) / 25, atol=1e-6)
    with pytest.raises(BadInput, match="viseme"):
        shapes.from_frames(["viseme_sil", "smile"], weights, 60, 25)


@pytest.mark.parametrize("title", list(shapes.recipes()))
def test_recipes_open_the_mouth_for_aa_and_shut_it_for_p(title: str) -> None:
    opening = dict(zip(OCULUS, load_head().opening(shapes.recipes()[title]), strict=True))
    assert opening["aa"] > 5 > 1 > opening["PP"]
    assert abs(opening["sil"]) < 0.01


def test_the_jaw_follows_loudness_and_not_gain() -> None:
    samples = np.zeros(32000, np.float32)
    samples[16000:] = np.random.default_rng(0).normal(size=16000) * 0.1
    curves = shapes.loudness_jaw(samples, 16000, 50)
    jaw = curves[:, ARKIT_INDEX["jawOpen"]]
    assert jaw[:24].max() == 0 and jaw[27:48].min() > 0.25
    np.testing.assert_allclose(shapes.loudness_jaw(samples * 7, 16000, 50), curves, atol=1e-5)


def test_sentences_of_grid_are_read_from_names() -> None:
    assert others.sentence("id2_vcd_swwp2s") == "set white with p two soon"
    assert others.sentence("address_a") == ""


def test_words_and_phones_of_the_demo() -> None:
    text, phones = others.spoken(Path(__file__).parents[1] / "data/demo.phone.json")
    assert text.startswith("had he married a more") and "sil" not in text
    assert {"HH", "AE", "M"} <= {p.name for p in phones}
    with pytest.raises(BadInput, match="phone times"):
        others.spoken(BENCH / "others/package.json")


def test_a_line_cut_off_by_a_stop_is_asked_again_but_others_must_be_whole(tmp_path: Path) -> None:
    kept = tmp_path / "rhubarb.jsonl"
    whole = json.dumps({"clip": "a", "seconds": 1.0, "cues": [[0, 1, "D"]]})
    kept.write_text(f'{{"package": "x"}}\n{whole}\n{whole[:20]}')
    assert list(others.read_found(kept)) == ["a"]
    assert OCULUS[others.weights_of(others.read_found(kept)["a"], 25, 0.08)[12].argmax()] == "aa"
    kept.write_text(f"{whole[:20]}\n{whole}\n")
    with pytest.raises(BadInput, match=r"rhubarb\.jsonl:1"):
        others.read_found(kept)


def filmed(truth: np.ndarray) -> others.Said:
    """A clip whose film shows ``truth`` (T,) mm."""
    blank = SpeechFeatures(
        *(np.zeros((len(truth), n) if n else len(truth), np.float32) for n in (1, 0, 0, 0))
    )
    zeros = np.zeros((len(truth), 55), np.float32)
    clip = ScoredClip(
        "c", "film", blank, zeros, truth, zeros[:, :52], zeros[:, :3], zeros[0], truth, ()
    )  # fmt: skip
    return others.Said("c", "film", Waveform(np.zeros(16000, np.float32)), "", blank, clip)


def test_a_constant_delay_and_another_size_are_told_and_not_held_against_anyone() -> None:
    steps = np.random.default_rng(2).normal(size=260)
    smooth = np.convolve(steps, np.hanning(7), mode="same").astype(np.float32)
    one, late = filmed(smooth[10:]), 3 * smooth[:-10]  # 0.4 s late, three times as large
    found = figures(others.Row("x", {"c": late}), [one])
    assert found["best lag ms"] == 400 and found["R there"] > 0.95 > 0.5 > found["R"]
    assert found["amplitude"] == pytest.approx(3, rel=0.1)
    assert figures(others.Row("x", {"c": 3 * smooth[10:]}), [one])["error mm, rescaled"] < 1e-5
    assert "| x | " in others.as_text(
        others.tables([others.Row("x", {"c": late})], [one]), [others.Row("x", {})]
    )


def said() -> others.Said:
    wave = Waveform(np.random.default_rng(1).normal(size=16000).astype(np.float32) * 0.05)
    return others.Said("s", "phones", wave, "", listen(wave))


def test_a_package_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(BadInput, match=r"wawa-lipsync is not in .*; see bench/others"):
        others.run_package("wawa", [said()], tmp_path, tmp_path, False)


def test_without_node_one_line_and_exit_code_2(tmp_path: Path) -> None:
    data = Path(__file__).parents[1] / "data"
    command = [sys.executable, str(BENCH / "others.py"), "--said", str(data / "demo.phone.json")]
    done = subprocess.run(
        [*command, str(data / "austen_0870.flac"), "--keep", str(tmp_path)],
        env={"PATH": str(tmp_path), "PYTHONPATH": ":".join(p for p in sys.path if p)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: node is not installed")
    assert "Traceback" not in done.stderr


def test_kept_answers_are_scored_without_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, head = said(), load_head()
    for which in others.PACKAGES:
        package = tmp_path / "node_modules" / others.PACKAGES[which]
        package.mkdir(parents=True, exist_ok=True)
        (package / "package.json").write_text("{}")
        line = {"clip": "s", "seconds": 0.5, "cues": [[0.2, 0.8, "D"]]}
        (tmp_path / f"{which}.jsonl").write_text(json.dumps(line) + "\n")
    monkeypatch.setattr(others.shutil, "which", lambda name: f"/usr/bin/{name}")
    options = argparse.Namespace(packages=tmp_path, ask=list(others.PACKAGES), text=False)
    rows = others.package_rows([one], head, options, tmp_path, lambda text: None)
    assert len(rows) == (len(others.PACKAGES) + 1) * len(shapes.recipes())  # Rhubarb's cut and cross-faded
    assert all(row.times_real_time == pytest.approx(2.0) for row in rows)
    assert rows[0].openings["s"][12] > 5 > 0.5 > abs(rows[0].openings["s"][0])
