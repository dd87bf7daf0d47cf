"""Folders of tracked clips become features and labels in memory, cached beside the run."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..errors import BadInput
from ..face.head import Head
from ..files import atomic_path
from ..motion.condition import prosody
from ..motion.sampler import CHANNELS
from ..records import ARKIT_NAMES, FEATURE_FPS, MOUTH, SpeechFeatures, Waveform
from ..speech import Encoder, listen
from ..speech.encoder import WIDTH
from ..speech.listen import follow_register
from .clip import Clip
from .clips import SOUND_SUFFIXES, FaceTrack, find_tracks, read_track
from .company import Company
from .emotions import track_emotion, with_table
from .labels import make_labels
from .manifest import is_collection
from .names import is_listed
from .phones import Phone, lips_meet
from .reader import ClipReader
from .sounds import resting_sounds
from .views import View, with_view

CLOSED_MM = 1.0  # opening up to which lips count as closed
VOICES = "voices"  # corpus name of voices without a face
SILENCE = "silence"  # and of sounds in which the mouth rests


@dataclass(frozen=True)
class Example:
    """One clip ready for training."""

    name: str
    corpus: str
    content: np.ndarray  # (T, 1024) float16
    prosody: np.ndarray  # (T, 4) float32
    motion: np.ndarray  # (T, 55) float32: 52 curves and head pitch, yaw, roll in radians
    covered: np.ndarray  # (55,) float32, 1 where the motion was tracked
    closed: np.ndarray  # (T,) float32, 1 where the lips meet, 0 where they are apart, NaN where nobody knows
    among: np.ndarray | None = (
        None  # (T, 1024) float16, content heard between other clips; None where that is the same
    )
    emotion: np.ndarray | None = None  # (T, 10) float32, columns as EMOTION, NaN where unknown; None: nowhere
    speaker: str = ""  # whose face it is, unique within the corpus; "": unknown
    view: View | None = None  # the same speech recorded otherwise


def load_folder(
    folder: Path,
    cache: Path,
    head: Head,
    encoder: Encoder,
    progress: Callable[[str], None] | None = None,
    kinds: tuple[str, ...] = (),
) -> list[Example]:
    """Every clip of ``folder``; features are computed once and kept in ``cache``, labels are made anew.

    ``folder`` is a collection that ``dxtalker curate`` made, or holds tracks with their sound beside them. Each clip is
    also heard in a recording of one of ``kinds`` (``views.KINDS``), if there are any.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if is_collection(folder):
        return load_collection(folder, cache, head, encoder, progress, kinds)
    examples: list[Example] = []
    company = Company(examples, encoder)
    paths = find_tracks(folder)
    for number, path in enumerate(paths, start=1):
        track = read_track(path)
        kept = cache / f"{track.corpus}__{track.name}.npz"
        features = cached_features(kept, track.sound, encoder)
        frames = min(len(features), int(track.duration * float(FEATURE_FPS)))
        labels = make_labels(track, head, frames)
        # Of curves on another rig it is not known which weights make its lips meet.
        met = (
            head.opening(labels.curves) < CLOSED_MM
            if isinstance(track, FaceTrack)
            else np.full(frames, np.nan)
        )
        examples.append(
            Example(
                name=track.name,
                corpus=track.corpus,
                content=features.content[:frames].astype(np.float16),
                prosody=prosody(features)[:frames],
                motion=np.concatenate([labels.curves, labels.rotation], axis=1),
                covered=labels.covered,
                closed=met.astype(np.float32),
                emotion=track_emotion(track, frames),
                speaker=track.speaker,
            )
        )
        examples[-1] = with_view(examples[-1], kept, track.sound, kinds, encoder)
        company.add(number - 1, kept.with_suffix(".among.npy"), track.sound)
        if progress and number % 50 == 0:
            progress(f"{folder.name}: {number} of {len(paths)} clips")
    company.close()
    return with_table(examples, folder)


def load_collection(
    folder: Path,
    cache: Path,
    head: Head,
    encoder: Encoder,
    progress: Callable[[str], None] | None = None,
    kinds: tuple[str, ...] = (),
) -> list[Example]:
    """Every clip of a collection that can be read; what cannot is told to ``progress``.

    Its curves and rotation are the clip's own: their delay against the sound was corrected when it was made. Of a
    clip whose curves are not known, the head's rotation alone counts as covered.
    """
    reader = ClipReader(folder, ("sound", "motion", "present"), check=False)
    examples: list[Example] = []
    company = Company(examples, encoder)
    for number, clip in enumerate(reader, start=1):
        kept = cache / f"{cache_name(folder, clip)}.npz"
        features = cached_features(kept, clip.sound, encoder)
        frames = min(len(features), len(clip.motion))
        curves = clip.motion.curves[:frames]
        covered = np.ones(CHANNELS, np.float32)
        met = np.where(clip.present[:frames], head.opening(curves) < CLOSED_MM, np.nan)
        if not clip.record.tracked:
            covered[: len(ARKIT_NAMES)], met[:] = 0, np.nan
        examples.append(
            Example(
                name=clip.record.name,
                corpus=folder.name,
                content=features.content[:frames].astype(np.float16),
                prosody=prosody(features)[:frames],
                motion=np.concatenate([curves, clip.motion.rotation[:frames]], axis=1),
                covered=covered,
                closed=met.astype(np.float32),
                speaker=clip.record.speaker,
            )
        )
        examples[-1] = with_view(examples[-1], kept, clip.sound, kinds, encoder)
        company.add(number - 1, kept.with_suffix(".among.npy"), clip.sound)
        if progress and number % 50 == 0:
            progress(f"{folder.name}: {number} clips")
    company.close()
    if progress and reader.problems:
        progress(reader.summary())
    if not examples:
        raise BadInput(f"no clip of {folder} can be read; {reader.summary()}")
    return with_table(examples, folder)


def cache_name(folder: Path, clip: Clip) -> str:
    """Of what is kept for a clip: another sound under the same name has another."""
    return f"{folder.name}__{clip.record.name}-{zlib.crc32(clip.sound.samples.tobytes()):08x}"


def cached_features(
    kept: Path, sound: Path | Waveform | Callable[[], Waveform], encoder: Encoder
) -> SpeechFeatures:
    """Features of a sound, a sound file or a sound that is then made, computed once and kept in the file ``kept``."""
    if not (kept.is_file() and _has_width(kept)):
        sound = sound() if callable(sound) else sound
        found = listen(sound if isinstance(sound, Waveform) else load_audio(sound), encoder)
        with atomic_path(kept) as temporary:
            np.savez(
                temporary,
                content=found.content.astype(np.float16),
                loudness=found.loudness,
                pitch=found.pitch,
                voicing=found.voicing,
            )
    with np.load(kept, allow_pickle=False) as data:
        loudness, pitch, voicing = data["loudness"], data["pitch"], data["voicing"]
        level, register = follow_register(loudness, pitch, voicing)
        content = data["content"].astype(np.float32)
    return SpeechFeatures(content, loudness, pitch, voicing, level=level, register=register)


def _has_width(kept: Path) -> bool:
    """Whether the content in the file is of this version's encoder blocks."""
    with np.load(kept, allow_pickle=False) as data:
        return data["content"].shape[1] == WIDTH


def load_voices(
    folder: Path,
    cache: Path,
    encoder: Encoder,
    held_out: frozenset[str],
    phones: dict[str, tuple[Phone, ...]],
    progress: Callable[[str], None] | None = None,
    kinds: tuple[str, ...] = (),
) -> list[Example]:
    """Voices without a face: every sound file of ``folder``, and views as in ``load_folder``. Their motion is zero and marked as not covered.

    Training lets the direct path label their mouths, so that the flow meets more voices than were filmed;
    ``phones`` tells where their lips meet. Raises BadInput when the folder holds no sound.
    """
    paths = [
        p for p in sorted(folder.iterdir()) if p.suffix in SOUND_SUFFIXES and not is_listed(p.stem, held_out)
    ]
    if not paths:
        raise BadInput(
            f"{folder} holds no voices; expected sound files ending in {', '.join(SOUND_SUFFIXES)}"
        )
    examples = []
    for number, path in enumerate(paths, start=1):
        kept = cache / f"{VOICES}__{path.stem}.npz"
        features = cached_features(kept, path, encoder)
        examples.append(
            Example(
                name=path.stem,
                corpus=VOICES,
                content=features.content.astype(np.float16),
                prosody=prosody(features),
                motion=np.zeros((len(features), CHANNELS), np.float32),
                covered=np.zeros(CHANNELS, np.float32),
                closed=lips_meet(phones.get(path.stem, ()), len(features)),
            )
        )
        examples[-1] = with_view(examples[-1], kept, path, kinds, encoder)
        if progress and number % 50 == 0:
            progress(f"{folder.name}: {number} of {len(paths)} voices")
    return examples


def silence(encoder: Encoder, seed: int) -> list[Example]:
    """Silence, room noise, breaths, laughter and music, in which the mouth rests."""
    covered = np.zeros(CHANNELS, np.float32)
    covered[MOUTH] = 1
    examples = []
    for name, samples in resting_sounds(seed):
        heard = listen(Waveform(samples), encoder)
        examples.append(
            Example(
                name=name,
                corpus=SILENCE,
                content=heard.content.astype(np.float16),
                prosody=prosody(heard),
                motion=np.zeros((len(heard), CHANNELS), np.float32),
                covered=covered,
                closed=np.ones(len(heard), np.float32),
            )
        )
    return examples


def hold_out(examples: Sequence[Example], names: frozenset[str]) -> list[Example]:
    """Examples whose name is not in ``names``. Raises BadInput when none is left."""
    left = [e for e in examples if not is_listed(e.name, names)]
    if not left:
        raise BadInput("every clip is held out; nothing is left to train on")
    return left
