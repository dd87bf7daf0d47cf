"""Tracked clips with what is needed to score on them: the voice, and the lip opening that was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..data.clips import CurveTrack, Track, find_tracks, read_track
from ..data.corpora import corpus
from ..data.labels import facegood_curves
from ..data.measure import measure
from ..data.prepare import cached_features
from ..face.head import Head
from ..files import atomic_path
from ..records import FEATURE_FPS, SpeechFeatures
from ..speech import Encoder
from ..speech.mel import BANDS, log_mel
from ..speech.prosody import SAMPLES_PER_FRAME
from .metrics import silent_frames


@dataclass(frozen=True)
class ScoredClip:
    """One clip at 25 fps, the corpus's label delay taken out."""

    name: str
    corpus: str
    features: SpeechFeatures  # T frames
    mel: np.ndarray  # (T, 80) float32, log-mel averaged over each frame
    truth: np.ndarray  # (T,) float32 mm, lip opening above the clip's rest

    @property
    def silent(self) -> np.ndarray:
        """(T,) bool."""
        return silent_frames(self.features.loudness)


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
) -> list[ScoredClip]:
    """Clips of ``folder`` whose name ``keep`` accepts. Raises BadInput when the folder has no tracks."""
    cache.mkdir(parents=True, exist_ok=True)
    paths = [path for path in find_tracks(folder) if keep(path.stem)]
    clips = []
    for number, path in enumerate(paths, start=1):
        track = read_track(path)
        kept = cache / f"{track.corpus}__{track.name}.npz"
        features = cached_features(kept, track.sound, encoder)
        opening, delay = seen_opening(track, head), corpus(track.corpus).delay
        frames = min(len(features), int(track.duration * float(FEATURE_FPS)))
        at = np.arange(frames) / float(FEATURE_FPS) + delay
        truth = np.interp(at, np.arange(len(opening)) / track.fps, opening)
        mel = _mel(kept.with_suffix(".mel.npy"), track.sound)
        clips.append(
            ScoredClip(
                track.name, track.corpus, features.cut(0, frames), mel[:frames], truth.astype(np.float32)
            )
        )
        if number % 100 == 0:
            say(f"{folder.name}: {number} of {len(paths)} clips read")
    return clips


def _mel(kept: Path, sound: Path) -> np.ndarray:
    if not kept.is_file():
        samples = load_audio(sound).samples
        padded = np.pad(samples, (0, -len(samples) % SAMPLES_PER_FRAME))
        with atomic_path(kept) as temporary:
            np.save(temporary, log_mel(padded).reshape(BANDS, -1, 4).mean(axis=2).T.astype(np.float16))
    return np.load(kept, allow_pickle=False).astype(np.float32)
