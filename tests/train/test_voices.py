"""Voices are labelled by what is heard, as large as a teacher says, closed where phones or the sound say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch

from dxtalker.data.phones import Phone
from dxtalker.data.prepare import VOICES, Example
from dxtalker.face.head_file import load_head
from dxtalker.motion.sampler import CHANNELS
from dxtalker.records import ARKIT_INDEX, MOUTH
from dxtalker.speech.encoder import WIDTH
from dxtalker.train.batches import Scales, make_scales
from dxtalker.train.hearing import HEARD, Hearing, HearingConfig, hear, train_hearing
from dxtalker.train.voices import label_voice, label_voices

pytestmark = pytest.mark.train
HEAD = load_head()
GAP = HEAD.lip_gap
FRAMES, JAW = 100, ARKIT_INDEX["jawOpen"]
SAID = tuple(Phone(("AA", "M", "OW", "P")[k % 4], 0.1 * k, 0.1 * k + 0.1) for k in range(40))
CONFIG = HearingConfig(
    width=16, members=2, foreign=1, steps=400, rate=4e-3, batch=4, window=50, drop_content=0.0, dropout=0.0
)


def clip(name: str, corpus: str, seed: int) -> Example:
    """Its first number of content is how far the jaw opens, its second whether the lips meet."""
    rng = np.random.default_rng(seed)
    content = np.zeros((FRAMES, WIDTH), np.float16)
    content[:, 0] = np.convolve(rng.normal(size=FRAMES), [0.5, 0.5], "same")
    content[:, 1] = np.repeat(rng.random(FRAMES // 5) < 0.3, 5)
    motion = np.zeros((FRAMES, CHANNELS), np.float32)
    motion[:, JAW] = np.clip(0.2 + 0.1 * content[:, 0], 0, 1) * (1 - content[:, 1])
    seen = float(corpus != VOICES)
    closed = content[:, 1].astype(np.float32) if seen else np.full(FRAMES, np.nan, np.float32)
    return Example(name, corpus, content, np.zeros((FRAMES, 4), np.float32),
                   motion * seen, np.full(CHANNELS, seen, np.float32), closed)  # fmt: skip


@pytest.fixture(scope="module")
def heard() -> tuple[Hearing, Scales]:
    examples = [clip(f"c{seed}", "made", seed) for seed in range(8)]
    scales = make_scales(examples, HEAD)
    torch.manual_seed(0)
    hearing = Hearing(CONFIG)
    train_hearing(hearing, examples, scales, GAP, CONFIG, seed=0)
    return hearing, scales


def opening(example: Example) -> np.ndarray:
    return example.motion[:, MOUTH] @ GAP[MOUTH]


def test_hearing_learns(heard: tuple[Hearing, Scales]) -> None:
    hearing, scales = heard
    new = clip("new", "made", 99)
    mouth, closed = hear(hearing, new, scales)
    assert mouth.shape == (FRAMES, len(MOUTH)) and closed.shape == (FRAMES,)
    assert np.corrcoef(mouth @ GAP[MOUTH], opening(new))[0, 1] > 0.85
    assert closed[new.content[:, 1] == 1].mean() > 0.7 > 0.3 > closed[new.content[:, 1] == 0].mean()
    assert hearing(torch.zeros(1, 3, WIDTH)).shape == (1, 3, HEARD)


def test_what_was_learned_before_is_forgotten_and_ears_differ(heard: tuple[Hearing, Scales]) -> None:
    (first, scales), examples = heard, [clip(f"c{seed}", "made", seed) for seed in range(3)]
    short = replace(CONFIG, steps=3)
    again, fresh = Hearing(CONFIG), Hearing(CONFIG)
    again.load_state_dict(first.state_dict())
    for hearing in (again, fresh):
        train_hearing(hearing, examples, scales, GAP, short, seed=4)
    weights = [[w for w in hearing.parameters()] for hearing in (again, fresh)]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
    assert not any(w.requires_grad for w in weights[0])
    a, b = (ear.frame.weight for ear in fresh.ears)
    assert not torch.allclose(a, b)


def test_curves_of_another_rig_teach_only_some_ears(heard: tuple[Hearing, Scales]) -> None:
    _, scales = heard
    ours = [clip(f"c{seed}", "made", seed) for seed in range(3)]
    foreign = [replace(e, corpus="theirs", motion=1 - e.motion, closed=e.closed * np.nan) for e in ours]
    short = replace(CONFIG, steps=5)
    alone, mixed, theirs = Hearing(CONFIG), Hearing(CONFIG), Hearing(CONFIG)
    for hearing, examples in ((alone, ours), (mixed, ours + foreign), (theirs, foreign)):
        train_hearing(hearing, examples, scales, GAP, short, seed=4)
    first, second = (
        [torch.equal(a.frame.weight, b.frame.weight) for a, b in zip(x.ears, y.ears, strict=True)]
        for x, y in ((alone, mixed), (theirs, alone))
    )
    assert first == [False, True] and second == [
        False,
        False,
    ]  # with nothing else, every ear learns from them


def test_without_phones_lips_close_where_they_are_heard_to(heard: tuple[Hearing, Scales]) -> None:
    voice = clip("voice", VOICES, 5)
    labelled = label_voice(voice, *heard, GAP)
    shut = voice.content[:, 1] == 1
    assert np.median(opening(labelled)[shut]) < 1 < np.median(opening(labelled)[~shut])
    assert labelled.covered[MOUTH].all() and labelled.covered.sum() == len(MOUTH)
    others = np.setdiff1d(np.arange(CHANNELS), MOUTH)
    assert np.array_equal(labelled.motion[:, others], voice.motion[:, others])


def test_phones_close_lips_and_only_voices_are_labelled(heard: tuple[Hearing, Scales]) -> None:
    filmed, voice = clip("filmed", "made", 1), clip("voice", VOICES, 5)
    first, second = label_voices([filmed, voice], *heard, {"voice": SAID, "filmed": SAID}, GAP)
    assert first is filmed
    times = np.arange(FRAMES) / 25
    for phone in SAID:
        if phone.name in "PM":
            assert opening(second)[(times >= phone.start - 0.04) & (times <= phone.end)].min() < 1
    unsized = label_voices([voice], *heard, {"voice": SAID}, GAP)[0]  # no filmed clip has phones: no teacher
    assert np.abs(opening(unsized) - opening(second)).max() > 0.1
