"""Scan conversion against what geometry says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.face.scan import Corners, Fragments, facing, fragments, nearest


def corners(*triangles: tuple[tuple[float, float, float], ...]) -> Corners:
    """Corners from triangles of (x, y, near)."""
    return Corners(*np.array(triangles, np.float32).transpose(2, 1, 0))


def test_a_known_triangle_covers_known_pixels() -> None:
    found = fragments(corners(((0, 0, 1), (0, 4, 1), (4, 0, 1))), (6, 5))
    rows, columns = np.divmod(found.pixel, 6)
    # The hypotenuse runs through pixel centres: they belong to the triangle on its other side.
    expected = {(r, c) for r in range(4) for c in range(4) if r + c + 1 < 4}
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == expected
    assert len(found.pixel) == len(expected)


def test_it_is_cut_at_the_picture() -> None:
    found = fragments(corners(((-50, -50, 1), (-50, 90, 1), (90, -50, 1))), (6, 5))
    assert np.array_equal(np.sort(found.pixel), np.arange(30))


def test_the_nearer_triangle_wins() -> None:
    both = corners(((0, 0, 1.0), (0, 8, 1.0), (8, 0, 1.0)), ((0, 0, 0.5), (0, 8, 2.0), (8, 0, 0.5)))
    slot, triangle, near = nearest(fragments(both, (8, 8)), 64)
    row = slot // 8
    depth = 0.5 + 1.5 * (row + 0.5) / 8  # of the second, which leans towards the viewer further down
    assert np.array_equal(triangle == 1, depth > 1.0)
    assert np.allclose(near, np.maximum(depth, 1.0), atol=1e-6)


def test_facing_follows_the_winding() -> None:
    front = ((0, 0, 1), (0, 4, 1), (4, 0, 1))  # counter-clockwise with y downwards
    assert facing(corners(front, front[::-1], ((0, 0, 1), (0, 4, 1), (0, 8, 1)))).tolist() == [
        True,
        False,
        False,
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9))
def test_a_mesh_covers_every_pixel_exactly_once(seed: int, cells: int) -> None:
    """No gap and no double cover along shared edges, wherever the vertices lie."""
    random = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(cells + 1.0), np.arange(cells + 1.0), indexing="ij"), -1)
    grid[1:-1, 1:-1] += random.uniform(-0.3, 0.3, (cells - 1, cells - 1, 2))
    points = grid.reshape(-1, 2) * (20 / cells)
    i, j = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
    a = (i * (cells + 1) + j).ravel()
    b, c, d = a + 1, a + cells + 1, a + cells + 2
    faces = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    at = tuple(random.uniform(0, 1, 2))
    x, y = points.astype(np.float32).T
    mesh = Corners(x[faces.T], y[faces.T], np.ones((3, len(faces)), np.float32))
    found = fragments(mesh, (20, 20), at)
    assert np.array_equal(np.bincount(found.pixel, minlength=400), np.ones(400))


def test_nothing_to_draw() -> None:
    none = np.empty(0, np.int64)
    slot, _, _ = nearest(Fragments(none, none, np.empty(0, np.float32)), 16)
    assert len(slot) == 0
