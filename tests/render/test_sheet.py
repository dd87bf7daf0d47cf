from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.render import sheet
from dxtalker.render.sheet import LABEL, contact_sheet

TILE = (80, 90)  # smaller pictures than the sheet's own: a test sees enough on them


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="module")
def page(head: Head) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "TILE", TILE)
        return contact_sheet(
            replace(head, extras={"tongueUp": head.extras["tongueUp"]}), columns=23, yaw=(0.0,)
        )


def cell(page: np.ndarray, index: int) -> np.ndarray:
    height, width = LABEL + TILE[1], TILE[0]
    top, left = index // 23 * height, index % 23 * width
    return page[top : top + height, left : left + width].astype(int)


def test_every_shape_has_a_labelled_picture(page: np.ndarray) -> None:
    assert page.dtype == np.uint8
    assert page.shape == (3 * (LABEL + TILE[1]), 23 * TILE[0], 3)  # rest, 52, one extra, 15 visemes: 69
    for index in range(69):
        assert (cell(page, index)[:LABEL] > 200).any()
        assert np.ptp(cell(page, index)[LABEL:]) > 100


def test_a_shape_differs_from_rest_where_it_should(page: np.ndarray) -> None:
    names = [name for name, _ in sheet._shapes(load_head())]
    change = np.abs(cell(page, names.index("eyeBlinkLeft")) - cell(page, 0))[LABEL:].sum(2)
    left, right = change[:, TILE[0] // 2 :], change[:, : TILE[0] // 2]
    assert left.sum() > 5 * right.sum()  # the head's own left is the picture's right


def test_silly_layouts_are_refused(head: Head) -> None:
    for columns, yaw in ((0, (0.0,)), (5, ())):
        with pytest.raises(BadInput, match="columns"):
            contact_sheet(head, columns, yaw)
