"""Baselines learn what can be heard, from what was tracked alone; models keep their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.evaluate.clips import ScoredClip
from dxtalker.evaluate.systems import FIRST, OURS, REFERENCE, Guess, Takes, baselines, labels, load_models
from dxtalker.face.head_file import load_head
from dxtalker.files import asset
from dxtalker.records import ARKIT_INDEX, MOUTH, SpeechFeatures, Waveform
from dxtalker.speech import listen

JAW, BROW = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["browInnerUp"]


def clip(seed: int, width: int = 24, frames: int = 200) -> ScoredClip:
    """Jaw, opening and pitch of the head are linear in the first feature; the brows stay raised."""
    rng = np.random.default_rng(seed)
    content = rng.normal(size=(frames, width)).astype(np.float32)
    level = 0.3 + 0.05 * content[:, 0]
    curves, rotation = np.zeros((frames, 52), np.float32), np.zeros((frames, 3), np.float32)
    curves[:, JAW], curves[:, BROW], rotation[:, 0] = level, 0.4, level / 10
    loud, zeros = np.full(frames, -20, np.float32), np.zeros(frames, np.float32)
    return ScoredClip(
        name=str(seed),
        corpus="made",
        features=SpeechFeatures(content, loud, zeros, zeros),
        mel=rng.normal(size=(frames, 80)).astype(np.float32),
        truth=30 * level,
        curves=curves,
        rotation=rotation,
        covered=np.ones(55, np.float32),
        met=np.zeros(frames, np.float32),
    )


@pytest.mark.parametrize("width", [24, 72])
def test_the_encoder_probe_hears_opening_curves_and_head(width: int) -> None:
    found = baselines([clip(s, width) for s in range(4)])
    heard, asked = found[REFERENCE](clip(9, width)), clip(9, width)
    for guess, truth in (
        (heard.opening, asked.truth),
        (heard.curves[:, JAW], asked.curves[:, JAW]),
        (heard.rotation[:, 0], asked.rotation[:, 0]),
    ):
        assert np.corrcoef(guess, truth)[0, 1] > 0.95
    still = found["constant pose"](asked)
    assert np.ptp(still.curves, axis=0).max() == 0 and still.opening[0] == pytest.approx(9, abs=0.2)
    assert list(found) == ["constant pose", "loudness", "log-mel probe", REFERENCE]


def test_what_a_corpus_did_not_track_pulls_no_probe() -> None:
    covered = np.zeros(55, np.float32)
    covered[MOUTH] = 1
    blank = clip(1)
    blank = replace(blank, covered=covered, curves=blank.curves * covered[:52], rotation=blank.rotation * 0)
    found = baselines([clip(0), blank])
    assert found[REFERENCE](clip(9)).curves[:, BROW] == pytest.approx(0.4, abs=0.01)
    assert found["constant pose"](clip(9)).rotation[0, 0] == pytest.approx(0.03, abs=0.001)


def test_labels_are_the_truth_on_our_rig() -> None:
    head, asked = load_head(), clip(1)
    guess = labels(head)(asked)
    assert (guess.curves == asked.curves).all() and (guess.opening == head.opening(asked.curves)).all()


def test_the_mean_of_takes_is_the_mean_of_their_openings() -> None:
    def take(value: float) -> Guess:
        return Guess(np.full(5, value), np.full((5, 52), value), np.full((5, 3), value))

    mean = Takes((take(0.0), take(1.0)), ()).mean()
    assert (mean.opening == 0.5).all() and (mean.curves == 0.5).all() and (mean.rotation == 0.5).all()


def test_models_are_called_by_their_files() -> None:
    head, packaged = load_head(), asset("generator.onnx")
    (one,) = load_models([], head, 1)
    assert one.name == OURS and FIRST.startswith(OURS)
    assert [m.name for m in load_models([packaged, packaged], head, 1)] == [OURS, "generator"]
    with pytest.raises(BadInput, match="not a dxtalker generator"):
        load_models([Path(__file__)], head, 1)


def test_a_model_makes_each_take_from_its_own_seed(demo_wave: Waveform) -> None:
    (model,) = load_models([], load_head(), 2)
    asked = replace(clip(1), features=listen(demo_wave).cut(0, 60))
    takes = model(asked)
    assert not np.array_equal(takes.raw[0].curves, takes.raw[1].curves)
    assert np.array_equal(takes.raw[0].curves, model(asked).raw[0].curves)
    assert list(model.guesses(takes)) == [FIRST, "ours, mean of 2 takes, raw", "ours, one take, finished"]
