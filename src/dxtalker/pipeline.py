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
from .export.idling import idle_motion
from .export.obj import write_obj_sequence
from .export.usd import require_usd
from .face.bodies import load_face
from .face.head import Head
from .face.head_file import save_head
from .face.retarget import Retarget
from .motion.finish import Finish, finish
from .motion.perform import Performer
from .motion.resample import resample_motion
from .motion.sampler import Generator, Sampling
from .records import FEATURE_FPS, SAMPLE_RATE, Motion, SpeechFeatures, Waveform, join_motion
from .render.camera import portrait
from .render.frames import draw_motion
from .render.look import Background
from .render.renderer import Kind, make_renderer
from .render.video import write_frames, write_video
from .speech import Encoder, Listener, join, require_speech

BLOCK = 10 * SAMPLE_RATE  # samples listened to at a time
Progress = Callable[[str, float], None]  # name of the stage, share done 0..1
FACES = (".npz", *AVATARS)  # what a head without speech is written to
Folders = Literal["png", "obj"]  # what an output without extension holds, a file for each frame


@dataclass(frozen=True)
class Settings:
    """How a voice is turned into motion and pictures."""

    fps: Fraction = FEATURE_FPS  # frames a second of what is written
    seed: int = 0  # another seed, another take
    sampling: Sampling = field(default_factory=Sampling)  # its seed is replaced by ``seed``
    finish: Finish = field(default_factory=Finish)  # gains of what finishing adds; Finish.raw() adds nothing
    model: Path | None = None  # a generator of ``dxtalker train``; None: the packaged one
    head: Path | None = None  # any file or folder of ``face.bodies.load_face``; None: the packaged head
    photos: tuple[Path, ...] = ()  # of the person whose head it is; instead of ``head``
    retarget: Retarget | None = None  # what ``Speaker.animate`` does to each channel in the end
    size: tuple[int, int] = (512, 512)  # pixels, width and height
    background: Background = field(default_factory=Background)
    yaw: float = 0.0  # radians, the camera's way round the head to its left
    renderer: Kind = "auto"


class Speaker:
    """The models of one run, loaded once: make it once and speak many takes."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.head, self.notes = whose_head(self.settings)
        self.encoder = Encoder()
        self.generator = Generator(self.settings.model)

    def animate(self, wave: Waveform, progress: Progress | None = None) -> Motion:
        """Motion for ``wave`` at the settings' frame rate, as long as the sound to within half a frame."""
        s = self.settings
        raw, prosody = self._listen_and_move(wave, _stage(progress, "moving"))
        motion = resample_motion(finish(raw, prosody, self.head.lip_gap, s.finish, s.seed), s.fps)
        # Features run to the end of their last frame, sound may not.
        motion = motion.cut(0, max(1, round(Fraction(len(wave.samples), wave.rate) * s.fps)))
        return s.retarget.apply(motion) if s.retarget else motion

    def _listen_and_move(
        self, wave: Waveform, progress: Callable[[float], None] | None
    ) -> tuple[Motion, SpeechFeatures]:
        """Raw motion, and the features without their content, which is let go as soon as it is used."""
        require_speech(wave)
        listener = Listener(self.encoder)
        performer = Performer(self.generator, replace(self.settings.sampling, seed=self.settings.seed))
        moved, heard = [], []
        for at in range(0, len(wave.samples), BLOCK):
            last = at + BLOCK >= len(wave.samples)
            parts = listener.feed(wave.samples[at : at + BLOCK])
            for features in [*parts, *listener.close()] if last else parts:
                moved.append(performer.feed(features))
                heard.append(replace(features, content=np.zeros((len(features), 0), np.float32)))
            if progress:
                progress(min(1.0, (at + BLOCK) / len(wave.samples)))
        return join_motion([*moved, performer.close()]), join(heard)


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
    outputs = [Path(output) for output in outputs]
    for output in outputs:
        check_output(output)
    voice = speaker or Speaker(settings)
    for output in outputs:
        check_output(output, voice.head)
    wave = source if isinstance(source, Waveform) else load_audio(source)
    motion = voice.animate(wave, progress)
    name = None if isinstance(source, Waveform) else Path(source)
    for output in outputs:
        save(motion, output, voice.settings, wave, name, voice.head, progress, folders, beside)
    return motion


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
