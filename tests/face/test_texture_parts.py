"""The steps between a photo and a texture: folds, lips, brows and lashes, and what lies over the skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.texture import Shot, paint
from dxtalker.face.texture.eyes import lash_colour, measure_brows
from dxtalker.face.texture.fields import halve, linear_table, luminance
from dxtalker.face.texture.folds import ease_folds, strength
from dxtalker.face.texture.hair import Hair, less_shine, natural
from dxtalker.face.texture.light import lift_sockets
from dxtalker.face.texture.lips import measure_lips, settle_lips, wideness
from dxtalker.face.texture.skin import LEAST_SPREAD, Skin, features
from dxtalker.face.texture.strays import find_strays
from dxtalker.face.texture.texels import (
    GRID,
    WINDOW,
    WINDOW_CORNER,
    Regions,
    grid,
    regions_of,
    texels_of,
)
from dxtalker.face.view import View
from dxtalker.records import ARKIT_INDEX
from dxtalker.render.camera import portrait
from dxtalker.render.look import Background
from dxtalker.render.renderer import make_renderer

TONE = np.array([0.45, 0.26, 0.18], np.float32)  # linear light of a plain skin
SKIN = Skin(TONE, features(TONE), LEAST_SPREAD)
SHAPE = (416, 608)  # of the window
SMILE = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7}


def weights(**shapes: float) -> np.ndarray:
    expression = np.zeros(52, np.float32)
    for name, value in shapes.items():
        expression[ARKIT_INDEX[name]] = value
    return expression


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="module")
def base(head: Head) -> np.ndarray:
    return halve(linear_table()[head.albedo[: texels_of(head).triangle.shape[0] * 2, :, :3]])


@pytest.fixture(scope="module")
def regions(base: np.ndarray) -> Regions:
    return regions_of(base).window()


def lined(depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Even skin (h, w, 3) with a fold from each wing of the nose past the mouth, and (h, w) where the folds are."""
    across, down = grid(SHAPE, WINDOW_CORNER)
    line = np.abs(np.abs(across) - 0.024 - 0.35 * (down - 0.36)) < 0.002
    line &= (down > 0.365) & (down < 0.41)
    return TONE * np.exp(-depth * line[..., None]).astype(np.float32), line


def depth_of(albedo: np.ndarray, line: np.ndarray) -> float:
    """Mean log lightness that the fold lacks against even skin."""
    light = np.log(np.maximum(luminance(albedo), 1e-4))
    return float(np.log(luminance(TONE)) - light[line].mean())


def test_folds_go_as_far_as_the_photo_smiles() -> None:
    picture, line = lined(0.5)
    full = np.ones(SHAPE, np.float32)
    left = []
    for smile in (0.0, 0.3, 0.8):
        amount = strength(weights(mouthSmileLeft=smile, mouthSmileRight=smile), SHAPE, WINDOW_CORNER)
        left.append(depth_of(picture * ease_folds(picture, full, amount, float(SKIN.centre[0])), line))
    assert left[0] == pytest.approx(0.5, abs=1e-3)  # a resting face keeps what it has
    assert left[0] > left[1] > left[2]
    assert left[2] < 0.12


def test_a_smile_of_one_side_eases_that_side() -> None:
    amount = strength(weights(mouthSmileLeft=0.8), SHAPE, WINDOW_CORNER)
    across, _ = grid(SHAPE, WINDOW_CORNER)
    assert amount[across < -0.01].max() > 0.9
    assert amount[across > 0.01].max() == 0


def test_a_beard_is_no_fold() -> None:
    across, down = grid(SHAPE, WINDOW_CORNER)
    beard = (np.abs(across) < 0.06) & (down > 0.40) & (down < 0.45)
    picture = TONE * np.where(beard, 0.25, 1.0)[..., None].astype(np.float32)
    amount = strength(weights(**SMILE), SHAPE, WINDOW_CORNER)
    eased = picture * ease_folds(picture, np.ones(SHAPE, np.float32), amount, float(SKIN.centre[0]))
    assert luminance(eased)[beard].mean() < 0.35 * luminance(TONE)


def test_a_planted_fold_under_a_smile_leaves_the_texture(head: Head) -> None:
    """Drawn with and without a smile: the same brown line is gone in the one and there in the other."""
    _, line = lined(1.0)
    marked = replace(head, albedo=head.albedo.copy())
    rows, columns = (slice(2 * side.start, 2 * side.stop) for side in WINDOW)
    at = np.kron(line, np.ones((2, 2), bool))
    marked.albedo[rows, columns][at, :3] //= 2
    contrast = {}
    for name, expression in (("smile", weights(**SMILE)), ("rest", weights())):
        found = paint(head, [drawn(marked, expression)]).albedo[rows, columns, :3]
        light = np.log(np.maximum(luminance(linear_table()[found]), 1e-3))
        beside = np.roll(at, 24, axis=1) & ~at
        contrast[name] = float(light[beside].mean() - light[at].mean())
    assert contrast["smile"] < 0.35 * contrast["rest"]
    assert contrast["rest"] > 0.3


def drawn(head: Head, expression: np.ndarray) -> Shot:
    camera = portrait(head, (420, 420), 0.0)
    vertices = head.shape(expression)
    renderer = make_renderer(head, camera, Background((255, 0, 255), gradient=False), "numpy")
    pixels = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    place = -camera.axes @ np.array(camera.position)
    return Shot(pixels, View((420, 420), camera.focal, camera.axes, place, expression))


def test_lips_half_hidden_by_highlights_get_their_own_colour(base: np.ndarray, regions: Regions) -> None:
    """Two thirds of the lips are tooth or glare: what is left says what they all look like."""
    lips, painted = regions.lips, base[WINDOW]
    truth = np.array([0.36, 0.10, 0.09], np.float32)
    picture = np.where(lips[..., None] > 0.5, truth, TONE)
    _, down = grid(SHAPE, WINDOW_CORNER)
    glare = (lips > 0.5) & (down < 0.408)
    picture = np.where(glare[..., None], np.float32(0.8), picture)
    weight = np.where(glare, 0, 1).astype(np.float32)
    found = measure_lips(picture, weight, painted, lips, SKIN)
    assert found is not None
    settled = settle_lips(picture, weight, painted, lips, found, wideness(weights(**SMILE)))
    whole = lips > 0.95
    tone = np.median(features(settled[whole]), axis=0)
    assert np.abs(tone - features(truth)).max() < 0.12
    assert luminance(settled)[glare & whole].max() < luminance(TONE)


def test_lips_as_pale_as_skin_still_show(base: np.ndarray, regions: Regions) -> None:
    picture = np.broadcast_to(TONE * np.array([1.02, 0.97, 0.97], np.float32), (*SHAPE, 3))
    found = measure_lips(picture, np.ones(SHAPE, np.float32), base[WINDOW], regions.lips, SKIN)
    assert found is not None
    tone = np.median(features((base[WINDOW] * np.exp(found.factor))[regions.lips > 0.8]), axis=0)
    assert tone[0] < SKIN.centre[0] - 0.1 and tone[1] > SKIN.centre[1] + 0.1


def test_unseen_lips_say_nothing(base: np.ndarray, regions: Regions) -> None:
    nothing = np.zeros(SHAPE, np.float32)
    assert measure_lips(np.zeros((*SHAPE, 3), np.float32), nothing, base[WINDOW], regions.lips, SKIN) is None


@pytest.mark.parametrize("bar", [False, True])
def test_glasses_are_seen_by_their_bridge(regions: Regions, bar: bool) -> None:
    _, down = grid(SHAPE, WINDOW_CORNER)
    picture = TONE * np.where(bar & (np.abs(down - 0.297) < 0.0015), 0.5, 1.0)[..., None].astype(np.float32)
    full = np.ones(SHAPE, np.float32)
    strays, _, _ = find_strays(picture, full, SKIN.likeness(picture), regions)
    assert strays.glasses == bar and not strays.fringe


def test_hair_over_the_forehead_is_left_out_and_the_brows_are_not(regions: Regions) -> None:
    across, down = grid(SHAPE, WINDOW_CORNER)
    picture = TONE * np.where(down < 0.26, 0.15, 1.0)[..., None].astype(np.float32)
    strays, free, hair = find_strays(picture, np.ones(SHAPE, np.float32), SKIN.likeness(picture), regions)
    assert strays.fringe and not strays.brows
    middle = np.abs(across) < 0.05
    assert hair[middle & (down < 0.26)].min() > 0.99
    assert free[middle & (np.abs(down - 0.272) < 0.004)].min() > 0.9


def test_lids_are_lifted_out_of_the_shade() -> None:
    across, down = grid(SHAPE, WINDOW_CORNER)
    lid = (np.abs(np.abs(across) - 0.0505) < 0.010) & (np.abs(down - 0.2955) < 0.006)
    picture = TONE * np.where(lid, 0.4, 1.0)[..., None].astype(np.float32)
    gain = lift_sockets(picture, np.ones(SHAPE, np.float32), float(SKIN.centre[0]), WINDOW_CORNER)
    assert 1.5 < gain[lid].mean() < 2.3  # nearly up to the skin, not beyond it
    assert gain[~lid].max() < 1.01


@pytest.mark.parametrize("hair", [(0.01, 0.008, 0.007), (0.35, 0.25, 0.14), (0.5, 0.48, 0.45)])
def test_lashes_are_dark_on_anyone(hair: tuple[float, float, float]) -> None:
    lashes = lash_colour(np.array(hair))
    assert 0.003 < float(luminance(lashes.astype(np.float32))) < 0.032
    assert np.allclose(lashes / lashes.sum(), np.array(hair) / np.sum(hair))


def test_brows_are_measured_where_they_are_dark() -> None:
    across, down = grid((544, GRID))
    brow = (np.abs(np.abs(across) - 0.043) < 0.02) & (np.abs(down - 0.272) < 0.003)
    picture = np.where(brow[..., None], np.array([0.06, 0.03, 0.02], np.float32), TONE)
    full = np.ones(picture.shape[:2], np.float32)
    found = measure_brows(picture, full, SKIN)
    assert found is not None and np.allclose(found, [0.06, 0.03, 0.02], atol=1e-4)
    assert measure_brows(np.broadcast_to(TONE, picture.shape), full, SKIN) is None


@pytest.mark.parametrize(
    ("colour", "grows"),
    [
        ((0.01, 0.008, 0.007), True),
        ((0.38, 0.27, 0.15), True),
        ((0.2, 0.06, 0.03), True),
        ((0.6, 0.6, 0.6), True),
        ((0.05, 0.1, 0.4), False),
        ((0.1, 0.3, 0.1), False),
        ((0.5, 0.03, 0.03), False),
    ],
)
def test_what_no_hair_looks_like(colour: tuple[float, float, float], grows: bool) -> None:
    assert natural(np.array(colour)) == grows


def test_shine_on_a_dark_scalp_is_no_grey_hair() -> None:
    dark, brows = Skin(0.3 * TONE, SKIN.centre, SKIN.spread), np.array([0.02, 0.012, 0.01])
    shining, black = Hair(np.array([0.18, 0.15, 0.1]), False), Hair(np.array([0.015, 0.012, 0.01]), False)
    found = less_shine(shining, dark, brows).colour
    assert found is not None and luminance(found.astype(np.float32)) < 0.01
    assert less_shine(black, dark, brows) is black
    assert less_shine(shining, SKIN, brows) is shining  # fair people may be blond
    assert less_shine(shining, dark, None) is shining
