"""Drawings show what they were given, and the strip shows our own head moving."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from dxtalker.evaluate.picture import TILE, png_uri, strip
from dxtalker.evaluate.plots import WIDTH, Curve, lines, whiskers
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX

NAN = float("nan")


def circles(drawn: str) -> list[float]:
    return [float(c.attrib["cx"]) for c in ElementTree.fromstring(drawn).iter("circle")]


def test_larger_figures_stand_further_right() -> None:
    rows = [("a <b>", 0.2, 0.1, 0.3, "s0"), ("b", 0.5, 0.4, 0.6, "s1"), ("c", NAN, NAN, NAN, "s1")]
    drawn = whiskers(rows, "R")
    first, second = circles(drawn)
    assert first < second < WIDTH and "a &lt;b&gt;: 0.200 (0.100 to 0.300)" in drawn


def test_below_zero_stands_left_of_it() -> None:
    (less,), (more,) = (
        circles(
            whiskers(
                [
                    ("a", v, v, v, "s0"),
                ],
                "R",
            )
        )
        for v in (-0.1, 0.1)
    )
    assert less < more


def test_nothing_known_draws_nothing() -> None:
    assert whiskers([("a", NAN, NAN, NAN, "s0")], "R") == ""
    assert lines([Curve("a", "s0", np.arange(3.0), np.full(3, NAN))], "x", "y") == ""


def test_a_gap_breaks_the_line() -> None:
    curve = Curve("a", "s0", np.arange(5.0), np.array([0, 1, NAN, 1, 0]))
    (path,) = ElementTree.fromstring(lines([curve], "seconds", "mm")).iter("path")
    assert path.attrib["d"].count("M") == 2 and path.attrib["d"].count("L") == 2


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    curves, still = np.zeros((3, 52), np.float32), np.zeros((3, 3), np.float32)
    curves[2, ARKIT_INDEX["jawOpen"]] = 0.6
    return strip(load_head(), [(curves, still), (np.zeros_like(curves), still)], np.array([0, 2]))


def test_the_strip_has_a_row_for_each_guess(drawn: np.ndarray) -> None:
    wide, tall = TILE
    assert drawn.shape == (2 * tall, 2 * wide, 3) and drawn.dtype == np.uint8
    assert (drawn[:tall, :wide] == drawn[tall:, :wide]).all()
    change = np.abs(drawn[:tall, wide:].astype(int) - drawn[tall:, wide:]).sum(axis=2)
    moved = np.flatnonzero(change.max(axis=1) > 60)
    assert moved.min() > tall / 2  # the jaw, not the brows


def test_a_picture_travels_inside_the_page(drawn: np.ndarray) -> None:
    assert png_uri(drawn).startswith("data:image/png;base64,iVBOR")
