"""``dxtalker train``: folders of tracked clips in; checkpoint, onnx model and model card out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from ..data.names import listed
from ..data.phones import read_phones
from ..data.prepare import Example, hold_out, load_folder, load_voices, silence
from ..face.head_file import load_head
from ..files import write_atomically
from ..speech import Encoder
from .export import export, load_checkpoint
from .loop import TrainConfig, train


def run_training(
    folders: Sequence[Path],
    run: Path,
    held_out: Sequence[str],
    voices: Sequence[Path],
    phones: Path | None,
    validate: Sequence[Path],
    steps: int | None,
    seed: int,
    threads: int,
    say: Callable[[str], None],
) -> Path:
    """Train, export and describe; returns the model's path. See ``cli.train`` for the arguments."""
    if threads:
        torch.set_num_threads(threads)
    head, encoder, cache = load_head(), Encoder(threads=threads), run / "cache"
    clips = [e for folder in folders for e in load_folder(folder, cache, head, encoder, say)]
    held = listed(held_out)
    examples = hold_out(clips, held) + silence(encoder, seed)
    for folder in voices:
        examples += load_voices(folder, cache, encoder, held, read_phones(phones) if phones else {}, say)
    others = [e for folder in validate for e in load_folder(folder, cache, head, encoder, say)]
    config = TrainConfig(seed=seed) if steps is None else TrainConfig(seed=seed, steps=steps)
    say(f"{len(examples)} examples, {sum(len(e.motion) for e in examples) / 1500:.0f} minutes")
    checkpoint = train(examples, others, head, config, run, say)
    model = run / "model.onnx"
    export(checkpoint, model)
    write_atomically(run / "card.md", card(checkpoint, examples, others, config).encode())
    say(f"wrote {model} and {run / 'card.md'}")
    return model


def card(
    checkpoint: Path, examples: Sequence[Example], validation: Sequence[Example], config: TrainConfig
) -> str:
    """The facts of one training run, as Markdown; figures across corpora come from ``dxtalker evaluate``."""
    trained = load_checkpoint(checkpoint)
    minutes = Counter[str]()
    for example in examples:
        minutes[example.corpus] += len(example.motion) / 1500
    rows = [f"| {name} | {amount:.1f} |" for name, amount in sorted(minutes.items())]
    settings = asdict(config)
    seen = ", ".join(sorted({e.corpus for e in validation})) or "none: the last step was kept"
    return "\n".join(
        [
            "# Training run",
            "",
            f"Parameters: {sum(p.numel() for p in trained.network.parameters()):,}. Step kept: {trained.step}.",
            f"Chosen by the opening's correlation on: {seen}.",
            f"Correlation there, best single estimate: {json.dumps(trained.scores)}",
            "",
            "| corpus | minutes |",
            "|---|---|",
            *rows,
            "",
            "```json",
            json.dumps(settings, indent=1),
            "```",
            "",
        ]
    )
