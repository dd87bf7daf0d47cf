from __future__ import annotations

from dataclasses import replace

import numpy as np

from dxtalker.face.head import rotation_matrix
from dxtalker.face.head_file import load_head
from dxtalker.face.tangents import Tangents, tangents


def test_they_run_with_u_and_the_bitangent_up_the_picture() -> None:
    head = load_head()
    normals = head.smooth_normals(head.vertices)
    cheek = int(np.argmin(np.linalg.norm(head.vertices - (0.04, -0.04, 0.03), axis=1)))
    found = tangents(head, normals)
    ahead, up = found[:, :3], np.cross(normals, found[:, :3]) * found[:, 3:]
    assert abs(ahead[cheek, 0]) > 0.7 and abs(up[cheek, 1]) > 0.7  # the island lies upright in the picture
    step = 1e-3  # what moves on by a little u moves along the tangent
    a, b, c = head.triangles[np.flatnonzero((head.triangles == cheek).any(axis=1))[0]]
    along = np.linalg.solve(
        np.stack([head.uv[b] - head.uv[a], head.uv[c] - head.uv[a]]).astype(float).T, [step, 0]
    )
    way = np.stack([head.vertices[b] - head.vertices[a], head.vertices[c] - head.vertices[a]]).T @ along
    assert way @ ahead[cheek] > 0.85 * np.linalg.norm(way)
    mirrored = tangents(replace(head, uv=head.uv * np.array([-1, 1], np.float32)), normals)
    assert (
        np.allclose(mirrored[cheek, :3], -ahead[cheek], atol=1e-5) and mirrored[cheek, 3] == -found[cheek, 3]
    )


def test_they_are_units_square_to_the_normals_everywhere() -> None:
    head = load_head()
    normals = head.smooth_normals(head.vertices)
    for texture in (head.uv, np.zeros_like(head.uv)):
        found = tangents(replace(head, uv=texture), normals)
        assert np.isfinite(found).all() and set(np.unique(found[:, 3])) <= {-1.0, 1.0}
        assert np.allclose(np.linalg.norm(found[:, :3], axis=1), 1, atol=1e-5)
        assert np.abs((found[:, :3] * normals).sum(axis=1)).max() < 1e-5


def test_they_turn_with_the_head_and_are_zero_elsewhere() -> None:
    head = load_head()
    skin = head.triangles[: head.parts[0].count]
    made = Tangents(head, skin)
    rest, normals = head.vertices, head.smooth_normals(head.vertices)
    turn = rotation_matrix(np.array([0.2, -0.5, 0.1])).astype(np.float32)
    turned = made(rest @ turn.T, normals @ turn.T)
    assert np.allclose(turned, made(rest, normals) @ turn.T, atol=1e-3)
    others = np.setdiff1d(np.arange(len(rest)), skin)
    assert not turned[others].any()
