"""The face crop follows a face without shaking, and comes out the same each time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from talking_face import seen, talking

from dxtalker.curate.crop import CropJob, Cut, Window, cut_crops, cut_square, steady_windows, whole_windows
from dxtalker.face.seen import STEP
from dxtalker.face.video import open_video
from dxtalker.render.video import VideoFailed


def pictures(count: int) -> list[np.ndarray]:
    """(60, 80, 3) uint8 each: a bright square on grey, one level brighter each time."""
    frames = []
    for i in range(count):
        frame = np.full((60, 80, 3), 60 + i, np.uint8)
        frame[20:40, 30:50] = 200
        frames.append(frame)
    return frames


def job(first: int, count: int) -> CropJob:
    windows = [Window(20.0, 10.0, 40.0)] * count
    return CropJob(first + np.arange(count), windows, windows)


def cut(frames: list[np.ndarray], jobs: list[CropJob], side: int = 32) -> dict[int, Cut]:
    return dict(cut_crops(frames, jobs, side))


def test_clips_are_cut_in_one_pass(tmp_path: Path) -> None:
    made = cut(pictures(20), [job(9, 6), job(0, 10)])  # one picture is in both
    assert list(made) == [1, 0]
    for number, count, first in ((0, 6, 9), (1, 10, 0)):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(made[number].crop)
        with open_video(path) as video:
            found = list(video)
            assert video.fps == Fraction(25) and video.size == (32, 32) and len(found) == count
        for i, frame in enumerate(found):
            assert abs(float(frame[:4].mean()) - (60 + first + i)) < 2.5
            assert abs(float(frame[12:20, 12:20].mean()) - 200) < 4


def test_the_same_pictures_give_the_same_bytes() -> None:
    assert cut(pictures(6), [job(0, 6)]) == cut(pictures(6), [job(0, 6)])


def test_a_side_of_nothing_makes_thumbnails_alone() -> None:
    made = cut(pictures(6), [job(0, 6)], side=0)[0]
    assert not made.crop and made.thumbnail.startswith(b"\xff\xd8")


def test_a_video_that_ends_early_gives_the_clips_that_are_whole() -> None:
    assert list(cut(pictures(8), [job(0, 5), job(5, 10)])) == [0]


def test_pictures_are_read_no_further_than_needed() -> None:
    frames = iter(pictures(20))
    assert list(cut(frames, [job(0, 5)])) == [0]  # type: ignore[arg-type]
    assert len(list(frames)) == 15


def test_a_broken_encoder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("DXTALKER_FFMPEG", str(script))
    with pytest.raises(VideoFailed, match="out of order"):
        cut(pictures(6), [job(0, 6)])


def test_a_square_may_reach_beyond_the_picture() -> None:
    picture = np.full((40, 40, 3), 255, np.uint8)
    shown = cut_square(picture, Window(-20.0, 0.0, 40.0), 20)
    assert shown[:, :8].max() == 0 and shown[:, 12:].min() == 255
    assert cut_square(picture, Window(100.0, 100.0, 10.0), 8).max() == 0
    assert cut_square(picture, Window(5.3, 4.7, 30.0), 64).min() == 255


def test_the_window_is_steady_while_the_jaw_moves_and_the_landmarks_tremble() -> None:
    footage = seen(talking(75, 25))
    marks = footage.points * STEP
    trembling = marks + np.random.default_rng(3).normal(0, 1.0, (75, 1, 1))
    windows = steady_windows(trembling, np.ones(75, bool))
    corners = np.array([(w.left, w.top, w.side) for w in windows])
    assert np.abs(np.diff(corners, 2, axis=0)).max() < 0.15  # pixels a frame, each frame
    inside = (marks[..., :2] - corners[:, None, :2]) / corners[:, None, 2:]
    assert inside.min() > 0.1 and inside.max() < 0.9
    gone = np.ones(75, bool)
    gone[30:40] = False
    lost = marks.copy()
    lost[30:40] = marks[29] + 500
    assert np.abs(np.array([w.left for w in steady_windows(lost, gone)]) - corners[:, 0]).max() < 3


def test_the_whole_picture_is_cut_in_its_middle() -> None:
    assert whole_windows((1280, 720), 3) == [Window(280.0, 0.0, 720.0)] * 3
