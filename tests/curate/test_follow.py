"""A stretch of video becomes a clip at 25 frames a second, in time with its sound."""

from __future__ import annotations

import sys
import types
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_face import SIZE, fitter, seen, talking

from dxtalker.curate.follow import (
    Followed,
    FollowedClip,
    Footage,
    OwnTracker,
    clock,
    follow,
    load_tracker,
    span,
)
from dxtalker.data.clip import ClipRecord
from dxtalker.errors import BadInput
from dxtalker.face.speaker import Person, meet
from dxtalker.records import ARKIT_INDEX, Motion, Waveform, channels

FPS, COUNT = Fraction(30), 90
GONE = slice(40, 43)
SOUND = Waveform(np.arange(48_000, dtype=np.float32) / 48_000)
JAW, SMILE = ARKIT_INDEX["jawOpen"], channels("mouthSmile")


@cache
def someone() -> Person:
    return meet([seen(talking(COUNT, 30), fps=30)], fitter(), 2)


def record(start: float, frames: int, offset: float = 0.0) -> ClipRecord:
    return ClipRecord("a", "a.mp4", "0" * 64, start, frames, "a-0", offset=offset)


@cache
def made(start: float = 0.4, frames: int = 50, offset: float = 0.0) -> FollowedClip:
    footage = seen(talking(COUNT, 30), fps=30, hidden=GONE)
    return follow(record(start, frames, offset), footage, FPS, SOUND, someone(), OwnTracker(fitter()))


def test_a_clip_is_whole_and_in_time() -> None:
    clip = made().clip
    assert len(clip.sound.samples) == 50 * 640 and clip.sound.samples[0] == SOUND.samples[6400]
    assert len(clip.motion) == 50 and clip.motion.fps == 25
    assert clip.landmarks.shape == (50, 478, 3) and clip.scores.shape == (50, 52)
    assert clip.landmarks[..., :2].min() > 0.1 and clip.landmarks[..., :2].max() < 0.9
    at = 0.4 + np.arange(50) / 25
    true = 0.4 * np.sin(np.pi * 3 * at) ** 2
    assert np.corrcoef(true[clip.present], clip.motion.curves[clip.present, JAW])[0, 1] > 0.9
    gone = (np.rint(at * 30) >= GONE.start) & (np.rint(at * 30) < GONE.stop)
    assert 0 < gone.sum() < 4 and np.abs(clip.present.astype(int) - ~gone).sum() <= 1
    assert np.isnan(made().error[~clip.present]).all() and np.nanmax(made().error) < 4


def test_an_offset_moves_the_pictures_against_the_sound() -> None:
    plain, late = made(0.4, 40, 0.0).clip, made(0.4, 40, 0.2).clip
    assert np.array_equal(plain.sound.samples, late.sound.samples)
    assert np.allclose(plain.motion.curves[5:40, JAW], late.motion.curves[:35, JAW], atol=0.02)
    assert np.array_equal(made(0.4, 40, 0.0).job.numbers + 6, made(0.4, 40, 0.2).job.numbers)


def test_the_same_input_gives_the_same_clip() -> None:
    one = made().clip
    made.cache_clear()
    other = made().clip
    for a, b in ((one.motion.curves, other.motion.curves), (one.landmarks, other.landmarks)):
        assert a.tobytes() == b.tobytes()


def test_a_face_that_was_met_elsewhere_keeps_its_rest() -> None:
    """A clip of a standing smile: it is none by the clip's own rest."""
    smiling = talking(40, 25)
    smiling[:, SMILE] = 0.6
    here, apart = seen(smiling), record(0, 40)
    alone = meet([here], fitter(), 2)
    found = [
        follow(apart, here, Fraction(25), SOUND, who, OwnTracker(fitter()))
        .clip.motion.curves[:, SMILE]
        .mean()
        for who in (someone(), alone)
    ]
    assert found[0] > 0.25 and found[1] < 0.1


@given(st.integers(0, 300), st.integers(1, 400), st.sampled_from([24, 25, 30, 60]), st.floats(-0.4, 0.4))
@settings(max_examples=60, deadline=None)
def test_clips_lie_inside_sound_and_pictures(first: int, length: int, rate: int, offset: float) -> None:
    fps, stop = Fraction(rate), first + length
    start, frames = span(first, stop, fps, offset, 12.0)
    assert frames >= 0 and start >= 0
    if frames:
        assert start + frames / 25 <= 12.0 + 1e-3 and start + offset >= first / rate - 1e-3
        when = clock(record(start, frames, offset), fps, 720)
        assert when.first >= first and when.stop <= stop + 1
        assert when.at[-1] <= stop - 1 + rate / 25
        assert (np.diff(when.nearest) >= 0).all() and when.nearest[-1] < when.stop - when.first


def test_videos_of_25_frames_are_not_resampled() -> None:
    start, frames = span(7, 60, Fraction(25), 0.0567, 10.0)
    assert frames == 53
    assert np.array_equal(clock(record(start, frames, 0.0567), Fraction(25), 80).at, np.arange(7, 60))


class Nodding:
    """A tracker as someone might bring it: it looks at one picture, and says that the head nods."""

    def follow(self, footage: Footage, person: Person) -> Followed:
        assert next(footage.pictures()).shape == (SIZE[1], SIZE[0], 3) and len(person.code)
        count = len(footage.seen)
        nod = np.zeros((count, 3), np.float32)
        nod[:, 0] = 0.1 * np.sin(np.arange(count) / 5)
        curves = np.zeros((count, 52), np.float32)
        return Followed(Motion(curves, nod, 0 * nod, footage.fps), np.full(count, np.nan, np.float32))


class TooShort:
    def follow(self, footage: Footage, person: Person) -> Followed:
        empty = np.zeros((3, 3), np.float32)
        return Followed(
            Motion(np.zeros((3, 52), np.float32), empty, empty, footage.fps), np.zeros(3, np.float32)
        )


def test_another_tracker_can_be_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("brought")
    module.__dict__.update(Nodding=Nodding, TooShort=TooShort, Nothing=dict)
    monkeypatch.setitem(sys.modules, "brought", module)
    footage = seen(talking(COUNT, 30), fps=30)

    def pictures(first: int, stop: int):
        return iter([np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * (stop - first))

    def run(name: str) -> FollowedClip:
        return follow(record(0, 25), footage, FPS, SOUND, someone(), load_tracker(name), pictures)

    assert 0.15 < np.ptp(run("brought:Nodding").clip.motion.rotation[:, 0]) < 0.21
    with pytest.raises(BadInput, match=r"3 frames of motion and \(3,\) errors for 30 frames"):
        run("brought:TooShort")
    for name in ("brought", "brought:None", "no_such_module_at_all:A", "brought:Nothing"):
        with pytest.raises(BadInput, match="tracker"):
            load_tracker(name)


def test_parts_outside_the_video_or_without_a_face_are_refused() -> None:
    footage = seen(talking(COUNT, 30), fps=30, hidden=slice(0, 60))
    for start, frames, said in ((2.0, 60, "of a video of 90"), (0.0, 25, "no face"), (0.0, 0, "no frames")):
        with pytest.raises(BadInput, match=said):
            follow(record(start, frames), footage, FPS, SOUND, someone(), OwnTracker(fitter()))
