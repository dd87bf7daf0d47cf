"""Which face a photo is about, and what is said when it is not clear."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest
from faces import astronaut, drawn, placed, resized
from PIL import Image, ImageDraw, ImageFilter

from dxtalker.errors import BadInput
from dxtalker.face.find import BLURRED, find_face
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.photo import Photo
from dxtalker.face.sharpness import fineness

LARGE = 540  # pixels: the astronaut's eyes are then 108 apart


def large() -> np.ndarray:
    return resized(astronaut(), LARGE, LARGE)


def remarks(pixels: np.ndarray, landmarker: Landmarker) -> str:
    return "; ".join(find_face(Photo(pixels), landmarker).notes)


def test_a_smiling_astronaut(landmarker: Landmarker) -> None:
    found = find_face(Photo(astronaut(), ("a remark of the door",)), landmarker)
    assert found.notes[0] == "a remark of the door"
    assert any("smiles broadly" in note for note in found.notes)
    assert any("small (60 pixels" in note for note in found.notes)


def test_a_calm_face_from_the_front_needs_no_remark(landmarker: Landmarker) -> None:
    assert find_face(Photo(drawn(size=(512, 512))), landmarker).notes == ()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photo_comes_back_upright(landmarker: Landmarker, quarters: int) -> None:
    straight = find_face(Photo(large()), landmarker)
    found = find_face(Photo(np.ascontiguousarray(np.rot90(large(), quarters))), landmarker)
    np.testing.assert_array_equal(found.photo.pixels, straight.photo.pixels)
    np.testing.assert_allclose(found.landmarks.points, straight.landmarks.points)
    assert any("turned by quarters" in note for note in found.notes)


@pytest.mark.parametrize(("weights", "said"), [
    ({"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9}, "eyes are closed"),
    ({"jawOpen": 0.8}, "mouth is open"),
])  # fmt: skip
def test_expressions_are_remarked_on(landmarker: Landmarker, weights: dict[str, float], said: str) -> None:
    assert said in remarks(drawn(size=(512, 512), **weights), landmarker)


def test_side_views(landmarker: Landmarker) -> None:
    assert "turned by about" in remarks(drawn(size=(640, 640), yaw=radians(38)), landmarker)
    with pytest.raises(BadInput, match="too far from the side"):
        find_face(Photo(drawn(size=(640, 640), yaw=radians(72))), landmarker)


def test_several_faces(landmarker: Landmarker) -> None:
    alike = placed(astronaut(), 640, 360, 0, 30)
    alike[30:330, 320:620] = astronaut()
    with pytest.raises(BadInput, match="2 faces were found"):
        find_face(Photo(alike), landmarker)
    unlike = placed(large(), 680, 540, 0, 0)
    unlike[100:240, 545:675] = astronaut()[50:190, 85:215]
    assert "the largest is used" in remarks(unlike, landmarker)


def test_small_faces(landmarker: Landmarker) -> None:
    small = resized(astronaut(), 150, 150)
    with pytest.raises(BadInput, match="too small"):
        find_face(Photo(small), landmarker)
    with pytest.raises(BadInput, match="crop the photo"):
        find_face(Photo(small, ("reduced from 9,000 x 9,000 pixels",)), landmarker)


def test_edge_blur_and_light(landmarker: Landmarker) -> None:
    cut_off = resized(astronaut()[:, 130:], 600, 1058)
    assert "cut by the picture's edge" in remarks(cut_off, landmarker)
    assert "very dark" in remarks((large() * 0.15).astype(np.uint8), landmarker)
    blurred = np.asarray(Image.fromarray(large()).filter(ImageFilter.GaussianBlur(3)))
    assert "blurred" in remarks(blurred, landmarker)
    assert "blurred" not in remarks(large(), landmarker)


def test_fineness_falls_with_blur(landmarker: Landmarker) -> None:
    (face,) = landmarker.faces(large())
    blurred = [np.asarray(Image.fromarray(large()).filter(ImageFilter.GaussianBlur(r))) for r in (0, 1, 2, 4)]
    values = [fineness(pixels, face) for pixels in blurred]
    assert values == sorted(values, reverse=True)
    assert values[0] > BLURRED > values[-1]


def test_no_face_and_drawn_faces_end_gracefully(landmarker: Landmarker) -> None:
    with pytest.raises(BadInput, match="no face was found"):
        find_face(Photo(np.full((480, 640, 3), 200, np.uint8)), landmarker)
    smiley = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(smiley)
    pen.ellipse((60, 60, 340, 340), outline="black", width=8)
    for x in (150, 250):
        pen.ellipse((x - 15, 145, x + 15, 175), fill="black")
    pen.arc((120, 150, 280, 290), 20, 160, fill="black", width=8)
    try:
        found = find_face(Photo(np.asarray(smiley)), landmarker)
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(found.landmarks.points).all()
