"""Collections with FLAME motion as the paper's training data: 284 parameters and three streams of sound, at 25 fps.

Features are computed once and lie in the cache as plain arrays that are mapped, not read: 67 h of clips are some 20 GB
of them. A stream's file is named by its encoder's key, so another model or revision has another file.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..face.bodies.flame import JAW as JAW_JOINT
from ..face.bodies.flame import axis_angle
from ..face.bodies.solve import FlameSolver
from ..face.head import rotation_matrix
from ..files import atomic_path
from ..motion.paper import DETAIL, EXPRESSION, HEAD, JAW, PARAMETERS, SHAPE
from ..speech.envelope import calibrated, envelope
from ..speech.frames import FrameEncoder
from .clip import Clip, FlameTrack
from .reader import ClipReader

LEAST_STD = {"shape": 0.01, "detail": 0.01, "expression": 0.05, "head": 0.01, "jaw": 0.005}
STATISTICS = 400  # clips that the scales are taken from, spread over all
SPEECH_FIELDS = ("sound", "motion", "present", "flame")


@dataclass(frozen=True)
class PaperClip:
    """One clip ready for training; its arrays are mapped from the cache when they are asked for."""

    name: str
    collection: str  # folder that it came from
    frames: int
    covered: np.ndarray  # (284,) float32, 1 where the clip has the parameter
    kept: Path  # folder of its arrays in the cache
    content_file: str
    emotion_file: str

    def codes(self) -> np.ndarray:
        """(T, 284) float32 parameters."""
        return _mapped(self.kept / "codes.npy")

    def envelope(self) -> np.ndarray:
        """(T, 640) float16, see ``speech.envelope``."""
        return _mapped(self.kept / "envelope.npy")

    def content(self) -> np.ndarray:
        """(T, L, W) float16."""
        return _mapped(self.kept / self.content_file)

    def emotion(self) -> np.ndarray:
        """(T, L', W') float16."""
        return _mapped(self.kept / self.emotion_file)


@dataclass(frozen=True)
class PaperScales:
    """How parameters and streams are standardised."""

    mean: np.ndarray  # (284,) float32, of changes against the clip's first frame
    std: np.ndarray  # (284,) float32
    reference_mean: np.ndarray  # (284,) float32, of first frames
    reference_std: np.ndarray  # (284,) float32
    content_mean: np.ndarray  # (L, W) float32
    content_std: np.ndarray  # (L, W) float32
    emotion_mean: np.ndarray  # (L', W') float32
    emotion_std: np.ndarray  # (L', W') float32
    covered: np.ndarray  # (284,) float32, 1 where some clip has the parameter

    def reference(self, codes: np.ndarray) -> np.ndarray:
        """(284,) float32 standardised, of the reference frame (284,)."""
        return ((codes - self.reference_mean) / self.reference_std).astype(np.float32)

    def changes(self, codes: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """(T, 284) float32 standardised changes of codes (T, 284) against ``reference`` (284,)."""
        return ((codes - reference - self.mean) / self.std).astype(np.float32)

    def content(self, values: np.ndarray) -> np.ndarray:
        """(T, L, W) float32, standardised."""
        return (values.astype(np.float32) - self.content_mean) / self.content_std

    def emotion(self, values: np.ndarray) -> np.ndarray:
        """(T, L', W') float32, standardised."""
        return (values.astype(np.float32) - self.emotion_mean) / self.emotion_std


def load_paper_clips(
    folder: Path,
    cache: Path,
    content: FrameEncoder,
    emotion: FrameEncoder,
    solver: FlameSolver | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[PaperClip]:
    """Every clip of the collection ``folder`` that has FLAME motion, as ``dxtalker clips import`` made them.

    With ``solver``, of the user's own FLAME file, clips with ARKit curves alone become FLAME expression and jaw; their
    shape and detail count as not covered. Clips of any length are used. Raises BadInput when none can be.
    """
    cache.mkdir(parents=True, exist_ok=True)
    reader = ClipReader(Path(folder), SPEECH_FIELDS, check=False)
    clips: list[PaperClip] = []
    without = 0
    for number, clip in enumerate(reader, start=1):
        found = clip_codes(clip, solver)
        if found is None:
            without += 1
            continue
        clips.append(_prepare(clip, *found, Path(folder), cache, content, emotion))
        if number % 100 == 0:
            say(f"{folder.name}: {number} clips")
    if without:
        say(f"{folder.name}: {without} clips have no FLAME motion and were passed over")
    if reader.problems:
        say(reader.summary())
    if not clips:
        raise BadInput(
            f"no clip of {folder} has FLAME motion; import the published data with: dxtalker clips import"
        )
    return clips


def clip_codes(clip: Clip, solver: FlameSolver | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Parameters (T, 284) float32 and which are covered (284,); None where the clip has no FLAME motion."""
    if clip.flame is not None:
        return track_codes(clip.flame)
    if solver is None or not clip.record.tracked:
        return None
    flame = solver.to_flame(clip.motion.curves)
    codes, covered = np.zeros((len(flame), PARAMETERS), np.float32), np.zeros(PARAMETERS, np.float32)
    turns = np.stack([rotation_matrix(angles) for angles in clip.motion.rotation.astype(np.float64)])
    count = min(flame.expression.shape[1], EXPRESSION.stop - EXPRESSION.start)
    codes[:, EXPRESSION.start : EXPRESSION.start + count] = flame.expression[:, :count]
    codes[:, JAW], codes[:, HEAD] = flame.pose[:, 3 * JAW_JOINT : 3 * JAW_JOINT + 3], axis_angle(turns)
    covered[EXPRESSION.start : JAW.stop] = 1
    return codes, covered


def track_codes(track: FlameTrack) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (T, 284) float32 in the paper's order, and which of them the track has (284,) float32."""
    codes = np.zeros((len(track.pose), PARAMETERS), np.float32)
    covered = np.zeros(PARAMETERS, np.float32)
    parts = ((SHAPE, track.shape), (EXPRESSION, track.expression), (DETAIL, track.detail))
    for place, values in ((slice(HEAD.start, JAW.stop), track.pose), *parts):
        count = min(place.stop - place.start, values.shape[1])
        codes[:, place.start : place.start + count] = values[:, :count]
        covered[place.start : place.start + count] = 1
    return codes, covered


def _prepare(
    clip: Clip,
    codes: np.ndarray,
    covered: np.ndarray,
    folder: Path,
    cache: Path,
    content: FrameEncoder,
    emotion: FrameEncoder,
) -> PaperClip:
    mark = zlib.crc32(codes.tobytes(), zlib.crc32(clip.sound.samples.tobytes()))
    kept = cache / f"{folder.name}__{clip.record.name}-{mark:08x}"
    kept.mkdir(exist_ok=True)
    sound: list[np.ndarray] = []  # at one level, made when the first stream needs it

    def once(name: str, make: Callable[[np.ndarray], np.ndarray]) -> str:
        if not (kept / name).is_file():
            if not sound:
                sound.append(calibrated(clip.sound.samples))
            with atomic_path(kept / name) as temporary:
                np.save(temporary, make(sound[0]))
        return name

    once("codes.npy", lambda _: codes)
    once("envelope.npy", lambda samples: envelope(samples).astype(np.float16))
    files = [
        once(stream_file(e), lambda s, e=e: e.features(s).astype(np.float16)) for e in (content, emotion)
    ]
    return PaperClip(clip.record.name, folder.name, len(codes), covered, kept, *files)


def stream_file(encoder: FrameEncoder) -> str:
    """Name of a stream's file in the cache: other for another model, revision or choice of layers."""
    return f"stream-{hashlib.sha256(encoder.key.encode()).hexdigest()[:16]}.npy"


def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def paper_scales(clips: Sequence[PaperClip]) -> PaperScales:
    """Means and deviations over at most 400 of the clips, each channel over the clips that cover it."""
    chosen = clips[:: -(-len(clips) // STATISTICS)]
    least = np.zeros(PARAMETERS)
    for name, place in (("shape", SHAPE), ("detail", DETAIL), ("expression", EXPRESSION), ("head", HEAD), ("jaw", JAW)):  # fmt: skip
        least[place] = LEAST_STD[name]
    changes, references = _Moments((PARAMETERS,)), _Moments((PARAMETERS,))
    first = chosen[0]
    content, emotion = _Moments(first.content().shape[1:]), _Moments(first.emotion().shape[1:])
    for clip in chosen:
        codes = np.asarray(clip.codes(), np.float64)
        changes.add(codes - codes[0], clip.covered)
        references.add(codes[:1], clip.covered)
        content.add(clip.content(), np.ones(1))
        emotion.add(clip.emotion(), np.ones(1))
    return PaperScales(
        *changes.result(least),
        *references.result(np.maximum(least, 0.05)),
        *content.result(np.array(1e-4)),
        *emotion.result(np.array(1e-4)),
        covered=(changes.count > 0).astype(np.float32),
    )


class _Moments:
    """Sums that a mean and a deviation are made of."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count, self.sum, self.square = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def add(self, values: np.ndarray, covered: np.ndarray) -> None:
        """Rows of ``values`` (T, ...), those columns that are covered."""
        values = values.astype(np.float64)
        self.count += covered * len(values)
        self.sum += covered * values.sum(axis=0)
        self.square += covered * (values**2).sum(axis=0)

    def result(self, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation, this at least ``least``; 0 and 1 where nothing was covered."""
        count = np.maximum(self.count, 1)
        mean = self.sum / count
        std = np.sqrt(np.maximum(self.square / count - mean**2, 0))
        std = np.where(self.count > 0, np.maximum(std, least), 1.0)
        return mean.astype(np.float32), std.astype(np.float32)
