"""Tracked clips at rest: an ``.npz`` track beside its sound, read without unpickling anything.

Two layouts: face tracks of Google's Face Landmarker (``bs``, ``pose``, ``lmk``, ``lmk_idx``, ``fps``), and
the published FACEGOOD training pairs (``bs`` with ``names``, ``fps``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_INDEX, ARKIT_NAMES

SOUND_SUFFIXES = (".mkv", ".flac", ".wav", ".mp4", ".opus")
# Column names of the Face Landmarker's scores after the leading "_neutral": ARKit's, alphabetical.
LANDMARKER_NAMES = tuple(sorted(name for name in ARKIT_NAMES if name != "tongueOut"))


@dataclass(frozen=True)
class FaceTrack:
    """What a face tracker saw in each video frame of one clip."""

    name: str
    corpus: str  # name of the folder the clip lies in
    sound: Path
    fps: float
    scores: np.ndarray  # (T, 52) float32, ARKit order, the Landmarker's expression scores
    landmarks: np.ndarray  # (T, L, 3) float32, picture units: +x right, +y down, +z away from the camera
    landmark_ids: np.ndarray  # (L,) int, which of the 478 points
    rotation: np.ndarray  # (T, 3, 3) float32, head to camera
    emotion: np.ndarray | None = None  # (10,) or (T, 10) float32, columns as EMOTION; NaN: unknown
    speaker: str = ""  # whose face it is, where the track says so

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.scores) / self.fps


@dataclass(frozen=True)
class CurveTrack:
    """Blend-shape curves on a rig of their own, without landmarks."""

    name: str
    corpus: str
    sound: Path
    fps: float
    names: tuple[str, ...]
    curves: np.ndarray  # (T, len(names)) float32
    emotion: np.ndarray | None = None  # (10,) or (T, 10) float32, columns as EMOTION; NaN: unknown
    speaker: str = ""  # whose face it is, where the track says so

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.curves) / self.fps


Track = FaceTrack | CurveTrack


def read_track(path: Path) -> Track:
    """One clip. Raises BadInput when the file is not a track or its sound is missing."""
    sound = next((path.with_suffix(s) for s in SOUND_SUFFIXES if path.with_suffix(s).is_file()), None)
    if sound is None:
        raise BadInput(f"{path.name} has no sound beside it; expected one of {', '.join(SOUND_SUFFIXES)}")
    try:
        with np.load(path, allow_pickle=False) as data:
            fps, scores = float(data["fps"]), data["bs"].astype(np.float32)
            emotion = data["emotion"].astype(np.float32) if "emotion" in data else None
            speaker = str(data["speaker"]) if "speaker" in data else ""
            if "names" in data:
                names = tuple(str(n) for n in data["names"])
                return CurveTrack(path.stem, path.parent.name, sound, fps, names, scores, emotion, speaker)
            return FaceTrack(
                name=path.stem,
                corpus=path.parent.name,
                sound=sound,
                fps=fps,
                scores=_to_arkit(scores),
                landmarks=data["lmk"].astype(np.float32),
                landmark_ids=data["lmk_idx"].astype(np.int64),
                rotation=data["pose"][:, :3, :3].astype(np.float32),
                emotion=emotion,
                speaker=speaker,
            )
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{path} is not a face track ({error}); expected bs, fps and lmk or names") from error


def find_tracks(folder: Path) -> list[Path]:
    """Every track in ``folder`` and its direct sub-folders, sorted. Raises BadInput when there is none."""
    found = sorted([*folder.glob("*.npz"), *folder.glob("*/*.npz")])
    if not found:
        raise BadInput(
            f"{folder} holds no tracked clips; expected .npz tracks with their sound beside them, or the manifest.json of a collection"
        )
    return found


def _to_arkit(scores: np.ndarray) -> np.ndarray:
    """(T, 52) in ARKit order from the Landmarker's (T, 52) with "_neutral" first and no tongueOut."""
    ordered = np.zeros_like(scores)
    for column, name in enumerate(LANDMARKER_NAMES, start=1):
        ordered[:, ARKIT_INDEX[name]] = scores[:, column]
    return ordered
