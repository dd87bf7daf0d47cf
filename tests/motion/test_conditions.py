from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.motion.conditions import EMOTION, Guidance, ask, emotion_of, join_conditions
from dxtalker.motion.perform import Performer, generate
from dxtalker.motion.sampler import Generator
from dxtalker.motion.style import STYLE
from dxtalker.records import SpeechFeatures


def test_an_emotion_is_said_in_words() -> None:
    row = emotion_of("happy:0.8, arousal:-0.5")
    assert row[EMOTION.index("happy")] == np.float32(0.8) and row[EMOTION.index("sad")] == 0
    assert row[EMOTION.index("arousal")] == -0.5 and np.isnan(row[EMOTION.index("valence")])
    assert emotion_of("sad")[EMOTION.index("sad")] == 1
    assert np.isnan(emotion_of("unknown")).all() and np.isnan(emotion_of("valence:0.1")[:8]).all()


@pytest.mark.parametrize(
    "words", ["joyful", "happy:much", "happy:1.1", "sad:-0.1", "arousal:-2", "happy:nan"]
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(BadInput, match=f"'{words}' is no emotion; expected words as in happy:0.8"):
        emotion_of(words)


@given(st.integers(1, 50), st.lists(st.integers(0, 50), max_size=4))
def test_pieces_join_to_the_whole(frames: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(frames)
    turn = np.where(rng.random((frames, 3)) < 0.5, np.nan, 0.3)
    whole = ask(frames, emotion_of("sad"), rng.normal(size=(frames, len(STYLE))), turn)
    edges = [0, *sorted(min(c, frames) for c in cuts), frames]
    again = join_conditions([whole.cut(a, b) for a, b in itertools.pairwise(edges)])
    for name in ("emotion", "style", "rotation"):
        assert getattr(again, name).tobytes() == getattr(whole, name).tobytes()


def test_only_what_is_asked_for_counts() -> None:
    assert ask(4).asked == ()
    assert ask(4, style=np.zeros(len(STYLE)), rotation=np.full((4, 3), np.nan)).asked == ("style",)
    assert Guidance().changed == {} and Guidance(past=0.5, sound=1).changed == {"past": 0.5}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"emotion": np.zeros(8)}, r"emotion has shape \(8,\); expected \(10,\) or \(5, 10\)"),
        ({"rotation": np.zeros((4, 3))}, r"rotation has shape \(4, 3\)"),
        ({"rotation": np.full(3, 2.0)}, "expected radians within 1.6"),
        ({"emotion": np.full(10, -0.5)}, "emotion is out of range; expected weights 0 to 1"),
        ({"style": np.full(len(STYLE), np.inf)}, "style holds infinite values"),
    ],
)
def test_impossible_wishes_are_refused(wrong: dict, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        ask(5, **wrong)


@pytest.mark.parametrize("wrong", [{"sound": -0.1}, {"past": 5.5}, {"emotion": float("nan")}])
def test_impossible_guidance_is_refused(wrong: dict) -> None:
    with pytest.raises(BadInput, match="expected 0 to 5, 1 is as trained"):
        Guidance(**wrong)


def test_what_a_model_does_not_know_is_refused() -> None:
    generator = Generator(threads=1)
    generator.conditions = ("style",)
    frames = 10
    features = SpeechFeatures(
        np.zeros((frames, 1024), np.float32), *(np.zeros(frames, np.float32) for _ in range(3))
    )
    with pytest.raises(
        BadInput, match=r"was not trained on emotion as a condition \(it knows style\); leave it out"
    ):
        generate(features, generator, conditions=ask(frames, emotion_of("happy")))
    with pytest.raises(BadInput, match="conditions have 9 frames; expected the 10 of the features"):
        generate(features, generator, conditions=ask(9))
    with pytest.raises(BadInput, match="conditions have 11 frames"):
        Performer(generator).feed(features, ask(11))
    assert len(generate(features, generator, conditions=ask(frames))) == frames  # nothing is asked
