"""A collection becomes examples for training and clips for scoring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_clips import made_up_clip
from synthetic_clips import SPEECH

from dxtalker.audio import load_audio
from dxtalker.data.clip import Clip
from dxtalker.data.prepare import Example, hold_out, load_folder
from dxtalker.data.shards import ClipWriter
from dxtalker.errors import BadInput
from dxtalker.evaluate.clips import load_clips
from dxtalker.evaluate.command import Request, run_evaluation
from dxtalker.face.head_file import load_head
from dxtalker.records import Waveform
from dxtalker.speech import Encoder

HEAD = load_head()
FRAMES = 40


def speaking(name: str, seed: int, tracked: bool = True) -> Clip:
    """A made-up clip that says something."""
    clip = made_up_clip(name, seed, FRAMES)
    samples = load_audio(SPEECH).samples[seed * 4000 :][: 640 * FRAMES]
    curves = clip.motion.curves * (0 if not tracked else 0.3)
    return replace(
        clip,
        record=replace(clip.record, tracked=tracked),
        sound=Waveform(samples),
        motion=replace(clip.motion, curves=curves.astype(np.float32)),
    )


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "ours"
    with ClipWriter(folder, {}, shard_clips=2) as writer:
        for number in range(3):
            writer.add(speaking(f"clip{number}", number, tracked=number != 2))
    return folder


def test_examples_are_the_clips_own_motion(collection: Path, tmp_path: Path) -> None:
    examples = load_folder(collection, tmp_path, HEAD, Encoder(threads=1))
    assert [(e.name, e.corpus) for e in examples] == [(f"clip{n}", "ours") for n in range(3)]
    clip = speaking("clip0", 0)
    first = examples[0]
    assert np.array_equal(first.motion, np.concatenate([clip.motion.curves, clip.motion.rotation], axis=1))
    assert first.content.shape == (FRAMES, 1024) and first.covered.all()
    assert np.array_equal(np.isnan(first.closed), ~clip.present)
    unknown: Example = examples[2]
    assert unknown.covered.tolist() == [0] * 52 + [1] * 3 and np.isnan(unknown.closed).all()
    assert len(hold_out(examples, frozenset({"clip1"}))) == 2
    kept = sorted(tmp_path.iterdir())
    written = [path.stat().st_mtime_ns for path in kept]
    again = load_folder(collection, tmp_path, HEAD, Encoder(threads=1))
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.iterdir())] == written  # nothing made twice
    assert np.array_equal(again[0].content, first.content)


def test_scoring_reads_a_collection(collection: Path, tmp_path: Path) -> None:
    said: list[str] = []
    clips = load_clips(
        collection, HEAD, Encoder(threads=1), tmp_path, lambda name: name != "clip0", said.append
    )
    assert [(c.name, c.corpus, c.truth.shape) for c in clips] == [("clip1", "ours", (FRAMES,))]
    assert np.allclose(clips[0].truth, HEAD.opening(speaking("clip1", 1).motion.curves))
    assert clips[0].mel.shape == (FRAMES, 80) and "1 clips have no ARKit curves" in said[0]


def test_the_command_scores_a_collection(collection: Path, tmp_path: Path) -> None:
    said: list[str] = []
    table = run_evaluation(Request((collection,), takes=1, cache=tmp_path), said.append)
    assert "ours: 2 clips, 3 s" in table and "no ARKit curves" in said[0]


def test_damage_is_told_and_an_empty_collection_refused(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with ClipWriter(folder, {}, shard_clips=1) as writer:
        writer.add(speaking("a", 0))
        writer.add(speaking("b", 1))
    (folder / "clips-00001.tar").unlink()
    said: list[str] = []
    assert len(load_folder(folder, tmp_path / "cache", HEAD, Encoder(threads=1), said.append)) == 1
    assert "1 clips could not be read" in said[-1]
    (folder / "clips-00000.tar").unlink()
    with pytest.raises(BadInput, match="no clip of"):
        load_folder(folder, tmp_path / "cache", HEAD, Encoder(threads=1))
