"""The command line: one function a command. It only parses, calls and reports."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction, arg

from .errors import BadInput, DxtalkerError

if TYPE_CHECKING:
    from .pipeline import Folders, Progress, Settings, Speaker

Format = Literal["mp4", "csv", "json", "npz", "glb", "vrm", "usdz", "usdc", "usda", "png", "obj"]
Outputs = Annotated[UseAppendAction[tuple[Path, ...]], arg(aliases=["-o"], metavar="PATH")]


@dataclass(frozen=True)
class Look:
    """What pictures look like."""

    fps: str = "25"
    """Frames a second of what is written: 24, 25, 29.97, 30, 50, 60 or any other rate."""
    size: str = "512x512"
    """Picture width and height in pixels."""
    background: Annotated[str | None, arg(metavar="RRGGBB")] = None
    """Colour of the background as RRGGBB; default: a soft grey gradient."""
    yaw: float = 0.0
    """Degrees by which the camera goes round the head, to the head's left."""
    renderer: Literal["auto", "gl", "numpy"] = "auto"
    """gl (OpenGL through EGL), numpy (needs nothing), or the best there is."""
    face: Annotated[Path | None, arg(metavar="PATH")] = None
    """Whose face: a head (.npz), FLAME (.pkl), ICT-FaceKit's folder, or a .glb, .gltf or .vrm; default: the packaged head."""
    retarget: Annotated[Path | None, arg(metavar="PATH")] = None
    """A .toml of gains, offsets and limits for each channel (docs/bodies.md)."""


@dataclass(frozen=True)
class Voice:
    """How the head moves."""

    seed: int = 0
    """Another seed, another take."""
    gain: str = ""
    """Gains, as in lips=1.1,head=0.5,blink=1,gaze=1,brows=1,rest=1; "off" leaves a part to the network."""
    raw: bool = False
    """The network's motion as it is: no rest in silence, no added blinks, gaze or head motion."""
    steps: int = 2
    """Solver steps from noise to motion."""
    model: Annotated[Path | None, arg(metavar="PATH")] = None
    """A generator made by dxtalker train (.onnx); default: the packaged one."""


def speak(
    source: Positional[Path],
    outputs: Outputs,
    voice: Annotated[Voice, arg(name="")] = Voice(),
    look: Annotated[Look, arg(name="")] = Look(),
    format: Annotated[Format | None, arg(metavar="mp4|csv|json|npz|glb|vrm|usdz|usdc|usda|png|obj")] = None,
    sound: bool = False,
    quiet: bool = False,
) -> None:
    """A recorded voice becomes a head that says it.

    SOURCE is an audio or video file, or a folder of them. The extension of each -o PATH decides what is
    written: .mp4 .csv .json .npz .glb .vrm .usdz .usdc .usda; a folder takes PNG or .obj frames, or one file for
    each source.

    Args:
        source: audio or video file, or a folder of them
        outputs: where to write; may be given several times
        format: for folders: what is written for each source, or png or obj frames
        sound: also write the speech as .wav beside .csv .json .npz .glb and .vrm, which cannot hold it
        quiet: no progress bar
    """
    from .audio import load_audio
    from .pipeline import Speaker, check_output, save

    _check_named(outputs)
    settings = _settings(look, voice)
    if source.is_dir():
        return _speak_folder(source, outputs, format, Speaker(settings), sound, quiet)
    targets = [_target(path, source, format) for path in outputs]
    for target in targets:
        check_output(target)
    wave = load_audio(source)
    for note in wave.notes:
        print(f"dxtalker: note: {source.name}: {note}", file=sys.stderr)
    speaker = Speaker(settings)
    for target in targets:
        check_output(target, speaker.head)
    with _Bars(quiet) as progress:
        motion = speaker.animate(wave, progress)
        for target in targets:
            save(motion, target, settings, wave, source, speaker.head, progress, _folders(format), sound)
    for target in targets:
        print(target)


def render(
    curves: Positional[Path],
    outputs: Outputs,
    audio: Path | None = None,
    look: Annotated[Look, arg(name="")] = Look(),
    format: Literal["png", "obj"] = "png",
    sound: bool = False,
    fps_in: str | None = None,
    quiet: bool = False,
) -> None:
    """Curves that were made or changed elsewhere are drawn again.

    CURVES is a Live Link Face .csv, or a .json or .npz of ours. Nothing is added to the motion.

    Args:
        curves: motion to draw
        outputs: where to write: .mp4, a folder for PNG or .obj frames, or another motion format
        audio: the sound that belongs to it
        format: for folders: what each frame becomes
        sound: also write the sound as .wav beside .csv .json .npz .glb and .vrm, which cannot hold it
        fps_in: frame rate of a .csv whose timecodes are missing or wrong
        quiet: no progress bar
    """
    from .audio import load_audio
    from .export import read_motion
    from .motion.resample import resample_motion
    from .pipeline import check_output, save

    _check_named(outputs)
    settings = _settings(look, Voice())
    for output in outputs:
        check_output(output)
    motion = resample_motion(read_motion(curves, fps_in), settings.fps)
    if settings.retarget:
        motion = settings.retarget.apply(motion)
    wave = load_audio(audio) if audio else None
    with _Bars(quiet) as progress:
        for output in outputs:
            save(motion, output, settings, wave, audio, None, progress, format, sound)
    for output in outputs:
        print(output)


def doctor() -> None:
    """What is installed, which renderer and models are used, and the one command that mends what is missing."""
    from .doctor import report

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
        folders: tracked clips: an .npz track beside its sound
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
        from .train.command import run_training
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx", "onnxscript"):
            raise
        raise BadInput(
            f'training needs {error.name}; install it with: pip install "dxtalker[train]"'
        ) from error
    run_training(folders, run, hold_out, voices, phones, validate, steps, seed, threads, _say)


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
        folders: tracked clips to score on
        probes: folders that the probes are fitted to: those the model was trained on
        hold_out: clip names, or text files that list them, that the probes must not see
        only: clip names, or text files that list them: score these clips only
        model: a generator (.onnx); default: the packaged one
        takes: takes a clip; one take and the mean of all are both scored
        cache: folder that keeps features between runs
        output: also write the table as .json
    """
    from .evaluate.command import run_evaluation

    print(run_evaluation(folders, probes, hold_out, only, model, takes, cache, output, _say))


def bench(quick: bool = False, output: Annotated[Path | None, arg(aliases=["-o"])] = None) -> None:
    """Seconds of computing for each second of speech, by stage, peak memory, and the machine's size.

    Args:
        quick: only 10 s of speech, not 1 and 10 minutes
        output: also write the figures as .json
    """
    from .evaluate.bench import run_bench

    print(run_bench(quick, output, _say))


def _check_named(outputs: Sequence[Path]) -> None:
    if not outputs:
        raise BadInput("there is nothing to write; name an output with -o, as in: -o talk.mp4")


def _settings(look: Look, voice: Voice) -> Settings:
    from math import radians

    from .face.retarget import load_retarget
    from .motion.finish import Finish, parse_gains
    from .motion.sampler import Sampling
    from .pipeline import Settings
    from .records import frame_rate
    from .render.camera import parse_size
    from .render.look import Background, parse_colour

    return Settings(
        fps=frame_rate(look.fps),
        seed=voice.seed,
        sampling=Sampling(steps=voice.steps),
        finish=Finish.raw() if voice.raw else parse_gains(voice.gain),
        model=voice.model,
        head=look.face,
        retarget=None if look.retarget is None else load_retarget(look.retarget),
        size=parse_size(look.size),
        background=Background()
        if look.background is None
        else Background(parse_colour(look.background), False),
        yaw=radians(look.yaw),
        renderer=look.renderer,
    )


def _folders(format: Format | None) -> Folders:
    return "obj" if format == "obj" else "png"


def _target(path: Path, source: Path, format: str | None) -> Path:
    """The file or frame folder for one source: ``path`` itself, or a file inside it when ``format`` asks."""
    if path.suffix or format in (None, "png", "obj"):
        return path
    path.mkdir(parents=True, exist_ok=True)
    return path / f"{source.stem}.{format}"


def _speak_folder(
    source: Path, outputs: Sequence[Path], format: Format | None, speaker: Speaker, sound: bool, quiet: bool
) -> None:
    """Every file of a folder; one that fails costs that file only."""
    from .pipeline import speak as run

    if format is None or len(outputs) != 1 or outputs[0].suffix:
        raise BadInput("a folder of voices needs one output folder and a format, as in: -o out/ --format glb")
    files = sorted(p for p in source.iterdir() if p.is_file() and not p.name.startswith("."))
    if not files:
        raise BadInput(f"{source} holds no files; expected audio or video")
    outputs[0].mkdir(parents=True, exist_ok=True)
    failed = 0
    for number, file in enumerate(files, start=1):
        target = outputs[0] / (file.stem if format in ("png", "obj") else f"{file.stem}.{format}")
        try:
            with _Bars(quiet, f"{number}/{len(files)} {file.name}: ") as progress:
                run(file, [target], None, progress, speaker, _folders(format), sound)
            print(target)
        except DxtalkerError as error:
            failed += 1
            print(
                f"dxtalker: {error}" if file.name in str(error) else f"dxtalker: {file.name}: {error}",
                file=sys.stderr,
            )
    if failed:
        raise BadInput(f"{failed} of {len(files)} files could not be spoken; the others are in {outputs[0]}")


class _Bars:
    """Progress bars on standard error, one a stage; none when it is not a terminal or ``quiet``."""

    def __init__(self, quiet: bool, prefix: str = "") -> None:
        self.off = quiet or not sys.stderr.isatty()
        self.prefix, self.stage, self.bar = prefix, "", None

    def __enter__(self) -> Progress:
        return self.show

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, stage: str, share: float) -> None:
        if self.off:
            return
        from tqdm import tqdm

        if stage != self.stage:
            self.__exit__()
            form = "{l_bar}{bar}| {elapsed}<{remaining}"
            self.bar, self.stage = tqdm(total=1.0, desc=self.prefix + stage, bar_format=form), stage
        if self.bar is not None:
            self.bar.update(share - self.bar.n)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _terminated(*_: object) -> None:
    raise SystemExit(143)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: exit code 0 when all went well, 2 for bad input, 3 when something is missing, 130 when interrupted."""
    commands = {f.__name__: f for f in (speak, render, train, evaluate, bench, doctor)}
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)  # so that unfinished files are cleaned up
    try:
        tyro.extras.subcommand_cli_from_dict(
            commands,
            args=arguments,
            prog="dxtalker",
            description="Speech in, a 3D talking head out.",
            config=(FlagCreatePairsOff,),
        )
    except DxtalkerError as error:
        print(f"dxtalker: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("dxtalker: interrupted; nothing half-written was left behind", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
