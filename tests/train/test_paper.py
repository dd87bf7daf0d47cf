"""A tiny network of the paper's form learns what was planted, and its motion is the same however it is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_paper import BROW, MOOD, SMILE, WORDS, Tone, planted, write_planted

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch

from dxtalker.data.paper import PaperClip, load_paper_clips, paper_scales
from dxtalker.errors import BadInput, NotReady
from dxtalker.motion.paper import DETAIL, EXPRESSION, JAW, OPEN, PARAMETERS, SHAPE, PaperSampling
from dxtalker.motion.paper import HEAD as TURN
from dxtalker.motion.paper_model import PaperGenerator, hear
from dxtalker.records import Waveform
from dxtalker.train.checkpoint import read_checkpoint
from dxtalker.train.export import export
from dxtalker.train.loop import train
from dxtalker.train.paper.batches import PaperWindows, losses
from dxtalker.train.paper.config import PaperConfig
from dxtalker.train.paper.model import PaperModel, paper_model, sample
from dxtalker.train.paper.network import PaperNetwork, PaperNetworkConfig
from dxtalker.train.paper.preset import Paper, load_paper
from dxtalker.train.presets import preset_config
from dxtalker.train.task import Request

pytestmark = [pytest.mark.train, pytest.mark.timeout(300)]
TINY = PaperNetworkConfig(
    width=32, heads=4, blocks=1, pose_blocks=1, expression_blocks=1, dropout=0.0, content_width=4, emotion_width=4
)  # fmt: skip
CONFIG = PaperConfig(
    steps=120, batch=6, rate=5e-3, warm=20, decay=0.0, average=0.9, validate_every=120, window=40, balanced=True,
    drop=0.05, carried=0.3, network=TINY,
)  # fmt: skip
ENCODERS = Tone(WORDS), Tone(MOOD)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[PaperClip]:
    folder = tmp_path_factory.mktemp("paper")
    write_planted(folder / "clips", [100] * 40 + [30])  # the last is shorter than a window
    return load_paper_clips(folder / "clips", folder / "cache", *ENCODERS)


@pytest.fixture(scope="module")
def run(clips: list[PaperClip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the real loop."""
    folder = tmp_path_factory.mktemp("run")
    train(Paper(clips[1:], clips[:1], CONFIG, *ENCODERS), CONFIG, folder, lambda _: None)
    return folder


@pytest.fixture(scope="module")
def trained(run: Path) -> PaperModel:
    return paper_model(read_checkpoint(run))


def correlations(model: PaperModel, seed: int, deaf: int | None = None) -> dict[str, float]:
    """Of a planted clip that was not trained on, a take against the truth; stream ``deaf`` is not heard."""
    sound, flame = planted(seed, 200)
    voice = hear(Waveform(sound), *ENCODERS)
    streams = ["content", "emotion", "envelope"]
    if deaf is not None:
        voice = replace(voice, **{streams[deaf]: np.roll(getattr(voice, streams[deaf]), 67, axis=0)})
    codes = sample(model, voice, np.zeros(PARAMETERS, np.float32), PaperSampling(steps=8)).values
    seen = {
        "smile": (codes[:, EXPRESSION][:, SMILE].mean(1), flame.expression[:, SMILE].mean(1)),
        "brow": (codes[:, EXPRESSION][:, BROW].mean(1), flame.expression[:, BROW].mean(1)),
        "yaw": (codes[:, TURN][:, 1], flame.pose[:, 1]),
        "jaw": (codes[:, OPEN], flame.pose[:, 3]),
    }
    return {name: float(np.corrcoef(guess, truth)[0, 1]) for name, (guess, truth) in seen.items()}


def test_planted_relations_are_found_each_in_its_stream(trained: PaperModel, run: Path) -> None:
    found = correlations(trained, 100)
    assert min(found.values()) > 0.6, found
    for deaf, hit in enumerate((("smile",), ("brow",), ("yaw", "jaw"))):
        for name, value in correlations(trained, 100, deaf).items():
            assert (value < 0.4) == (name in hit), (deaf, name, value)
    scores = read_checkpoint(run).scores
    assert (
        scores["expression"] > 0.8 and scores["jaw"] > 0.8 and scores.keys() == {"jaw", "expression", "head"}
    )


def test_a_take_belongs_to_its_key_and_its_windows_join(trained: PaperModel) -> None:
    voice = hear(Waveform(planted(7, 470)[0]), *ENCODERS)  # three windows
    face = np.zeros(PARAMETERS, np.float32)
    face[SHAPE] = 0.7
    takes = [sample(trained, voice, face, PaperSampling(steps=4, seed=seed)) for seed in (1, 1, 2)]
    assert takes[0].values.tobytes() == takes[1].values.tobytes()
    assert np.abs(takes[0].values - takes[2].values).max() > 0.05
    assert (takes[0].values[:, SHAPE] == np.float32(0.7)).all()  # one person for all frames
    steps = np.abs(np.diff(takes[0].values[:, EXPRESSION.start : JAW.stop], axis=0)).mean(axis=1)
    assert max(steps[199], steps[399]) < 1.5 * np.percentile(steps, 95)


def test_batches_are_drawn_again_and_short_clips_count(clips: list[PaperClip]) -> None:
    task = Paper(clips[-1:], [], CONFIG, *ENCODERS)  # 30 frames, the window has 40
    ahead, one, same = task.batch(3, 5), task.batch(3, 6), task.windows.batch(3, 6)  # 6 was drawn ahead
    assert torch.equal(one.clean, same.clean) and torch.equal(one.noise, same.noise)
    assert not torch.equal(one.noise, ahead.noise) and one.names == (clips[-1].name,) * 3
    assert one.keep.sum(1).tolist() == [30, 30, 30] and not one.clean[:, 30:].any()
    torch.nn.init.normal_(task.network.expression_out[-1].weight)
    network = task.network.eval()
    before, behind = losses(network, one, CONFIG)[1], 9 * ~one.keep[..., None]
    after = losses(network, replace(one, noise=one.noise + behind, past=one.past + behind), CONFIG)[1]
    for name, value in after.items():  # what is not there is not seen
        assert torch.allclose(value, before[name], rtol=1e-4), name


def test_the_loss_is_the_velocitys_and_passes_over_what_is_unknown(clips: list[PaperClip]) -> None:
    class Oracle(PaperNetwork):
        def forward(self, *_: object) -> torch.Tensor:
            velocity = batch.clean - batch.noise
            velocity[..., DETAIL] += 3  # not covered below
            return velocity + 5 * batch.known

    batch = PaperWindows(clips, paper_scales(clips), replace(CONFIG, carried=1.0)).batch(4, 0)
    assert batch.known.any()
    batch.weight[:, DETAIL] = 0
    for balanced in (False, True):
        config = replace(CONFIG, balanced=balanced)
        assert (
            losses(Oracle(TINY), batch, config)[0] == 0 and losses(PaperNetwork(TINY), batch, config)[0] > 0
        )


def test_the_exported_file_moves_as_the_checkpoint_does(
    trained: PaperModel, run: Path, tmp_path: Path
) -> None:
    export(run, tmp_path / "paper.onnx")
    generator = PaperGenerator(tmp_path / "paper.onnx", threads=1)
    wave, how = Waveform(planted(8, 230)[0]), PaperSampling(steps=3, guidance=1.5)
    said = generator.generate(wave, None, how, *ENCODERS)
    torched = sample(trained, hear(wave, *ENCODERS), np.zeros(PARAMETERS, np.float32), how)
    assert len(said) == 230 and np.abs(said.values - torched.values).max() < 2e-3
    with pytest.raises(NotReady, match=r"features of tone-500.0, which need torch"):
        generator.generate(wave)
    with pytest.raises(BadInput, match=r"trained on features of tone-500.0; got an encoder of tone-2000.0"):
        generator.generate(wave, None, how, ENCODERS[1], ENCODERS[1])


def test_the_preset_by_its_name(tmp_path: Path) -> None:
    write_planted(tmp_path / "clips", [40, 40])
    config = preset_config("paper")
    assert isinstance(config, PaperConfig) and (config.window, config.steps, config.batch) == (250, 9000, 128)
    said: list[str] = []
    request = Request([tmp_path / "clips"], tmp_path / "cache", frozenset({"*00000*"}))
    with pytest.raises(BadInput, match="every clip is held out"):
        load_paper(
            replace(request, held_out=frozenset({"V0*"})), replace(config, content="packaged"), said.append
        )
    task = load_paper(request, replace(config, content="packaged", network=TINY), said.append)
    assert any("no encoder of emotion was given: block 2" in line for line in said)
    assert task.facts["content"] == "packaged-block4" and task.facts["network"]["emotion_width"] == 512
    assert [(s.name, s.clips) for s in task.sources] == [("clips", 2)]
    with pytest.raises(BadInput, match="learns from faces alone"):
        load_paper(replace(request, voices=[tmp_path]), config, said.append)


def test_published_sizes() -> None:
    with torch.device("meta"):
        network = PaperNetwork(PaperNetworkConfig())
    assert 140e6 < sum(p.numel() for p in network.parameters()) < 160e6
    assert (len(network.blocks), len(network.pose_blocks), len(network.expression_blocks)) == (6, 2, 2)


def test_refuses_a_checkpoint_of_another_preset(run: Path) -> None:
    with pytest.raises(BadInput, match="not of the preset paper"):
        paper_model(replace(read_checkpoint(run), facts={}))
