"""Tracks are read, measured and fitted: known motion of our rig comes back from its landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import write_clip

from dxtalker.data.clips import FaceTrack, find_tracks, read_track
from dxtalker.data.labels import fitted_curves, head_angles, make_labels
from dxtalker.data.measure import measure
from dxtalker.data.names import is_listed, listed
from dxtalker.errors import BadInput
from dxtalker.face.head import rotation_matrix
from dxtalker.face.head_file import load_head

HEAD = load_head()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[FaceTrack, np.ndarray]:
    folder = tmp_path_factory.mktemp("made")
    curves = write_clip(folder, "one", HEAD, seed=1)
    track = read_track(folder / "one.npz")
    assert isinstance(track, FaceTrack)
    return track, curves


def test_measured_gap_is_the_rigs_opening(clip: tuple[FaceTrack, np.ndarray]) -> None:
    track, curves = clip
    seen = measure(track, HEAD.eye_distance)
    truth = HEAD.opening(curves)
    assert truth.max() > 3
    offset = seen[:, 0] - truth  # the clip's own rest: its narrowest gaps, here not quite closed
    assert abs(np.median(offset)) < 2 and offset.std() < 0.6
    assert np.corrcoef(seen[:, 0], truth)[0, 1] > 0.98


def test_fit_finds_the_opening_when_scores_are_wrong(clip: tuple[FaceTrack, np.ndarray]) -> None:
    track, curves = clip
    coarse = FaceTrack(**{**vars(track), "scores": track.scores * 0.3})
    truth, fitted, given_ = (HEAD.opening(c) for c in (curves, fitted_curves(coarse, HEAD), coarse.scores))
    assert np.abs(fitted - truth).mean() < 0.5 * np.abs(given_ - truth).mean()
    assert np.corrcoef(fitted, truth)[0, 1] > 0.97


def test_labels_cover_the_sound_at_25_fps(clip: tuple[FaceTrack, np.ndarray]) -> None:
    labels = make_labels(clip[0], HEAD, 70)
    assert labels.curves.shape == (70, 52) and labels.rotation.shape == (70, 3)
    assert labels.covered.all() and labels.curves.min() >= 0 and labels.curves.max() <= 1


def test_head_angles_invert_the_rotation_matrix() -> None:
    angles = np.array([[0.2, -0.3, 0.1], [-0.1, 0.4, -0.2], [0.0, 0.0, 0.0]])
    found = head_angles(np.stack([rotation_matrix(a) for a in angles]))
    assert np.abs(found - (angles - angles.mean(axis=0))).max() < 1e-6


def test_a_track_without_the_landmarks_is_refused(clip: tuple[FaceTrack, np.ndarray]) -> None:
    few = FaceTrack(
        **{**vars(clip[0]), "landmarks": clip[0].landmarks[:, 1:], "landmark_ids": clip[0].landmark_ids[1:]}
    )
    with pytest.raises(BadInput, match="1 of the 106 landmarks"):
        fitted_curves(few, HEAD)


def test_names_and_patterns(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("a b\nc-*")
    names = listed(["z", str(tmp_path / "held.txt")])
    assert names == {"z", "a", "b", "c-*"}
    assert is_listed("c-12", names) and not is_listed("d", names)
    with pytest.raises(BadInput, match="does not exist"):
        listed([str(tmp_path / "none.txt")])


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no tracked clips"):
        find_tracks(tmp_path)
    np.savez(tmp_path / "lonely.npz", bs=np.zeros((3, 52)))
    with pytest.raises(BadInput, match="no sound beside it"):
        read_track(tmp_path / "lonely.npz")
    (tmp_path / "lonely.wav").write_bytes(b"RIFF")
    with pytest.raises(BadInput, match="not a face track"):
        read_track(tmp_path / "lonely.npz")
    np.savez(tmp_path / "evil.npz", bs=np.array([{"x": 1}], dtype=object), fps=25.0)
    (tmp_path / "evil.wav").write_bytes(b"RIFF")
    with pytest.raises(BadInput, match="not a face track"):
        read_track(tmp_path / "evil.npz")
