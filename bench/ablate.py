"""Ablation: what each part of the training is worth where it was not trained, every row at the same small budget.

    python bench/ablate.py ../shared/data/grid_s1 ../shared/data/facegood --voices ../shared/data/speech/librispeech \\
        --phones phones.json --hold-out held.txt '1114_3_*' '1688-*' --score ../shared/data/grid_unseen \\
        ../shared/data/us_gov ../shared/data/facegood --cache cache -o ablate.json

Each row trains the preset small anew with one change (ablate_rows.py), for ``--ear-steps`` steps of each ear and
``--steps`` of the transformer, no step chosen by validation, and is scored as the product samples: two Euler steps from
seeded noise, one raw take, and the mean of ``--takes``. Rows that leave the ears what they are share those of the full
training of the same seed. ``full`` comes first with every seed, then the others seed by seed.

Writes ablate.json and, beside it, ablate.md; runs lie in a folder beside them. Given again it goes on where it was
stopped, within a row too; figures of another budget, of other defaults of the preset or of other clips are refused.
Scored are all clips of a folder, but only the held-out ones of a folder that is trained on, and the held-out voices with
known phones. ``--score-phones`` tells phones of scored clips, for open vowels: the widest opening in them, of ours over
the truth's. R is that of the opening, "against full" the difference of one take's R, frame by frame, with its 95 %
bootstrap interval over blocks of 5 s.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from ablate_figures import TorchGenerator, Voice, on_film, on_voices, tables
from ablate_rows import FULL, MELS, ROWS, Mels, Row, Trial
from dxtalker.data.clips import SOUND_SUFFIXES
from dxtalker.data.names import is_listed, listed
from dxtalker.data.phones import read_phones
from dxtalker.data.prepare import VOICES, Example, cached_features
from dxtalker.evaluate.clips import ScoredClip, load_clips
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.files import write_atomically
from dxtalker.records import MOUTH
from dxtalker.speech import Encoder
from dxtalker.train.checkpoint import LAST, read_checkpoint
from dxtalker.train.hearing import HearingConfig, train_hearing
from dxtalker.train.loop import train
from dxtalker.train.network import NetworkConfig
from dxtalker.train.small import Material, Small, SmallConfig, gather
from dxtalker.train.task import Request
from dxtalker.train.teacher import fit_teacher
from dxtalker.train.voices import Phones, label_voices


@dataclass(frozen=True)
class Given:
    """Everything in memory: what is learned from, and what is scored on."""

    material: Material
    corpora: dict[str, list[ScoredClip]]
    voices: list[Voice]
    cache: Path


class Task(Small):
    """The preset's task for one trial; ears are kept in a file, and no step is chosen."""

    def __init__(self, trial: Trial, head: Head, kept: Path) -> None:
        self._kept, self._teacher = kept, trial.teacher
        given = trial.material
        super().__init__(given.examples, [], head, trial.config, (), given.phones, scales=trial.scales)

    def _hear(
        self, examples: Sequence[Example], phones: Phones, say: Callable[[str], None]
    ) -> Sequence[Example]:
        hearing, gap = self.network.hearing, self.head.lip_gap
        if self._teacher == "nothing":  # none can be fitted without phones of film
            phones = {e.name: phones[e.name] for e in examples if e.corpus == VOICES and e.name in phones}
        if self._teacher == "all":
            examples = by_teacher(examples, phones, gap)
        if self._kept.is_file():
            hearing.load_state_dict(load_file(self._kept))
            hearing.eval().requires_grad_(False)
            return (
                examples
                if self._teacher == "all"
                else label_voices(examples, hearing, self.scales, phones, gap)
            )
        if self._teacher == "all":
            sizes, seed = self.config.network.hearing, self.config.seed
            train_hearing(hearing, examples, self.scales, gap, sizes, seed)
        else:
            examples = super()._hear(examples, phones, say)
        write_atomically(self._kept, save(hearing.state_dict()))
        return examples

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {}


def by_teacher(examples: Sequence[Example], phones: Phones, lip_gap: object) -> list[Example]:
    """Voices with known phones get the mouth that the teacher tells."""
    teacher = fit_teacher([e for e in examples if e.corpus != VOICES], phones, lip_gap)

    def told(example: Example) -> Example:
        motion, covered = example.motion.copy(), example.covered.copy()
        motion[:, MOUTH], covered[MOUTH] = teacher(phones[example.name], len(motion)), 1
        return replace(example, motion=motion, covered=covered)

    return [told(e) if e.corpus == VOICES and phones.get(e.name) else e for e in examples]


def load(options: argparse.Namespace, head: Head, content: str) -> Given:
    """With features of the encoder, or of what ``content`` names."""
    encoder = Mels() if content == MELS else Encoder(threads=1)
    cache = options.cache / content
    held = listed(tuple(options.hold_out))
    request = Request(options.folders, cache, held, options.voices, options.phones, threads=1)
    material = gather(request, head, encoder, options.seeds[0], print)
    phones = {name: said for path in options.score_phones for name, said in read_phones(path).items()}
    trained = {folder.resolve() for folder in options.folders}
    clips = []
    for folder in options.score:
        seen = folder.resolve() in trained
        clips += load_clips(
            folder, head, encoder, cache, lambda name, s=seen: not s or is_listed(name, held), print, phones
        )
    voices = [
        Voice(path.stem, cached_features(cache / f"{VOICES}__{path.stem}.npz", path, encoder), said)
        for folder in options.voices
        for path in sorted(folder.iterdir())
        if path.suffix in SOUND_SUFFIXES and is_listed(path.stem, held)
        if (said := material.phones.get(path.stem))
    ]
    corpora = {
        name: [c for c in clips if c.corpus == name] for name in dict.fromkeys(c.corpus for c in clips)
    }
    return Given(material, corpora, voices, cache)


def config(steps: int, ear_steps: int, seed: int) -> SmallConfig:
    """The preset's at the given budget."""
    network = NetworkConfig(hearing=HearingConfig(steps=ear_steps))
    return SmallConfig(steps=steps, validate_every=steps, log_every=100, seed=seed, network=network)


def run_row(row: Row, base: SmallConfig, given: Given, head: Head, runs: Path, takes: int) -> dict:
    """Train and score one row; what was trained of it before is taken up."""
    began = time.monotonic()
    trial = row.change(Trial(given.material, base, given.cache))
    name, owner = _plain(row.name), _plain(row.name if row.ears else FULL.name)
    sizes = zlib.crc32(repr(trial.config.network.hearing).encode())
    runs.mkdir(parents=True, exist_ok=True)
    task = Task(trial, head, runs / f"ears-{owner}-{base.seed}-{sizes:08x}.safetensors")
    run = runs / f"{name}-{base.seed}"
    checkpoint = train(task, trial.config, run, lambda _: None)
    trained = time.monotonic()
    generator = TorchGenerator(read_checkpoint(checkpoint))
    figures = {
        "row": row.name,
        "group": row.group,
        "seed": base.seed,
        "corpora": {
            n: on_film(clips, generator, head, trial.hear, takes) for n, clips in given.corpora.items()
        },
        "voices": on_voices(given.voices, generator, head, trial.hear),
        "seconds": round(trained - began),
    }
    (run / LAST).unlink(missing_ok=True)
    return figures


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)


def _named(name: str, parser: argparse.ArgumentParser) -> Row:
    for row in ROWS:
        if row.name == name:
            return row
    parser.error(f"there is no row {name!r:.60}; expected one of: {', '.join(row.name for row in ROWS)}")


def in_order(rows: Sequence[Row], seeds: Sequence[int]) -> list[tuple[Row, int]]:
    """``full`` with every seed first: all others are set against it."""
    others = [row for row in rows if row is not FULL]
    return [(FULL, seed) for seed in seeds] + [(row, seed) for seed in seeds for row in others]


def measured(path: Path, about: dict) -> list[dict]:
    """The rows that are there already. Exits where they are of something else than ``about``."""
    known = json.loads(path.read_text()) if path.is_file() else {"about": about, "rows": []}
    if json.dumps(known["about"]) != json.dumps(about):
        raise SystemExit(
            f"{path} is of another budget, of other defaults or of other clips; choose another file with -o"
        )
    return known["rows"]


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, help="tracked clips to train on")
    parser.add_argument("--score", nargs="+", type=Path, required=True, help="tracked clips to score on")
    parser.add_argument("--voices", nargs="*", type=Path, default=[], help="folders of speech without a face")
    parser.add_argument(
        "--phones", nargs="*", type=Path, default=[], help=".json of phone times, of what is trained on"
    )
    parser.add_argument("--score-phones", nargs="*", type=Path, default=[], help="the same, of scored clips")
    parser.add_argument(
        "--hold-out", nargs="*", default=[], help="clip names or patterns that are not trained on"
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for features")
    parser.add_argument("--rows", nargs="*", default=[row.name for row in ROWS], help="default: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--ear-steps", type=int, default=250)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--takes", type=int, default=4)
    parser.add_argument("-o", "--output", type=Path, default=Path("ablate.json"))
    options = parser.parse_args(arguments)
    options.rows = [_named(name, parser) for name in options.rows]
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = options_of(arguments)
    torch.set_num_threads(1)
    head, content = load_head(), ""
    given = load(options, head, content)
    about = {
        "config": asdict(config(options.steps, options.ear_steps, options.seeds[0])),
        "takes": options.takes,
        "trained_on": [len(given.material.examples), sum(len(e.motion) for e in given.material.examples)],
        "scored_on": {name: [len(c.truth) for c in clips] for name, clips in given.corpora.items()},
        "voices": [voice.name for voice in given.voices],
    }
    done = {(row["row"], row["seed"]): row for row in measured(options.output, about)}
    wanted = in_order(options.rows, options.seeds)
    for row, seed in wanted:
        if (row.name, seed) in done:
            continue
        if row.content != content:
            content = row.content
            given = load(options, head, content)
        base = config(options.steps, options.ear_steps, seed)
        figures = run_row(row, base, given, head, options.output.with_suffix(""), options.takes)
        done[row.name, seed] = figures
        shown = [done[r.name, s] for s in options.seeds for r in ROWS if (r.name, s) in done]
        shown.sort(key=lambda figures: [r.name for r in ROWS].index(figures["row"]))
        write_atomically(options.output, json.dumps({"about": about, "rows": shown}).encode())
        write_atomically(options.output.with_suffix(".md"), f"{tables(shown)}\n".encode())
        told = ", ".join(f"{n} {c['one']:.3f}" for n, c in figures["corpora"].items())
        print(f"{row.name}, seed {seed}: {told}; {figures['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
