"""``dxtalker evaluate``: every system on every corpus, one table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from ..data.names import is_listed, listed
from ..errors import BadInput
from ..face.head_file import load_head
from ..files import write_atomically
from ..motion.sampler import Generator
from ..speech import Encoder
from .clips import ScoredClip, load_clips
from .metrics import Pair, Scores, score
from .systems import System, baselines, ours


def run_evaluation(
    folders: Sequence[Path],
    probes: Sequence[Path],
    hold_out: Sequence[str],
    only: Sequence[str],
    model: Path | None,
    takes: int,
    cache: Path | None,
    output: Path | None,
    say: Callable[[str], None],
) -> str:
    """The table as text; see ``cli.evaluate`` for the arguments. Raises BadInput when nothing is left to score."""
    held, chosen = listed(hold_out), listed(only)
    head, encoder = load_head(), Encoder()
    with tempfile.TemporaryDirectory() as scratch:
        kept = cache or Path(scratch)
        training = [
            clip
            for f in probes
            for clip in load_clips(f, head, encoder, kept, lambda n: not is_listed(n, held), say)
        ]
        clips = [
            clip
            for folder in folders
            for clip in load_clips(
                folder, head, encoder, kept, lambda n: not chosen or is_listed(n, chosen), say
            )
        ]
    if not clips:
        raise BadInput("no clip is left to score; check --only and the folders")
    overlap = {c.name for c in training} & {c.name for c in clips}
    if overlap:
        raise BadInput(
            f"the probes would be scored on {len(overlap)} clips they were fitted to; name them in --hold-out"
        )
    systems = (baselines(training) if training else {}) | ours(Generator(model), head, takes)
    table = evaluate(clips, systems, say)
    if output is not None:
        plain = {c: {s: asdict(v) for s, v in row.items()} for c, row in table.items()}
        write_atomically(output, json.dumps(plain, indent=1).encode())
    return as_text(table, clips)


def evaluate(
    clips: Sequence[ScoredClip], systems: dict[str, System], say: Callable[[str], None]
) -> dict[str, dict[str, Scores]]:
    """Scores by corpus, then by system."""
    table: dict[str, dict[str, Scores]] = {}
    for name in dict.fromkeys(clip.corpus for clip in clips):
        group = [clip for clip in clips if clip.corpus == name]
        for title, system in systems.items():
            say(f"{name}: {title}")
            pairs = [Pair(system(clip), clip.truth, clip.silent) for clip in group]
            table.setdefault(name, {})[title] = score(pairs)
    return table


def as_text(table: dict[str, dict[str, Scores]], clips: Sequence[ScoredClip]) -> str:
    """A Markdown table for each corpus."""
    lines = []
    for name, rows in table.items():
        group = [clip for clip in clips if clip.corpus == name]
        seconds = sum(len(clip.truth) for clip in group) / 25
        quiet = next(iter(rows.values())).truth_silence_opening
        lines += [
            f"\n{name}: {len(group)} clips, {seconds:.0f} s; the truth's silence opening is {quiet:.2f}\n",
            "| system | R | 95 % | best lag ms | R there | amplitude | silence opening | jitter |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for title, s in rows.items():
            lines.append(
                f"| {title} | {s.correlation:.3f} | {s.low:.2f} to {s.high:.2f} | {s.best_lag_ms:+.0f} | "
                f"{s.best_correlation:.3f} | {s.amplitude:.2f} | {s.silence_opening:.2f} | {s.jitter:.2f} |"
            )
    return "\n".join(lines)
