"""Few steps: what a generator loses and what it costs at 1 to 32 solver steps, by euler, midpoint and heun.

    python bench/steps.py ../shared/data/grid_unseen ../shared/data/us_gov ../shared/data/facegood \\
        --without '1114_2_*' [--model run/model.onnx] [--phones phones.json] --cache cache -o steps.json

Writes steps.json and, beside it, steps.md with a table. Given again it goes on where it was stopped; figures of another
model or of other clips are refused. Features are computed once and kept in the cache, as ``dxtalker evaluate --cache`` does.

Everything is of raw takes, seeds 0, 1, …, with the figures of ``dxtalker evaluate``: R of the opening, of one take and of
the mean of all; "less best" is the difference of one take's R to that of the setting with the highest (mean over the folders'
corpora), frame by frame over all clips, with its 95 % bootstrap interval over blocks of 5 s; closures on /p b m/ where phones
are known, else those of the truth that are kept and those of ours that are true; jitter over the truth's; spread is the
deviation between takes. Cost is processor time of the motion for a second of speech, on one thread, over that of 1 step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from dxtalker.data.names import is_listed, listed
from dxtalker.data.phones import read_phones
from dxtalker.evaluate.blocks import BLOCK, interval, mean_of
from dxtalker.evaluate.clips import ScoredClip, load_clips
from dxtalker.evaluate.closures import closed_at, confirmed, recalled
from dxtalker.evaluate.metrics import Pair, frame_correlations, jitter_ratio
from dxtalker.evaluate.regions import Regions, regions
from dxtalker.evaluate.variety import Spread, spread
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.files import asset, write_atomically
from dxtalker.motion.perform import generate
from dxtalker.motion.sampler import SOLVERS, Generator, Sampling
from dxtalker.records import FEATURE_FPS
from dxtalker.speech import Encoder

STEPS = (1, 2, 4, 8, 16, 32)


def evaluations(solver: str, steps: int) -> int:
    """Times that the network is asked: every solver ends on an Euler step."""
    return steps if solver == "euler" else 2 * steps - 1


def settings(steps: Sequence[int], solvers: Sequence[str]) -> list[tuple[str, int]]:
    """The cheapest first. At one step all solvers are the same."""
    pairs = [(solver, n) for n in steps for solver in solvers if n > 1 or solver == solvers[0]]
    return sorted(pairs, key=lambda pair: evaluations(*pair))


def measure(
    clips: Sequence[ScoredClip], generator: Generator, head: Head, where: Regions, how: Sampling, takes: int
) -> dict:
    """All figures of one corpus under one setting; ``blocks`` has [R, frames] of each 5 s of each clip."""
    one, mean, closed, kept, true = [], [], [], [], []
    spreads: list[Spread] = []
    spent = frames = 0.0
    for clip in clips:
        begin = time.process_time()
        motions = [
            generate(
                clip.features, generator, Sampling(how.steps, how.solver, how.mouth_noise, how.guidance, n)
            )
            for n in range(takes)
        ]
        spent, frames = spent + time.process_time() - begin, frames + takes * len(clip.truth)
        openings = [head.opening(motion.curves) for motion in motions]
        one.append(Pair(openings[0], clip.truth, clip.silent))
        mean.append(Pair(np.mean(openings, axis=0), clip.truth, clip.silent))
        closed += [closed_at(clip.phones, opening) for opening in openings]
        kept += [recalled(opening, clip.met, clip.silent) for opening in openings]
        true += [confirmed(opening, clip.met, clip.silent) for opening in openings]
        if takes > 1:
            spreads.append(spread([m.curves for m in motions], [m.rotation for m in motions], where))
    by_frame = [frame_correlations(pair) for pair in one]
    figures = {
        "one": mean_of(by_frame),
        "mean": mean_of([frame_correlations(pair) for pair in mean]),
        "error_mm": mean_of([np.abs(p.guess - p.truth) for p in one]),
        "jitter": jitter_ratio(one),
        "closure_rate": mean_of(closed),
        "closure_recall": mean_of(kept),
        "closure_precision": mean_of(true),
        "cost": spent / (frames / float(FEATURE_FPS)),
    }
    return {name: value if np.isfinite(value) else None for name, value in figures.items()} | {
        "spread": asdict(Spread.mean(spreads, [len(c.truth) for c in clips])) if spreads else None,
        "blocks": [
            [[float(v[at : at + BLOCK].mean()), len(v[at : at + BLOCK])] for at in range(0, len(v), BLOCK)]
            for v in by_frame
        ],
    }


def frames_of(row: dict) -> list[np.ndarray]:
    """Per clip of all corpora, (T,) R of the frame's block: enough for means and intervals over blocks."""
    clips = [clip for found in row["corpora"].values() for clip in found["blocks"]]
    return [np.concatenate([np.full(n, value) for value, n in clip]) for clip in clips]


def table(rows: list[dict]) -> str:
    """Markdown, a row a setting."""
    names = list(rows[0]["corpora"])
    score = [np.mean([c["one"] for c in row["corpora"].values()]) for row in rows]
    best, least = rows[int(np.argmax(score))], min(rows, key=lambda r: evaluations(r["solver"], r["steps"]))
    titles = [
        "solver",
        "steps",
        "evaluations",
        "cost",
        *(f"R {n}" for n in names),
        "less best",
        "/p b m/ closed",
    ]
    titles += ["closures kept", "true", "jitter", "lips mm", "over error", "lids mm", "brows mm", "head deg"]
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for row in rows:
        found = list(row["corpora"].values())
        off = [a - b for a, b in zip(frames_of(row), frames_of(best), strict=True)]
        low, high = interval(off)
        less = "best" if row is best else f"{mean_of(off):+.3f} ({low:+.3f} to {high:+.3f})"
        cells = [row["solver"], str(row["steps"]), str(evaluations(row["solver"], row["steps"]))]
        cells += [f"{_over(found, 'cost') / _over(list(least['corpora'].values()), 'cost'):.1f}"]
        cells += [f"{c['one']:.3f} / {c['mean']:.3f}" for c in found] + [less]
        for name, digits in (
            ("closure_rate", 3),
            ("closure_recall", 2),
            ("closure_precision", 2),
            ("jitter", 2),
        ):
            cells.append(_shown(_over(found, name), digits))
        spreads = [c["spread"] for c in found if c["spread"]]
        lips = _over(spreads, "lips_mm")
        cells += [_shown(lips, 2), _shown(lips / _over(found, "error_mm"), 2)]
        cells += [_shown(_over(spreads, name), 2) for name in ("lids_mm", "brows_mm", "head_deg")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _over(found: Sequence[dict], name: str) -> float:
    """Mean over corpora that can tell."""
    values = [c[name] for c in found if c[name] is not None and np.isfinite(c[name])]
    return float(np.mean(values)) if values else float("nan")


def _shown(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def load(options: argparse.Namespace, head: Head) -> dict[str, list[ScoredClip]]:
    """Clips by corpus."""
    encoder, without = Encoder(threads=1), listed(tuple(options.without))
    phones = {name: found for path in options.phones for name, found in read_phones(path).items()}
    clips = [
        clip
        for folder in options.folders
        for clip in load_clips(
            folder, head, encoder, options.cache, lambda name: not is_listed(name, without), print, phones
        )
    ]
    return {name: [c for c in clips if c.corpus == name] for name in dict.fromkeys(c.corpus for c in clips)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, help="tracked clips that were not trained on")
    parser.add_argument(
        "--without", nargs="*", default=[], help="clip names or patterns that are left out: those trained on"
    )
    parser.add_argument(
        "--phones", nargs="*", type=Path, default=[], help=".json of phone times by clip name"
    )
    parser.add_argument("--model", type=Path, help="a generator; default: the packaged one")
    parser.add_argument("--cache", type=Path, required=True, help="folder for features")
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--steps", nargs="*", type=int, default=STEPS)
    parser.add_argument("--solvers", nargs="*", choices=SOLVERS, default=SOLVERS)
    parser.add_argument("--mouth-noise", type=float, default=Sampling().mouth_noise)
    parser.add_argument("-o", "--output", type=Path, default=Path("steps.json"))
    options = parser.parse_args()
    head = load_head()
    where, generator, corpora = regions(head), Generator(options.model, threads=1), load(options, head)
    about = {
        "model": hashlib.sha256((options.model or asset("generator.onnx")).read_bytes()).hexdigest(),
        "clips": {name: [len(c.truth) for c in clips] for name, clips in corpora.items()},
        "takes": options.takes,
        "mouth_noise": options.mouth_noise,
    }
    known = (
        json.loads(options.output.read_text()) if options.output.is_file() else {"about": about, "rows": []}
    )
    if known["about"] != about:
        raise SystemExit(f"{options.output} is of another model or of other clips; choose another file")
    rows = {(row["solver"], row["steps"]): row for row in known["rows"]}
    wanted = settings(options.steps, options.solvers)
    for solver, steps in wanted:
        if (solver, steps) in rows:
            continue
        how = Sampling(steps, solver, options.mouth_noise)
        found = {
            n: measure(clips, generator, head, where, how, options.takes) for n, clips in corpora.items()
        }
        rows[solver, steps] = {"solver": solver, "steps": steps, "corpora": found}
        done = [rows[pair] for pair in wanted if pair in rows]
        write_atomically(options.output, json.dumps({"about": about, "rows": done}).encode())
        write_atomically(options.output.with_suffix(".md"), f"{table(done)}\n".encode())
        print(f"{solver} {steps}: " + ", ".join(f"{n} {c['one']:.3f}" for n, c in found.items()), flush=True)
    print(table([rows[pair] for pair in wanted]))


if __name__ == "__main__":
    main()
