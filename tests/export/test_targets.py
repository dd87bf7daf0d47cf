from __future__ import annotations

from dataclasses import replace

import numpy as np

from dxtalker.export.targets import make_targets
from dxtalker.face.head import Head
from dxtalker.face.visemes import OCULUS, viseme_deltas
from dxtalker.records import ARKIT_NAMES, Motion


def test_arkit_first_then_visemes_then_those_of_avatars(head: Head) -> None:
    targets = make_targets(head)
    assert targets.names[:52] == ARKIT_NAMES and targets.names[52] == "viseme_sil"
    assert np.array_equal(targets.deltas[:52], head.deltas)
    assert np.abs(targets.deltas[52 : 52 + len(OCULUS)] - viseme_deltas(head)).max() < 2e-6
    closed = targets.deltas[targets.names.index("eyesClosed")]
    assert np.allclose(closed, head.deltas[0] + head.deltas[7], atol=2e-6)


def test_a_shape_of_the_head_itself_replaces_a_composed_one(head: Head) -> None:
    own = np.full_like(head.vertices, 0.002)
    targets = make_targets(replace(head, extras={"viseme_aa": own, "wink": own, "jawOpen": own}))
    assert len(set(targets.names)) == len(targets.names) == 52 + 15 + 5 + 1
    assert np.array_equal(targets.deltas[targets.names.index("viseme_aa")], own)
    assert np.array_equal(targets.deltas[targets.names.index("jawOpen")], head.deltas[17])


def test_our_curves_leave_the_shapes_of_others_at_rest(head: Head, motion: Motion) -> None:
    weights = make_targets(head).curves(motion.curves)
    assert np.array_equal(weights[:, :52], motion.curves) and not weights[:, 52:].any()


def test_a_face_that_does_not_turn_has_no_normals_to_change(head: Head) -> None:
    moved = np.zeros_like(head.deltas)
    moved[3] = (0, 0, 0.01)  # everything at once: no normal turns
    assert not make_targets(replace(head, deltas=moved)).normals[3].any()
