"""Bars and histograms of a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from ..data import svg

WIDTH, HEIGHT = 380, 190  # of a histogram, SVG units
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 36  # margins
BINS = 40
TAIL = 0.5  # per cent at either end that may lie beyond the axis: it is counted into the last bars


@dataclass(frozen=True)
class Limit:
    """A threshold on an axis."""

    value: float
    side: str  # "least" or "most": what is allowed lies above or below it


def histogram(
    kept: np.ndarray,  # (N,) values
    dropped: np.ndarray,  # (M,)
    unit: str,
    limits: Sequence[Limit] = (),
    names: tuple[str, str] = ("kept", "dropped"),
) -> str:
    """Both as stacked bars over one axis, with the thresholds drawn and what lies beyond them shaded.

    Values beyond the axis are counted into its outermost bars. "" without any value.
    """
    values = np.concatenate([kept, dropped]).astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    low, high, ticks = axis(values, limits)
    bins = np.linspace(low, high, BINS + 1)
    first, second = (np.histogram(np.clip(part, low, high), bins)[0] for part in (kept, dropped))
    counts = count_ticks(int((first + second).max()))
    most = counts[-1]

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    def y(count: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / most

    parts = [_shade(limit, low, high, x) for limit in limits]
    for count in counts:
        parts.append(svg.line(LEFT, y(count), WIDTH - RIGHT, y(count), "grid"))
        parts.append(svg.text(LEFT - 6, y(count) + 4, svg.short(count), "end"))
    for i in range(BINS):
        left, wide = x(bins[i]) + 0.4, x(bins[i + 1]) - x(bins[i]) - 0.8
        for count, below, kind in ((first[i], 0, "kept"), (second[i], first[i], "dropped")):
            if count:
                top, bottom = y(below + count), y(below)
                tall = max(bottom - top, 1.2)  # one clip among thousands is still to be seen
                told = f"{svg.short(bins[i])} to {svg.short(bins[i + 1])}: {count} {names[kind == 'dropped']}"
                parts.append(svg.bar(left, bottom - tall, wide, tall, kind, told))
    parts.append(svg.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"))
    for tick in ticks:
        parts.append(svg.line(x(tick), HEIGHT - BOTTOM, x(tick), HEIGHT - BOTTOM + 4, "axis"))
        parts.append(svg.text(x(tick), HEIGHT - BOTTOM + 16, svg.short(tick), "middle"))
    parts.append(svg.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, unit, "middle", "unit"))
    parts += [_mark(limit, x) for limit in limits]
    return svg.picture(WIDTH, HEIGHT, parts, f"histogram, {unit}")


def shares_bar(parts: Sequence[tuple[str, float, str]]) -> str:
    """One bar across the page of (label, amount, class), for instance seconds kept and dropped by stage."""
    whole = sum(amount for _, amount, _ in parts)
    if whole <= 0:
        return ""
    drawn, at = [], 0.0
    for label, amount, kind in parts:
        wide = 1000 * amount / whole
        drawn.append(svg.bar(at, 0, wide, 26, kind, f"{label}: {amount / whole:.1%}"))
        at += wide
    return svg.picture(1000, 26, drawn, "shares", ' preserveAspectRatio="none"')


def axis(values: np.ndarray, limits: Sequence[Limit]) -> tuple[float, float, list[float]]:
    """Lowest and highest value shown, and the ticks between them: round numbers, thresholds included."""
    low, high = (
        np.percentile(values, [TAIL, 100 - TAIL]) if len(values) > 50 else (values.min(), values.max())
    )
    for limit in limits:
        low, high = min(low, limit.value), max(high, limit.value)
    spread = high - low
    if spread < 1e-6 * max(abs(low), abs(high), 1e-3):
        spread = max(abs(low), 1.0) * 0.1
    low, high = (0.0 if 0 <= low < 0.3 * high else low - 0.05 * spread), high + 0.05 * spread
    step = svg.step((high - low) / 5)
    first = ceil(low / step - 1e-9)
    return float(low), float(high), [n * step for n in range(first, floor(high / step + 1e-9) + 1)]


def count_ticks(most: int) -> list[int]:
    """Three or so whole numbers from 0 to at least ``most``."""
    step = max(1, round(svg.step(most / 3)))
    return [n * step for n in range(ceil(max(most, 1) / step) + 1)]


def _shade(limit: Limit, low: float, high: float, x: Callable[[float], float]) -> str:
    left, right = (low, limit.value) if limit.side == "least" else (limit.value, high)
    wide = max(x(right) - x(left), 0.0)
    return f'<rect class="beyond" x="{x(left):.1f}" y="{TOP}" width="{wide:.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'


def _mark(limit: Limit, x: Callable[[float], float]) -> str:
    at = x(limit.value)
    anchor, label = ("start", at + 4) if at < WIDTH * 0.6 else ("end", at - 4)
    sign = "≥" if limit.side == "least" else "≤"
    return svg.line(at, TOP - 8, at, HEIGHT - BOTTOM, "limit") + svg.text(
        label, TOP - 2, f"{sign} {svg.short(limit.value)}", anchor, "limit"
    )
