from __future__ import annotations

from dataclasses import replace

import numpy as np

from dxtalker.export.tangents import tangents
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head


def test_on_a_flat_sheet_they_run_with_u_and_the_bitangent_up_the_picture(head: Head) -> None:
    normals = head.smooth_normals(head.vertices)
    found = tangents(head, normals)  # u runs along +X, v along +Y: down the picture is up in space
    assert (found[:, 0] > 0.9).all()
    assert (np.cross(normals, found[:, :3]) * found[:, 3:])[:, 1].max() < -0.9
    mirrored = tangents(replace(head, uv=head.uv * np.float32([-1, 1])), normals)
    assert (mirrored[:, 0] < -0.9).all() and np.array_equal(mirrored[:, 3], -found[:, 3])


def test_they_are_units_square_to_the_normals_everywhere() -> None:
    head = load_head()
    normals = head.smooth_normals(head.vertices)
    for texture in (head.uv, np.zeros_like(head.uv)):
        found = tangents(replace(head, uv=texture), normals)
        assert np.isfinite(found).all() and set(np.unique(found[:, 3])) <= {-1.0, 1.0}
        assert np.allclose(np.linalg.norm(found[:, :3], axis=1), 1, atol=1e-5)
        assert np.abs((found[:, :3] * normals).sum(axis=1)).max() < 1e-5
