"""One curated clip: what was kept of a video, where it came from, and every score it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..records import Motion, Waveform


@dataclass(frozen=True)
class ClipRecord:
    """What is known about a clip: the part of it that is written as JSON."""

    name: str  # unique in its collection: letters, digits, - and _
    source: str  # the video, relative to the folder that was curated, with /
    sha256: str  # of the video file
    start: float  # seconds in the video's sound at which frame 0 is heard
    frames: int  # at 25 a second
    speaker: str  # the same for every clip of one face in one video
    licence: str = "unknown"
    attribution: str = ""  # who is to be named, or where it came from
    offset: float = (
        0.0  # seconds by which the video's pictures were late; corrected in ``motion`` and ``crop``
    )
    scores: dict[str, float] = field(
        default_factory=dict
    )  # "stage.score" -> value, units in curate/scores.py
    dropped: str = ""  # why it is not used: a key of curate/reasons.py; "" for a clip that was kept
    remark: str = ""  # one sentence for people
    tracked: bool = True  # False where ``motion.curves`` are not known: published FLAME motion alone

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / 25


@dataclass(frozen=True)
class FlameTrack:
    """FLAME and EMOCA parameters of every frame, as datasets publish them; a width is 0 where they have none."""

    expression: np.ndarray  # (T, E <= 100) float32
    pose: np.ndarray  # (T, 6) float32 radians, axis-angle: the head's rotation, then the jaw's
    shape: np.ndarray  # (T, S <= 300) float32, nearly the same in all frames
    detail: np.ndarray  # (T, D <= 256) float32, EMOCA's displacement code
    texture: np.ndarray  # (T, X <= 256) float32, albedo code
    light: np.ndarray  # (T, 27) float32, nine spherical harmonics of red, green and blue each
    camera: np.ndarray  # (T, 3) float32, scale and shift of an orthographic camera


@dataclass(frozen=True)
class Clip:
    """A clip with what it shows and sounds like; all at 25 frames and 16000 samples a second from the same instant."""

    record: ClipRecord
    sound: Waveform  # (640 T,) samples
    motion: Motion  # T frames; head motion about the clip's middle pose
    code: np.ndarray  # (K,) float32, identity codes of the open head (face/identity.py)
    scores: np.ndarray  # (T, 52) float16, the Face Landmarker's own scores; no rows where there are none
    landmarks: np.ndarray  # (T, 478, 3) float16, shares of the crop's side: right, down, away; or no rows
    present: np.ndarray  # (T,) bool, where the face was seen; elsewhere the motion is a straight line
    crop: bytes = b""  # the face, 256 x 256 H.264 in MP4, without sound; empty where it was not asked for
    thumbnail: bytes = b""  # JPEG of the middle frame's face, 96 x 96
    flame: FlameTrack | None = None  # where a dataset came with it
