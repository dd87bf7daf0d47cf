"""The drawings of an evaluation's page: figures with intervals, curves over a lag, openings over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite

import numpy as np

from ..data import svg

WIDTH = 560  # SVG units
NAMES = 178  # of them for the names of systems
RIGHT, TOP, BOTTOM, ROW = 14, 8, 34, 21


@dataclass(frozen=True)
class Curve:
    """One line of a plot."""

    name: str
    kind: str  # class of the page's style: its colour
    x: np.ndarray  # (N,)
    y: np.ndarray  # (N,)


def whiskers(rows: Sequence[tuple[str, float, float, float, str]], unit: str) -> str:
    """(name, value, low, high, class) one below the other on one axis that shows 0; "" where nothing is known."""
    shown = [row for row in rows if isfinite(row[1])]
    if not shown:
        return ""
    ends = [v for row in shown for v in row[1:4] if isfinite(v)]
    low, high, ticks = _axis(min(0.0, *ends), max(0.0, *ends))
    height = TOP + ROW * len(shown) + BOTTOM
    x = _scale(low, high, NAMES, WIDTH - RIGHT)
    parts = _vertical(ticks, x, TOP, height - BOTTOM)
    for i, (name, value, least, most, kind) in enumerate(shown):
        y = TOP + ROW * (i + 0.5)
        parts.append(svg.text(NAMES - 8, y + 4, name, "end"))
        if isfinite(least) and isfinite(most):
            parts.append(svg.line(x(least), y, x(most), y, f"whisker {kind}"))
        told = (
            f"{name}: {value:.3f} ({least:.3f} to {most:.3f})" if isfinite(least) else f"{name}: {value:.3f}"
        )
        parts.append(
            f'<circle class="{escape(kind)}" cx="{x(value):.1f}" cy="{y:.1f}" r="4"><title>{escape(told)}</title></circle>'
        )
    parts.append(svg.text((NAMES + WIDTH - RIGHT) / 2, height - 4, unit, "middle", "unit"))
    return svg.picture(WIDTH, height, parts, f"{unit} by system")


def lines(curves: Sequence[Curve], across: str, up: str, height: float = 200, width: float = WIDTH) -> str:
    """Curves over one pair of axes; NaN breaks a line."""
    values = np.concatenate([c.y[np.isfinite(c.y)] for c in curves])
    places = np.concatenate([c.x for c in curves])
    if not len(values):
        return ""
    low, high, marks = _axis(min(0.0, values.min()), max(0.0, values.max()))
    left, bottom = 44.0, 36.0
    x = _scale(float(places.min()), float(places.max()), left, width - RIGHT)
    y = _scale(low, high, height - bottom, TOP + 6)
    parts = [svg.line(left, y(m), width - RIGHT, y(m), "axis" if m == 0 else "grid") for m in marks]
    parts += [svg.text(left - 6, y(m) + 4, svg.short(m), "end") for m in marks]
    _, _, ticks = _axis(float(places.min()), float(places.max()))
    for tick in ticks:
        if places.min() <= tick <= places.max():
            parts.append(svg.text(x(tick), height - bottom + 15, svg.short(tick), "middle"))
    parts += [_path(c, x, y) for c in curves]
    parts.append(svg.text((left + width) / 2, height - 4, f"{up}, over {across}", "middle", "unit"))
    return svg.picture(width, height, parts, f"{up} over {across}")


def _path(curve: Curve, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    steps, pen = [], "M"
    for across, up in zip(curve.x, curve.y, strict=True):
        if isfinite(up):
            steps.append(f"{pen}{x(float(across)):.1f} {y(float(up)):.1f}")
        pen = "L" if isfinite(up) else "M"
    return (
        f'<path class="{escape(curve.kind)}" d="{" ".join(steps)}"><title>{escape(curve.name)}</title></path>'
    )


def _scale(low: float, high: float, start: float, stop: float) -> Callable[[float], float]:
    span = max(high - low, 1e-9)
    return lambda value: start + (stop - start) * (value - low) / span


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Ends on round numbers, and the ticks between them."""
    step = svg.step(max(high - low, 1e-6) / 5)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return first * step, last * step, [n * step for n in range(first, last + 1)]


def _vertical(ticks: Sequence[float], x: Callable[[float], float], top: float, bottom: float) -> list[str]:
    parts = []
    for tick in ticks:
        parts.append(svg.line(x(tick), top, x(tick), bottom, "axis" if tick == 0 else "grid"))
        parts.append(svg.text(x(tick), bottom + 15, svg.short(tick), "middle"))
    return parts
