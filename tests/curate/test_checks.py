"""A track is believed unless it is loose, jumps, shows two people, or stands still while somebody speaks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_face import fitter, seen, talking

from dxtalker.curate.checks import heard, identity_gap, judge_track, jumps, rms
from dxtalker.curate.crop import CropJob
from dxtalker.curate.follow import FollowedClip
from dxtalker.curate.settings import Settings
from dxtalker.data.clip import Clip, ClipRecord
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.seen import Seen
from dxtalker.records import ARKIT_INDEX, Motion, Waveform

LIMITS = Settings()
COUNT = 75
NOISE = np.random.default_rng(5).normal(0, 0.1, COUNT * 640).astype(np.float32)


@cache
def head() -> Head:
    return load_head()


def clip(curves: np.ndarray, samples: np.ndarray = NOISE, error: float = 1.0) -> FollowedClip:
    count = len(curves)
    nobody = np.zeros((count, 3), np.float32)
    motion = Motion(curves, nobody, nobody)
    record = ClipRecord("a", "a.mp4", "0" * 64, 0.0, count, "a-0")
    marks = np.zeros((count, 478, 3), np.float16)
    marks[:, 263, 0] = 0.4  # the left eye's outer corner
    made = Clip(
        record, Waveform(samples), motion, np.zeros(3), np.zeros((count, 52)), marks, np.ones(count, bool)
    )
    return FollowedClip(made, np.full(count, error, np.float32), CropJob(np.arange(count), [], []))


def reason(made: FollowedClip, identity: float = 1.0) -> str:
    return judge_track(made, head(), identity, LIMITS).reason


def test_a_talker_is_believed() -> None:
    verdict = judge_track(clip(talking(COUNT, 25)), head(), 1.0, LIMITS)
    assert verdict.reason == "" and set(verdict.scores) == {
        "track.error", "track.jumps", "track.identity", "track.opening"
    }  # fmt: skip
    assert verdict.scores["track.jumps"] == 0 and verdict.scores["track.opening"] > 4


def test_lips_that_stand_still_are_told_where_speech_is_heard() -> None:
    still = np.zeros((COUNT, 52), np.float32)
    assert reason(clip(still)) == "track.still"
    assert reason(clip(still, np.zeros(COUNT * 640, np.float32))) == ""
    agape = still.copy()
    agape[:, ARKIT_INDEX["jawOpen"]] = 0.5
    assert reason(clip(agape)) == "track.still"
    assert "0.0 mm" in judge_track(clip(still), head(), 1.0, LIMITS).remark


def test_a_loose_fit_and_another_person_are_told() -> None:
    assert reason(clip(talking(COUNT, 25), error=9.0)) == "track.loose"
    assert reason(clip(talking(COUNT, 25)), identity=9.0) == "track.identity"
    unlimited = replace(LIMITS, track_error=0.0, identity=0.0)
    assert judge_track(clip(talking(COUNT, 25), error=9.0), head(), 9.0, unlimited).reason == ""
    assert "track.identity" not in judge_track(clip(talking(COUNT, 25)), head(), float("nan"), LIMITS).scores


@pytest.mark.parametrize("what", ["curves", "rotation", "landmarks"])
def test_a_cut_in_the_motion_is_a_jump(what: str) -> None:
    made = clip(talking(COUNT, 25))
    holder = made.clip if what == "landmarks" else made.clip.motion
    values = getattr(holder, what).copy()
    values[40:] += {"curves": 1.0, "rotation": 0.2, "landmarks": 0.1}[what]
    changed = replace(holder, **{what: values})
    cut = changed if isinstance(changed, Clip) else replace(made.clip, motion=changed)
    assert np.flatnonzero(jumps(cut)).tolist() == [39, 40]
    assert reason(replace(made, clip=cut)) == "track.jumps"


def test_landmarks_that_come_back_elsewhere_are_no_jump() -> None:
    made = clip(talking(COUNT, 25)).clip
    marks, present = made.landmarks.copy(), made.present.copy()
    marks[40:] += 0.1
    present[38:42] = False
    assert not jumps(replace(made, landmarks=marks, present=present)).any()


@given(st.floats(0, 0.4), st.floats(0.1, 2.0), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_quiet_movement_never_jumps(size: float, hertz: float, count: int) -> None:
    wave = size * np.sin(2 * np.pi * hertz * np.arange(count) / 25)
    turn = np.stack([wave, wave, wave], 1).astype(np.float32) * 0.5
    made = clip(np.zeros((count, 52), np.float32)).clip
    found = jumps(replace(made, motion=replace(made.motion, rotation=turn)))
    assert len(found) == count and not found.any()


def both(one: Seen, other: Seen) -> Seen:
    parts = [[getattr(s, name) for s in (one, other)] for name in ("present", "points", "scores", "pose")]
    return Seen(one.size, *(np.concatenate(part) for part in parts))


def test_two_people_in_one_clip_differ_more_than_one_person_does() -> None:
    curves = talking(20, 25)
    rng = np.random.default_rng(8)
    a, b = (seen(curves, rng.normal(0, 1, len(fitter().codes))) for _ in range(2))
    assert identity_gap(both(a, a), fitter()) < 0.6
    assert identity_gap(both(a, b), fitter()) > LIMITS.identity
    assert np.isnan(identity_gap(seen(curves, hidden=slice(0, 12)), fitter()))


def test_what_is_heard_and_the_error_of_some_frames() -> None:
    quiet = NOISE.copy()
    quiet[: 30 * 640] *= 0.01
    assert not heard(quiet, COUNT)[:30].any() and heard(quiet, COUNT)[30:].all()
    assert rms(np.array([3.0, np.nan, 4.0])) == pytest.approx(np.sqrt(12.5)) and np.isnan(
        rms(np.array([np.nan]))
    )
