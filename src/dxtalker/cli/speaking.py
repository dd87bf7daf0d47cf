"""speak and render: voices and curves become heads that move."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from ..errors import BadInput, DxtalkerError
from .options import LOOK, VOICE, Format, Look, Outputs, Voice, check_named, make_settings
from .progress import Bars

if TYPE_CHECKING:
    from ..pipeline import Folders, Speaker

MOST_TAKES = 64


def speak(
    source: Positional[Path],
    outputs: Outputs,
    voice: Annotated[Voice, arg(name="")] = VOICE,
    look: Annotated[Look, arg(name="")] = LOOK,
    format: Annotated[Format | None, arg(metavar="mp4|csv|json|npz|glb|vrm|usdz|usdc|usda|png|obj")] = None,
    takes: int = 1,
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
        takes: so many different takes, in time with the voice alike: -o take.mp4 becomes take-1.mp4, take-2.mp4, …
        sound: also write the speech as .wav beside .csv .json .npz .glb and .vrm, which cannot hold it
        quiet: no progress bar
    """
    from ..audio import load_audio
    from ..pipeline import Speaker, check_output, speak_takes

    check_named(outputs)
    seeds = _seeds(voice.seed, takes)
    settings = make_settings(look, voice)
    if source.is_dir():
        return _speak_folder(source, outputs, format, Speaker(settings), seeds, sound, quiet)
    targets = [_target(path, source, format) for path in outputs]
    for target in targets:
        check_output(target)
    wave = load_audio(source)
    for note in wave.notes:
        print(f"dxtalker: note: {source.name}: {note}", file=sys.stderr)
    speaker = Speaker(settings)
    for note in [*speaker.notes, *_seeds_note(seeds)]:
        print(f"dxtalker: note: {note}", file=sys.stderr)
    with Bars(quiet) as progress:
        for path in speak_takes(wave, targets, seeds, speaker, source, progress, _folders(format), sound):
            print(path, flush=True)


def render(
    curves: Positional[Path],
    outputs: Outputs,
    audio: Path | None = None,
    look: Annotated[Look, arg(name="")] = LOOK,
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
    from ..audio import load_audio
    from ..export import read_motion
    from ..motion.resample import resample_motion
    from ..pipeline import check_output, save

    check_named(outputs)
    settings = make_settings(look, VOICE)
    for output in outputs:
        check_output(output)
    motion = resample_motion(read_motion(curves, fps_in), settings.fps)
    if settings.retarget:
        motion = settings.retarget.apply(motion)
    wave = load_audio(audio) if audio else None
    with Bars(quiet) as progress:
        for output in outputs:
            save(motion, output, settings, wave, audio, None, progress, format, sound)
    for output in outputs:
        print(output)


def _folders(format: Format | None) -> Folders:
    return "obj" if format == "obj" else "png"


def _target(path: Path, source: Path, format: str | None) -> Path:
    """The file or frame folder for one source: ``path`` itself, or a file inside it when ``format`` asks."""
    if path.suffix or format in (None, "png", "obj"):
        return path
    path.mkdir(parents=True, exist_ok=True)
    return path / f"{source.stem}.{format}"


def _seeds(first: int, takes: int) -> range:
    """The seed of each take."""
    if not 1 <= takes <= MOST_TAKES:
        raise BadInput(f"{takes} takes were asked for; expected 1 to {MOST_TAKES}")
    return range(first, first + takes)


def _seeds_note(seeds: range) -> list[str]:
    if len(seeds) == 1:
        return []
    return [
        f"takes 1 to {len(seeds)} have the seeds {seeds[0]} to {seeds[-1]}: --seed {seeds[1]} is take 2 alone"
    ]


def _speak_folder(
    source: Path,
    outputs: Sequence[Path],
    format: Format | None,
    speaker: Speaker,
    seeds: range,
    sound: bool,
    quiet: bool,
) -> None:
    """Every file of a folder; one that fails costs that file only."""
    from ..audio import load_audio
    from ..pipeline import speak_takes

    if format is None or len(outputs) != 1 or outputs[0].suffix:
        raise BadInput("a folder of voices needs one output folder and a format, as in: -o out/ --format glb")
    files = sorted(p for p in source.iterdir() if p.is_file() and not p.name.startswith("."))
    if not files:
        raise BadInput(f"{source} holds no files; expected audio or video")
    outputs[0].mkdir(parents=True, exist_ok=True)
    for note in _seeds_note(seeds):
        print(f"dxtalker: note: {note}", file=sys.stderr)
    failed = 0
    for number, file in enumerate(files, start=1):
        target = outputs[0] / (file.stem if format in ("png", "obj") else f"{file.stem}.{format}")
        try:
            with Bars(quiet, f"{number}/{len(files)} {file.name}: ") as progress:
                wave, folders = load_audio(file), _folders(format)
                for path in speak_takes(wave, [target], seeds, speaker, file, progress, folders, sound):
                    print(path, flush=True)
        except DxtalkerError as error:
            failed += 1
            print(
                f"dxtalker: {error}" if file.name in str(error) else f"dxtalker: {file.name}: {error}",
                file=sys.stderr,
            )
    if failed:
        raise BadInput(f"{failed} of {len(files)} files could not be spoken; the others are in {outputs[0]}")
