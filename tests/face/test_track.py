"""A drawn person who talks, blinks and turns is followed; what was drawn is known."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dxtalker.data.clips import FaceTrack, read_track
from dxtalker.data.labels import head_angles
from dxtalker.data.measure import measure
from dxtalker.errors import BadInput
from dxtalker.face.fit import Fitter, load_landmark_model
from dxtalker.face.head import Head
from dxtalker.face.identity import load_identity_space
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.steady import bridge, kernel, runs, smooth
from dxtalker.face.track import Track, track
from dxtalker.face.video import open_video
from dxtalker.records import ARKIT_INDEX, BLINK, Motion
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer

FPS = Fraction(25)
FRAMES = 48
DARK = slice(30, 35)  # frames without a picture


def talking() -> Motion:
    at = np.arange(FRAMES) / float(FPS)
    curves = np.zeros((FRAMES, 52), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = 0.45 * np.abs(np.sin(at * 6.9)) * (at > 0.3)
    for middle in (0.5, 1.6):
        curves[:, BLINK] += np.exp(-(((at - middle) / 0.07) ** 2))[:, None]
    rotation = np.stack([0.12 * np.sin(at * 3), 0.3 * np.sin(at * 2.6), 0.08 * np.sin(at * 4)], axis=1)
    sway = np.stack([0.01 * np.sin(at * 3), 0.006 * np.sin(at * 4), 0 * at], axis=1)
    return Motion(np.clip(curves, 0, 1), rotation.astype(np.float32), sway.astype(np.float32), FPS)


@dataclass(frozen=True)
class Case:
    fitter: Fitter
    landmarker: Landmarker
    weights: np.ndarray
    head: Head
    frames: list[np.ndarray]
    found: Track


@pytest.fixture(scope="module")
def case() -> Case:
    space = load_identity_space()
    fitter, landmarker = Fitter(space, load_landmark_model()), Landmarker(threads=1)
    rng = np.random.default_rng(4)
    weights = random_weights(rng, space.names, random_person(rng))
    head = space.head(weights)
    renderer = make_renderer(head, portrait(head, (256, 256)), kind="numpy")
    frames = [frame[..., :3].copy() for frame in draw_motion(head, talking(), renderer)]
    for frame in frames[DARK]:
        frame[:] = 0
    stages: list[str] = []
    found = track(
        frames,
        landmarker,
        fitter,
        FPS,
        lambda stage, share: stages.append(stage),
        FRAMES,
        keep_landmarks=True,
    )
    assert list(dict.fromkeys(stages)) == ["looking", "who it is", "following"]
    return Case(fitter, landmarker, weights, head, frames, found)


def alike(case: Case, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a[case.found.present], b[case.found.present])[0, 1])


def test_lips_and_lids_are_followed(case: Case) -> None:
    true, found = talking(), case.found.motion
    assert len(found) == FRAMES and found.fps == FPS
    for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"):
        assert alike(case, true.curves[:, ARKIT_INDEX[name]], found.curves[:, ARKIT_INDEX[name]]) > 0.88, name
    own = case.fitter.space.head(case.found.weights)
    real, seen = case.head.opening(true.curves), own.opening(found.curves)
    assert alike(case, real, seen) > 0.93
    slope = np.polyfit(real[case.found.present], seen[case.found.present], 1)[0]
    assert 0.7 < slope < 1.1  # photos are matched: on drawn heads the landmarks read 0.8 of the gap
    assert abs(seen[:6].mean()) < 1.5  # mm, before the first word
    assert found.curves[:, BLINK].max() > 0.6


def test_the_head_is_followed(case: Case) -> None:
    true, found, here = talking(), case.found.motion, case.found.present
    off = np.degrees((found.rotation - true.rotation)[here])
    assert np.sqrt(((off - off.mean(0)) ** 2).mean(0)).max() < 2.0  # degrees
    moved = 1000 * (found.translation - true.translation)[here][:, :2]
    assert np.sqrt(((moved - moved.mean(0)) ** 2).mean(0)).max() < 3.0  # mm, across the picture


def test_who_it_is(case: Case) -> None:
    fitter = case.fitter

    def away(weights: np.ndarray) -> float:
        """RMS mm from the true face, after scaling: one camera tells no size."""
        a, b = (
            (points - points.mean(0)) * 1000
            for points in (
                fitter.model.points(fitter.space.raw_head(w).vertices) for w in (weights, case.weights)
            )
        )
        return float(np.sqrt(((a * ((a * b).sum() / (a * a).sum()) - b) ** 2).sum(1).mean()))

    assert away(case.found.weights) < 0.75 * away(fitter.space.mean)


def test_a_gap_is_marked_and_bridged(case: Case) -> None:
    found = case.found
    assert found.gaps == ((DARK.start, DARK.stop),)
    assert np.isnan(found.error[DARK]).all() and np.nanmax(found.error) < 4
    assert found.landmarks is not None and np.isnan(found.landmarks[DARK]).all()
    inside = found.motion.rotation[DARK.start - 1 : DARK.stop + 1]
    assert np.allclose(np.diff(inside, 2, axis=0), 0, atol=1e-6)  # a straight line
    assert "5 of 48" in found.notes[0]


def test_views_show_the_head_where_it_was_seen(case: Case) -> None:
    found, fitter = case.found, case.fitter
    assert found.landmarks is not None
    for frame in (0, 12, 40):
        view = found.view(frame)
        points = fitter.mean + np.tensordot(found.code, fitter.codes, 1)
        points = points + np.tensordot(view.expression, fitter.shapes, 1)
        off = found.landmarks[frame, :, :2] - view.project(points)
        assert np.sqrt((off**2).sum(1).mean()) < 0.05 * found.eye_distance[frame]


def test_a_video_without_a_face_is_refused(case: Case) -> None:
    grey = [np.full((120, 160, 3), 120, np.uint8)] * 3
    with pytest.raises(BadInput, match="seen in 0 of 3"):
        track(grey, case.landmarker, case.fitter, FPS)
    with pytest.raises(BadInput, match="seen in 0 of 0"):
        track([], case.landmarker, case.fitter, FPS)
    with pytest.raises(BadInput, match="frame 1 is 160x100"):
        track([grey[0], grey[0][:100]], case.landmarker, case.fitter, FPS)


def test_smoothing_keeps_parabolas_and_quick_changes() -> None:
    at = np.arange(40.0)[:, None]
    curve = 0.3 * at**2 - 2 * at + 1
    assert np.allclose(smooth(curve, 0.16, 25)[5:-5], curve[5:-5])
    spike = np.zeros((40, 1))
    spike[20] = 1
    assert np.array_equal(smooth(spike, 0.04, 25), spike)
    spread = smooth(spike, 0.16, 25)
    assert np.allclose(spread, spread[::-1][[*range(39, 40), *range(39)]], atol=1e-12)  # no delay
    assert np.isclose(kernel(3).sum(), 1)
    assert np.allclose(smooth(at, 0.2, 25), at)  # a slope is kept at the ends too


def test_gaps_are_bridged_by_lines() -> None:
    present = np.array([False, True, False, False, True, True])
    assert runs(present) == [slice(1, 2), slice(4, 6)]
    values = np.array([[9.0], [1], [9], [9], [4], [5]])
    assert bridge(values, present)[:, 0].tolist() == [1, 1, 2, 3, 4, 5]


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data folder")
def test_a_real_speaker_against_another_tracker(case: Case) -> None:
    theirs = read_track(SHARED / "grid_s1" / "bbal6n.npz")
    assert isinstance(theirs, FaceTrack)
    with open_video(SHARED / "raw_video" / "bbal6n.mpg") as video:
        ours = track(video, case.landmarker, case.fitter, video.fps)
    count = min(len(ours.motion), len(theirs.scores))
    gap = measure(theirs, case.head.eye_distance)[:count, 0]
    opening = case.fitter.space.base.opening(ours.motion.curves)[:count]
    assert np.corrcoef(gap, opening)[0, 1] > 0.93
    turn = np.degrees(ours.motion.rotation[:count] - head_angles(theirs.rotation[:count]))
    assert np.std(turn, axis=0).max() < 1.5
