"""One look at pictures that are known: a real face that sways, stands still, goes and has company."""

from pathlib import Path

import numpy as np
import pytest

from dxtalker.curate.look import COLUMNS, EVERY, ROWS, Looked, look_at
from dxtalker.curate.stretches import STILL_LEVELS
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.photo import load_photo

FACE = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker(threads=1)


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """(256, 256, 3) uint8: a face of about 60 pixels between the eyes."""
    pixels = load_photo(FACE).pixels
    step = max(1, round(min(pixels.shape[:2]) / 256))
    return pixels[::step, ::step][:256, :256]


def scene(face: np.ndarray, *places: tuple[int, int], light: float = 1.0) -> np.ndarray:
    """(320, 640, 3) uint8: the face pasted at places (left, top) before a plain wall."""
    picture = np.full((320, 640, 3), 90, np.uint8)
    for left, top in places:
        part = picture[top : top + face.shape[0], left : left + face.shape[1]]
        part[:] = (face[: part.shape[0], : part.shape[1]] * light).astype(np.uint8)
    return picture


@pytest.fixture(scope="module")
def looked(landmarker: Landmarker, face: np.ndarray) -> Looked:
    sway = [scene(face, (20 + i % 2 * 3, 20)) for i in range(12)]
    still = [sway[-1]] * 8
    two = [scene(face, (20 + i % 2 * 3, 20), (350, 30)) for i in range(10)]
    nobody = [scene(face)] * 5
    return look_at([*sway, *still, *two, *nobody], landmarker, start=4.0)


def test_what_is_kept_of_every_picture(looked: Looked) -> None:
    assert len(looked) == 35 and looked.start == 4 and looked.size == (640, 320)
    assert looked.thumbnails.shape == (35, ROWS, COLUMNS)
    assert looked.seen.present.tolist() == [True] * 30 + [False] * 5
    assert np.isnan(looked.level[30:]).all() and (looked.level[:30] > 60).all()
    assert (looked.others >= 0).tolist() == [i % EVERY == 0 and i < 30 for i in range(35)]


def test_standing_still_and_company_are_seen(looked: Looked) -> None:
    assert (looked.change[12:20] < STILL_LEVELS).all() and (looked.change[1:12] > STILL_LEVELS).all()
    assert looked.others[[0, 10, 20]].tolist() == [0, 0, 1]


def test_the_same_pictures_give_the_same_bytes(
    looked: Looked, landmarker: Landmarker, face: np.ndarray
) -> None:
    again = look_at([scene(face, (20 + i % 2 * 3, 20)) for i in range(4)], landmarker)
    assert np.array_equal(again.seen.points, looked.seen.points[:4])
    assert np.array_equal(again.thumbnails, looked.thumbnails[:4])


def test_nothing_was_looked_at(landmarker: Landmarker) -> None:
    assert len(look_at([], landmarker)) == 0
