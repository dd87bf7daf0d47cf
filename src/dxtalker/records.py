"""What one stage hands to the next: frozen records that carry their shape, unit, rate and start time.

Conventions: seconds, metres, radians; +Y up, +Z from the face towards the viewer, +X towards the
head's own left; frame ``i`` shows the instant ``start + i / fps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from .errors import BadInput

SAMPLE_RATE = 16_000  # Hz: the speech encoder, the pitch tracker and all features work at this rate
FEATURE_FPS = Fraction(25)  # the generator's frame rate; 640 samples a frame

# Apple's 52 blend shapes in the order of ARKit's ARFaceAnchor.BlendShapeLocation groups.
ARKIT_NAMES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
ARKIT_INDEX: dict[str, int] = {name: i for i, name in enumerate(ARKIT_NAMES)}


def channels(*prefixes: str) -> np.ndarray:
    """Indices (int64, ascending) of every ARKit channel whose name starts with one of ``prefixes``."""
    found = [i for i, name in enumerate(ARKIT_NAMES) if name.startswith(prefixes)]
    if not found:
        raise BadInput(f"no ARKit channel starts with any of {prefixes}; see records.ARKIT_NAMES")
    return np.array(found)


MOUTH = channels("jaw", "mouth", "cheekPuff", "tongueOut")
BROWS = channels("brow")
BLINK = channels("eyeBlink")
GAZE = channels("eyeLook")
UPPER = np.setdiff1d(np.arange(len(ARKIT_NAMES)), MOUTH)


def frame_rate(value: str | float | int | Fraction) -> Fraction:
    """An exact frame rate: 23.976, 29.97 and 59.94 become the broadcast fractions n·1000/1001.

    Raises BadInput unless the rate lies between 1 and 240 frames a second.
    """
    try:
        rate = Fraction(str(value)) if not isinstance(value, Fraction) else value
    except (ValueError, ZeroDivisionError):
        raise BadInput(
            f"frame rate {value!r} is not a number; expected for example 25, 29.97 or 60"
        ) from None
    for whole in (24, 30, 60, 120):
        if abs(rate - Fraction(whole * 1000, 1001)) < Fraction(6, 1000):
            return Fraction(whole * 1000, 1001)
    if not 1 <= rate <= 240:
        raise BadInput(f"frame rate {value} is out of range; expected 1 to 240 frames a second")
    return rate


@dataclass(frozen=True)
class Waveform:
    """Mono speech. ``notes`` are the remarks of the audio door (clipping, silence, mixed channels)."""

    samples: np.ndarray  # (N,) float32, full scale -1..1, finite
    rate: int = SAMPLE_RATE  # Hz
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class SpeechFeatures:
    """What is heard in each frame."""

    content: np.ndarray  # (T, 1024) float32, blocks 3 and 4 of the speech encoder
    loudness: np.ndarray  # (T,) float32, dB relative to a full-scale sine (dBFS), floor -100
    pitch: np.ndarray  # (T,) float32, Hz; meaningful where voicing is high
    voicing: np.ndarray  # (T,) float32, 0..1, confidence of the pitch tracker
    fps: Fraction = FEATURE_FPS
    start: float = 0.0  # seconds, instant of frame 0
    level: np.ndarray | None = None  # (T,) float32 dBFS, the voice's own level so far; None: not followed
    register: np.ndarray | None = None  # (T,) float32 Hz, the voice's own pitch so far

    def __len__(self) -> int:
        return len(self.loudness)

    def cut(self, first: int, stop: int) -> SpeechFeatures:
        """Frames ``first`` up to, not including, ``stop``; at their own instants."""
        kept = slice(first, stop)
        return SpeechFeatures(
            self.content[kept],
            self.loudness[kept],
            self.pitch[kept],
            self.voicing[kept],
            self.fps,
            self.start + first / float(self.fps),
            None if self.level is None else self.level[kept],
            None if self.register is None else self.register[kept],
        )


@dataclass(frozen=True)
class Motion:
    """ARKit curves and head motion over time."""

    curves: np.ndarray  # (T, 52) float32, 0..1, columns as ARKIT_NAMES
    rotation: np.ndarray  # (T, 3) float32, radians: pitch (nods down > 0), yaw (to its left > 0), roll
    translation: np.ndarray  # (T, 3) float32, metres
    fps: Fraction = FEATURE_FPS
    start: float = 0.0  # seconds, instant of frame 0
    info: dict[str, str] = field(default_factory=dict)  # where it came from: model, seed, version

    def __post_init__(self) -> None:
        t = len(self.curves)
        for name, array, width in (
            ("curves", self.curves, len(ARKIT_NAMES)),
            ("rotation", self.rotation, 3),
            ("translation", self.translation, 3),
        ):
            if array.shape != (t, width):
                raise BadInput(f"Motion.{name} has shape {array.shape}; expected ({t}, {width})")
            if not np.isfinite(array).all():
                raise BadInput(f"Motion.{name} holds NaN or infinite values; expected finite numbers")

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def times(self) -> np.ndarray:
        """(T,) float64 seconds."""
        return self.start + np.arange(len(self)) * float(1 / self.fps)

    @property
    def duration(self) -> float:
        """Seconds covered: the last frame is shown for one frame's length."""
        return len(self) / float(self.fps)

    def cut(self, first: int, stop: int) -> Motion:
        """Frames ``first`` up to, not including, ``stop``; at their own instants."""
        kept = slice(first, stop)
        return replace(
            self,
            curves=self.curves[kept],
            rotation=self.rotation[kept],
            translation=self.translation[kept],
            start=self.start + first / float(self.fps),
        )


def join_motion(parts: Sequence[Motion]) -> Motion:
    """Consecutive motions as one."""
    return replace(
        parts[0],
        curves=np.concatenate([p.curves for p in parts]),
        rotation=np.concatenate([p.rotation for p in parts]),
        translation=np.concatenate([p.translation for p in parts]),
    )
