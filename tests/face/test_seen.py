"""What was seen of a face is cut as often as wanted; only what is missing is looked for."""

from pathlib import Path

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.photo import load_photo
from dxtalker.face.seen import Seen, Watch

FACE = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker(threads=1)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return load_photo(FACE).pixels


def made(present: list[bool]) -> Seen:
    count = sum(present)
    points = np.arange(count, dtype=np.int16)[:, None, None] * np.ones((478, 3), np.int16)
    return Seen(
        (640, 480),
        np.array(present),
        points,
        np.zeros((count, 52), np.float32),
        np.zeros((count, 2), np.float32),
    )


def test_a_cut_is_the_same_frames() -> None:
    whole = made([False, True, True, False, True, True, False])
    for first in range(8):
        for stop in range(first, 8):
            part = whole.cut(first, stop)
            assert len(part) == stop - first
            assert np.array_equal(part.landmarks(), whole.landmarks()[first:stop], equal_nan=True)


def test_a_face_is_followed_lost_and_found(landmarker: Landmarker, picture: np.ndarray) -> None:
    watch, dark = Watch(landmarker), np.zeros_like(picture)
    assert watch.see(picture, search=False) is None  # nothing was followed yet
    for frame, there in ((picture, True), (picture, True), (dark, False), (picture, True)):
        assert (watch.see(frame) is not None) == there
    assert watch.see(picture, anew=True, search=False) is None
    seen = watch.seen()
    assert seen.present.tolist() == [False, True, True, False, True, False]
    assert np.abs(np.diff(seen.cut(1, 3).eye_distance)).max() < 1
    assert len(Watch(landmarker).seen()) == 0


def test_pictures_of_two_sizes_are_refused(landmarker: Landmarker) -> None:
    watch = Watch(landmarker)
    watch.see(np.zeros((60, 80, 3), np.uint8), search=False)
    with pytest.raises(BadInput, match="frame 1 is 60x60 pixels, the ones before 80x60"):
        watch.see(np.zeros((60, 60, 3), np.uint8), search=False)
