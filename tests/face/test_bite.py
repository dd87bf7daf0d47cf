from dataclasses import replace

import numpy as np
import pytest

from dxtalker.face.bite import FARTHEST, TOUCH, bite_gap, seat_teeth, upper_edge
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.identity import load_identity_space
from dxtalker.face.people import random_person, random_weights

MM = 1000


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def part_vertices(head: Head, names: tuple[str, ...]) -> np.ndarray:
    parts = [part for part in head.parts if part.name in names]
    return np.unique(np.concatenate([head.triangles[p.first : p.first + p.count].ravel() for p in parts]))


def test_the_packaged_heads_teeth_touch_the_lip_for_f(head: Head) -> None:
    assert 0 <= bite_gap(head) * MM < 0.5


def test_strangers_teeth_do_so_too() -> None:
    space, rng = load_identity_space(), np.random.default_rng(31)
    for _ in range(16):
        someone = space.head(random_weights(rng, space.names, random_person(rng)))
        assert -0.5 < bite_gap(someone) * MM < 1


@pytest.mark.parametrize("moved", [(0, 0.001, -0.0015), (0, -0.001, 0.001)])
def test_moved_teeth_come_back_with_the_tongue_and_nothing_else_moves(
    head: Head, moved: tuple[float, ...]
) -> None:
    mouth = part_vertices(head, ("teeth", "tongue"))
    vertices = head.vertices.copy()
    vertices[mouth] += np.array(moved, np.float32)
    wrong = replace(head, vertices=vertices)
    assert abs(bite_gap(wrong) - TOUCH) * MM > 0.3
    mended = seat_teeth(wrong)
    assert abs(bite_gap(mended) - TOUCH) * MM < 0.3
    step = mended.vertices - wrong.vertices
    assert np.ptp(step[mouth], axis=0).max() < 1e-6
    assert np.linalg.norm(step[mouth[0]]) <= FARTHEST + 1e-6
    assert not np.delete(step, mouth, axis=0).any()


def test_a_head_without_margins_or_teeth_keeps_what_it_has(head: Head) -> None:
    plain = replace(head, lips=None)
    assert seat_teeth(plain) is plain
    toothless = replace(head, parts=tuple(part for part in head.parts if part.name != "teeth"))
    assert len(upper_edge(toothless)) == 0
    assert seat_teeth(toothless) is toothless
