import numpy as np
import pytest

from dxtalker.face.contact import Contact, spread
from dxtalker.face.margins import Margin, make_margin

COLUMNS, ROWS, STEP = 21, 7, 0.002


def sheet(height: float, front: float) -> np.ndarray:
    """(COLUMNS * ROWS, 3) metres: a level sheet, its first row in front."""
    x, z = np.meshgrid((np.arange(COLUMNS) - COLUMNS // 2) * STEP, front - np.arange(ROWS) * 0.001)
    return np.column_stack([x.ravel(), np.full(x.size, height), z.ravel()])


def faces(up: bool) -> np.ndarray:
    a = np.arange(COLUMNS * (ROWS - 1)).reshape(ROWS - 1, COLUMNS)[:, :-1].ravel()
    b, c, d = a + 1, a + COLUMNS, a + COLUMNS + 1
    looking_up = np.vstack([np.column_stack([a, b, c]), np.column_stack([b, d, c])])
    return looking_up if up else looking_up[:, ::-1]


def two_sheets(gap: float) -> tuple[np.ndarray, np.ndarray, Margin]:
    """An upper sheet that looks down, ``gap`` metres above a lower one that looks up."""
    points = np.vstack([sheet(gap, 0.0), sheet(0.0, 0.0)])
    count = COLUMNS * ROWS
    lowers = np.repeat([0.0, 1.0], count)
    edge = np.arange(COLUMNS)
    lips = make_margin(points, edge, edge + count, lowers, 0.012)
    return points, np.vstack([faces(up=False), faces(up=True) + count]), lips


@pytest.mark.parametrize("gap", [-0.0021, -0.0004, 0.0003, 0.0018])
def test_depth_is_how_far_the_sheets_cross(gap: float) -> None:
    points, triangles, lips = two_sheets(gap)
    contact = Contact.of(triangles, lips)
    depth = contact.depth(points[None, contact.vertices])
    assert depth.shape == (1, COLUMNS)
    np.testing.assert_allclose(depth[0, 4:-4], -gap, atol=1e-6)


def test_a_bump_between_the_vertices_of_an_edge_is_seen_where_it_is() -> None:
    points, triangles, lips = two_sheets(0.0)
    contact = Contact.of(triangles, lips)
    bumped = points.copy()
    bumped[COLUMNS * ROWS + 3 * COLUMNS + 14, 1] += 0.001  # behind the edge, at its 14th vertex
    poses = np.stack([points, bumped])[:, contact.vertices]
    flat, bump = contact.depth(poses)
    assert abs(flat).max() < 1e-6
    assert 0.0004 < bump[14] <= 0.001
    assert abs(bump[4:12]).max() < 1e-6


def test_sheets_that_do_not_overlap_do_not_cross() -> None:
    points, triangles, lips = two_sheets(-0.001)
    contact = Contact.of(triangles, lips)
    points[: COLUMNS * ROWS, 2] += 0.05
    assert not contact.depth(points[None, contact.vertices]).any()


def test_spread_is_smooth_and_ends_at_the_ends() -> None:
    need = np.zeros((2, 21))
    need[0, 9] = 1
    wide = spread(need, 2)
    assert wide[0, 9] == 1
    assert np.abs(np.diff(wide[0])).max() <= 0.5
    assert not wide[1].any()
    assert not spread(np.ones(21), 1)[[0, -1]].any()
