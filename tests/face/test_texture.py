"""Texture from photos: rendered people with known skin, painted back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.texture import Shot, paint
from dxtalker.face.texture.fields import linear_table, to_bytes
from dxtalker.face.view import View
from dxtalker.records import ARKIT_INDEX
from dxtalker.render.camera import portrait
from dxtalker.render.look import Background
from dxtalker.render.renderer import make_renderer

SIZE = (420, 420)
MAGENTA = Background((255, 0, 255), gradient=False)
FACE = (slice(560, 900), slice(880, 1168))  # rows and columns of the atlas: brows to chin


def person(head: Head, factor: tuple[float, float, float] = (0.75, 0.62, 0.55)) -> Head:
    """``head`` with another complexion: its skin times ``factor`` in linear light, one side blotched."""
    albedo = head.albedo.copy()
    skin = albedo[:1081, :, :3]
    skin[:] = to_bytes(linear_table()[skin] * np.array(factor, np.float32))
    return replace(head, albedo=albedo)


def shot(head: Head, yaw: float = 0.0, background: Background = MAGENTA, **shapes: float) -> Shot:
    """A picture of ``head`` by the project's own renderer, and the view that it was taken with."""
    expression = np.zeros(52, np.float32)
    for name, value in shapes.items():
        expression[ARKIT_INDEX[name]] = value
    camera = portrait(head, SIZE, yaw)
    vertices = head.shape(expression)
    renderer = make_renderer(head, camera, background, "numpy")
    pixels = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    position = np.array(camera.position)
    return Shot(pixels, View(SIZE, camera.focal, camera.axes, -camera.axes @ position, expression))


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="module")
def frontal(head: Head) -> Shot:
    return shot(person(head))


def error(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of bytes over the face."""
    return float(np.abs(one[FACE][..., :3].astype(float) - other[FACE][..., :3]).mean())


def test_a_complexion_comes_back(head: Head, frontal: Shot) -> None:
    truth = person(head).albedo
    painted = paint(head, [frontal])
    assert painted.seen > 0.7
    assert error(painted.albedo, truth) < 0.5 * error(head.albedo, truth)


def test_no_background_on_the_skin(head: Head, frontal: Shot) -> None:
    albedo = paint(head, [frontal]).albedo[:1081].astype(int)
    magenta = (albedo[..., 0] - albedo[..., 1] > 90) & (albedo[..., 2] - albedo[..., 1] > 60)
    assert not magenta.any()


def test_same_photo_same_texture(head: Head, frontal: Shot) -> None:
    assert np.array_equal(paint(head, [frontal]).albedo, paint(head, [frontal]).albedo)


def test_a_view_from_behind_is_refused(head: Head) -> None:
    with pytest.raises(BadInput, match="no photo shows enough of the face"):
        paint(head, [shot(head, yaw=np.pi)])


def test_no_photo_is_refused(head: Head) -> None:
    with pytest.raises(BadInput, match="there is no photo"):
        paint(head, [])
