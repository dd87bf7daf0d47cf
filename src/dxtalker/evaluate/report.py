"""``dxtalker evaluate --report``: one page with tables, plots and a picture; whole in one file, without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..data import page as html
from ..data.corpora import corpus as facts
from ..face.head import Head
from ..files import write_atomically
from .clips import ScoredClip
from .metrics import LAGS
from .picture import png_uri, strip
from .plots import Curve, lines, whiskers
from .scores import Scores
from .systems import LABELS, OURS, REFERENCE, Guess, Model, System
from .tables import (
    POOLED,
    TABLES,
    Column,
    Results,
    figure,
    heading,
    known,
    mask_lines,
    range_of,
    variety_text,
)

EXAMPLE = 150  # frames of the example that are drawn as curves
PICTURES = 9  # instants of the strip
STRIP = 50  # frames that they are taken from
TITLES = {
    "correlation": "R of the lip opening",
    "difference": "R less the encoder probe's",
    "lve_mean_of_max_mm": "lip vertex error, mm",
    "closure_recall": "the truth's closures kept",
}


def write_report(
    path: Path,
    results: Results,
    clips: Sequence[ScoredClip],
    systems: Mapping[str, System],
    models: Sequence[Model],
    head: Head,
) -> None:
    """The page; with the same figures and clips the same bytes."""
    body = [
        "<h1>Evaluation of lip, face and head motion</h1>",
        f'<p class="dim">{html.text(", ".join(f"{n}: {m}" for n, m in results.models.items()))}</p>',
        html.tiles(_figures(results)),
        '<h2>Beside the baselines</h2><p class="dim">Bars are 95 % intervals over blocks of 5 s.</p>',
        html.key(
            [("s0", "models"), ("s2", "encoder probe"), ("s1", "other baselines"), ("s4", "truth on our rig")]
        ),
    ]
    for corpus, rows in results.scores.items():
        body += _corpus(corpus, rows, results, clips)
    body += _example(results, clips, systems, models, head)
    body += ["<h2>How it was measured</h2>", *_method(results)]
    write_atomically(path, html.page("dxtalker evaluate", body).encode())


def _figures(results: Results) -> list[tuple[str, str]]:
    alone = [c for c in results.clips if c != POOLED]
    found = [
        (str(len(alone)), "corpora"),
        (str(sum(results.clips[c] for c in alone)), "clips"),
        (f"{sum(results.seconds[c] for c in alone) / 60:.1f}", "minutes"),
    ]
    for corpus, rows in results.scores.items():
        ours = _mean_of_takes(rows)
        found.append((f"{ours.correlation:.3f}", f"R of mean takes, {corpus}"))
    return found


def _mean_of_takes(rows: Mapping[str, Scores]) -> Scores:
    return next(s for title, s in rows.items() if title.startswith(f"{OURS}, mean of"))


def _kind(title: str) -> str:
    """Class of a system's colour."""
    return {LABELS: "s4", REFERENCE: "s2"}.get(title, "s0" if ", " in title else "s1")


def _corpus(
    corpus: str, rows: Mapping[str, Scores], results: Results, clips: Sequence[ScoredClip]
) -> list[str]:
    """Plots and tables of one corpus."""
    cards = []
    for field, title in TITLES.items():
        drawn = whiskers(
            [
                (name, getattr(s, field), *s.intervals[field], _kind(name))
                for name, s in rows.items()
                if not (field == "difference" and name in (LABELS, REFERENCE))
            ],
            title,
        )
        if drawn and not (field == "difference" and REFERENCE not in rows):
            cards.append(html.card(title, "", drawn))
    cards.append(
        html.card(
            "R when the guess is moved", "A peak left of 0: the guess is ahead of the truth.", _lags(rows)
        )
    )
    parts = [
        f"<h2>{html.name(corpus)}</h2>",
        f'<p class="dim">{html.text(heading(results, corpus))}. {html.text(_delays(corpus, clips))}</p>',
        f'<div class="cards wide">{"".join(cards)}</div>',
    ]
    for title, columns in TABLES.items():
        shown = known(rows, columns)
        if shown:
            cells = [
                [f'<span class="system">{html.text(n)}</span>', *(_cell(s, c) for c in shown)]
                for n, s in rows.items()
            ]
            heads = ["system", *(c.title for c in shown)]
            parts += [f"<h3>{title}</h3>", html.table(heads, cells, range(1, len(heads)))]
    for name, variety in results.variety.get(corpus, {}).items():
        parts.append(f"<p>{html.name(name)}: {html.text(variety_text(variety))}</p>")
    return parts


def _cell(scores: Scores, column: Column) -> str:
    interval = range_of(scores, column)
    under = f'<span class="range">{html.text(interval)}</span>' if interval else ""
    return html.text(figure(scores, column)) + under


def _delays(corpus: str, clips: Sequence[ScoredClip]) -> str:
    moved = {c.name: facts(corpus).delays.get(c.name, 0.0) for c in clips if c.corpus == corpus}
    said = ", ".join(f"{name} {1000 * d:+.0f} ms" for name, d in moved.items() if d)
    return f"Delay of the pictures, taken out of the truth: {said}." if said else ""


def _lags(rows: Mapping[str, Scores]) -> str:
    """R against lag of one take of each model, its mean, and the encoder probe."""
    curves = [
        Curve(name, _kind(name), LAGS * 1000, np.array(s.lag_curve))
        for name, s in rows.items()
        if name == REFERENCE or "mean of" in name
    ]
    return lines(curves, "lag, ms", "R")


def _example(
    results: Results,
    clips: Sequence[ScoredClip],
    systems: Mapping[str, System],
    models: Sequence[Model],
    head: Head,
) -> list[str]:
    """One clip as it is heard by ours and by the probe: the first corpus's clip of middling R."""
    found = results.by_clip[clips[0].corpus]
    name = sorted(found, key=found.__getitem__)[len(found) // 2]
    clip = next(c for c in clips if (c.corpus, c.name) == (clips[0].corpus, name))
    takes = replace(models[0], takes=1)(clip)
    guesses: dict[str, Guess] = {LABELS: systems[LABELS](clip), f"{OURS}, one take": takes.raw[0]}
    if REFERENCE in systems:
        guesses[REFERENCE] = systems[REFERENCE](clip)
    first = _liveliest(clip.truth, EXAMPLE)
    window = slice(first, first + EXAMPLE)
    at = np.arange(len(clip.truth))[window] / 25
    curves = [Curve("truth", "s1", at, clip.truth[window])]
    curves += [Curve(n, _kind(n), at, g.opening[window]) for n, g in guesses.items() if n != LABELS]
    start = first + _liveliest(clip.truth[window], STRIP)
    frames = np.linspace(start, min(start + STRIP, len(clip.truth)) - 1, PICTURES).round().astype(int)
    drawn = strip(head, [(g.curves, g.rotation) for g in guesses.values()], frames)
    said = ", ".join(f"{t / 25:.2f}" for t in frames)
    return [
        f"<h2>An example: {html.name(clip.name)}</h2>",
        f'<p class="dim">Of {html.name(clip.corpus)}, the clip whose R is in the middle.</p>',
        html.key([("s1", "truth"), ("s0", "ours, one take, raw"), ("s2", "encoder probe")]),
        lines(curves, "seconds", "opening, mm", width=1120),
        f'<p class="dim">From above: {html.text("; ".join(guesses))}; at {said} s. Drawn on the packaged head.</p>',
        f'<img class="strip" alt="frames of the example" src="{png_uri(drawn)}">',
    ]


def _liveliest(opening: np.ndarray, frames: int) -> int:
    """First of the ``frames`` in a row in which ``opening`` (T,) moves most."""
    starts = range(0, max(1, len(opening) - frames + 1), 5)
    return max(starts, key=lambda s: float(opening[s : s + frames].std()))


def _method(results: Results) -> list[str]:
    """Words and masks, so that figures can be compared or are known not to compare."""
    said = [
        "Words, formulas and sources are in docs/metrics.md. R is the correlation of the lip opening per clip at lag 0, weighted"
        " by frames; probes predict the opening directly. Vertices are those of the packaged head, its head pose removed; what a"
        " corpus did not track rests on both sides. Figures in millimetres compare only under the same masks:",
    ]
    return [f"<p>{html.text(s, 2000)}</p>" for s in said] + [
        f"<p><small><code>{html.text(line)}</code></small></p>" for line in mask_lines(results)
    ]
