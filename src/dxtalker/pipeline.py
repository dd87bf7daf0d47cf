"""The main flow on one page: speech -> features -> motion -> finished motion -> curves, GLB, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from .audio import load_audio
from .errors import BadInput, Unsupported
from .export import AVATARS, USD, WRITABLE, check_body, write_avatar, write_motion
from .export.flame_codes import write_flame_codes
from .export.idling import idle_motion
from .export.obj import write_obj_sequence
from .export.usd import require_usd
from .face.bodies import load_face
from .face.bodies.flame_head import FlameHead
from .face.flame_motion import to_motion
from .face.head import Head
from .face.head_file import save_head
from .face.retarget import Retarget
from .motion.finish import Finish, finish
from .motion.paper import FlameCodes, PaperSampling
from .motion.paper_model import PaperGenerator
from .motion.perform import Performer
from .motion.resample import resample_motion
from .motion.sampler import Generator, Sampling
from .networks import network_facts
from .records import ARKIT_NAMES, FEATURE_FPS, SAMPLE_RATE, Motion, SpeechFeatures, Waveform, join_motion
from .render.camera import portrait
from .render.frames import draw_motion
from .render.look import Background
from .render.renderer import Kind, make_renderer
from .render.video import write_frames, write_video
from .speech import Encoder, Listener, join, require_speech

BLOCK = 10 * SAMPLE_RATE  # samples listened to at a time
Progress = Callable[[str, float], None]  # name of the stage, share done 0..1
Told = Callable[[float], None] | None  # progress of one stage
FACES = (".npz", *AVATARS)  # what a head without speech is written to
NO_FRAMES = Motion(
    np.zeros((0, len(ARKIT_NAMES)), np.float32), np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
)
Folders = Literal["png", "obj"]  # what an output without extension holds, a file for each frame


@dataclass(frozen=True)
class Settings:
    """How a voice is turned into motion and pictures."""

    fps: Fraction = FEATURE_FPS  # frames a second of what is written
    seed: int = 0  # another seed, another take
    sampling: Sampling = field(default_factory=Sampling)  # its seed is replaced by ``seed``
    flame_sampling: PaperSampling = field(default_factory=PaperSampling)  # the same, of FLAME-space models
    finish: Finish = field(default_factory=Finish)  # gains of what finishing adds; Finish.raw() adds nothing
    model: Path | None = None  # a generator of ``dxtalker train``; None: the packaged one
    head: Path | None = None  # any file or folder of ``face.bodies.load_face``; None: the packaged head
    photos: tuple[Path, ...] = ()  # of the person whose head it is; instead of ``head``
    retarget: Retarget | None = None  # what ``Speaker.animate`` does to each channel in the end
    size: tuple[int, int] = (512, 512)  # pixels, width and height
    background: Background = field(default_factory=Background)
    yaw: float = 0.0  # radians, the camera's way round the head to its left
    renderer: Kind = "auto"


@dataclass(frozen=True)
class Take:
    """One way to say something."""

    motion: Motion
    codes: FlameCodes | None = None  # what a model of the FLAME space gave, at 25 fps


class Speaker:
    """The models of one run, loaded once: make it once and speak many takes."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.generator = open_generator(self.settings.model)
        self.head, self.notes = whose_head(self.settings)
        self.encoder = Encoder()

    def animate(self, wave: Waveform, progress: Progress | None = None) -> Motion:
        """Motion for ``wave`` at the settings' frame rate, as long as the sound to within half a frame."""
        return self.takes(wave, [self.settings.seed], progress)[0].motion

    def takes(
        self, wave: Waveform, seeds: Sequence[int], progress: Progress | None = None, moving: bool = True
    ) -> list[Take]:
        """As ``animate``, a take for each of ``seeds``; the voice is listened to once.

        A model of the FLAME space gives codes; their motion needs a FLAME file, and is of no frames unless ``moving``.
        """
        told, generator = _stage(progress, "moving"), self.generator
        if isinstance(generator, PaperGenerator):
            return self._flame_takes(generator, wave, seeds, told, moving)
        how = [replace(self.settings.sampling, seed=seed) for seed in seeds]
        raw, heard = self._listen(wave, [Performer(generator, h) for h in how], told)
        return [Take(self._finished(m, heard, seed, wave)) for m, seed in zip(raw, seeds, strict=True)]

    def _flame_takes(
        self, generator: PaperGenerator, wave: Waveform, seeds: Sequence[int], told: Told, moving: bool
    ) -> list[Take]:
        solver = self.head.solver if isinstance(self.head, FlameHead) else None
        if moving and solver is None:
            raise BadInput(_no_flame("curves and pictures"))
        heard, takes = self._listen(wave, [], None)[1] if moving else None, []
        for number, seed in enumerate(seeds, start=1):
            codes = generator.generate(wave, sampling=replace(self.settings.flame_sampling, seed=seed))
            motion = NO_FRAMES
            if heard is not None and solver is not None:
                motion = self._finished(to_motion(codes, solver), heard, seed, wave)
            takes.append(Take(motion, replace(codes, values=codes.values[: _frames(wave, codes.fps)])))
            if told:
                told(number / len(seeds))
        return takes

    def check(self, output: Path) -> None:
        """Raise before any work when ``output`` could not be written in the end."""
        if not isinstance(self.generator, PaperGenerator):
            check_output(output, self.head)
        elif not _is_flame(output):
            check_output(output, self.head)
            if not isinstance(self.head, FlameHead):
                raise BadInput(_no_flame(output.name))
        elif self.settings.fps != FEATURE_FPS:
            raise BadInput(f"{output.name} holds the model's own 25 frames a second; leave out --fps for it")

    def _listen(
        self, wave: Waveform, performers: Sequence[Performer], progress: Told
    ) -> tuple[list[Motion], SpeechFeatures]:
        """Raw motion of each, and the features without their content, which is let go as soon as it is used."""
        require_speech(wave)
        listener = Listener(self.encoder)
        moved: list[list[Motion]] = [[] for _ in performers]
        heard = []
        for at in range(0, len(wave.samples), BLOCK):
            last = at + BLOCK >= len(wave.samples)
            parts = listener.feed(wave.samples[at : at + BLOCK])
            for features in [*parts, *listener.close()] if last else parts:
                for performer, done in zip(performers, moved, strict=True):
                    done.append(performer.feed(features))
                heard.append(replace(features, content=np.zeros((len(features), 0), np.float32)))
            if progress:
                progress(min(1.0, (at + BLOCK) / len(wave.samples)))
        raw = [join_motion([*d, p.close()]) for p, d in zip(performers, moved, strict=True)]
        return raw, join(heard)

    def _finished(self, raw: Motion, heard: SpeechFeatures, seed: int, wave: Waveform) -> Motion:
        s = self.settings
        motion = resample_motion(finish(raw, heard, self.head.lip_gap, s.finish, seed), s.fps)
        motion = motion.cut(0, _frames(wave, s.fps))
        return s.retarget.apply(motion) if s.retarget else motion


def _frames(wave: Waveform, fps: Fraction) -> int:
    """Frames that ``wave`` fills to within half a one: features run to the end of their last frame, sound may not."""
    return max(1, round(Fraction(len(wave.samples), wave.rate) * fps))


def open_generator(path: Path | None) -> Generator | PaperGenerator:
    """The model in ``path``, of whichever motion space it says; None: the packaged one, of ARKit curves."""
    if path is not None and network_facts(path).get("space") == "flame":
        return PaperGenerator(path)
    return Generator(path)


def _is_flame(output: Path) -> bool:
    return output.name.lower().endswith(".flame.npz")


def _no_flame(what: str) -> str:
    return (
        f"this model moves FLAME's face: for {what} give your own FLAME file with --face, as in: --face flame2023.pkl;"
        " its parameters alone need none, as in: -o talk.flame.npz"
    )


def whose_head(settings: Settings) -> tuple[Head, tuple[str, ...]]:
    """The head that the settings ask for, and remarks on its photos."""
    if not settings.photos:
        return load_face(settings.head), ()
    if settings.head is not None:
        raise BadInput("both photos and a face were given; only one of them can be the head")
    from .face.likeness import Sculptor

    likeness = Sculptor().likeness(settings.photos, settings.photos[0].stem)
    return likeness.head, likeness.notes


def speak(
    source: str | Path | Waveform,
    outputs: Sequence[str | Path] = (),
    settings: Settings | None = None,
    progress: Progress | None = None,
    speaker: Speaker | None = None,
    folders: Folders = "png",
    beside: bool = False,
) -> Motion:
    """A recorded voice becomes the motion of a head that says it, written to every path of ``outputs``.

    ``source`` is any audio or video file, or a Waveform at 16 kHz. The extension of an output decides:
    .mp4 video with the sound; .csv Live Link Face; .json and .npz curves; .glb and .vrm head and animation; .usd,
    .usda, .usdc and .usdz the same with the sound; a folder (no extension) transparent PNG frames, or .obj files
    with the sound when ``folders`` says so. ``beside`` also writes the sound as .wav beside a file that cannot
    hold it. Raises BadInput and its kin, see ``errors``.
    """
    paths = [Path(output) for output in outputs]
    for path in paths:
        check_output(path)
    voice = speaker or Speaker(settings)
    for path in paths:
        voice.check(path)
    wave = source if isinstance(source, Waveform) else load_audio(source)
    name = None if isinstance(source, Waveform) else Path(source)
    take = voice.takes(wave, [voice.settings.seed], progress)[0]
    for path in paths:
        _write(take, path, voice, wave, name, progress, folders, beside)
    return take.motion


def speak_takes(
    wave: Waveform,
    outputs: Sequence[Path],
    seeds: Sequence[int],
    speaker: Speaker,
    source: Path | None = None,
    progress: Progress | None = None,
    folders: Folders = "png",
    beside: bool = False,
) -> Iterator[Path]:
    """Write a take for each of ``seeds`` to every path of ``outputs``, and yield each path when it is whole.

    Several takes are numbered: take.mp4 becomes take-1.mp4, take-2.mp4, … The voice is listened to once. A model of the
    FLAME space writes its own parameters to .flame.npz. Otherwise as ``speak``.
    """
    for output in outputs:
        speaker.check(output)
    takes = speaker.takes(wave, seeds, progress, moving=not all(_is_flame(path) for path in outputs))
    for number, take in enumerate(takes, start=1):
        told = _of_take(progress, number, len(seeds))
        for output in outputs:
            path = numbered(output, number, len(seeds))
            _write(take, path, speaker, wave, source, told, folders, beside)
            yield path


def _write(
    take: Take, path: Path, speaker: Speaker, wave: Waveform, source: Path | None, progress: Progress | None,
    folders: Folders, beside: bool,
) -> None:  # fmt: skip
    if take.codes is not None and _is_flame(path):
        write_flame_codes(path, take.codes)
    else:
        save(take.motion, path, speaker.settings, wave, source, speaker.head, progress, folders, beside)


def numbered(output: Path, number: int, count: int) -> Path:
    """take-1.mp4 for take.mp4, take-01.mp4 where there are ten or more; ``output`` itself for one take."""
    if count == 1:
        return output
    ending = ".flame.npz" if _is_flame(output) else output.suffix
    stem = output.name[: len(output.name) - len(ending)]
    return output.with_name(f"{stem}-{number:0{len(str(count))}d}{ending}")


def _of_take(progress: Progress | None, number: int, count: int) -> Progress | None:
    if progress is None or count == 1:
        return progress
    return lambda stage, share: progress(f"take {number} of {count}: {stage}", share)


def save(
    motion: Motion,
    output: Path,
    settings: Settings | None = None,
    wave: Waveform | None = None,
    source: Path | None = None,
    head: Head | None = None,
    progress: Progress | None = None,
    folders: Folders = "png",
    beside: bool = False,
) -> None:
    """Write ``motion`` in the form that ``output`` asks for; see ``speak``. ``source`` names the sound's file."""
    how = settings or Settings()
    check_output(output)
    body = head or whose_head(how)[0]
    if output.suffix.lower() in WRITABLE:
        write_motion(output, motion, body, source, wave, beside)
        return
    if not output.suffix and folders == "obj":
        write_obj_sequence(output, motion, body, wave)
        return
    to_video = output.suffix.lower() == ".mp4"
    background = how.background if to_video else Background(colour=None)
    renderer = make_renderer(body, portrait(body, how.size, how.yaw), background, how.renderer)
    try:
        frames = _counted(draw_motion(body, motion, renderer), len(motion), _stage(progress, "drawing"))
        if to_video:
            write_video(frames, output, motion.fps, how.size, wave)
        else:
            write_frames(frames, output)
    finally:
        renderer.close()


def check_output(output: Path, head: Head | None = None) -> None:
    """Raise before any work when ``output`` could not be written in the end, with ``head`` if that is known."""
    kind = output.suffix.lower()
    if kind and kind != ".mp4" and kind not in WRITABLE:
        accepted = ", ".join(("mp4", *(suffix[1:] for suffix in WRITABLE)))
        raise Unsupported(
            f"cannot write {output.name}; expected one of {accepted}, or a folder for PNG or .obj frames"
        )
    if kind in USD:
        require_usd()
    _check_folder(output)
    if head is not None:
        check_body(output, head)


def _stage(progress: Progress | None, name: str) -> Callable[[float], None] | None:
    return partial(progress, name) if progress else None


def _counted(
    frames: Iterable[np.ndarray], total: int, progress: Callable[[float], None] | None
) -> Iterator[np.ndarray]:
    for number, frame in enumerate(frames, start=1):
        yield frame
        if progress:
            progress(number / total)


def save_face(head: Head, output: Path, seed: int = 0) -> None:
    """Write a head without speech: .npz for ``load_face``; .glb, .vrm and USD rigged, with an idle loop.

    Another ``seed``, another loop. Raises what ``check_face_output`` raises.
    """
    check_face_output(output)
    if output.suffix.lower() == ".npz":
        save_head(output, head)
    else:
        write_avatar(output, head, idle_motion(head, seed))


def check_face_output(output: Path) -> None:
    """Raise before any work when ``output`` could not be written in the end."""
    kind = output.suffix.lower()
    if kind not in FACES:
        raise Unsupported(
            f"cannot write a head as {output.name}; the extension must be one of {', '.join(FACES)}"
        )
    if kind in USD:
        require_usd()
    _check_folder(output)


def _check_folder(output: Path) -> None:
    if not output.parent.is_dir():
        raise BadInput(f"the folder {output.parent} does not exist; create it or choose another output path")
