"""The published layout as training data: every parameter in its place, streams once, other encoders other files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from made_up_clips import made_up_clip
from made_up_published import made_up_arrays, write_sequence
from planted_paper import MOOD, WORDS, Tone, write_planted

from dxtalker.data.paper import clip_codes, load_paper_clips, paper_scales, stream_file, track_codes
from dxtalker.data.published import import_published
from dxtalker.data.shards import ClipWriter
from dxtalker.errors import BadInput
from dxtalker.motion.paper import DETAIL, EXPRESSION, HEAD, JAW, SHAPE


@dataclass
class Counting:
    """A tone's encoder that counts how often it is asked."""

    tone: Tone
    asked: int = 0

    layers, width = 1, 4

    @property
    def key(self) -> str:
        return self.tone.key

    def features(self, samples: np.ndarray) -> np.ndarray:
        self.asked += 1
        return self.tone.features(samples)


def test_the_published_layout_becomes_284_parameters(tmp_path: Path) -> None:
    for number in range(2):
        write_sequence(tmp_path / f"set/V{number}-s1-0000{number}", seed=number, frames=20 + number)
    import_published(tmp_path / "set", tmp_path / "clips")
    clips = load_paper_clips(tmp_path / "clips", tmp_path / "cache", Tone(WORDS), Tone(MOOD))
    assert [(clip.collection, clip.frames) for clip in clips] == [("clips", 20), ("clips", 21)]
    truth, codes = made_up_arrays(1, 21), clips[1].codes()
    for place, name in ((SHAPE, "shapecode"), (EXPRESSION, "expcode"), (DETAIL, "detailcode")):
        assert np.array_equal(codes[:, place], truth[name])
    assert np.array_equal(codes[:, HEAD.start : JAW.stop], truth["posecode"]) and clips[1].covered.all()
    assert clips[1].envelope().shape == (21, 640) and clips[1].content().shape == (21, 1, 4)


def test_features_are_made_once_for_each_encoder(tmp_path: Path) -> None:
    write_planted(tmp_path / "clips", [30, 40])
    words, mood = Counting(Tone(WORDS)), Counting(Tone(MOOD))
    for _ in range(2):
        clips = load_paper_clips(tmp_path / "clips", tmp_path / "cache", words, mood)
    assert (words.asked, mood.asked) == (2, 2)
    other = Counting(Tone(700.0))
    again = load_paper_clips(tmp_path / "clips", tmp_path / "cache", other, mood)
    assert (other.asked, mood.asked) == (2, 2) and stream_file(other) != stream_file(words)
    assert again[0].emotion_file == clips[0].emotion_file and again[0].content_file != clips[0].content_file


def test_scales_standardise_what_is_covered(tmp_path: Path) -> None:
    write_planted(tmp_path / "clips", [60] * 4)
    clips = load_paper_clips(tmp_path / "clips", tmp_path / "cache", Tone(WORDS), Tone(MOOD))
    scales = paper_scales([replace(clip, covered=clip.covered * (np.arange(284) < 156)) for clip in clips])
    assert not scales.covered[DETAIL].any() and (scales.std[DETAIL] == 1).all()
    changed = np.concatenate([scales.changes(clip.codes(), clip.codes()[0]) for clip in clips])
    assert np.abs(changed[:, EXPRESSION].mean(0)).max() < 1e-4
    assert np.abs(changed[:, EXPRESSION].std(0) - 1).max() < 1e-3
    assert (scales.std[SHAPE] == np.float32(0.01)).all()  # identity hardly moves and is not blown up
    heard = np.concatenate([scales.content(clip.content()) for clip in clips])
    assert np.abs(heard.std(0) - 1).max() < 0.01


def test_narrow_tracks_and_clips_without_flame(tmp_path: Path) -> None:
    track = made_up_clip("a", flame=True).flame
    assert track is not None
    codes, covered = track_codes(replace(track, detail=np.zeros((30, 0), np.float32)))
    assert not codes[:, DETAIL].any() and not covered[DETAIL].any() and covered[: DETAIL.start].all()
    assert clip_codes(made_up_clip("b"), None) is None
    with ClipWriter(tmp_path / "clips", {}) as writer:
        writer.add(made_up_clip("b"))
    with pytest.raises(BadInput, match=r"no clip of .* has FLAME motion; import the published data with"):
        load_paper_clips(tmp_path / "clips", tmp_path / "cache", Tone(WORDS), Tone(MOOD))
