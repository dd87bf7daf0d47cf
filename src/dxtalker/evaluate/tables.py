"""What an evaluation found, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .scores import Scores
from .variety import Spread

POOLED = "all corpora"


@dataclass(frozen=True)
class Variety:
    """How the takes of one model differ on one corpus."""

    raw: Spread
    finished: Spread
    lip_error_mm: float  # mean error of one raw take's opening
    lip_spread_over_error: float  # small: takes agree on the lips far better than they are right


@dataclass(frozen=True)
class Results:
    """By corpus, then by system; several corpora are also pooled."""

    scores: Mapping[str, Mapping[str, Scores]]
    variety: Mapping[str, Mapping[str, Variety]]  # by model; empty with one take
    clips: Mapping[str, int]
    seconds: Mapping[str, float]
    models: Mapping[str, str]  # the table's name to the file's own
    by_clip: Mapping[str, Mapping[str, float]]  # R of one raw take of ours, clip by clip
    masks: Mapping[str, tuple[int, str]]  # vertices and SHA-256 of their numbers


@dataclass(frozen=True)
class Column:
    """A figure of a table."""

    title: str
    field: str  # of Scores
    digits: int
    interval: bool = False  # shown behind it


LIPS = (
    Column("R", "correlation", 3, True),
    Column("less the encoder probe's", "difference", 3, True),
    Column("best lag ms", "best_lag_ms", 0),
    Column("R there", "best_correlation", 3),
    Column("error mm", "opening_error_mm", 2),
    Column("amplitude", "amplitude", 2),
    Column("silence", "silence_opening", 2),
    Column("jitter", "jitter", 2),
)
CLOSURES = (
    Column("/p b m/ closed", "closure_rate", 3, True),
    Column("the labels'", "truth_closure_rate", 3),
    Column("asked", "phones_closed", 0),
    Column("open vowels mm", "open_vowel_mm", 1, True),
    Column("over the labels'", "open_vowel_ratio", 2),
    Column("truth's closures kept", "closure_recall", 2, True),
    Column("closures that are true", "closure_precision", 2, True),
    Column("wide", "wide_ratio", 2),
    Column("/f v/ lip to teeth mm", "lip_to_teeth_mm", 1),
    Column("touching", "lip_on_teeth_rate", 2),
)
VERTICES = (
    Column("LVE mean max mm", "lve_mean_of_max_mm", 2, True),
    Column("LVE mean max² mm²", "lve_mean_of_max_squared_mm2", 1),
    Column("LVE RMS max mm", "lve_rms_of_max_mm", 2),
    Column("MVE mm", "mve_mm", 3, True),
    Column("upper face mm", "upper_face_error_mm", 3, True),
    Column("FDD mm²", "fdd_upper_mm2", 3),
    Column("energy 0–2 Hz", "energy_ratio_0_2_hz", 2),
    Column("2–5 Hz", "energy_ratio_2_5_hz", 2),
    Column("5–12.5 Hz", "energy_ratio_5_12_hz", 2),
)
MOTION = (
    Column("Fréchet mouth mm²", "frechet_mouth_mm2", 1),
    Column("Fréchet upper face mm²", "frechet_upper_mm2", 1),
    Column("Fréchet head deg²", "frechet_head_deg2", 2),
    Column("head with voice", "head_alignment", 3),
    Column("with other sound", "head_alignment_shuffled", 3),
    Column("p", "head_alignment_p", 3),
)
TABLES = {
    "Lips": LIPS,
    "Closures": CLOSURES,
    "Vertices and rates": VERTICES,
    "Distributions, head and voice": MOTION,
}


def figure(scores: Scores, column: Column) -> str:
    """A figure; "–" where it cannot be told."""
    value = getattr(scores, column.field)
    sign = "+" if column.field in ("best_lag_ms", "difference") else ""
    return "–" if math.isnan(value) else f"{value:{sign}.{column.digits}f}"


def range_of(scores: Scores, column: Column) -> str:
    """The figure's interval, if it is shown and known."""
    low, high = scores.intervals.get(column.field, (math.nan, math.nan))
    if not column.interval or math.isnan(low):
        return ""
    return f"{low:.{column.digits}f} to {high:.{column.digits}f}"


def cell(scores: Scores, column: Column) -> str:
    """A figure with its interval behind it."""
    interval = range_of(scores, column)
    return figure(scores, column) + (f" ({interval})" if interval else "")


def known(rows: Mapping[str, Scores], columns: tuple[Column, ...]) -> list[Column]:
    """Those of ``columns`` that at least one system has a figure in."""
    return [c for c in columns if any(figure(s, c) not in ("–", "0") for s in rows.values())]


def heading(results: Results, corpus: str) -> str:
    """The clips and seconds of ``corpus``, and how open the truth is in silence."""
    quiet = next(iter(results.scores[corpus].values())).truth_silence_opening
    said = "" if math.isnan(quiet) else f"; the truth's silence opening is {quiet:.2f}"
    return f"{results.clips[corpus]} clips, {results.seconds[corpus]:.0f} s{said}"


def as_text(results: Results) -> str:
    """Markdown tables for each corpus."""
    lines = []
    for corpus, rows in results.scores.items():
        lines.append(f"\n## {corpus}: {heading(results, corpus)}")
        for columns in TABLES.values():
            shown = known(rows, columns)
            if shown:
                lines += [
                    "",
                    "| system | " + " | ".join(c.title for c in shown) + " |",
                    "|---" * (len(shown) + 1) + "|",
                ]
                lines += [f"| {t} | " + " | ".join(cell(s, c) for c in shown) + " |" for t, s in rows.items()]
        for name, variety in results.variety.get(corpus, {}).items():
            lines += ["", f"{name}: {variety_text(variety)}"]
    return "\n".join([*lines, "", *mask_lines(results)])


def variety_text(variety: Variety) -> str:
    """One sentence."""
    said = [
        f"{kind} lips {s.lips_mm:.2f} mm, brows {s.brows_mm:.2f} mm, lids {s.lids_mm:.2f} mm, head {s.head_deg:.2f} degrees"
        for kind, s in (("raw", variety.raw), ("finished", variety.finished))
    ]
    return (
        f"deviation between takes: {'; '.join(said)}. Raw lips differ by {variety.lip_spread_over_error:.2f} of the"
        f" error of one take ({variety.lip_error_mm:.2f} mm)."
    )


def mask_lines(results: Results) -> list[str]:
    """Each mask's size and sum, which a figure in millimetres means nothing without."""
    return [
        f"mask of the {name}: {count} vertices, sha256 {total}"
        for name, (count, total) in results.masks.items()
    ]


def as_json(results: Results) -> dict[str, object]:
    """Everything, NaN as null."""
    return {
        "models": dict(results.models),
        "masks": {name: {"vertices": n, "sha256": total} for name, (n, total) in results.masks.items()},
        "clips": dict(results.clips),
        "seconds": dict(results.seconds),
        "clip_correlation": _plain({c: dict(v) for c, v in results.by_clip.items()}),
        "scores": _plain({c: {s: asdict(v) for s, v in rows.items()} for c, rows in results.scores.items()}),
        "takes": _plain({c: {m: asdict(v) for m, v in rows.items()} for c, rows in results.variety.items()}),
    }


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
