"""What is known of the emotion of clips reaches the examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import write_clip

from dxtalker.data.clips import CurveTrack, read_track
from dxtalker.data.emotions import TABLE, read_table, track_emotion, with_table
from dxtalker.data.prepare import Example
from dxtalker.errors import BadInput
from dxtalker.face.head_file import load_head
from dxtalker.motion.conditions import EMOTION

HAPPY, SAD = EMOTION.index("happy"), EMOTION.index("sad")


def example(name: str, frames: int = 50) -> Example:
    nothing = np.zeros((frames, 1), np.float32)
    return Example(
        name, "made", nothing, nothing, np.zeros((frames, 55), np.float32), nothing[0], nothing[:, 0]
    )


def test_a_table_tells_clips_and_moments(tmp_path: Path) -> None:
    (tmp_path / TABLE).write_text(
        "clip,seconds,emotion\n03-*,,sad:0.5\n03-b,1.2,happy arousal:0.5\n03-b,0,unknown\n"
    )
    a, b, other = with_table([example("03-a"), example("03-b"), example("04-a")], tmp_path)
    assert a.emotion is not None and (a.emotion[:, SAD] == 0.5).all() and np.isnan(a.emotion[:, -2:]).all()
    assert b.emotion is not None and np.isnan(b.emotion[:30]).all() and (b.emotion[30:, HAPPY] == 1).all()
    assert other.emotion is None
    assert with_table([a], tmp_path / "none") == [a]


def test_a_track_carries_a_curve_and_a_speaker(tmp_path: Path) -> None:
    write_clip(tmp_path, "clip", load_head(), 0, fps=50.0)
    arrays = dict(np.load(tmp_path / "clip.npz"))
    curve = np.zeros((150, 10), np.float32)
    curve[:, HAPPY], curve[75:, SAD] = np.linspace(0, 1, 150), np.nan
    np.savez(tmp_path / "clip.npz", **arrays, emotion=curve, speaker="anna")
    track = read_track(tmp_path / "clip.npz")
    told = track_emotion(track, 70)
    assert track.speaker == "anna" and told is not None and np.allclose(told[:, HAPPY], curve[:140:2, HAPPY])
    assert np.isnan(told[38:, SAD]).all() and not np.isnan(told[:37, SAD]).any()


def test_one_row_is_the_whole_clip() -> None:
    row = np.full(10, 0.5, np.float32)
    track = CurveTrack("a", "made", Path("a.wav"), 30.0, ("x",), np.zeros((30, 1)), row)
    told = track_emotion(track, 25)
    assert told is not None and told.shape == (25, 10) and (told == 0.5).all()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,mood\na,sad\n", "has no columns clip and emotion"),
        ("clip,emotion\na,glad\n", "line 2: 'glad' is no emotion"),
        ("clip,seconds,emotion\na,-1,sad\n", "line 2: -1.0 seconds are out of range"),
        ("clip,seconds,emotion\na,soon,sad\n", "line 2: could not convert"),
        ("clip,emotion\na,sad\x00\n", "is no table|is no emotion"),
    ],
)
def test_tables_that_are_wrong_are_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / TABLE).write_text(text)
    with pytest.raises(BadInput, match=told):
        read_table(tmp_path / TABLE)


def test_a_table_for_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / TABLE).write_text("clip,emotion\nanna,sad\n")
    with pytest.raises(BadInput, match="names 'anna', which is no clip of"):
        with_table([example("bob")], tmp_path)
    (tmp_path / TABLE).write_bytes(b"clip,emotion\n\xff\xfe,sad\n")
    with pytest.raises(BadInput, match="is no table of emotions"):
        with_table([example("bob")], tmp_path)


@pytest.mark.parametrize("emotion", [np.zeros(8), np.zeros((29, 10)), np.full(10, 2.0)])
def test_a_curve_that_does_not_fit_is_refused(emotion: np.ndarray) -> None:
    track = CurveTrack("a", "made", Path("a.wav"), 30.0, ("x",), np.zeros((30, 1)), emotion)
    with pytest.raises(BadInput, match="emotion"):
        track_emotion(track, 25)
