"""The face landmarker on a photo and on pictures of the packaged head."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest
from faces import astronaut, drawn, placed, resized

from dxtalker.errors import BadInput
from dxtalker.face.landmarks import Landmarker, Landmarks
from dxtalker.face.landmarks.crop import Region, cut
from dxtalker.face.landmarks.detect import anchors, decode, merge, overlap
from dxtalker.face.landmarks.layout import SCORE_CHANNELS, SCORED
from dxtalker.face.landmarks.search import distinct, shrink, tiles
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES


def only(found: tuple[Landmarks, ...]) -> Landmarks:
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def photo_face(landmarker: Landmarker) -> Landmarks:
    return only(landmarker.faces(astronaut()))


def test_the_face_in_a_photo(photo_face: Landmarks) -> None:
    assert photo_face.presence > 0.99
    assert photo_face.points.shape == (478, 2)
    assert photo_face.depth.shape == (478,)
    # Read off the picture: outer eye corners, tip of the nose, corners of the mouth, chin.
    seen = photo_face.points[[33, 263, 1, 61, 291, 152]]
    expected = [(118, 101), (181, 104), (148, 129), (127, 140), (169, 141), (148, 178)]
    np.testing.assert_allclose(seen, expected, atol=4)
    assert photo_face.scores[ARKIT_INDEX["mouthSmileLeft"]] > 0.7
    assert photo_face.scores[ARKIT_INDEX["eyeBlinkLeft"]] < 0.3
    assert photo_face.scores[ARKIT_INDEX["tongueOut"]] == 0
    left, top, right, bottom = photo_face.box
    assert (photo_face.points >= (left, top)).all()
    assert (photo_face.points <= (right, bottom)).all()


def test_the_packaged_head_is_a_face(landmarker: Landmarker) -> None:
    face = only(landmarker.faces(drawn()))
    assert face.presence > 0.9
    nose, chin, forehead = face.points[1], face.points[152], face.points[10]
    assert forehead[1] < nose[1] < chin[1]
    assert face.depth[1] < face.depth[[234, 454]].min()  # the tip of the nose is nearer than the ears


@pytest.mark.parametrize("name", ["mouthSmile", "eyeBlink", "jawOpen", "mouthPucker"])
def test_an_expression_is_scored_as_itself(landmarker: Landmarker, name: str) -> None:
    channels = [channel for channel in ARKIT_NAMES if channel.startswith(name)]
    calm = only(landmarker.faces(drawn()))
    shown = only(landmarker.faces(drawn(**dict.fromkeys(channels, 0.9))))
    for channel in channels:
        assert shown.scores[ARKIT_INDEX[channel]] > calm.scores[ARKIT_INDEX[channel]] + 0.15


def test_left_is_the_persons_left(landmarker: Landmarker) -> None:
    scores = only(landmarker.faces(drawn(eyeBlinkLeft=0.9))).scores
    assert scores[ARKIT_INDEX["eyeBlinkLeft"]] > scores[ARKIT_INDEX["eyeBlinkRight"]] + 0.15


@pytest.mark.parametrize("degrees", [-50, -30, 0, 30, 50])
def test_yaw_from_the_landmarks(landmarker: Landmarker, degrees: int) -> None:
    face = only(landmarker.faces(drawn(yaw=radians(degrees))))
    # Seen from its left, a head is turned to its right.
    assert face.yaw == pytest.approx(radians(-degrees), abs=radians(7))


def test_a_mirrored_picture_gives_mirrored_landmarks(landmarker: Landmarker, photo_face: Landmarks) -> None:
    mirrored = only(landmarker.faces(np.ascontiguousarray(astronaut()[:, ::-1])))
    middle, width = [1, 4, 9, 10, 13, 14, 17, 152, 168], astronaut().shape[1]
    sums = photo_face.points[middle, 0] + mirrored.points[middle, 0]
    np.testing.assert_allclose(sums, width, atol=4)
    assert abs(sums.mean() - width) < 1.5


@pytest.mark.parametrize(("across", "left", "top"), [(40, 1400, 900), (60, 0, 0), (150, 700, 300)])
def test_a_small_face_in_a_large_picture(landmarker: Landmarker, across: int, left: int, top: int) -> None:
    by = across / 92  # the astronaut's face is 92 pixels wide
    small = resized(astronaut(), round(300 * by), round(300 * by))
    face = only(landmarker.faces(placed(small, 1600, 1100, left, top)))
    assert face.eye_distance == pytest.approx(60 * by, rel=0.1)
    np.testing.assert_allclose(face.points[1], (left + 147 * by, top + 131 * by), atol=8 * by)


def test_a_face_that_fills_the_picture(landmarker: Landmarker) -> None:
    close = resized(astronaut()[75:180, 105:195], 900, 1050)
    face = only(landmarker.faces(close))
    assert face.eye_distance == pytest.approx(600, rel=0.1)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_picture(landmarker: Landmarker, photo_face: Landmarks, quarters: int) -> None:
    turned = np.ascontiguousarray(np.rot90(astronaut(), quarters))
    face = only(landmarker.faces(turned))
    assert (quarters + face.turn) % 4 == 0  # np.rot90 by ``turn`` makes it upright again
    x, y = photo_face.points[1]
    expected = {1: (y, 300 - x), 2: (300 - x, 300 - y), 3: (300 - y, x)}[quarters]
    np.testing.assert_allclose(face.points[1], expected, atol=5)


def test_following_stays_on_the_face_and_ends_without_one(
    landmarker: Landmarker, photo_face: Landmarks
) -> None:
    moved = np.roll(astronaut(), (4, -6), axis=(0, 1))
    after = landmarker.follow(moved, photo_face)
    assert after is not None
    np.testing.assert_allclose((after.points - photo_face.points).mean(axis=0), (-6, 4), atol=1)
    assert landmarker.follow(np.full((300, 300, 3), 128, np.uint8), photo_face) is None


def test_several_faces_come_largest_first(landmarker: Landmarker) -> None:
    pair = placed(astronaut(), 640, 360, 0, 30)
    pair[60:300, 340:580] = resized(astronaut(), 240, 240)
    faces = landmarker.faces(pair, most=5)
    assert len(faces) == 2
    assert faces[0].size > faces[1].size
    assert faces[0].points[1, 0] < 320 < faces[1].points[1, 0]
    assert only(landmarker.faces(pair)).size == pytest.approx(faces[0].size)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (480, 640)])
def test_no_face(landmarker: Landmarker, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert landmarker.faces(noise, most=3) == ()


def test_other_arrays_are_refused(landmarker: Landmarker) -> None:
    for wrong in (
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 9, 3), np.uint8),
    ):
        with pytest.raises(BadInput, match="expected uint8"):
            landmarker.faces(wrong)


def test_a_cut_without_turning_is_a_slice() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    whole = cut(image, Region((25.0, 20.0), (16.0, 16.0)), 16, repeat_edge=True)
    np.testing.assert_array_equal(whole, image[12:28, 17:33])
    beyond = cut(image, Region((0.0, 0.0), (8.0, 8.0)), 8, repeat_edge=False)
    np.testing.assert_array_equal(beyond[4:, 4:], image[:4, :4])
    assert not beyond[:4].any()
    repeated = cut(image, Region((0.0, 0.0), (8.0, 8.0)), 8, repeat_edge=True)
    np.testing.assert_array_equal(repeated[0, 0], image[0, 0])


def test_a_region_turns_its_points() -> None:
    region = Region((10.0, 20.0), (4.0, 8.0), np.pi / 2)
    found = region.to_picture(np.array([[0.5, 0.5], [1.0, 0.5], [0.5, 0.0]]))
    np.testing.assert_allclose(found, [(10, 20), (10, 22), (14, 20)], atol=1e-9)


def test_decoding_and_merging_boxes() -> None:
    raw, logits = np.zeros((896, 16), np.float32), np.full(896, -20, np.float32)
    for index, logit in ((100, 2.0), (102, 1.0), (700, 0.5)):
        raw[index, 2:4], logits[index] = 32, logit  # a quarter of the picture at the anchor
    pairs, scores = decode(raw, logits)
    assert (np.diff(scores) <= 0).all()
    assert len(merge(pairs, scores)) == 2  # 100 and 102 are neighbours
    np.testing.assert_allclose(pairs[0, :2].mean(axis=0), anchors()[100], atol=1e-6)
    assert len(decode(raw, np.full(896, -500, np.float32))[0]) == 0
    square = np.array([[0.0, 0.0], [2.0, 2.0]])
    np.testing.assert_allclose(overlap(square, np.stack([square, square + 1, square + 5])), [1, 1 / 7, 0])


def test_tiles_cover_the_picture() -> None:
    covered = np.zeros((700, 1000), bool)
    for tile in tiles(1000, 700, 250):
        (x, y), half = tile.centre, 125
        assert half <= x <= 1000 - half
        covered[round(y - half) : round(y + half), round(x - half) : round(x + half)] = True
    assert covered.all()
    assert shrink(np.full((7, 9, 3), 77, np.uint8), 3).shape == (2, 3, 3)
    assert distinct([]) == []


def test_the_layout_is_a_permutation() -> None:
    assert len(np.unique(SCORED)) == 146
    assert sorted(SCORE_CHANNELS) == [i for i, name in enumerate(ARKIT_NAMES) if name != "tongueOut"]
