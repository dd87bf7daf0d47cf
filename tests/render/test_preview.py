"""The picture that shows a fit."""

from __future__ import annotations

import numpy as np

from dxtalker.face.head import Head
from dxtalker.face.texture import Shot
from dxtalker.face.view import View
from dxtalker.render.camera import portrait
from dxtalker.render.look import Background
from dxtalker.render.preview import GAP, fit_preview, photo_tiles
from dxtalker.render.renderer import make_renderer

SIZE = (200, 160)


def photograph(head: Head) -> Shot:
    camera = portrait(head, SIZE, 0.3)
    renderer = make_renderer(head, camera, Background((0, 90, 0), gradient=False), "numpy")
    pixels = renderer.draw(head.vertices, head.smooth_normals(head.vertices))[..., :3]
    position = -camera.axes @ np.array(camera.position)
    return Shot(pixels, View(SIZE, camera.focal, camera.axes, position, np.zeros(52, np.float32)))


def test_the_right_head_covers_its_photo(head: Head) -> None:
    photo, laid, halves = photo_tiles(head, photograph(head), 128)
    assert photo.shape == laid.shape == halves.shape == (128, 128, 3)
    assert np.abs(photo.astype(int) - laid).mean() < 4
    assert np.array_equal(halves[:, 0], photo[:, 0]) and np.array_equal(halves[:, -1], laid[:, -1])


def test_one_row_a_photo_and_two_of_the_head(head: Head) -> None:
    shot = photograph(head)
    assert fit_preview(head, [shot], 64).shape == (3 * (64 + GAP) + GAP, 3 * (64 + GAP) + GAP, 3)
    assert fit_preview(head, [], 64).shape[0] == 2 * (64 + GAP) + GAP
