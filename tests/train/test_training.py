"""A tiny network is trained from clips to onnx on the CPU, and the runtime speaks with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import write_clip

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch

from dxtalker.audio import load_audio
from dxtalker.data.prepare import Example, hold_out, load_folder, load_voices, silence
from dxtalker.data.views import View
from dxtalker.errors import BadInput, DxtalkerError
from dxtalker.evaluate.command import Request as Evaluation
from dxtalker.evaluate.command import run_evaluation
from dxtalker.face.head_file import load_head
from dxtalker.motion.perform import generate
from dxtalker.motion.sampler import Generator, Sampling
from dxtalker.motion.style import STYLE
from dxtalker.records import ARKIT_INDEX, MOUTH
from dxtalker.speech import Encoder, listen
from dxtalker.speech.encoder import WIDTH as CONTENT
from dxtalker.train.batches import Sampler, make_scales
from dxtalker.train.checkpoint import read_checkpoint
from dxtalker.train.command import run_training
from dxtalker.train.export import export
from dxtalker.train.hearing import HearingConfig
from dxtalker.train.loop import train
from dxtalker.train.network import CHANNELS, NetworkConfig
from dxtalker.train.small import Small, SmallConfig, small_network, validate
from dxtalker.train.task import Request

pytestmark = pytest.mark.train
TINY = NetworkConfig(
    width=16,
    layers=1,
    heads=2,
    hearing=HearingConfig(width=32, members=1, steps=150, batch=4, drop_content=0, dropout=0),
)
HEAD = load_head()
WIDTHS = {"emotion": 10, "style": len(STYLE), "rotation": 3}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "made"
    for number in range(4):
        write_clip(folder, f"clip{number}", HEAD, seed=number)
    return folder


@pytest.fixture(scope="module")
def examples(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    return load_folder(clips, tmp_path_factory.mktemp("cache"), HEAD, Encoder(threads=1))


def config(steps: int) -> SmallConfig:
    return SmallConfig(steps=steps, batch=2, window=40, validate_every=2, network=TINY)


def trained(examples: list[Example], others: list[Example], steps: int, run: Path) -> Path:
    return train(Small(examples, others, HEAD, config(steps)), config(steps), run, lambda _: None)


def test_the_exported_model_gives_the_numbers_of_torch(examples: list[Example], tmp_path: Path) -> None:
    checkpoint = trained(examples, examples[:1], 4, tmp_path)
    export(tmp_path, tmp_path / "model.onnx", "tiny")
    kept = read_checkpoint(checkpoint)
    network, scales = small_network(kept), kept.constants
    assert b"dxtalker/train" not in (tmp_path / "model.onnx").read_bytes()  # no paths of this machine
    model = Generator(tmp_path / "model.onnx", threads=1)
    rng, width = np.random.default_rng(0), examples[0].content.shape[1]
    for frames in (2, 37, 100):  # any length
        content = rng.normal(size=(frames, width)).astype(np.float32)
        prosody = rng.normal(size=(frames, 4)).astype(np.float32)
        noisy = rng.normal(size=(frames, CHANNELS)).astype(np.float32)
        inputs = {
            "noisy": noisy[None], "time": np.array([0.3], np.float32), "content": content[None],
            "prosody": prosody[None], "past": np.zeros_like(noisy)[None],
            "known": np.zeros((1, frames, 1), np.float32), "heard": np.ones((1, 1, 1), np.float32),
            **{n: rng.random((1, frames, w)).astype(np.float32) for n, w in WIDTHS.items()},
        }  # fmt: skip
        inputs["style"][:, ::3] = inputs["emotion"][:, 1::2, :4] = np.nan
        found = np.asarray(model.session.run(["clean"], inputs)[0])
        standard = (torch.from_numpy(content) - scales["content_mean"]) / scales["content_std"]
        nothing = torch.zeros(1, frames, CHANNELS)
        with torch.no_grad():
            expected = network(
                torch.from_numpy(noisy)[None], torch.tensor([0.3]), standard[None],
                torch.from_numpy(prosody)[None], nothing, torch.zeros(1, frames, 1),
                *(torch.from_numpy(inputs[n]) for n in WIDTHS),
            )  # fmt: skip
        assert np.abs(found - expected.numpy()).max() < 1e-4


def test_learns_what_it_is_shown(examples: list[Example], tmp_path: Path) -> None:
    kept = read_checkpoint(trained(examples, examples, 40, tmp_path))
    scales = make_scales(examples, HEAD)
    assert validate(small_network(kept), examples, HEAD, scales)["made"] > 0.6
    assert np.allclose(scales.motion_std, kept.constants["motion_std"].numpy())


def test_the_transformer_learns_where_hearing_has_not(examples: list[Example], tmp_path: Path) -> None:
    deaf = replace(TINY, hearing=replace(TINY.hearing, steps=2))
    settings = replace(config(60), network=deaf, rate=3e-3, warm=5)
    train(Small(examples, [], HEAD, settings), settings, tmp_path, lambda _: None)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(2, 61, 2))
    first, last = ([line["loss"] for line in part] for part in (lines[:5], lines[-5:]))
    assert np.mean(last) < 0.7 * np.mean(first)


def test_windows_are_whole_and_masks_follow_the_corpus(examples: list[Example]) -> None:
    mute = [
        Example(
            f"mute {number}",
            "silence",
            e.content,
            e.prosody,
            e.motion,
            np.isin(np.arange(55), MOUTH).astype(np.float32),
            e.closed,
        )
        for number, e in enumerate(examples)
    ]
    sampler = Sampler(mute, make_scales(examples, HEAD), 130)  # longer than a clip: several are joined
    batch = sampler.batch(3, seed=3)
    assert batch.clean.shape == batch.past.shape == (3, 130, CHANNELS)
    assert batch.content.shape == (3, 130, CONTENT)
    upper = np.setdiff1d(np.arange(CHANNELS), MOUTH)
    assert not batch.weight[..., upper].any() and batch.weight[..., MOUTH].all()
    assert not batch.past[batch.known.expand_as(batch.past) == 0].any()


def test_a_share_of_windows_hears_the_other_recording(examples: list[Example]) -> None:
    scales = make_scales(examples, HEAD)
    viewed = [replace(e, among=None, view=View(e.content + 1, e.prosody + 50)) for e in examples]

    def told(views: float) -> float:
        batch = Sampler(viewed, scales, 40, views=views).batch(200, seed=0)
        other = batch.prosody[:, 0, 2] > 25
        content = batch.content[:, 0] * torch.from_numpy(scales.content_std)
        heard = torch.from_numpy(
            np.stack([e.content for e in examples]).reshape(-1, CONTENT).astype(np.float32)
        )
        heard = heard - torch.from_numpy(scales.content_mean)
        nearest = torch.cdist(content - other[:, None].float(), heard).min(1).values
        assert nearest.max() < 1  # content and prosody are of one recording
        return float(other.float().mean())

    assert told(0.0) == 0 and told(1.0) == 1
    assert 0.2 < told(0.3) < 0.4


def test_a_batch_names_its_clips(examples: list[Example], tmp_path: Path) -> None:
    poisoned = [replace(e, prosody=e.prosody * np.nan) if e.name == "clip2" else e for e in examples]
    sampler = Sampler(poisoned, make_scales(examples, HEAD), 40)
    drawn = [sampler.batch(1, seed) for seed in range(12)]
    assert {name for batch in drawn for name in batch.names} == {e.name for e in examples}
    for batch in drawn:
        assert batch.prosody.isnan().any() == ("clip2" in batch.names)
    settings = replace(config(20), network=replace(TINY, hearing=replace(TINY.hearing, steps=2)))
    task = Small(examples, [], HEAD, settings)
    task.sampler = sampler
    with pytest.raises(DxtalkerError, match=r"nan at step \d+ with windows of .*clip2"):
        train(task, settings, tmp_path, lambda _: None)


def test_silence_rests_and_voices_are_labelled(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dxtalker.data.sounds.REST_SECONDS", 2)
    quiet = silence(Encoder(threads=1), 0)
    assert all(not e.motion.any() and e.covered[ARKIT_INDEX["jawOpen"]] for e in quiet)
    voices = load_voices(clips, tmp_path, Encoder(threads=1), frozenset({"clip0", "clip1"}), {})
    assert [v.name for v in voices] == ["clip2", "clip3"] and not voices[0].covered.any()


def test_train_export_speak_evaluate(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dxtalker.data.sounds.REST_SECONDS", 2)
    said: list[str] = []
    run = tmp_path / "run"
    request = Request([clips], run / "cache", frozenset({"clip0"}), [clips], validate=[clips], threads=1)
    model = run_training(request, run, config(2), said.append)
    card = (run / "card.md").read_text()
    assert "| made | faces | 3 |" in card and "| voices | voices without a face | 3 |" in card
    heard = listen(load_audio(clips / "clip0.wav"), Encoder(threads=1))
    motion = generate(heard, Generator(model, threads=1), Sampling(steps=2))
    assert len(motion) == len(heard) and motion.curves.max() <= 1
    asked = Evaluation((run, clips), only=("clip0",), takes=2, cache=run / "cache")
    table = run_evaluation(asked, said.append)
    assert "made" in table and "dxtalker-small" in (run / "card.md").read_text()


def test_refusals(examples: list[Example], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="every clip is held out"):
        hold_out(examples, frozenset({"*"}))
    with pytest.raises(BadInput, match="holds no voices"):
        load_voices(tmp_path, tmp_path, Encoder(threads=1), frozenset(), {})
