from __future__ import annotations

from dataclasses import replace

import numpy as np

from dxtalker.export.skeleton import binding, eyeballs, make_skeleton
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head


def test_eyes_and_head_stand_where_the_head_has_them(head: Head) -> None:
    skeleton = make_skeleton(head)
    for name, place in (("Head", head.pivot), ("LeftEye", head.eyes[0]), ("RightEye", head.eyes[1])):
        assert np.allclose(skeleton.world[skeleton.index(name), :3, 3], place)


def test_left_mirrors_right_and_parents_come_first(head: Head) -> None:
    skeleton = make_skeleton(head)
    assert all(parent < i for i, parent in enumerate(skeleton.parents))
    for i, name in enumerate(skeleton.names):
        if name.startswith("Left"):
            other = skeleton.index(name.replace("Left", "Right"))
            assert np.allclose(skeleton.world[i, :3, 3] * (-1, 1, 1), skeleton.world[other, :3, 3])


def test_bones_of_limbs_point_to_their_children(head: Head) -> None:
    skeleton = make_skeleton(head)
    for child in ("LeftForeArm", "RightHand", "LeftHandIndex2", "LeftFoot"):
        way = skeleton.local[skeleton.index(child), :3, 3]
        assert way[1] > 0.95 * np.linalg.norm(way)


def test_weights_are_those_of_pose_and_sum_to_one() -> None:
    head = load_head()
    skeleton = make_skeleton(head)
    joints, weights = binding(head, skeleton)
    assert np.allclose(weights.sum(1), 1, atol=1e-6) and not joints[weights == 0].any()
    follows = [skeleton.index(name) for name in ("Head", "LeftEye", "RightEye")]
    assert np.allclose((weights * np.isin(joints, follows)).sum(1), head.head_weight, atol=1e-6)
    which = eyeballs(head)
    assert np.all(head.vertices[which == 0, 0] > 0) and np.all(head.vertices[which == 1, 0] < 0)
    assert np.all(joints[which == 0, 0] == skeleton.index("LeftEye"))


def test_eyes_that_do_not_follow_the_head_get_no_bone() -> None:
    head = load_head()
    loose = replace(head, head_weight=head.head_weight * np.float32(0.9))
    assert np.all(eyeballs(loose) == -1)
