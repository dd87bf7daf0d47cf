from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.face.contact import Contact
from dxtalker.face.head import Head, rotation_matrix
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, MOUTH

MM = 1000


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def curves(**values: float) -> np.ndarray:
    """Weights by channel name; a name without a side sets both."""
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in values.items():
        for full in [name] if name in ARKIT_INDEX else [name + "Left", name + "Right"]:
            weights[ARKIT_INDEX[full]] = value
    return weights


def lip_gaps(head: Head, vertices: np.ndarray) -> np.ndarray:
    """(K,) mm between the facing lip vertices, upward."""
    return (vertices[head.lip_pairs[:, 0], 1] - vertices[head.lip_pairs[:, 1], 1]) * MM


def part_vertices(head: Head, name: str) -> np.ndarray:
    part = next(part for part in head.parts if part.name == name)
    return np.unique(head.triangles[part.first : part.first + part.count])


def test_the_packaged_head_is_whole(head: Head) -> None:
    count = len(head.vertices)
    assert head.deltas.shape == (52, count, 3)
    assert head.uv.shape == (count, 2)
    assert head.weld.shape == head.head_weight.shape == (count,)
    for array in (head.vertices, head.deltas, head.uv, head.head_weight, head.pivot):
        assert np.isfinite(array).all()
    assert head.triangles.min() == 0
    assert head.triangles.max() == count - 1
    assert 0 <= head.uv.min() <= head.uv.max() <= 1
    assert 0 <= head.head_weight.min() <= head.head_weight.max() <= 1
    assert count <= 22_000
    assert head.albedo.dtype == np.uint8
    names = {"skin", "hair", "eyes", "teeth", "tongue", "brows", "lashes", "strands"}
    assert names == {part.name for part in head.parts}
    assert sum(part.count for part in head.parts) == len(head.triangles)
    assert [part.blend for part in head.parts] == sorted(part.blend for part in head.parts)


def test_it_has_the_size_and_the_axes_of_a_person(head: Head) -> None:
    marks = {name: head.vertices[index] for name, index in head.landmarks.items()}
    assert marks["eye_outer_left"][0] > 0 > marks["eye_outer_right"][0]
    assert marks["mouth_left"][0] > 0 > marks["mouth_right"][0]
    assert marks["nose_tip"][2] > marks["chin"][2] > head.pivot[2]
    assert marks["nose_tip"][1] > marks["mouth_left"][1] > marks["chin"][1]
    assert 0.18 < head.vertices[:, 1].max() - marks["chin"][1] < 0.24
    assert 0.07 < np.linalg.norm(marks["eye_outer_left"] - marks["eye_outer_right"]) < 0.1


def test_vertices_of_one_point_move_as_one(head: Head) -> None:
    first = np.unique(head.weld, return_index=True)[1][head.weld]
    np.testing.assert_array_equal(head.vertices, head.vertices[first])
    np.testing.assert_array_equal(head.deltas, head.deltas[:, first])


def test_every_shape_moves_something_by_a_sane_amount(head: Head) -> None:
    reach = np.linalg.norm(head.deltas, axis=2).max(axis=1) * MM
    assert (reach > 0.5).all()
    assert (reach < 60).all()


@pytest.mark.parametrize(
    "name", [n for n in ARKIT_NAMES if n.endswith("Left") and n not in ("jawLeft", "mouthLeft")]
)
def test_left_and_right_are_mirrored(head: Head, name: str) -> None:
    left = np.linalg.norm(head.deltas[ARKIT_INDEX[name]], axis=1)
    right = np.linalg.norm(head.deltas[ARKIT_INDEX[name.replace("Left", "Right")]], axis=1)
    mine = head.vertices[:, 0] > 0
    assert (left[mine] ** 2).sum() > 2.5 * (left[~mine] ** 2).sum()
    assert (right[~mine] ** 2).sum() > 2.5 * (right[mine] ** 2).sum()
    assert np.isclose((left**2).sum(), (right**2).sum(), rtol=0.05)


@pytest.mark.parametrize("name", ["jawLeft", "mouthLeft"])
def test_sideways_shapes_go_to_their_own_side(head: Head, name: str) -> None:
    chin = head.lip_pairs[0, 1]
    assert head.deltas[ARKIT_INDEX[name], chin, 0] > 0.003
    assert head.deltas[ARKIT_INDEX[name.replace("Left", "Right")], chin, 0] < -0.003


def test_blinks_stay_on_their_side(head: Head) -> None:
    moved = np.linalg.norm(head.deltas[ARKIT_INDEX["eyeBlinkLeft"]], axis=1) > 1e-4
    assert (head.vertices[moved, 0] > -1e-6).all()


def test_the_jaw_opens_the_mouth(head: Head) -> None:
    opened = head.opening(np.stack([curves(), curves(jawOpen=0.5), curves(jawOpen=1)]))
    assert opened[0] == 0
    assert 20 < opened[2] < 40
    assert np.isclose(opened[1], opened[2] / 2, atol=0.01)


@pytest.mark.parametrize("a", [0.1, 0.3, 0.6, 1.0])
def test_mouth_close_undoes_the_open_jaw(head: Head, a: float) -> None:
    gaps = lip_gaps(head, head.shape(curves(jawOpen=a, mouthClose=a)))
    assert np.abs(gaps).max() < 1


def test_resting_lips_just_touch(head: Head) -> None:
    assert head.lips is not None
    contact = Contact.of(head.triangles, head.lips)
    depth = contact.depth(head.vertices[None, contact.vertices])[0, 4:-4] * MM
    assert depth.max() < 0.2
    assert np.median(depth) > -0.1
    assert np.abs(lip_gaps(head, head.vertices)).max() < 0.8  # the edges lie over each other, front and back
    x = head.vertices[head.lip_pairs[:, 0], 0] * MM
    assert abs(x[0]) < 0.1
    assert (np.diff(np.abs(x[1::2])) > 0).all()


@pytest.mark.parametrize(
    "name", ["mouthSmile", "mouthPucker", "mouthPress", "mouthRollLower", "mouthShrugLower"]
)
def test_no_mouth_shape_pushes_the_lips_far_through_each_other(head: Head, name: str) -> None:
    assert lip_gaps(head, head.shape(curves(**{name: 1}))).min() > -1.2


def test_a_blink_closes_the_lids(head: Head) -> None:
    """From the front, the open eye shows much of the eyeball, the closed one nothing of its middle."""
    ball = part_vertices(head, "eyes")
    ball = ball[head.vertices[ball, 0] > 0]
    pupil = head.vertices[ball[np.argmax(head.vertices[ball, 2])]]
    for weight, covered in ((0.0, False), (1.0, True)):
        shaped = head.shape(curves(eyeBlink=weight))
        assert is_covered(head, shaped, pupil - np.array([0, 0.002, 0])) is covered


def is_covered(head: Head, vertices: np.ndarray, point: np.ndarray) -> bool:
    """Whether skin lies in front of ``point``, seen along -Z."""
    skin = head.parts[0]
    a, b, c = np.moveaxis(vertices[head.triangles[skin.first : skin.first + skin.count]], 1, 0)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    area[np.abs(area) < 1e-15] = np.inf
    v = ((point[0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (point[1] - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
    w = ((b[:, 0] - a[:, 0]) * (point[1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (point[0] - a[:, 0])) / area
    inside = (v > 0) & (w > 0) & (v + w < 1)
    return bool((a[inside, 2] > point[2] - 0.004).any())


def test_gaze_turns_the_eyeballs(head: Head) -> None:
    ball = part_vertices(head, "eyes")
    left = ball[head.vertices[ball, 0] > 0]
    pupil = left[np.argmax(head.vertices[left, 2])]
    for name, axis, sign in (("Up", 1, 1), ("Down", 1, -1), ("Out", 0, 1), ("In", 0, -1)):
        assert sign * head.deltas[ARKIT_INDEX[f"eyeLook{name}Left"], pupil, axis] > 0.002


def test_only_the_jaw_moves_teeth_and_never_the_upper_ones(head: Head) -> None:
    teeth = part_vertices(head, "teeth")
    moved = np.linalg.norm(head.deltas[:, teeth], axis=2) * MM
    for i, name in enumerate(ARKIT_NAMES):
        assert (moved[i].max() > 0.1) == name.startswith("jaw")
    still = moved.max(axis=0) < 0.01
    assert head.vertices[teeth[still], 1].mean() > head.vertices[teeth[~still], 1].mean()


def test_the_tongue_stays_inside_unless_it_is_put_out(head: Head) -> None:
    tongue = part_vertices(head, "tongue")
    lips = head.vertices[head.lip_pairs[0, 1], 2]
    assert head.vertices[tongue, 2].max() < lips
    assert head.shape(curves(tongueOut=1))[tongue, 2].max() > lips + 0.005


def test_the_hair_moves_with_the_skull_alone(head: Head) -> None:
    strands = part_vertices(head, "strands")
    assert (head.head_weight[strands] == 1).all()
    assert np.abs(head.deltas[:, strands]).max() == 0
    assert len(strands) <= 4_000
    assert next(part.count for part in head.parts if part.name == "strands") <= 5_000


def test_strands_let_light_through(head: Head) -> None:
    """Their picture is clear at its border and at the tips, dense in the middle, and coloured everywhere."""
    strands = part_vertices(head, "strands")
    size = np.array(head.albedo.shape[1::-1])
    left, top = np.floor(head.uv[strands].min(0) * size).astype(int)
    right, bottom = np.ceil(head.uv[strands].max(0) * size).astype(int)
    alpha = head.albedo[top:bottom, left:right, 3] / 255
    assert 0.15 < alpha.mean() < 0.75
    assert alpha[-3:].max() < 0.1
    assert (alpha > 0.95).mean() > 0.05
    ring = np.pad(np.zeros((bottom - top + 8, right - left + 8), bool), 4, constant_values=True)
    assert head.albedo[top - 8 : bottom + 8, left - 8 : right + 8, 3][ring].max() == 0
    assert head.albedo[top:bottom, left:right, :3].max() < 200


def test_hairless_takes_the_hair_away(head: Head) -> None:
    bald = head.vertices + head.extras["hairless"]
    moved = np.linalg.norm(head.extras["hairless"], axis=1) * MM
    strands, hair = part_vertices(head, "strands"), part_vertices(head, "hair")
    keep = np.setdiff1d(np.arange(len(moved)), np.concatenate([strands, hair, part_vertices(head, "skin")]))
    assert moved[keep].max() == 0
    assert moved[head.vertices[:, 1] < -0.1].max() == 0
    assert 8 < moved[hair].max() < 25
    part = next(part for part in head.parts if part.name == "strands")
    corners = bald[head.triangles[part.first : part.first + part.count]]
    assert np.linalg.norm(corners - corners[:, :1], axis=2).max() * MM < 0.1  # each card is one point
    centre = np.array([0, 0.02, -0.075])
    under = np.linalg.norm(bald[strands] - centre, axis=1)
    for point, reach in zip(bald[strands[::40]], under[::40], strict=True):
        near = hair[np.argsort(np.linalg.norm(bald[hair] - point, axis=1))[:3]]
        assert reach < np.linalg.norm(bald[near] - centre, axis=1).max()  # inside the skull


def test_no_head_motion_is_identity(head: Head) -> None:
    posed = head.pose(head.vertices, np.zeros(3), np.zeros(3))
    np.testing.assert_allclose(posed, head.vertices, atol=1e-7)


def test_turning_moves_the_crown_and_leaves_the_bust(head: Head) -> None:
    posed = head.pose(head.vertices, np.array([0.1, 0.5, 0.05]), np.array([0.01, 0, 0]))
    crown, bottom = np.argmax(head.vertices[:, 1]), np.argsort(head.vertices[:, 1])[:20]
    assert np.linalg.norm(posed[crown] - head.vertices[crown]) > 0.01
    np.testing.assert_allclose(posed[bottom], head.vertices[bottom], atol=2e-4)
    chin = head.landmarks["chin"]
    assert posed[chin, 0] - head.vertices[chin, 0] > 0.03  # positive yaw turns to its own left, +X


def test_normals_are_unit_and_outward(head: Head) -> None:
    normals = head.smooth_normals(head.vertices)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3)
    nose, crown = head.landmarks["nose_tip"], np.argmax(head.vertices[:, 1])
    assert normals[nose, 2] > 0.7
    assert normals[crown, 1] > 0.9
    for eye in np.split(part_vertices(head, "eyes"), 2):
        outward = head.vertices[eye] - head.vertices[eye].mean(0) + np.array([0, 0, 0.005])
        assert ((normals[eye] * outward).sum(axis=1) > 0).mean() > 0.95


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=52, max_size=52), st.floats(0, 1))
def test_shapes_add_up_linearly(weights: list[float], share: float) -> None:
    head = load_small()
    full = np.array(weights, np.float32)
    moved = head.shape(full) - head.vertices
    part = head.shape(full * np.float32(share)) - head.vertices
    np.testing.assert_allclose(part, moved * np.float32(share), atol=1e-5)
    gap = head.opening(full[None])[0]
    upper, lower = head.lip_pairs[0]
    assert np.isclose(gap, (moved[upper, 1] - moved[lower, 1]) * MM, atol=0.02)


_small: list[Head] = []


def load_small() -> Head:
    """The head with its lip vertices and every twentieth other one, read once."""
    if not _small:
        head = load_head()
        keep = np.concatenate([head.lip_pairs.ravel(), np.arange(0, len(head.vertices), 20)])
        pairs = np.arange(head.lip_pairs.size).reshape(-1, 2)
        _small.append(
            replace(head, vertices=head.vertices[keep], deltas=head.deltas[:, keep], lip_pairs=pairs)
        )
    return _small[0]


def test_rotation_matrices_are_rotations() -> None:
    turn = rotation_matrix(np.array([0.3, -0.7, 0.2]))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.isclose(np.linalg.det(turn), 1)


def test_identity_directions_belong_to_the_head() -> None:
    from dxtalker.files import asset

    with np.load(asset("head.npz")) as data:
        names, weights = data["identity_names"], data["identity_weights"]
        assert len(names) == len(weights) == 386
        assert np.isclose(weights.sum(), 2)  # one regional and one general macro, each shared out
        follow = np.bincount(data["follow_point"], data["follow_weight"])
        np.testing.assert_allclose(follow, 1, atol=1e-3)
        assert len(follow) == data["weld"].max() + 1


def test_a_wrong_file_is_refused(tmp_path) -> None:
    text, other = tmp_path / "text.npz", tmp_path / "other.npz"
    text.write_text("not a head")
    np.savez(other, vertices=np.zeros((3, 3)))
    for path in (text, other, tmp_path / "absent.npz"):
        with pytest.raises(BadInput, match="npz"):
            load_head(path)


def test_a_head_with_other_shapes_is_refused(tmp_path) -> None:
    path = tmp_path / "head.npz"
    np.savez(path, shape_names=np.array(["smile"]))
    with pytest.raises(BadInput, match="ARKit"):
        load_head(path)


def test_mouth_channels_move_no_eye(head: Head) -> None:
    eyes = part_vertices(head, "eyes")
    assert np.abs(head.deltas[np.ix_(MOUTH, eyes)]).max() < 1e-4
