"""doctor, train, evaluate, bench: the state of the house, and its models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ..errors import BadInput
from .progress import say


def doctor() -> None:
    """What is installed, which renderer and models are used, and the one command that mends what is missing."""
    from ..doctor import report

    healthy, lines = report()
    print("\n".join(lines))
    if not healthy:
        raise SystemExit(3)


def train(
    folders: Positional[tuple[Path, ...]],
    run: Annotated[Path, arg(aliases=["-o"])],
    hold_out: tuple[str, ...] = (),
    voices: tuple[Path, ...] = (),
    phones: Path | None = None,
    validate: tuple[Path, ...] = (),
    steps: int | None = None,
    seed: int = 1,
    threads: int = 0,
) -> None:
    """Train the generator again from folders of tracked clips, and write RUN/model.onnx and its card.

    Interrupt it at any time; the same command resumes. Needs: pip install "dxtalker[train]".

    Args:
        folders: collections that curate made, or tracked clips: an .npz track beside its sound
        run: folder for features, checkpoints, log, model and card
        hold_out: clip names, patterns as in 533-*, or text files that list them, that are never trained on
        voices: folders of speech without a face, which teach the flow more voices
        phones: .json of phone times of those voices: where their lips meet
        validate: folders of other corpora that choose the step that is kept
        steps: optimiser steps; default: those of the packaged model
        seed: of the first weights and the windows drawn
        threads: of torch; 0: as many as there are cores
    """
    try:
        from ..train.command import run_training
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx", "onnxscript"):
            raise
        raise BadInput(
            f'training needs {error.name}; install it with: pip install "dxtalker[train]"'
        ) from error
    run_training(folders, run, hold_out, voices, phones, validate, steps, seed, threads, say)


def evaluate(
    folders: Positional[tuple[Path, ...]],
    probes: tuple[Path, ...] = (),
    hold_out: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    model: Path | None = None,
    takes: int = 8,
    cache: Path | None = None,
    output: Annotated[Path | None, arg(aliases=["-o"])] = None,
) -> None:
    """Score lip motion on tracked clips, beside a constant pose, loudness and linear probes.

    Args:
        folders: collections or tracked clips to score on
        probes: folders that the probes are fitted to: those the model was trained on
        hold_out: clip names, or text files that list them, that the probes must not see
        only: clip names, or text files that list them: score these clips only
        model: a generator (.onnx); default: the packaged one
        takes: takes a clip; one take and the mean of all are both scored
        cache: folder that keeps features between runs
        output: also write the table as .json
    """
    from ..evaluate.command import run_evaluation

    print(run_evaluation(folders, probes, hold_out, only, model, takes, cache, output, say))


def bench(quick: bool = False, output: Annotated[Path | None, arg(aliases=["-o"])] = None) -> None:
    """Seconds of computing for each second of speech, by stage, peak memory, and the machine's size.

    Args:
        quick: only 10 s of speech, not 1 and 10 minutes
        output: also write the figures as .json
    """
    from ..evaluate.bench import run_bench

    print(run_bench(quick, output, say))
