"""Histograms: every value is in a bar, axes have round ticks that reach over the data, thresholds are on them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.curate.plots import Limit, axis, count_ticks, histogram, shares_bar
from dxtalker.data.svg import short


def counts(svg: str) -> int:
    """The sum of what the bars tell."""
    titles = [title.text or "" for title in ElementTree.fromstring(svg).iter("title")]
    return sum(int(re.findall(r": (\d+) ", title)[0]) for title in titles)


def test_kept_and_dropped_stand_on_each_other() -> None:
    svg = histogram(np.array([1.0, 2.0, 2.0]), np.array([9.0]), "dB", [Limit(5.0, "least")])
    assert counts(svg) == 4
    kinds = [bar.get("class") for bar in ElementTree.fromstring(svg).iter("rect")]
    assert kinds.count("kept") == 2 and kinds.count("dropped") == 1 and kinds.count("beyond") == 1
    assert "≥ 5" in svg and ">dB<" in svg


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80), st.floats(-1e3, 1e3))
def test_no_value_is_lost_and_every_figure_is_finite(values: list[float], limit: float) -> None:
    svg = histogram(np.array(values), np.array(values[:3]), "s", [Limit(limit, "most")])
    assert counts(svg) == len(values) + len(values[:3])
    assert "nan" not in svg and "inf" not in svg
    low, high, ticks = axis(np.array(values), [Limit(limit, "most")])
    assert (
        low <= limit <= high
        and all(low - 1e-6 * (high - low) <= tick <= high for tick in ticks)
        and len(ticks) >= 2
    )


@pytest.mark.parametrize("most", [0, 1, 2, 7, 99, 12345])
def test_counts_are_whole(most: int) -> None:
    ticks = count_ticks(most)
    assert (
        ticks[0] == 0
        and ticks[-1] >= most
        and all(isinstance(tick, int) for tick in ticks)
        and len(ticks) <= 7
    )


def test_nothing_to_plot_is_nothing() -> None:
    assert histogram(np.zeros(0), np.zeros(0), "s") == "" == shares_bar([("a", 0.0, "s0")])
    assert histogram(np.array([np.nan]), np.zeros(0), "s") == ""


def test_numbers_are_short() -> None:
    assert [short(v) for v in (0.0, -1e-12, 0.25, 1500, 25000, -12500)] == [
        "0",
        "0",
        "0.25",
        "1500",
        "25k",
        "-12.5k",
    ]
