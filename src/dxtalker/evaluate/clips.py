"""Tracked clips with what is needed to score on them: the voice, the lip opening that was seen, and the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..data.clips import CurveTrack, Track, find_tracks, read_track
from ..data.corpora import delay
from ..data.labels import facegood_curves, make_labels
from ..data.manifest import is_collection
from ..data.measure import measure
from ..data.phones import Phone
from ..data.prepare import cache_name, cached_features
from ..data.reader import ClipReader
from ..face.head import Head
from ..files import atomic_path
from ..motion.sampler import CHANNELS
from ..records import ARKIT_NAMES, FEATURE_FPS, SpeechFeatures, Waveform
from ..speech import Encoder
from ..speech.mel import BANDS, log_mel
from ..speech.prosody import SAMPLES_PER_FRAME
from .closures import CLOSED_MM
from .metrics import silent_frames
from .regions import EXPRESSIVE


@dataclass(frozen=True)
class ScoredClip:
    """One clip at 25 fps, the corpus's label delay taken out."""

    name: str
    corpus: str
    features: SpeechFeatures  # T frames
    mel: np.ndarray  # (T, 80) float32, log-mel averaged over each frame
    truth: np.ndarray  # (T,) float32 mm, lip opening above the clip's rest
    curves: np.ndarray  # (T, 52) float32, the labels: what our rig's vertices are driven by as the truth
    rotation: np.ndarray  # (T, 3) float32 radians about the clip's mean pose
    covered: np.ndarray  # (55,) float32, 1 where the corpus tracked the channel (curves, then the head)
    met: (
        np.ndarray
    )  # (T,) float32, 1 where the labels' lips meet, 0 where they are apart, NaN where nobody knows
    phones: tuple[Phone, ...] = ()  # where their times are known

    @property
    def silent(self) -> np.ndarray:
        """(T,) bool."""
        return silent_frames(self.features.loudness)

    @property
    def upper_face(self) -> bool:
        """Whether brows and lids were tracked."""
        return bool(self.covered[EXPRESSIVE].all())

    @property
    def head_turns(self) -> bool:
        """Whether the head's rotation was tracked."""
        return bool(self.covered[len(ARKIT_NAMES) :].all())


def seen_opening(track: Track, head: Head) -> np.ndarray:
    """(T,) mm at the track's own rate: measured on landmarks, or that of our rig for curves without any."""
    if isinstance(track, CurveTrack):
        return head.opening(facegood_curves(track))
    return measure(track, head.eye_distance)[:, 0]


def load_clips(
    folder: Path,
    head: Head,
    encoder: Encoder,
    cache: Path,
    keep: Callable[[str], bool],
    say: Callable[[str], None],
    phones: Mapping[str, tuple[Phone, ...]] | None = None,
) -> list[ScoredClip]:
    """Clips of ``folder`` whose name ``keep`` accepts; ``phones`` are known phone times by clip. Raises BadInput when the folder has no tracks."""
    cache.mkdir(parents=True, exist_ok=True)
    if is_collection(folder):
        return load_collection(folder, head, encoder, cache, keep, say, phones)
    paths = [path for path in find_tracks(folder) if keep(path.stem)]
    clips = []
    for number, path in enumerate(paths, start=1):
        track = read_track(path)
        kept = cache / f"{track.corpus}__{track.name}.npz"
        features = cached_features(kept, track.sound, encoder)
        opening = seen_opening(track, head)
        frames = min(len(features), int(track.duration * float(FEATURE_FPS)))
        at = np.arange(frames) / float(FEATURE_FPS) + delay(track.corpus, track.name)
        truth = np.interp(at, np.arange(len(opening)) / track.fps, opening)
        mel = _mel(kept.with_suffix(".mel.npy"), track.sound)
        labels = make_labels(track, head, frames)
        met = (head.opening(labels.curves) < CLOSED_MM).astype(np.float32)
        if isinstance(track, CurveTrack):
            met[:] = np.nan  # of another rig's curves it is not known which weights make its lips meet
        clips.append(
            ScoredClip(
                name=track.name,
                corpus=track.corpus,
                features=features.cut(0, frames),
                mel=mel[:frames],
                truth=truth.astype(np.float32),
                curves=labels.curves,
                rotation=labels.rotation,
                covered=labels.covered,
                met=met,
                phones=(phones or {}).get(track.name, ()),
            )
        )
        if number % 100 == 0:
            say(f"{folder.name}: {number} of {len(paths)} clips read")
    return clips


def load_collection(
    folder: Path,
    head: Head,
    encoder: Encoder,
    cache: Path,
    keep: Callable[[str], bool],
    say: Callable[[str], None],
    phones: Mapping[str, tuple[Phone, ...]] | None = None,
) -> list[ScoredClip]:
    """As ``load_clips``, of a collection; the truth is the opening of our rig by the clip's curves, to which the
    tracker fitted the lips' gap frame by frame. Clips whose curves are not known are left out, and said."""
    reader = ClipReader(folder, ("sound", "motion", "present"), check=False)
    clips, unknown = [], 0
    for clip in reader:
        if not keep(clip.record.name):
            continue
        if not clip.record.tracked:
            unknown += 1
            continue
        kept = cache / f"{cache_name(folder, clip)}.npz"
        features = cached_features(kept, clip.sound, encoder)
        frames = min(len(features), len(clip.motion))
        mel = _mel(kept.with_suffix(".mel.npy"), clip.sound)
        truth = head.opening(clip.motion.curves[:frames]).astype(np.float32)
        clips.append(
            ScoredClip(
                name=clip.record.name,
                corpus=folder.name,
                features=features.cut(0, frames),
                mel=mel[:frames],
                truth=truth,
                curves=clip.motion.curves[:frames],
                rotation=clip.motion.rotation[:frames],
                covered=np.ones(CHANNELS, np.float32),
                met=np.where(clip.present[:frames], truth < CLOSED_MM, np.nan).astype(np.float32),
                phones=(phones or {}).get(clip.record.name, ()),
            )
        )
    if reader.problems:
        say(reader.summary())
    if unknown:
        say(f"{folder.name}: {unknown} clips have no ARKit curves to score against; import them with --flame")
    return clips


def _mel(kept: Path, sound: Path | Waveform) -> np.ndarray:
    if not kept.is_file():
        samples = (sound if isinstance(sound, Waveform) else load_audio(sound)).samples
        padded = np.pad(samples, (0, -len(samples) % SAMPLES_PER_FRAME))
        with atomic_path(kept) as temporary:
            np.save(temporary, log_mel(padded).reshape(BANDS, -1, 4).mean(axis=2).T.astype(np.float16))
    return np.load(kept, allow_pickle=False).astype(np.float32)
