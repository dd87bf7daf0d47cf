"""Normal maps: a planted bump is lit as a real one, in both renderers, and a flat map changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_renderer import CLEAR, GL, draw, has_gl, quad

from dxtalker.face.head import Head, Part
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX
from dxtalker.render.camera import Camera, portrait
from dxtalker.render.frames import Deformer
from dxtalker.render.relief import Relief

both = pytest.mark.parametrize("kind", ["numpy", GL])
SHEET = ((-0.1, 0.1, 0.0), (-0.1, -0.1, 0.0), (0.1, -0.1, 0.0), (0.1, 0.1, 0.0))
CAMERA = Camera((0, 0, 0.8), (0, 0, 0), 0.25, (96, 96))


def leaning(x: float, y: float, size: int = 64) -> np.ndarray:
    """A map (size, size, 3) whose normals all lean by the slopes x along u and y up the picture."""
    normal = np.array([x, y, 1]) / np.sqrt(x * x + y * y + 1)
    return np.tile(np.round(128 + 127 * normal).astype(np.uint8), (size, size, 1))


def plain(head: Head) -> Head:
    return replace(quad(head, SHEET), albedo=np.tile(np.array((180, 180, 180, 255), np.uint8), (64, 64, 1)))


@both
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_slope_in_the_map_is_lit_as_a_sheet_that_leans(head: Head, kind: str, mirrored: bool) -> None:
    sheet = plain(head)
    if mirrored:
        sheet = replace(sheet, uv=sheet.uv * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32))
    for x, y in ((0.3, 0.0), (-0.3, 0.0), (0.0, 0.3), (0.0, -0.3)):
        bumpy = replace(sheet, normal_map=leaning(-x if mirrored else x, y))
        seen = draw(bumpy, CAMERA, CLEAR, kind)[48, 48].astype(int)
        turned = np.array([x, y, 1], np.float32) / np.float32(np.sqrt(x * x + y * y + 1))
        expected = lit(sheet, turned, kind)[48, 48].astype(int)
        assert np.abs(seen - expected).max() <= 2
        assert np.abs(expected - draw(sheet, CAMERA, CLEAR, kind)[48, 48].astype(int)).max() > 4


def lit(head: Head, normal: np.ndarray, kind: str) -> np.ndarray:
    from dxtalker.render.renderer import make_renderer

    renderer = make_renderer(head, CAMERA, CLEAR, kind)  # type: ignore[arg-type]
    try:
        return renderer.draw(head.vertices, np.tile(normal, (len(head.vertices), 1)))
    finally:
        renderer.close()


@both
def test_a_bump_is_bright_towards_the_light_and_dark_behind(head: Head, kind: str) -> None:
    row, column = np.mgrid[:128, :128] - 63.5
    far = np.hypot(row, column)
    steep = np.where(far < 40, 0.5 * far / 40, 0)  # a round hill: the normal leans outwards
    normal = np.stack([steep * column / far, -steep * row / far, np.ones_like(far)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    bumpy = replace(plain(head), normal_map=np.round(128 + 127 * normal).astype(np.uint8))
    change = draw(bumpy, CAMERA, CLEAR, kind).astype(int) - draw(plain(head), CAMERA, CLEAR, kind)
    light = change[..., 1]
    assert light[36, 36] > 5 and light[60, 60] < -5  # the key light stands to the upper left
    assert light[8, 8] == 0 == light[88, 88]


@both
def test_a_flat_map_changes_nothing_and_blended_parts_have_none(head: Head, kind: str) -> None:
    flat = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    camera = portrait(head, (120, 120))
    assert np.array_equal(
        draw(replace(head, normal_map=flat), camera, CLEAR, kind), draw(head, camera, CLEAR, kind)
    )
    assert Relief.of(replace(head, normal_map=flat), [0, 0, 0]) is None
    sheet = replace(plain(head), parts=(Part("brows", 0, 2, 1.0, 0.0, True),))
    assert Relief.of(replace(sheet, normal_map=leaning(0.3, 0)), [0]) is None


@pytest.mark.skipif(not has_gl(), reason="no EGL: libegl1 libgl1-mesa-dri")
def test_the_renderers_agree_on_a_bumpy_face() -> None:
    head = load_head()
    height, width = 512, 512  # of its own size, a quarter of the colours'
    row, column = np.mgrid[:height, :width]
    x, y = 0.3 * np.sin(column / 2.0), 0.3 * np.sin(row / 3.0)
    normal = np.stack([x, y, np.ones_like(x)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    bumpy = replace(head, normal_map=np.round(128 + 127 * normal).astype(np.uint8))
    weights = np.zeros(52, np.float32)
    weights[[ARKIT_INDEX[n] for n in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight")]] = 0.6, 0.5, 0.7
    posed, _ = Deformer(head).frame(weights, np.array([0.1, -0.3, 0.1]), np.zeros(3))
    camera = portrait(head, (256, 320), yaw=0.2)
    one, other, smooth = (
        draw(which, camera, CLEAR, kind, posed).astype(int)
        for which, kind in ((bumpy, "numpy"), (bumpy, "gl"), (head, "gl"))
    )
    difference = np.abs(one - other)
    difference[(one[..., 3] < 8) & (other[..., 3] < 8)] = 0
    assert difference.mean() < 0.5
    assert (difference.max(2) > 40).mean() < 0.003
    assert np.abs(other - smooth).mean() > 0.8
