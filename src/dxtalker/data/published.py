"""The published 3DTalkingDataset (arXiv 2602.10516) -> a collection of clips, without running anything of it.

What it says of itself: every sequence has sound at 16 kHz and FLAME and EMOCA parameters at 25 frames a second from the
same instant: expcode (T, 50), posecode (T, 6) head and jaw, shapecode (T, 100), detailcode (T, 128), texcode (T, 50),
lightcode (T, 9, 3), cam (T, 3), a reference picture (3, 224, 224), and pickled metadata, an integer or a dictionary.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import resample
from ..audio.wav import parse_wav, read_frames
from ..errors import BadInput, DxtalkerError
from ..face.bodies.flame import JAW, JOINTS
from ..face.bodies.pickle_file import read_pickle
from ..face.bodies.solve import FlameCurves, FlameSolver
from ..face.head import rodrigues
from ..files import read_at_most
from ..records import ARKIT_NAMES, FEATURE_FPS, SAMPLE_RATE, Motion, Waveform
from .clip import Clip, ClipRecord, FlameTrack
from .clip_file import FLAME, MAX_FRAMES, SAMPLES_PER_FRAME
from .labels import head_angles
from .manifest import Manifest, read_manifest
from .sequences import Part, PublishedSequence, find_sequences
from .shards import ClipWriter

CODES = {
    "expression": "expcode", "pose": "posecode", "shape": "shapecode", "detail": "detailcode", "texture": "texcode",
    "light": "lightcode", "camera": "cam",
}  # fmt: skip
APART = 1.0  # seconds by which sound and motion may differ in length
# By the first letters of a sequence's name: where it came from, and on what terms, as far as they could be read.
SOURCES = {
    "V0": ("GRID", "research only"),
    "V1": ("RAVDESS", "CC BY-NC-SA 4.0"),
    "V2": ("MEAD", "research only"),
    "V3": ("VoxCeleb2", "research only"),
    "V4": ("HDTF", "research only"),
    "V5": ("CelebV-HQ", "research only"),
}


def import_published(
    source: Path, out: Path, flame: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Every sequence of ``source`` (folder, .h5, .zip, .tar) as a clip in the collection ``out``.

    Its parameters are kept in ``Clip.flame``. With ``flame``, the user's own FLAME file, they become ARKit curves as
    well, on FLAME's mean face; without it the curves are unknown (``tracked`` is False) and only the head's rotation is
    there. A sequence that cannot be used is dropped with its reason. Run again after an interrupt, it goes on.

    Raises BadInput when nothing is found, an archive is hostile, or ``out`` holds another collection; NotReady where
    h5py is needed and missing.
    """
    solver, mark = _solver(flame) if flame else (None, "")
    if solver is None:
        say(
            "no FLAME file was given: clips have FLAME motion and head rotation, but no ARKit curves (--flame)"
        )
    sequences = find_sequences(Path(source), say)
    first = next(sequences, None)
    if first is None:
        raise BadInput(f"{source} holds no sequence; expected folders or groups with expcode and posecode")
    odd = 0
    names: set[str] = set()
    settings = {"imported": "3DTalkingDataset", "source": source.name, "flame": mark}
    with ClipWriter(out, settings, resume=True) as writer:
        for found, sequence in enumerate(chain([first], sequences), start=1):
            name = clip_name(sequence.name)
            if name in names:
                writer.drop(
                    _dropped(sequence, f"{name}__{found}", "duplicate", f"a clip is called {name} already")
                )
                continue
            names.add(name)
            if writer.skip(name):
                continue
            try:
                clip = to_clip(sequence, name, solver)
            except DxtalkerError as error:
                writer.drop(_dropped(sequence, name, getattr(error, "reason", "file.unreadable"), str(error)))
                continue
            odd += clip.motion.info.get("metadata", "").startswith("left out")
            writer.add(clip)
            if found % 100 == 0:
                say(f"{found} sequences")
        if odd:
            say(f"the metadata of {odd} sequences was left out: it is no plain data; nothing of it was run")
    return read_manifest(out)


class Unusable(BadInput):
    """Why a sequence is dropped, as a key of the reasons."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def clip_name(name: str) -> str:
    """``name`` in the letters that clips are called by."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80] or "_"


def speaker_of(name: str) -> str:
    """Who speaks in the sequence ``name``: V0-s1-00001 -> V0-s1; the take's number, and what is acted, taken away."""
    parts = name.split("-")
    if parts[0] == "V1" and len(parts) > 2:
        return f"V1-{parts[2]}"
    return "-".join(parts[:2]) if parts[0] in ("V0", "V2") else "-".join(parts[:-1]) or name


def to_clip(sequence: PublishedSequence, name: str, solver: FlameSolver | None) -> Clip:
    """One sequence as a clip. Raises BadInput when its parts are damaged or do not fit each other."""
    parts = sequence.read()
    if "audio" not in parts:
        raise Unusable("file.no_sound", "it has no audio.wav")
    samples = _sound(parts["audio"])
    track = _track(parts)
    heard, seen = len(samples) / SAMPLE_RATE, len(track.pose) / float(FEATURE_FPS)
    if abs(heard - seen) > APART:
        raise Unusable("file.cut_off", f"it has {heard:.2f} s of sound and {seen:.2f} s of motion")
    count = min(len(track.pose), len(samples) // SAMPLES_PER_FRAME)
    if not 1 <= count <= MAX_FRAMES:
        raise Unusable("file.limits", f"it has {count} frames; expected 1 to {MAX_FRAMES}")
    track = FlameTrack(**{field: getattr(track, field)[:count] for field in FLAME})
    samples = samples[: count * SAMPLES_PER_FRAME]
    info = {"motion": "FLAME parameters of 3DTalkingDataset"}
    info["curves"] = f"fitted to {solver.model.name}" if solver else "unknown: no FLAME file was given"
    if "metadata" in parts:
        info["metadata"] = metadata_text(parts["metadata"])
    corpus, licence = SOURCES.get(name[:2], ("unknown", "unknown"))
    record = ClipRecord(
        name=name,
        source=sequence.path,
        sha256=hashlib.sha256(samples.tobytes()).hexdigest(),  # there is no video: of the sound
        start=0.0,
        frames=count,
        speaker=speaker_of(name),
        licence=licence,
        attribution=f"{corpus}, by way of 3DTalkingDataset (arXiv 2602.10516)",
        remark="" if solver else "FLAME motion only: import it again with a FLAME file to have ARKit curves",
        tracked=solver is not None,
    )
    return Clip(
        record=record,
        sound=Waveform(samples),
        motion=Motion(
            arkit_curves(track, solver),
            head_angles(rodrigues(track.pose[:, :3].astype(np.float64))),
            np.zeros((count, 3), np.float32),
            FEATURE_FPS,
            info=info,
        ),
        code=np.zeros(0, np.float32),
        scores=np.zeros((0, len(ARKIT_NAMES)), np.float16),
        landmarks=np.zeros((0, 478, 3), np.float16),
        present=np.ones(count, bool),
        thumbnail=_thumbnail(parts.get("refimg")),
        flame=track,
    )


def arkit_curves(track: FlameTrack, solver: FlameSolver | None) -> np.ndarray:
    """(T, 52) float32 that look most like the FLAME motion; all 0 without a solver. Gaze is not in the data."""
    if solver is None:
        return np.zeros((len(track.pose), len(ARKIT_NAMES)), np.float32)
    pose = np.zeros((len(track.pose), 3 * JOINTS))
    pose[:, 3 * JAW : 3 * JAW + 3] = track.pose[:, 3:]
    return solver.to_curves(FlameCurves(track.expression.astype(np.float64), pose))


def _solver(flame: Path) -> tuple[FlameSolver, str]:
    """Of FLAME's mean face (its expressions are the same displacements for everybody), and the file's sha256."""
    from ..face.bodies.flame import MAX_BYTES
    from ..face.bodies.flame_head import flame_face

    solver = flame_face(flame).solver
    if solver is None:
        raise BadInput(f"{flame} gave no solver; expected a FLAME file")
    return solver, hashlib.sha256(read_at_most(flame, MAX_BYTES)).hexdigest()


def _sound(data: Part) -> np.ndarray:
    """(N,) float32 at 16 kHz of a WAV file, or of samples that are taken to be at 16 kHz."""
    if isinstance(data, bytes):
        stream = io.BytesIO(data)
        wav = parse_wav(stream, len(data))
        if wav.kind == "coded":
            raise BadInput("audio.wav is coded; expected PCM")
        blocks = [block.mean(axis=1) for block in read_frames(stream, wav)]
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        rate = wav.rate
    else:
        samples, rate = data.reshape(-1), SAMPLE_RATE
        if samples.dtype.kind in "iu":
            samples = samples / float(np.iinfo(samples.dtype).max + 1)
    samples = np.asarray(samples, np.float32)
    if not np.isfinite(samples).all():
        raise BadInput("its sound holds NaN or infinite values")
    if rate != SAMPLE_RATE:
        samples = resample(samples, rate, SAMPLE_RATE)
    return np.clip(samples, -1, 1).astype(np.float32)


def _track(parts: dict[str, Part]) -> FlameTrack:
    """Its parameters, checked against each other."""
    count = 0
    found: dict[str, np.ndarray] = {}
    for field, code in CODES.items():
        widest, data = FLAME[field], parts.get(code)
        if data is None:
            found[field] = np.zeros((count, 0), np.float32)
            continue
        array: Any = data
        if isinstance(array, np.ndarray) and array.ndim == 3 and array.shape[0] == 1 and field != "light":
            array = array[0]
        if not isinstance(array, np.ndarray) or array.ndim < 2 or array.dtype.kind not in "fiu":
            raise BadInput(f"{code} is no table of numbers; expected (T, {widest}) or narrower")
        array = array.reshape(len(array), -1)
        narrow = array.shape[1] != 6 if field == "pose" else not 0 < array.shape[1] <= widest
        if narrow or not len(array) or (count and len(array) != count):
            raise BadInput(f"{code} has shape {array.shape}; expected ({count or 'T'}, {widest}) or narrower")
        with np.errstate(over="ignore"):
            found[field] = array.astype(np.float32)
        if not np.isfinite(found[field]).all():
            raise BadInput(f"{code} holds NaN or infinite values")
        count = len(array)
    return FlameTrack(**found)


def metadata_text(data: Part) -> str:
    """The plain values in the metadata as a line of text; of a pickle no instruction is run but those of plain data."""
    if not isinstance(data, bytes):
        return _plain(data.tolist() if data.size <= 100 else f"{data.dtype} {data.shape}")
    if data[:1] != b"\x80":
        return _plain(data.decode("utf-8", "replace"))
    try:
        return _plain(read_pickle(data, "metadata.pkl"))
    except DxtalkerError as error:
        return f"left out: {error}"[:300]


def _plain(value: Any, depth: int = 0) -> str:
    if value is None or isinstance(value, bool | int | float | str):
        text = str(value)
    elif isinstance(value, dict) and depth < 3:
        text = ", ".join(f"{str(k)[:40]}: {_plain(v, depth + 1)}" for k, v in list(value.items())[:50])
    elif isinstance(value, list | tuple) and depth < 3:
        text = ", ".join(_plain(v, depth + 1) for v in value[:50])
    else:
        text = type(value).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text[:500])


def _thumbnail(data: Part | None) -> bytes:
    """JPEG, 96 x 96, of the reference picture (3, H, W) or (H, W, 3), 0..1 or 0..255; empty where it is none."""
    from PIL import Image

    if (
        not isinstance(data, np.ndarray)
        or data.ndim != 3
        or data.dtype.kind not in "fu"
        or max(data.shape) > 1024
    ):
        return b""
    picture = np.moveaxis(data, 0, 2) if data.shape[0] == 3 else data
    if picture.shape[2] != 3 or not np.isfinite(picture).all():
        return b""
    scale = 255.0 if picture.dtype.kind == "f" and picture.max() <= 1.5 else 1.0
    pixels = np.clip(picture * scale, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((96, 96)).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _dropped(sequence: PublishedSequence, name: str, reason: str, remark: str) -> ClipRecord:
    return ClipRecord(
        name=name[:90], source=sequence.path, sha256="", start=0.0, frames=0, speaker=speaker_of(name),
        dropped=reason, remark=remark[:300],
    )  # fmt: skip
