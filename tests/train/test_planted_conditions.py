"""Conditions proven on planted data: a small network is trained on talk whose every relation is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch
from planted_speech import AMPLITUDE, CURVES, SHOWN, SMILE, as_motion, column, example, talk

from dxtalker.errors import BadInput
from dxtalker.face.head_file import load_head
from dxtalker.motion.conditions import Guidance, ask, emotion_of
from dxtalker.motion.perform import NEW, Performer, generate
from dxtalker.motion.sampler import Generator, Sampling
from dxtalker.motion.style import STYLE, style_of
from dxtalker.records import ARKIT_INDEX, Motion, join_motion
from dxtalker.train.batches import Sampler, make_scales
from dxtalker.train.checkpoint import read_checkpoint
from dxtalker.train.dropping import Dropping, drop_conditions
from dxtalker.train.hearing import HearingConfig
from dxtalker.train.loop import train
from dxtalker.train.network import Network, NetworkConfig
from dxtalker.train.runnable import Runnable
from dxtalker.train.small import Small, SmallConfig, small_runnable
from dxtalker.train.styles import make_styles

pytestmark = pytest.mark.train
FRAMES = 300
JAW = ARKIT_INDEX["jawOpen"]
SMALL = NetworkConfig(
    width=32, layers=1, heads=2, dropout=0, guess_noise=0.05,
    hearing=HearingConfig(width=16, steps=60, batch=6, drop_content=0, dropout=0),
)  # fmt: skip
CONFIG = SmallConfig(
    steps=320, batch=8, window=40, rate=1e-2, warm=10, average=0.97, validate_every=1000, network=SMALL
)


class InTorch(Generator):
    """The generator without the way through a file, which test_training goes; counts its network's calls."""

    def __init__(self, runnable: Runnable) -> None:
        def run(_: list[str], inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
            self.calls += 1
            with torch.no_grad():
                return [runnable.module(*(torch.from_numpy(inputs[n]) for n in runnable.inputs)).numpy()]

        self.session, self.calls = SimpleNamespace(run=run), 0
        self._read({**runnable.facts, "name": "planted", "version": "0"}, set(runnable.inputs))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> InTorch:
    run = tmp_path_factory.mktemp("planted")
    examples = [example(seed, speaker) for seed in range(8) for speaker in AMPLITUDE]
    train(Small(examples, [], load_head(), CONFIG), CONFIG, run, lambda _: None)
    return InTorch(small_runnable(read_checkpoint(run)))


SAID = talk(1000, "wide", FRAMES)


def curve(motion: Motion, prefix: str) -> np.ndarray:
    return motion.curves[:, column(prefix)].mean(axis=1)


def style(speaker: str) -> np.ndarray:
    """(28,) of another clip."""
    return style_of(as_motion(talk(2000, speaker, 100).motion))


def truth(prefix: str) -> np.ndarray:
    return SAID.motion[:, column(prefix)].mean(axis=1)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize(("name", "prefix", "weight"), SHOWN)
def test_the_face_follows_an_emotion_that_is_given(
    planted: InTorch, name: str, prefix: str, weight: float
) -> None:
    asked = generate(SAID.features, planted, conditions=ask(FRAMES, SAID.emotion, style("wide")))
    alone = generate(SAID.features, planted, conditions=ask(FRAMES, style=style("wide")))
    assert alike(curve(asked, prefix), truth(prefix)) > 0.7
    assert abs(alike(curve(alone, prefix), truth(prefix))) < 0.45
    often = [
        curve(
            generate(SAID.features, planted, conditions=ask(FRAMES, emotion_of(f"{name}:{s}"))), prefix
        ).mean()
        for s in (0.3, 0.6, 0.9)
    ]
    assert often == sorted(often) and often[2] - often[0] > 0.2 * weight


def test_emotion_leaves_the_lips_in_time(planted: InTorch) -> None:
    for condition in (SAID.emotion, emotion_of("happy"), emotion_of("angry:0.8")):
        jaw = generate(SAID.features, planted, conditions=ask(FRAMES, condition)).curves[:, JAW]
        by_lag = {lag: alike(np.roll(jaw, -lag)[5:-5], truth("jawOpen")[5:-5]) for lag in range(-3, 4)}
        assert max(by_lag, key=by_lag.__getitem__) == 0 and by_lag[0] > 0.75


def test_the_head_nods_with_the_voice_and_turns_by_chance(planted: InTorch) -> None:
    moved = generate(SAID.features, planted)
    assert alike(moved.rotation[:, 0], SAID.motion[:, CURVES]) > 0.85
    assert abs(alike(moved.rotation[:, 1], SAID.motion[:, CURVES + 1])) < 0.5


def test_a_given_turn_is_kept_and_the_brows_follow_it(planted: InTorch) -> None:
    turn = np.full((FRAMES, 3), np.nan)
    turn[:, 1] = SAID.motion[:, CURVES + 1]
    moved = generate(SAID.features, planted, conditions=ask(FRAMES, rotation=turn))
    assert np.abs(moved.rotation[:, 1] - turn[:, 1]).max() < 1e-5
    assert alike(moved.rotation[:, 0], SAID.motion[:, CURVES]) > 0.85  # what is not given is the network's
    free = generate(SAID.features, planted)
    assert alike(curve(moved, "browOuterUp"), truth("browOuterUp")) > 0.6
    assert alike(curve(free, "browOuterUp"), truth("browOuterUp")) < 0.4


def test_a_style_is_taken_from_another_clip(planted: InTorch) -> None:
    moved = {
        name: generate(
            SAID.features,
            planted,
            conditions=ask(FRAMES, style=style(name)),
        )
        for name in AMPLITUDE
    }
    ratio = moved["wide"].curves[:, JAW].std() / moved["narrow"].curves[:, JAW].std()
    assert 1.8 < ratio < 3.5  # 2.5 was planted
    for name, motion in moved.items():
        assert np.percentile(curve(motion, "mouthSmile"), 20) == pytest.approx(SMILE[name], abs=0.1)
        assert alike(motion.curves[:, JAW], truth("jawOpen")) > 0.9


def test_guidance_strengthens_and_costs_a_call(planted: InTorch) -> None:
    sad, steps = ask(FRAMES, emotion_of("sad:0.5")), 2
    windows = -(-FRAMES // NEW)

    def brows(guidance: Guidance) -> tuple[float, float]:
        planted.calls = 0
        how = Sampling(steps, guidance=guidance)
        inner = curve(generate(SAID.features, planted, how, conditions=sad), "browInnerUp")
        return float(inner.mean()), planted.calls / (steps * windows)

    found = [brows(Guidance(emotion=scale)) for scale in (0, 0.5, 1, 1.5, 2)]
    strengths, calls = zip(*found, strict=True)
    assert list(strengths) == sorted(strengths) and strengths[4] > 1.3 * strengths[2]
    assert calls == (2, 2, 1, 2, 2)
    assert brows(Guidance(style=2))[1] == 1  # no style is given
    assert brows(Guidance(sound=1.5, emotion=1.5))[1] == 3
    assert 1 < brows(Guidance(past=1.5))[1] < 2  # the first window has no past


def test_pieces_give_the_motion_of_the_whole(planted: InTorch) -> None:
    asked = ask(FRAMES, SAID.emotion, style_of(as_motion(SAID.motion)), SAID.motion[:, CURVES:])
    whole = generate(SAID.features, planted, conditions=asked)
    performer, moved = Performer(planted), []
    for at, stop in ((0, 1), (1, 130), (130, 131), (131, FRAMES)):
        moved.append(performer.feed(SAID.features.cut(at, stop), asked.cut(at, stop)))
    pieces = join_motion([*moved, performer.close()])
    assert pieces.curves.tobytes() == whole.curves.tobytes()
    assert pieces.rotation.tobytes() == whole.rotation.tobytes()


def test_what_nobody_told_is_not_a_condition() -> None:
    examples = [replace(example(1, "wide"), emotion=None, corpus="silence")]
    task = Small(
        examples,
        [],
        load_head(),
        replace(CONFIG, network=replace(SMALL, width=16, hearing=HearingConfig(steps=1))),
    )
    assert task.facts["conditions"] == ["rotation"]
    task.batch(2, 0)
    generator = InTorch.__new__(InTorch)
    facts = {"motion_mean": 0, "motion_std": 1, "noise_spread": 1, "name": "a", "version": "0"}
    generator._read(facts | task.facts, {"rotation", "emotion"})
    with pytest.raises(
        BadInput, match=r"not trained on emotion as a condition \(it knows rotation\); leave it out"
    ):
        generator.require(ask(3, emotion_of("sad")))


def test_conditions_are_dropped_by_themselves() -> None:
    examples = [example(seed, speaker) for seed in range(2) for speaker in AMPLITUDE]
    task = Small(
        examples, [], load_head(), replace(CONFIG, network=replace(SMALL, hearing=HearingConfig(steps=1)))
    )
    whole = task.batch(64, 5)
    assert not whole.style.isnan().any() and not whole.rotation.isnan().any()
    torch.manual_seed(0)
    seen = drop_conditions(whole, Dropping(sound=0.5, emotion=0.5, style=0.5, rotation=0.5, parts=0.0))
    dropped = torch.stack(
        [
            (seen.content == 0).all(2).all(1), seen.emotion.isnan().all(2).all(1), seen.style.isnan().all(2).all(1),
            seen.rotation.isnan().all(2).all(1),
        ]
    ).float()  # fmt: skip
    assert ((dropped.mean(1) - 0.5).abs() < 0.25).all()
    assert (torch.corrcoef(dropped) - torch.eye(4)).abs().max() < 0.4
    given = ~seen.rotation.isnan()
    assert not seen.weight[..., CURVES:][given].any() and seen.weight[..., CURVES:][~given].all()
    kept = drop_conditions(whole, Dropping(0, 0, 0, 0, 0))
    assert torch.equal(kept.style, whole.style) and torch.equal(kept.content, whole.content)


def test_a_network_that_never_saw_a_condition_is_not_disturbed() -> None:
    torch.manual_seed(0)
    network = Network(SMALL).eval()
    for part in (network.mouth, network.upper, network.head):
        torch.nn.init.normal_(part[-1].weight)
    said = (torch.randn(1, 20, 55), torch.tensor([0.4]), torch.randn(1, 20, 1024), torch.randn(1, 20, 4))
    past = (torch.zeros(1, 20, 55), torch.zeros(1, 20, 1))
    asked = (torch.rand(1, 20, 10), torch.randn(1, 20, len(STYLE)), torch.full((1, 20, 3), torch.nan))
    with torch.no_grad():
        assert torch.equal(network(*said, *past, *asked), network(*said, *past))


def test_styles_are_of_the_same_speaker() -> None:
    examples = [example(seed, speaker) for seed in range(3) for speaker in AMPLITUDE]
    styles = make_styles([*examples, replace(examples[0], corpus="voices")])
    assert sorted(styles.pieces) == ["planted/narrow", "planted/wide"]
    rng = np.random.default_rng(0)
    drawn = {e.name: styles.draw(e, rng) for e in examples}
    reach = next(i for i, m in enumerate(STYLE) if (m.signal, m.of) == ("jaw", "reach"))
    assert all((drawn[e.name][reach] > 0) == (e.speaker == "wide") for e in examples)
    assert np.isnan(styles.draw(replace(examples[0], speaker="", name="new"), rng)).all()
    mouth = np.concatenate([np.zeros(14), np.ones(38), np.zeros(3)]).astype(np.float32)
    half = make_styles([replace(examples[0], covered=mouth)]).pieces["planted/wide"][0]
    assert np.isfinite(half[:14]).all() and np.isnan(half[-6:]).all()
    assert Sampler(examples, make_scales(examples, load_head()), 30).batch(1, 0).style.isnan().all()
