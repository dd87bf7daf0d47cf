"""Pictures: uv and depth, alpha, light, and the agreement of the two renderers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput, NotReady
from dxtalker.face.head import Head, Part
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, Motion
from dxtalker.render.camera import Camera, portrait
from dxtalker.render.compose import neck_fade
from dxtalker.render.frames import Deformer, draw_motion
from dxtalker.render.look import Background, parse_colour, to_linear, to_srgb, tone_table
from dxtalker.render.occlusion import Occlusion
from dxtalker.render.renderer import available_renderers, make_renderer

CLEAR = Background(None)


def has_gl() -> bool:
    try:
        from dxtalker.render.gl import device

        return bool(device())
    except NotReady:
        return False


GL = pytest.param("gl", marks=pytest.mark.skipif(not has_gl(), reason="no EGL: libegl1 libgl1-mesa-dri"))
both = pytest.mark.parametrize("kind", ["numpy", GL])


def quad(head: Head, *sheets: tuple[tuple[float, float, float], ...]) -> Head:
    """``head`` with its geometry replaced by quads (left-top, left-bottom, right-bottom, right-top)."""
    count = len(sheets)
    points = np.array(sheets, np.float32).reshape(-1, 3)
    faces = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * i for i in range(count)])
    return replace(
        head,
        vertices=points,
        triangles=faces.astype(np.int32),
        uv=np.tile(np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32), (count, 1)),
        weld=np.arange(4 * count, dtype=np.int32),
        deltas=np.zeros((52, 4 * count, 3), np.float32),
        head_weight=np.ones(4 * count, np.float32),
        lip_pairs=np.array([[0, 1]], np.int32),
        landmarks={"chin": 1},
        parts=tuple(Part(f"sheet{i}", 2 * i, 2, 1.0, 0.0, False) for i in range(count)),
    )


def draw(
    head: Head, camera: Camera, background: Background, kind: str, posed: np.ndarray | None = None
) -> np.ndarray:
    renderer = make_renderer(head, camera, background, kind)  # type: ignore[arg-type]
    vertices = head.vertices if posed is None else posed
    try:
        return renderer.draw(vertices, head.smooth_normals(vertices))
    finally:
        renderer.close()


@both
def test_texture_follows_perspective(head: Head, kind: str) -> None:
    """On a sheet that leans away, the texture's middle line lies where its place in space is seen."""
    sheet = quad(head, ((-0.1, 0.1, 0), (-0.1, -0.1, 0), (0.1, -0.1, -0.4), (0.1, 0.1, -0.4)))
    albedo = np.full((64, 64, 4), 255, np.uint8)
    albedo[:, :32, :3] = 30
    camera = Camera((0, 0, 0.6), (0, 0, 0), 0.5, (256, 256))
    picture = draw(replace(sheet, albedo=albedo), camera, CLEAR, kind)
    middle, _, _ = camera.project(np.array([[0, 0, -0.2]]))
    row = picture[128, :, 0].astype(int)
    left = int(np.flatnonzero(picture[128, :, 3] == 255)[0])
    step = left + int(np.argmax(np.diff(row[left : left + 120])))
    assert abs(step + 1 - middle[0]) < 2.5
    flat = (left + np.flatnonzero(picture[128, :, 3] == 255)[-1]) / 2
    assert abs(flat - middle[0]) > 10  # without perspective correction it would be there


@both
def test_the_nearer_sheet_hides_the_other(head: Head, kind: str) -> None:
    near = ((-0.1, 0.1, 0.1), (-0.1, -0.1, 0.1), (0.02, -0.1, 0.1), (0.02, 0.1, 0.1))
    far = ((-0.1, 0.1, 0), (-0.1, -0.1, 0), (0.1, -0.1, 0), (0.1, 0.1, 0))
    for order in ((near, far), (far, near)):
        sheets = quad(head, *order)
        uv = sheets.uv.copy()
        uv[:, 0] = 0.25 if order[0] is near else 0.75
        uv[4:, 0] = 0.75 if order[0] is near else 0.25
        albedo = np.full((64, 64, 4), 255, np.uint8)
        albedo[:, :32] = (255, 0, 0, 255)
        albedo[:, 32:] = (0, 0, 255, 255)
        picture = draw(
            replace(sheets, uv=uv, albedo=albedo), Camera((0, 0, 1), (0, 0, 0), 0.3, (128, 128)), CLEAR, kind
        )
        assert picture[64, 40, 0] > 120 > picture[64, 40, 2]
        assert picture[64, 95, 2] > 120 > picture[64, 95, 0]


@both
def test_transparent_pictures_lie_well_over_anything(head: Head, kind: str) -> None:
    camera = portrait(head, (200, 160))
    clear = draw(head, camera, CLEAR, kind).astype(np.float32)
    alpha = clear[..., 3:] / 255
    assert alpha[0, 0] == 0 and alpha[80, 100] == 1
    assert ((alpha > 0) & (alpha < 1)).sum() > 50  # smooth outline
    direct = draw(head, camera, Background((40, 90, 30), gradient=False), kind)
    assert (direct[..., 3] == 255).all()
    laid = clear[..., :3] * alpha + np.array((40, 90, 30)) * (1 - alpha)
    assert np.abs(laid - direct[..., :3]).max() <= 2


@both
def test_light_and_blending(head: Head, kind: str) -> None:
    camera = portrait(head, (256, 256))
    picture = draw(head, camera, Background(), kind).astype(int)
    x, y, _ = (int(v[0]) for v in camera.project(np.array([[0.035, 1.52, 0.103]])))
    assert picture[y - 9 : y + 9, x - 9 : x + 9, :3].min(2).max() > 240  # catchlight
    x, y, _ = (int(v[0]) for v in camera.project(np.array([[0.0, 1.554, 0.12]])))
    forehead = picture[y - 14, x, :3]
    assert (picture[y, x, :3] < forehead * 0.8).all() and (picture[y, x, :3] > 40).all()  # brow over skin


@pytest.mark.skipif(not has_gl(), reason="no EGL: libegl1 libgl1-mesa-dri")
@pytest.mark.parametrize("background", [Background(), CLEAR])
def test_the_renderers_agree(background: Background) -> None:
    head = load_head()
    camera = portrait(head, (256, 320), yaw=0.2)
    weights = np.zeros(52, np.float32)
    weights[[ARKIT_INDEX[n] for n in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight")]] = 0.6, 0.5, 0.7
    posed, _ = Deformer(head).frame(weights, np.array([0.1, -0.3, 0.1]), np.zeros(3))
    one, other = (draw(head, camera, background, kind, posed).astype(int) for kind in ("numpy", "gl"))
    difference = np.abs(one - other)
    difference[(one[..., 3] < 8) & (other[..., 3] < 8)] = 0  # what is invisible has no colour
    assert difference.mean() < 0.5
    assert (difference.max(2) > 40).mean() < 0.003


@pytest.mark.skipif(not has_gl(), reason="no EGL: libegl1 libgl1-mesa-dri")
def test_several_gl_renderers_do_not_disturb_each_other() -> None:
    head = load_head()
    rest = head.vertices, head.smooth_normals(head.vertices)
    one = make_renderer(head, portrait(head, (96, 96)), kind="gl")
    alone = one.draw(*rest)
    other = make_renderer(head, portrait(head, (64, 128)), kind="gl")
    assert other.draw(*rest).shape == (128, 64, 4)
    assert np.array_equal(one.draw(*rest), alone)
    other.close()
    assert np.array_equal(one.draw(*rest), alone)
    one.close()


def test_without_egl_the_choice_is_numpy(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    import moderngl

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(moderngl, "create_context", broken)
    camera = portrait(head, (64, 64))
    assert make_renderer(head, camera).name == "numpy"
    with pytest.raises(NotReady, match="apt-get install libegl1"):
        make_renderer(head, camera, kind="gl")
    assert "apt-get install" in available_renderers()["gl"]
    with pytest.raises(BadInput, match="auto, gl or numpy"):
        make_renderer(head, camera, kind="vulkan")  # type: ignore[arg-type]


def test_importing_loads_no_graphics_library() -> None:
    check = (
        "import sys, dxtalker.render.renderer, dxtalker.render.gl, dxtalker.render.video\n"
        "assert not {'moderngl', 'glcontext', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


def test_off_the_picture_is_background(head: Head) -> None:
    camera = portrait(head, (64, 64))
    aside = head.vertices + np.array([5, 0, 0], np.float32)
    picture = draw(head, camera, Background((10, 20, 30), gradient=False), "numpy", aside)
    assert (picture == (10, 20, 30, 255)).all()


def test_the_mouth_darkens_inwards_and_follows_the_head() -> None:
    head = load_head()
    light = Occlusion(head)
    weights = np.zeros(52, np.float32)
    closed = light(head.shape(weights))
    weights[ARKIT_INDEX["jawOpen"]] = 0.6
    opened = head.shape(weights)
    inside = np.unique(
        np.concatenate(
            [
                head.triangles[p.first : p.first + p.count].ravel()
                for p in head.parts
                if p.name in ("teeth", "tongue")
            ]
        )
    )
    values = light(opened)
    assert (values[inside] >= closed[inside] - 1e-3).all() and values[inside].mean() > 1.5 * closed[
        inside
    ].mean()
    assert values[inside[np.argmin(opened[inside, 2])]] < 0.1 < values[inside].max()
    turned = light(head.pose(opened, np.array([0.2, 0.4, -0.1]), np.array([0.02, 0, 0.01])))
    assert np.abs(turned - values).max() < 0.02
    nose = head.landmarks["nose_tip"]
    assert values[nose] == 1


def test_the_deformer_gives_what_the_head_gives(head: Head) -> None:
    random = np.random.default_rng(3)
    for one in (head, load_head()):
        weights = np.where(random.random(52) < 0.4, random.random(52), 0).astype(np.float32)
        rotation, translation = random.normal(0, 0.3, (2, 3)).astype(np.float32)
        vertices, normals = Deformer(one).frame(weights, rotation, translation)
        expected = one.pose(one.shape(weights), rotation, translation)
        assert np.allclose(vertices, expected, atol=1e-6)
        assert np.allclose(normals, one.smooth_normals(expected), atol=2e-3)
        assert vertices.dtype == normals.dtype == np.float32


def test_a_motion_is_drawn_frame_by_frame(head: Head) -> None:
    curves = np.zeros((4, 52), np.float32)
    curves[2:, ARKIT_NAMES.index("jawOpen")] = 1
    motion = Motion(curves, np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32))
    frames = list(draw_motion(head, motion, make_renderer(head, portrait(head, (64, 80)), kind="numpy")))
    assert len(frames) == 4 and frames[0].shape == (80, 64, 4) and frames[0].dtype == np.uint8
    assert np.array_equal(frames[0], frames[1]) and not np.array_equal(frames[1], frames[2])
    empty = Motion(curves[:0], curves[:0, :3], curves[:0, :3])
    with pytest.raises(BadInput, match="no frames"):
        draw_motion(head, empty, make_renderer(head, portrait(head, (64, 64)), kind="numpy"))


def test_colours() -> None:
    assert parse_colour("202830") == parse_colour("#202830") == (32, 40, 48)
    for text in ("", "2028", "20283g", "##202830"):
        with pytest.raises(BadInput, match="six hex digits"):
            parse_colour(text)
    encoded = np.linspace(0, 1, 256)
    assert np.allclose(to_srgb(to_linear(encoded)), encoded, atol=1e-3)
    table = tone_table()
    assert table[0] == pytest.approx(0, abs=1e-3) and 250 < table[-1] <= 255 and (np.diff(table) >= 0).all()


def test_the_neck_dissolves_and_the_head_does_not(head: Head) -> None:
    real = load_head()
    opacity = neck_fade(real)
    assert (opacity[real.head_weight > 0.5] == 1).all()
    assert opacity[np.argmin(real.vertices[:, 1])] == 0
    assert (neck_fade(head) == 1).all()
