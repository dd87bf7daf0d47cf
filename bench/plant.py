"""Videos with one known fault each, made from good ones (used by curate_faults.py)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.video import open_video
from dxtalker.ffmpeg import ffmpeg_path
from dxtalker.records import SAMPLE_RATE


@dataclass(frozen=True)
class Scene:
    """Pictures and sound that begin at one instant."""

    name: str  # of the video it was made from
    frames: np.ndarray  # (T, H, W, 3) uint8 RGB
    fps: Fraction
    sound: np.ndarray  # (N,) float32 at SAMPLE_RATE
    bad: tuple[
        tuple[float, float], ...
    ] = ()  # seconds of the pictures that must not be in a clip; () for all
    cuts: tuple[float, ...] = ()  # seconds that no clip may reach over
    late: float = 0.0  # seconds by which the pictures were made late
    how: str = ""  # of the encoder: "pcm", "rotated"
    missing: tuple[int, ...] = ()  # frames that are not written; the others keep their instants

    @property
    def seconds(self) -> float:
        return len(self.frames) / float(self.fps)


Fault = Callable[[Scene, np.random.Generator, Sequence[Scene]], Scene]


def read_scene(path: Path, start: float = 0.0, seconds: float | None = None) -> Scene:
    """A video, or a part of it, at its own rate."""
    with open_video(path) as video:
        rate = video.fps
        frames = np.stack(list(video))
    first = round(start * rate)
    count = len(frames) - first if seconds is None else round(seconds * rate)
    frames = frames[first : first + count]
    sound = load_audio(path).samples[round(start * SAMPLE_RATE) :][: round(len(frames) / rate * SAMPLE_RATE)]
    room = np.resize(sound[-SAMPLE_RATE // 8 :], max(0, round(len(frames) / rate * SAMPLE_RATE) - len(sound)))
    return Scene(f"{path.stem}@{start:g}", frames, rate, np.concatenate([sound, room]))


# Sound. Levels are against the power of the louder half of the scene's 20 ms frames: that of the voice.


def voice_power(sound: np.ndarray) -> float:
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(1)
    return float(power[power >= np.median(power)].mean())


def mixed(sound: np.ndarray, other: np.ndarray, decibels: float) -> np.ndarray:
    """``sound`` with ``other`` under it, ``decibels`` weaker."""
    other = np.resize(other, len(sound))
    gain = np.sqrt(voice_power(sound) / max(float((other**2).mean()), 1e-12) / 10 ** (decibels / 10))
    whole = sound + gain * other
    return (whole / max(1.0, float(np.abs(whole).max()) / 0.95)).astype(np.float32)


def noise(decibels: float) -> Fault:
    """Noise whose power falls by 3 dB an octave."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        lines = np.fft.rfft(rng.normal(size=len(scene.sound)))
        lines /= np.sqrt(np.maximum(np.arange(len(lines)), 20))
        return replace(scene, sound=mixed(scene.sound, np.fft.irfft(lines, len(scene.sound)), decibels))

    return fault


def music(decibels: float) -> Fault:
    """A band of our own: chords of plucked strings, a bass and a beat, at a random tempo and key."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        count, beat = len(scene.sound), 60 / rng.uniform(80, 140)
        song, key = np.zeros(count + SAMPLE_RATE * 4), 110 * 2 ** (rng.integers(12) / 12)
        chords = [(0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)]
        for number in range(int(count / SAMPLE_RATE / beat * 2) + 1):
            at = round(number * beat / 2 * SAMPLE_RATE)
            chord = chords[number // 8 % 4]
            for note, weight in ((chord[number % 3] + 12, 1.0), (chord[0] - 12, 1.2 * (number % 4 == 0))):
                song[at : at + SAMPLE_RATE] += weight * pluck(key * 2 ** (note / 12), rng)
            if number % 2:
                song[at : at + 1600] += 0.5 * rng.normal(size=1600) * np.exp(-np.arange(1600) / 250)
        return replace(scene, sound=mixed(scene.sound, song[:count], decibels))

    return fault


def pluck(hertz: float, rng: np.random.Generator) -> np.ndarray:
    """(SAMPLE_RATE,) a string: eight harmonics that die away, the higher the sooner."""
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    parts = [
        np.sin(2 * np.pi * hertz * k * at + rng.random() * 6) * np.exp(-at * (1.5 + k)) / k
        for k in range(1, 9)
    ]
    return np.sum(parts, axis=0)


def second_voice(decibels: float) -> Fault:
    """Another scene's voice at the same time."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        other = pick(scene, rng, others)
        return replace(scene, sound=mixed(scene.sound, other.sound, decibels))

    return fault


def clipped(how: str) -> Fault:
    """Too loud: one sample in fifty of speech at full scale; kept as it is or as AAC makes it."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        loud = np.percentile(np.abs(scene.sound), 98)
        return replace(scene, sound=np.clip(scene.sound / loud, -1, 1).astype(np.float32), how=how)

    return fault


def swapped(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Another scene's sound in the place of its own."""
    other = pick(scene, rng, others)
    return replace(scene, sound=np.resize(other.sound, len(scene.sound)))


def late(seconds: float) -> Fault:
    """Pictures that come ``seconds`` after their sound (before, where negative).

    The sound goes round: what leaves at one end comes in at the other, so that no silence tells.
    """

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        return replace(scene, sound=np.roll(scene.sound, -round(seconds * SAMPLE_RATE)), late=seconds)

    return fault


def odd_one_out(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Shifted by 250 to 400 ms among videos that are not."""
    return late(float(rng.uniform(0.25, 0.4) * rng.choice([-1, 1])))(scene, rng, others)


# Pictures.


def cut(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Three scenes joined, each 2.2 s or longer where it has that much."""
    fellows = [o for o in others if o.frames.shape[1:] == scene.frames.shape[1:] and o.fps == scene.fps]
    pictures, sounds, cuts, at = [], [], [], 0.0
    for part in (scene, pick(scene, rng, fellows), pick(scene, rng, fellows)):
        total = len(part.frames)
        count = min(total, int(rng.integers(round(2.2 * scene.fps), round(3.5 * scene.fps))))
        first = int(rng.integers(0, total - count + 1))
        pictures.append(part.frames[first : first + count])
        begin, length = (round(n * SAMPLE_RATE / scene.fps) for n in (first, count))
        sounds.append(np.resize(part.sound[begin : begin + length], length))
        at += count / float(scene.fps)
        cuts.append(at)
    return replace(
        scene,
        frames=np.concatenate(pictures),
        sound=np.concatenate(sounds),
        cuts=tuple(cuts[:-1]),
        bad=((-1, -1),),
    )


def frozen(seconds: float) -> Fault:
    """The picture stands still for so long; 0 is all the time."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        count = round(seconds * scene.fps) or len(scene.frames)
        first = int(rng.integers(0, len(scene.frames) - count + 1))
        frames = scene.frames.copy()
        frames[first : first + count] = frames[first]
        span = (first / float(scene.fps), (first + count) / float(scene.fps))
        return replace(scene, frames=frames, bad=(span,))

    return fault


def second_face(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Another scene beside it, as high."""
    other = pick(scene, rng, [o for o in others if o.frames.shape[1] >= 200])
    height = scene.frames.shape[1]
    at = np.minimum(
        np.arange(len(scene.frames)) * float(other.fps / scene.fps), len(other.frames) - 1
    ).astype(int)
    rows = np.arange(height) * other.frames.shape[1] // height
    columns = (
        np.arange(height * other.frames.shape[2] // other.frames.shape[1]) * other.frames.shape[1] // height
    )
    beside = other.frames[at][:, rows][:, :, columns]
    frames = np.concatenate([scene.frames, beside], axis=2)
    return replace(scene, frames=frames[:, :, : frames.shape[2] // 2 * 2])


def blurred(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Out of focus: what is finer than a tenth of the distance between the eyes is gone."""
    from PIL import Image, ImageFilter

    radius = eye_distance(scene) / 20
    blur = ImageFilter.GaussianBlur(radius)
    return replace(
        scene, frames=np.stack([np.asarray(Image.fromarray(f).filter(blur)) for f in scene.frames])
    )


def dark(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """A tenth of the light's code value, with a sensor's noise."""
    grain = rng.normal(0, 1.5, scene.frames.shape).astype(np.float32)
    return replace(scene, frames=np.clip(scene.frames * 0.1 + 8 + grain, 0, 255).astype(np.uint8))


def covered(mouth: bool) -> Fault:
    """A grey box over the mouth all the time, or over the face for two fifths of it."""

    def fault(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
        box = face_box(scene)
        left, top, right, bottom = box
        top = top + (bottom - top) * 11 // 20 if mouth else top
        count = len(scene.frames) if mouth else len(scene.frames) * 2 // 5
        first = int(rng.integers(0, len(scene.frames) - count + 1))
        frames = scene.frames.copy()
        frames[first : first + count, top:bottom, left:right] = 90
        return replace(
            scene, frames=frames, bad=((first / float(scene.fps), (first + count) / float(scene.fps)),)
        )

    return fault


def stutter(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Two frames in five repeat the one before, at random: a bad capture."""
    again = rng.random(len(scene.frames)) < 0.4
    again[0] = False
    source = np.maximum.accumulate(np.where(again, 0, np.arange(len(scene.frames))))
    return replace(scene, frames=scene.frames[source])


def drift(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """One frame in ten is missing though the rate says otherwise: the pictures run ahead of the sound."""
    kept = np.sort(rng.permutation(len(scene.frames))[: len(scene.frames) * 9 // 10])
    return replace(scene, frames=scene.frames[kept])


def lost(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """One frame in ten is missing, and the others stand at their own instants: no fault of sync."""
    gone = rng.permutation(np.arange(1, len(scene.frames) - 1))[: len(scene.frames) // 10]
    return replace(scene, missing=tuple(sorted(gone.tolist())))


def rotated(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """Lies on its side, and says so: no fault."""
    return replace(scene, frames=np.ascontiguousarray(np.rot90(scene.frames, 1, (1, 2))), how="rotated")


def control(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    """As it was, written by the same encoder."""
    return scene


def pick(scene: Scene, rng: np.random.Generator, others: Sequence[Scene]) -> Scene:
    found = [other for other in others if other.name.partition("@")[0] != scene.name.partition("@")[0]]
    return found[int(rng.integers(len(found)))]


_landmarker: list[Landmarker] = []


def face_box(scene: Scene) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the face in the middle frame, pixels, a little larger than it."""
    if not _landmarker:
        _landmarker.append(Landmarker(threads=1))
    frame = scene.frames[len(scene.frames) // 2]
    points = _landmarker[0].faces(frame)[0].points[:, :2]
    (left, top), (right, bottom) = points.min(0), points.max(0)
    more = 0.12 * (right - left)
    return max(0, int(left - more)), max(0, int(top - more)), int(right + more), int(bottom + more)


def eye_distance(scene: Scene) -> float:
    left, _, right, _ = face_box(scene)
    return (right - left) / 1.24 * 0.63  # of a face's width


def write_scene(scene: Scene, path: Path) -> None:
    """H.264 and AAC (PCM in Matroska where the sound must stay as it is) through ffmpeg."""
    height, width = scene.frames.shape[1:3]
    ffmpeg = [str(ffmpeg_path()), "-v", "error", "-y"]
    with tempfile.TemporaryDirectory() as folder:
        heard, whole = Path(folder) / "a.f32", Path(folder) / f"b{path.suffix}"
        heard.write_bytes(scene.sound.astype("<f4").tobytes())
        pictures = [
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            f"{width}x{height}",
            "-r",
            str(scene.fps),
            "-i",
            "-",
        ]
        sound = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", str(heard)]
        gone = "+".join(f"eq(n\\,{n})" for n in scene.missing)
        chosen = ["-vf", f"select='not({gone})'", "-fps_mode", "vfr"] if gone else []
        codec = ["-c:a", "pcm_s16le"] if scene.how == "pcm" else ["-c:a", "aac", "-b:a", "96k"]
        even = [
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libx264",
            "-crf",
            "18",
            "-preset",
            "veryfast",
            "-threads",
            "1",
        ]
        command = [*ffmpeg, *pictures, *sound, *chosen, *even, *codec, str(whole)]
        subprocess.run(command, input=scene.frames.tobytes(), check=True, timeout=120)
        if scene.how == "rotated":
            turned = [*ffmpeg, "-display_rotation", "-90", "-i", str(whole), "-c", "copy", str(path)]
            subprocess.run(turned, check=True, timeout=60)
        else:
            path.write_bytes(whole.read_bytes())
