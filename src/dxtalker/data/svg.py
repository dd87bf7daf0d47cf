"""Inline SVG: a few lines of our own, so that a report needs no plotting library.

Colours are classes of the page's style (page.py), so that they follow light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10


def step(rough: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least ``rough``."""
    power = 10.0 ** floor(log10(max(rough, 1e-12)))
    return next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= rough * 0.999)


def short(value: float) -> str:
    """A number for an axis."""
    if abs(value) >= 10000:
        return f"{value / 1000:,.4g}k"
    return f"{round(value, 9) + 0.0:.4g}"  # never -0


def picture(width: float, height: float, parts: Sequence[str], label: str, more: str = "") -> str:
    """The drawing of ``parts``; ``label`` is read to whoever does not see it, ``more`` are further attributes."""
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}"{more}>{"".join(parts)}</svg>'


def bar(x: float, y: float, wide: float, tall: float, kind: str, told: str) -> str:
    """A rectangle at least half a unit wide that says ``told`` under a pointer."""
    return (
        f'<rect class="{escape(kind)}" x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{tall:.1f}">'
        f"<title>{escape(told)}</title></rect>"
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of class ``kind``."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    """Plain text; ``anchor`` is start, middle or end."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
