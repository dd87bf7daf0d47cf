"""A photo becomes the head of who is on it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dxtalker.errors import BadInput
from dxtalker.face.likeness import Likeness, Sculptor
from dxtalker.face.photo import Photo

PHOTO = Path(__file__).parents[1] / "data/astronaut_face.jpg"


@pytest.fixture(scope="module")
def sculptor() -> Sculptor:
    return Sculptor()


@pytest.fixture(scope="module")
def astronaut(sculptor: Sculptor) -> Likeness:
    return sculptor.likeness([PHOTO], "astronaut")


def test_the_head_lies_on_the_photo(astronaut: Likeness) -> None:
    assert astronaut.fit.error[0] < 2.0
    view, marks = astronaut.shots[0].view, astronaut.shots[0].landmarks
    assert marks is not None
    shown = view.project(view.shape(astronaut.head)[[astronaut.head.landmarks["nose_tip"]]])[0]
    eyes = np.linalg.norm(marks[33] - marks[263])
    assert np.linalg.norm(shown - marks[1]) < 0.12 * eyes


def test_the_smile_is_expression_not_person(astronaut: Likeness, sculptor: Sculptor) -> None:
    names = ("mouthSmileLeft", "mouthSmileRight")
    from dxtalker.records import ARKIT_INDEX

    assert min(astronaut.shots[0].view.expression[ARKIT_INDEX[name]] for name in names) > 0.4
    corners = [astronaut.head.landmarks[f"mouth_{side}"] for side in ("left", "right")]
    middle = astronaut.head.lip_pairs[0, 0]
    rest = astronaut.head.vertices
    base = sculptor.space.base.vertices
    lift = (rest[corners, 1].mean() - rest[middle, 1]) - (base[corners, 1].mean() - base[middle, 1])
    assert lift < 0.003  # metres: a full smile lifts the corners by a centimetre


def test_the_head_is_in_the_photos_colours(astronaut: Likeness, sculptor: Sculptor) -> None:
    assert astronaut.painted.seen > 0.5
    assert not np.array_equal(astronaut.head.albedo, sculptor.space.base.albedo)
    assert astronaut.head.name == "astronaut"  # not the open head's: its licence is not the person's


def test_the_same_photo_gives_the_same_head(astronaut: Likeness, sculptor: Sculptor) -> None:
    again = sculptor.likeness([PHOTO], "astronaut")
    np.testing.assert_array_equal(again.head.vertices, astronaut.head.vertices)
    np.testing.assert_array_equal(again.head.albedo, astronaut.head.albedo)


def test_no_face_is_refused_by_name(sculptor: Sculptor, tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    Image.fromarray(np.full((200, 300, 3), 120, np.uint8)).save(path)
    with pytest.raises(BadInput, match=r"wall\.png.*no face"):
        sculptor.likeness([path])


@pytest.mark.parametrize("count", [0, 13])
def test_how_many_photos(sculptor: Sculptor, count: int) -> None:
    photo = Photo(np.zeros((8, 8, 3), np.uint8), ())
    with pytest.raises(BadInput, match="1 to 12"):
        sculptor.likeness([photo] * count)
