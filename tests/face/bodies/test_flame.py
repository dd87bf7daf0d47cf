from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_flame import SHIFT, STRETCH, MadeUp

from dxtalker.errors import BadInput
from dxtalker.export.flame_npz import flame_vertices, read_flame_npz, write_flame_npz
from dxtalker.face.bodies.flame import JAW, NECK, FlameModel, axis_angle, rodrigues
from dxtalker.face.bodies.flame_head import FlameHead, correspondences, flame_head
from dxtalker.face.bodies.solve import FlameCurves, eyes_to_gaze, gaze_to_eyes
from dxtalker.face.head import rotation_matrix
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, BLINK, GAZE, Motion


def speech_like(frames: int, seed: int = 4) -> np.ndarray:
    """(T, 52) curves of the size that talking has."""
    random = np.random.default_rng(seed)
    curves = random.uniform(0, 1, (frames, 52)) ** 3 * 0.6
    curves[:, ARKIT_INDEX["tongueOut"]] = 0
    curves[:, ARKIT_INDEX["mouthClose"]] *= curves[:, ARKIT_INDEX["jawOpen"]]
    return curves.astype(np.float32)


def test_rotations_go_there_and_back() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(0, 0.8, (50, 3))
    matrices = rodrigues(vectors)
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(axis_angle(matrices), vectors, atol=1e-9)
    np.testing.assert_allclose(
        rodrigues(np.array([0.3, 0, 0])), rotation_matrix(np.array([0.3, 0, 0])), atol=1e-12
    )
    np.testing.assert_array_equal(axis_angle(np.eye(3)), np.zeros(3))


def test_rest_is_the_template_and_the_root_turns_everything(made_up: MadeUp) -> None:
    model = made_up.model
    pose = np.zeros((2, 15))
    pose[1, 1] = 0.4
    found = model.vertices(np.zeros((2, 1)), pose)
    np.testing.assert_allclose(found[0], model.template, atol=1e-12)
    turned = (model.template - model.joints[0]) @ rodrigues(pose[1, :3]).T + model.joints[0]
    np.testing.assert_allclose(found[1], turned, atol=1e-12)


def test_the_jaw_turns_its_own_and_corrections_follow_the_pose(made_up: MadeUp) -> None:
    random = np.random.default_rng(2)
    model = replace(made_up.model, corrections=random.normal(0, 1e-3, made_up.model.corrections.shape))
    pose = np.zeros((1, 15))
    pose[0, 3 * JAW] = 0.3
    turn = rodrigues(pose[0, 3 * JAW : 3 * JAW + 3])
    placed = model.template + np.tensordot((turn - np.eye(3)).ravel(), model.corrections[9:18], axes=1)
    weight = model.weights[:, JAW, None]
    jaw = model.joints[JAW]
    expected = placed * (1 - weight) + weight * ((placed - jaw) @ turn.T + jaw)
    np.testing.assert_allclose(model.vertices(np.zeros((1, 1)), pose)[0], expected, atol=1e-12)
    some = np.array([5, 100, 2000])
    np.testing.assert_allclose(model.vertices(np.zeros((1, 1)), pose, some)[0], expected[some], atol=1e-12)


def test_landmarks_find_the_same_places_on_both_heads(made_up: MadeUp) -> None:
    ours, theirs = correspondences(made_up.model)
    missed = np.linalg.norm(ours * STRETCH + SHIFT - theirs, axis=1) * 1000
    assert len(ours) > 350
    assert np.median(missed) < 1.0
    assert missed.max() < 8


def test_carried_shapes_are_the_true_ones(flame: FlameHead, made_up: MadeUp) -> None:
    """Against the truth, over the face, in mm: a twentieth of the motion or less, lips and lids included."""
    assert flame.solver is not None
    face = flame.solver.face
    wrong = np.linalg.norm(flame.solver.shapes - made_up.shapes, axis=2)[:, face]
    moved = np.linalg.norm(made_up.shapes, axis=2)[:, face]
    for name in ("jawOpen", "mouthSmileLeft", "mouthPucker", "browInnerUp", "jawLeft"):
        row = ARKIT_INDEX[name]
        share = np.sqrt((wrong[row] ** 2).mean() / (moved[row] ** 2).mean())
        assert share < 0.08, (name, share)
    blink = ARKIT_INDEX["eyeBlinkLeft"]
    assert np.sqrt((wrong[blink] ** 2).mean() / (moved[blink] ** 2).mean()) < 0.25


def test_the_head_is_whole_and_is_flames_own_surface(flame: FlameHead, made_up: MadeUp) -> None:
    assert flame.solver is not None
    model = made_up.model
    count = len(model.template)
    np.testing.assert_allclose(flame.vertices[:count], model.template + flame.shift, atol=1e-6)
    np.testing.assert_allclose(flame.eyes.mean(0), 0, atol=1e-6)
    assert [part.name for part in flame.parts] == ["skin", "eyes"]
    assert 0 <= flame.uv.min() <= flame.uv.max() <= 1
    weights = np.zeros(52)
    weights[ARKIT_INDEX["jawOpen"]] = 1
    params = flame.solver.to_flame(weights)
    drawn = flame.solver.model.vertices(params.expression, params.pose)[0] + flame.shift
    np.testing.assert_allclose(flame.shape(weights)[:count], drawn, atol=1e-5)
    # Head motion is the neck joint's.
    pose = np.zeros((1, 15))
    pose[0, 3 * NECK : 3 * NECK + 3] = axis_angle(rotation_matrix(np.array([0.2, 0.3, 0.1])))
    turned = flame.pose(flame.vertices, np.array([0.2, 0.3, 0.1]), np.zeros(3))
    np.testing.assert_allclose(
        turned[:count], model.vertices(np.zeros((1, 1)), pose)[0] + flame.shift, atol=1e-5
    )
    assert flame.lip_gap[ARKIT_INDEX["jawOpen"]] > 20


def test_curves_become_flame_within_a_millimetre_and_come_back(flame: FlameHead) -> None:
    assert flame.solver is not None
    curves = speech_like(60)
    report = flame.solver.report(curves)
    assert report.rms < 0.2 * report.moved
    assert report.rms < 1.0
    assert "mm RMS" in str(report)
    params = flame.solver.to_flame(curves)
    assert params.pose[:, 3 * JAW].min() >= 0
    assert params.pose[:, 3 * JAW].max() <= 0.5
    # Root and neck rest: head motion is not the solver's.
    assert not params.pose[:, :6].any()
    back = flame.solver.to_curves(params)
    assert 0 <= back.min() <= back.max() <= 1
    np.testing.assert_allclose(back[:, GAZE], net_gaze(curves)[:, GAZE], atol=1e-5)
    assert np.abs(back - curves)[:, ARKIT_INDEX["jawOpen"]].max() < 0.12
    again = flame.solver.displacement(flame.solver.to_flame(back)) - flame.solver.displacement(params)
    assert np.sqrt((again[:, flame.solver.face] ** 2).sum(2).mean()) * 1000 < 1.0
    shut = flame.solver.report_shapes()
    assert set(shut) >= {"jawOpen", "eyeBlinkLeft", "mouthSmileRight"}
    assert len(BLINK) == 2


def net_gaze(curves: np.ndarray) -> np.ndarray:
    return eyes_to_gaze(gaze_to_eyes(curves))


def test_looking_to_its_left_turns_both_eyes_to_plus_x() -> None:
    curves = np.zeros((1, 52))
    curves[0, [ARKIT_INDEX["eyeLookOutLeft"], ARKIT_INDEX["eyeLookInRight"]]] = 1
    eyes = gaze_to_eyes(curves)
    for eye in (eyes[0, :3], eyes[0, 3:]):
        assert (rodrigues(eye) @ np.array([0, 0, 1]))[0] > 0.4
    down = np.zeros((1, 52))
    down[0, ARKIT_INDEX["eyeLookDownLeft"]] = 1
    assert (rodrigues(gaze_to_eyes(down)[0, :3]) @ np.array([0, 0, 1]))[1] < -0.4


def test_given_correspondences_are_used_and_a_strange_shape_is_refused(made_up: MadeUp) -> None:
    head = load_head()
    points = head.vertices[::40].astype(np.float64)
    found = flame_head(made_up.model, pairs=(points, points * STRETCH + SHIFT))
    assert found.solver is not None
    wrong = np.linalg.norm(found.solver.shapes - made_up.shapes, axis=2)[:, found.solver.face]
    assert np.sqrt((wrong**2).mean()) < 5e-4
    with pytest.raises(BadInput, match="shape parameters"):
        flame_head(made_up.model, np.zeros(5000))


def talk(frames: int = 30) -> Motion:
    random = np.random.default_rng(8)
    return Motion(
        speech_like(frames),
        random.normal(0, 0.1, (frames, 3)).astype(np.float32),
        random.normal(0, 0.003, (frames, 3)).astype(np.float32),
    )


def test_a_written_file_gives_the_parameters_and_vertices_back(flame: FlameHead, tmp_path: Path) -> None:
    assert flame.solver is not None
    motion = talk()
    write_flame_npz(tmp_path / "talk.flame.npz", motion, flame)
    with np.load(tmp_path / "talk.flame.npz", allow_pickle=False) as stored:
        shapes = {name: stored[name].shape for name in ("shapecode", "expcode", "posecode")}
        assert shapes == {"shapecode": (30, 100), "expcode": (30, 50), "posecode": (30, 6)}
        vertices, moved = stored["vertices"], stored["transl"]
    params, shape, rate = read_flame_npz(tmp_path / "talk.flame.npz")
    assert rate == 25
    assert not shape.any()
    np.testing.assert_allclose(flame_vertices(flame, params, moved), vertices, atol=1e-5)
    turned = rodrigues(params.pose[3, :3])
    np.testing.assert_allclose(turned, rotation_matrix(motion.rotation[3]), atol=1e-5)


def test_the_datasets_own_layout_is_read(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    table = {
        "shapecode": random.normal(size=(7, 100)),
        "expcode": random.normal(size=(7, 50)),
        "posecode": random.normal(size=(7, 6)),
    }
    for name, array in table.items():
        np.save(tmp_path / f"{name}.npy", array.astype(np.float32))
    np.savez(tmp_path / "clip.npz", **table)
    for path in (tmp_path, tmp_path / "clip.npz"):
        params, shape, rate = read_flame_npz(path)
        assert isinstance(params, FlameCurves)
        assert rate == 25
        np.testing.assert_allclose(params.expression, table["expcode"], atol=1e-6)
        np.testing.assert_allclose(params.pose[:, 6:9], table["posecode"][:, 3:], atol=1e-6)
        np.testing.assert_allclose(shape, table["shapecode"][0], atol=1e-6)


def test_what_does_not_fit_is_refused(flame: FlameHead, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--face"):
        write_flame_npz(tmp_path / "a.flame.npz", talk(2), load_head())
    bad = {
        "short": {"expcode": np.zeros((3, 50)), "posecode": np.zeros((2, 6))},
        "narrow": {"expcode": np.zeros((3, 50)), "posecode": np.zeros((3, 3))},
        "nan": {"expcode": np.full((3, 50), np.nan), "posecode": np.zeros((3, 6))},
        "text": {"expcode": np.array(["a"]), "posecode": np.zeros((3, 6))},
        "none": {"curves": np.zeros((3, 52))},
        "empty": {"expcode": np.zeros((0, 50)), "posecode": np.zeros((0, 6))},
    }
    for name, arrays in bad.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
        with pytest.raises(BadInput, match=name):
            read_flame_npz(tmp_path / f"{name}.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(BadInput):
        read_flame_npz(tmp_path / "torn.npz")
    assert isinstance(flame.solver.model if flame.solver else None, FlameModel)
