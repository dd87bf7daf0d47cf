"""doctor, train, model, evaluate, bench: the state of the house, and its models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitSubcommandPrefixes, Positional, arg, subcommand

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
    preset: str = "small",
    hold_out: tuple[str, ...] = (),
    voices: tuple[Path, ...] = (),
    phones: tuple[Path, ...] = (),
    validate: tuple[Path, ...] = (),
    steps: int | None = None,
    batch: int | None = None,
    rate: float | None = None,
    seed: int | None = None,
    content: str | None = None,
    emotion: str | None = None,
    revision: str | None = None,
    flame: Path | None = None,
    threads: int = 0,
    tensorboard: bool = False,
) -> None:
    """Train a generator from folders of tracked clips, and write RUN/model.onnx and its card (docs/training.md).

    Interrupt it at any time; the same command resumes. Needs: pip install "dxtalker[train]". On several GPUs or
    nodes: accelerate launch -m dxtalker.train, with the same arguments.

    Args:
        folders: collections that curate made, or tracked clips: an .npz track beside its sound
        run: folder for features, checkpoints, log, model and card
        preset: what is trained. small: the packaged generator of ARKit curves, on a CPU or one GPU. paper: the network of
            3DXTalker, 144 million parameters, from FLAME parameters, on one GPU or several (docs/paper-preset.md)
        hold_out: clip names, patterns as in 533-*, or text files that list them, that are never trained on
        voices: small: folders of speech without a face, which teach the flow more voices
        phones: small: .json of phone times by clip name: where lips of voices meet and, of filmed clips, how far mouths
            open for what is said
        validate: folders of other corpora that choose the step that is kept
        steps: optimiser steps; default: the preset's, as for batch and rate
        batch: windows a step, over all processes
        rate: peak learning rate
        seed: of the first weights and the windows drawn; default: the preset's, small 1, paper 1234
        content: paper: encoder that hears the words: a name or folder of the hub, or packaged; default:
            microsoft/wavlm-base-plus
        emotion: paper: encoder that hears the voice's emotion: emotion2vec, a name or folder of the hub, or packaged,
            the default
        revision: paper: of the hub's models, best a commit; default: main
        flame: paper: your FLAME file: clips with ARKit curves alone are then used too
        threads: of torch; 0: as many as there are cores
        tensorboard: also write RUN/tensorboard; needs: pip install tensorboard
    """
    with _train_extra():
        from ..data.names import listed
        from ..train.command import make_config, run_training
        from ..train.task import Request, Wishes

    head = None if flame is None else str(flame)
    config = make_config(preset, Wishes(steps, batch, rate, seed, content, emotion, revision, head))
    request = Request(folders, run / "cache", listed(hold_out), voices, phones, validate, threads)
    run_training(request, run, config, say, tensorboard)


def export_model(run: Positional[Path], output: Annotated[Path, arg(aliases=["-o"])], name: str = "") -> None:
    """Write the best weights of a run as the .onnx that speak --model loads. Needs: pip install "dxtalker[train]".

    Args:
        run: folder of dxtalker train, or a checkpoint in it
        output: the .onnx file
        name: what the model is called; default: dxtalker- and its preset
    """
    if output.suffix != ".onnx":
        raise BadInput(f"{output.name!r} does not end in .onnx; a model is exported as .onnx")
    with _train_extra():
        from ..train.export import export
    export(run, output, name, say)
    print(output)


def show_model(path: Positional[Path | None] = None) -> None:
    """Name, version, parameters, size, motion space, steps and training of a model.

    Args:
        path: a model (.onnx); default: the packaged one
    """
    from ..train.show import model_lines

    print("\n".join(model_lines(path)))


def model(
    do: OmitSubcommandPrefixes[
        Annotated[Any, subcommand("export", constructor=export_model)]
        | Annotated[Any, subcommand("show", constructor=show_model)]
    ],
) -> None:
    """Trained networks: export, show."""


@contextmanager
def _train_extra() -> Iterator[None]:
    """A package of the train extra that is missing gets a sentence."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx", "onnxscript", "safetensors", "accelerate"):
            raise
        raise BadInput(
            f'training needs {error.name}; install it with: pip install "dxtalker[train]"'
        ) from error


def evaluate(
    folders: Positional[tuple[Path, ...]],
    probes: tuple[Path, ...] = (),
    hold_out: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    model: tuple[Path, ...] = (),
    takes: int = 8,
    phones: tuple[Path, ...] = (),
    cache: Path | None = None,
    output: Annotated[Path | None, arg(aliases=["-o"])] = None,
    report: Path | None = None,
) -> None:
    """Score motion on tracked clips, beside a constant pose, loudness, linear probes and other models.

    A first folder that training made (with model.onnx in it) is the model: dxtalker evaluate run clips. What each
    figure means is in docs/metrics.md.

    Args:
        folders: collections or tracked clips to score on
        probes: folders that the probes are fitted to: those the model was trained on
        hold_out: clip names, or text files that list them, that the probes must not see
        only: clip names, or text files that list them: score these clips only
        model: generators (.onnx), the first is called ours, others by their files; default: the packaged one
        takes: takes a clip; one take and the mean of all are both scored
        phones: .json of phone times by clip name: rates of closures on /p b m/
        cache: folder that keeps features between runs
        output: also write every figure as .json
        report: also write a page with tables, plots and pictures: .html
    """
    from ..evaluate.command import Request, run_evaluation

    request = Request(folders, probes, hold_out, only, model, takes, phones, cache, output, report)
    print(run_evaluation(request, say))


def bench(quick: bool = False, output: Annotated[Path | None, arg(aliases=["-o"])] = None) -> None:
    """Seconds of computing for each second of speech, by stage, peak memory, and the machine's size.

    Args:
        quick: only 10 s of speech, not 1 and 10 minutes
        output: also write the figures as .json
    """
    from ..evaluate.bench import run_bench

    print(run_bench(quick, output, say))
