"""``dxtalker evaluate``: every system on every corpus, every figure."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data.names import is_listed, listed
from ..data.phones import read_phones
from ..errors import BadInput
from ..face.head import Head
from ..face.head_file import load_head
from ..files import write_atomically
from ..speech import Encoder
from .clips import ScoredClip, load_clips
from .regions import Regions, regions
from .report import write_report
from .scores import ClipResult, Scores, clip_result, gather
from .systems import FIRST, LABELS, REFERENCE, Model, System, Takes, baselines, labels, load_models
from .tables import POOLED, Results, Variety, as_json, as_text
from .variety import Spread, spread

RUN_MODEL = "model.onnx"


@dataclass(frozen=True)
class Request:
    """What is to be scored; see ``cli.evaluate``."""

    folders: tuple[Path, ...]
    probes: tuple[Path, ...] = ()
    hold_out: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    models: tuple[Path, ...] = ()
    takes: int = 8
    phones: tuple[Path, ...] = ()
    cache: Path | None = None
    output: Path | None = None
    report: Path | None = None


def run_evaluation(request: Request, say: Callable[[str], None]) -> str:
    """The tables as text, and as files where they are asked for. Raises BadInput when nothing is left to score."""
    folders, models = _run_first(request)
    if not 1 <= request.takes <= 64:
        raise BadInput(f"{request.takes} takes a clip; expected 1 to 64")
    head = load_head()
    generators = load_models(models, head, request.takes)
    with tempfile.TemporaryDirectory() as scratch:
        training, clips = _load(request, folders, head, request.cache or Path(scratch), say)
    systems = {LABELS: labels(head)} | (baselines(training) if training else {})
    results = evaluate(clips, systems, generators, regions(head), say)
    if request.output is not None:
        write_atomically(request.output, json.dumps(as_json(results), indent=1).encode())
    if request.report is not None:
        write_report(request.report, results, clips, systems, generators, head)
    return as_text(results)


def _run_first(request: Request) -> tuple[list[Path], list[Path]]:
    """Folders to score on, and models; a first folder that is a training run gives the first model."""
    folders, models = list(request.folders), list(request.models)
    if folders and (folders[0] / RUN_MODEL).is_file():
        models.insert(0, folders.pop(0) / RUN_MODEL)
    if not folders:
        raise BadInput(
            "no clips were given; expected a folder of tracked clips, for example: dxtalker evaluate run clips"
        )
    return folders, models


def _load(
    request: Request, folders: Sequence[Path], head: Head, cache: Path, say: Callable[[str], None]
) -> tuple[list[ScoredClip], list[ScoredClip]]:
    """The clips that probes are fitted to, and those that are scored. Raises BadInput where they overlap."""
    held, chosen, encoder = listed(request.hold_out), listed(request.only), Encoder()
    phones = {name: found for path in request.phones for name, found in read_phones(path).items()}

    def load(paths: Sequence[Path], keep: Callable[[str], bool]) -> list[ScoredClip]:
        return [c for path in paths for c in load_clips(path, head, encoder, cache, keep, say, phones)]

    clips = load(folders, lambda name: not chosen or is_listed(name, chosen))
    if not clips:
        raise BadInput("no clip is left to score; check --only and the folders")
    training = load(request.probes, lambda name: not is_listed(name, held))
    overlap = {(c.corpus, c.name) for c in training} & {(c.corpus, c.name) for c in clips}
    if overlap:
        raise BadInput(
            f"the probes would be scored on {len(overlap)} clips they were fitted to; name them in --hold-out"
        )
    return training, clips


def evaluate(
    clips: Sequence[ScoredClip],
    systems: dict[str, System],
    models: Sequence[Model],
    where: Regions,
    say: Callable[[str], None],
) -> Results:
    """Scores by corpus and pooled; every take is made once."""
    found: dict[str, dict[str, list[ClipResult]]] = {}
    spreads: dict[str, dict[str, list[tuple[Spread, Spread, int]]]] = {}
    for number, clip in enumerate(clips, start=1):
        guesses = {title: system(clip) for title, system in systems.items()}
        for model in models:
            takes = model(clip)
            guesses |= model.guesses(takes)
            if len(takes.raw) > 1:
                both = (*_spreads(takes, where), len(clip.truth))
                spreads.setdefault(clip.corpus, {}).setdefault(model.name, []).append(both)
        rows = found.setdefault(clip.corpus, {})
        for title, guess in guesses.items():
            rows.setdefault(title, []).append(clip_result(clip, guess, where))
        if number % 10 == 0 or number == len(clips):
            say(f"{number} of {len(clips)} clips scored")
    if len(found) > 1:
        found[POOLED] = {
            t: [r for rows in found.values() for r in rows[t]] for t in next(iter(found.values()))
        }
        names = list(dict.fromkeys(m.name for m in models))
        spreads[POOLED] = {n: [s for rows in spreads.values() for s in rows[n]] for n in names if spreads}
    scores = {
        corpus: {title: gather(results, rows.get(REFERENCE)) for title, results in rows.items()}
        for corpus, rows in found.items()
    }
    return Results(
        scores=scores,
        variety={
            corpus: {name: _variety(parts, scores[corpus], name) for name, parts in rows.items()}
            for corpus, rows in spreads.items()
        },
        clips={corpus: len(next(iter(rows.values()))) for corpus, rows in found.items()},
        seconds={
            corpus: sum(len(r.by_frame) for r in next(iter(rows.values()))) / 25
            for corpus, rows in found.items()
        },
        models={m.name: m.generator.name for m in models},
        by_clip={
            corpus: {
                clip.name: float(r.by_frame.mean())
                for clip, r in zip(_of(clips, corpus), rows[FIRST], strict=True)
            }
            for corpus, rows in found.items()
        },
        masks={name: (where.sizes[name], total) for name, total in where.sums.items()},
    )


def _of(clips: Sequence[ScoredClip], corpus: str) -> list[ScoredClip]:
    """Of one corpus, or all, in the order of the pooled results: corpus by corpus."""
    if corpus != POOLED:
        return [c for c in clips if c.corpus == corpus]
    return [c for name in dict.fromkeys(c.corpus for c in clips) for c in clips if c.corpus == name]


def _spreads(takes: Takes, where: Regions) -> tuple[Spread, Spread]:
    raw, finished = (
        spread([t.curves for t in group], [t.rotation for t in group], where)
        for group in (takes.raw, takes.finished)
    )
    return raw, finished


def _variety(parts: Sequence[tuple[Spread, Spread, int]], scores: dict[str, Scores], name: str) -> Variety:
    """Of one model: spreads weighted by frames, beside the error of one take's lips."""
    frames = [count for _, _, count in parts]
    raw = Spread.mean([first for first, _, _ in parts], frames)
    finished = Spread.mean([second for _, second, _ in parts], frames)
    error = scores[f"{name}, one take, raw"].opening_error_mm
    return Variety(raw, finished, error, raw.lips_mm / error if error else float("nan"))
