"""Texture from photos: rendered people with known skin, painted back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput, Unsupported
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
# Where the bake puts them (scripts/bake/layout.py).
BOXES = {
    "mouth": (0.41, 0.53, 0.581, 0.662),
    "teeth": (0.80, 0.53, 0.99, 0.60),
    "gums": (0.80, 0.61, 0.99, 0.66),
    "tongue": (0.80, 0.67, 0.99, 0.77),
}
FACE = (slice(560, 900), slice(880, 1168))  # rows and columns of the atlas: brows to chin


def person(head: Head, factor: tuple[float, float, float] = (0.75, 0.62, 0.55)) -> Head:
    """``head`` with another complexion: its skin times ``factor`` in linear light, one side blotched."""
    albedo = head.albedo.copy()
    skin = albedo[:1081, :, :3]
    skin[:] = to_bytes(linear_table()[skin] * np.array(factor, np.float32))
    return replace(head, albedo=albedo)


def shot(
    head: Head,
    yaw: float = 0.0,
    background: Background = MAGENTA,
    size: tuple[int, int] = SIZE,
    **shapes: float,
) -> Shot:
    """A picture of ``head`` by the project's own renderer, and the view that it was taken with."""
    expression = np.zeros(52, np.float32)
    for name, value in shapes.items():
        expression[ARKIT_INDEX[name]] = value
    camera = portrait(head, size, yaw)
    vertices = head.shape(expression)
    renderer = make_renderer(head, camera, background, "numpy")
    pixels = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    position = np.array(camera.position)
    return Shot(pixels, View(size, camera.focal, camera.axes, -camera.axes @ position, expression))


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


def test_even_light_on_even_skin(head: Head, frontal: Shot) -> None:
    """The renderer's lamp stands to the left: the painted cheeks are alike all the same."""
    left, right = ((760, 830, x, x + 60) for x in (905, 2048 - 965))
    albedo = paint(head, [frontal]).albedo.astype(float)
    means = [albedo[top:bottom, west:east, :3].mean((0, 1)) for top, bottom, west, east in (left, right)]
    assert np.abs(means[0] - means[1]).max() < 6


def test_the_unseen_half_mirrors_the_seen_one(head: Head) -> None:
    marked = person(head)
    marked.albedo[740:840, 880:960, :3] = (120, 40, 40)  # a red cheek on one side
    turned = shot(marked, yaw=-0.9)
    painted = paint(head, [turned]).albedo.astype(int)
    other = painted[740:840, 2048 - 960 : 2048 - 880]
    assert abs(other[..., 0].mean() - painted[740:840, 880:960, 0].mean()) < 25
    assert (painted[..., 0] - painted[..., 1])[770:810, 905:935].mean() > 35


def test_teeth_never_on_the_lips(head: Head) -> None:
    green = person(head)
    for name, color in (
        ("teeth", (0, 255, 0)),
        ("gums", (0, 255, 0)),
        ("tongue", (0, 255, 0)),
        ("mouth", (0, 255, 0)),
    ):
        left, top, right, bottom = BOXES[name]
        rows, columns = (slice(int(a * 2048), int(b * 2048)) for a, b in ((top, bottom), (left, right)))
        green.albedo[rows, columns, :3] = color
    albedo = paint(head, [shot(green, jawOpen=0.5, mouthSmileLeft=0.5, mouthSmileRight=0.5)]).albedo.astype(
        int
    )
    face = albedo[FACE]
    assert (face[..., 1] - face[..., 0]).max() < 20


def test_eyes_never_on_the_lids(head: Head) -> None:
    blue = person(head)
    rows, columns = (slice(int(a * 2048), int(b * 2048)) for a, b in ((0.53, 0.73), (0.59, 0.79)))
    blue.albedo[rows, columns, :3] = (0, 0, 255)
    face = paint(head, [shot(blue)]).albedo[FACE].astype(int)
    assert (face[..., 2] - face[..., 0]).max() < 20


def test_dark_skin_stays_dark(head: Head) -> None:
    dark = shot(person(head, (0.16, 0.11, 0.08)))
    bright = shot(person(head, (1.1, 1.1, 1.1)))
    tones = [np.mean(paint(head, [one]).skin) for one in (dark, bright)]
    assert tones[0] < 100 < 160 < tones[1]


def test_a_grey_photo_gets_a_hue(head: Head, frontal: Shot) -> None:
    grey = np.repeat(frontal.pixels[..., 1:2], 3, axis=2)
    grey[(frontal.pixels == (255, 0, 255)).all(2)] = 90
    painted = paint(head, [replace(frontal, pixels=grey)])
    red, green, blue = painted.skin
    assert red > green > blue
    assert any("grey" in note for note in painted.notes)


def test_two_photos_see_more_than_one(head: Head) -> None:
    left, right = shot(person(head), yaw=0.7), shot(person(head), yaw=-0.7)
    both = paint(head, [left, right])
    assert both.seen > 0.75
    assert error(both.albedo, person(head).albedo) < 12


def test_relief_comes_with_resolution(head: Head, frontal: Shot) -> None:
    assert paint(head, [frontal]).normal_map is None
    close = paint(head, [shot(person(head), size=(900, 900))]).normal_map
    assert close is not None and close.shape == (2048, 2048, 3)
    assert (close[:, 1500:] == (128, 128, 255)).all()  # none where there is no face
    assert close[FACE][..., 2].min() > 230  # gentle everywhere


def test_a_bald_head_is_told_from_a_hairy_one(head: Head, frontal: Shot) -> None:
    bald = person(head)
    bald.albedo[:760, :, :3] = np.median(bald.albedo[760:840, 905:965, :3], axis=(0, 1))
    bald.albedo[round(0.78 * 2048) :, round(0.70 * 2048) :, 3] = 0  # the strands
    bald = replace(bald, vertices=bald.vertices + bald.extras["hairless"])
    painted = paint(head, [shot(bald)])
    assert painted.bald and painted.hair is None
    assert not paint(head, [frontal]).bald


def test_same_photo_same_texture(head: Head, frontal: Shot) -> None:
    assert np.array_equal(paint(head, [frontal]).albedo, paint(head, [frontal]).albedo)


def test_a_view_from_behind_is_refused(head: Head) -> None:
    with pytest.raises(BadInput, match="no photo shows enough of the face"):
        paint(head, [shot(head, yaw=np.pi)])


def test_a_black_photo_is_refused(head: Head, frontal: Shot) -> None:
    with pytest.raises(BadInput, match="expected a lit one"):
        paint(head, [replace(frontal, pixels=frontal.pixels * 0)])


def test_no_photo_is_refused(head: Head) -> None:
    with pytest.raises(BadInput, match="there is no photo"):
        paint(head, [])


def test_a_texture_of_another_layout_is_refused(head: Head, frontal: Shot) -> None:
    with pytest.raises(Unsupported, match="own layout"):
        paint(replace(head, albedo=head.albedo[::2, ::2]), [frontal])
