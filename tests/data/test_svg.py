"""A report's page and drawings stay what they are, whatever text is put into them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from dxtalker.data import page, svg


def test_numbers_on_an_axis_are_round_and_short() -> None:
    assert [svg.step(x) for x in (0.9, 1.1, 2.2, 4.0, 7.0)] == [1, 2, 2.5, 5, 10]
    assert [svg.short(x) for x in (0.25, 12345.0, -0.0)] == ["0.25", "12.35k", "0"]


@pytest.mark.parametrize("told", ["<script>", '" onload="x', "a & b"])
def test_a_drawing_is_whole_xml(told: str) -> None:
    parts = [svg.bar(0, 0, 1, 1, told, told), svg.text(0, 0, told, "end"), svg.line(0, 0, 1, 1, "axis")]
    root = ElementTree.fromstring(svg.picture(10, 10, parts, told))
    assert [child.tag for child in root] == ["rect", "text", "line"] and root[1].text == told


def test_a_page_escapes_what_is_said() -> None:
    whole = page.page("<b>", [page.table(["a"], [[page.text("<script>x\u202e")]])])
    assert "<script>" not in whole and "\u202e" not in whole and "<title>&lt;b&gt;</title>" in whole
    assert re.search(r"default-src 'none'", whole)
