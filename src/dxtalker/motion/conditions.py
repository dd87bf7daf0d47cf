"""What may be asked of the generator beside the voice: emotion, style and head rotation, frame by frame.

NaN stands where nothing is asked, so an emotion without arousal, or a nod without a turn, can be asked for. Frames belong
to the features they are fed with; pieces of any length give the same motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ..errors import BadInput
from .style import STYLE

EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contempt")
EMOTION = (*EMOTIONS, "valence", "arousal")  # columns: weights 0..1, then -1..1
FARTHEST = 1.6  # radians that a head is asked to turn at most
NAMES = ("emotion", "style", "rotation")


@dataclass(frozen=True)
class Conditions:
    """Timed wishes at 25 fps. Raises BadInput for shapes and numbers that cannot be."""

    emotion: np.ndarray  # (T, 10) float32, columns as EMOTION; weights 0..1, valence and arousal -1..1
    style: np.ndarray  # (T, 28) float32, as ``style.style_of`` tells it
    rotation: np.ndarray  # (T, 3) float32 radians: pitch, yaw, roll, as Motion.rotation

    def __post_init__(self) -> None:
        widths = {"emotion": len(EMOTION), "style": len(STYLE), "rotation": 3}
        for name, width in widths.items():
            shape = getattr(self, name).shape
            if shape != (len(self), width):
                raise BadInput(f"{name} has shape {shape}; expected ({len(self)}, {width})")
            if np.isinf(getattr(self, name)).any():
                raise BadInput(
                    f"{name} holds infinite values; expected numbers, or NaN where nothing is asked"
                )
        weights, feeling = self.emotion[:, : len(EMOTIONS)], self.emotion[:, len(EMOTIONS) :]
        if (weights < 0).any() or (weights > 1).any() or (np.abs(feeling) > 1).any():
            raise BadInput("emotion is out of range; expected weights 0 to 1, valence and arousal -1 to 1")
        if (np.abs(self.rotation) > FARTHEST).any():
            raise BadInput(f"head rotation is out of range; expected radians within {FARTHEST} either way")

    def __len__(self) -> int:
        return len(self.emotion)

    def cut(self, first: int, stop: int) -> Conditions:
        """Frames ``first`` up to, not including, ``stop``."""
        return Conditions(*(getattr(self, f.name)[first:stop] for f in fields(self)))

    @property
    def asked(self) -> tuple[str, ...]:
        """Which of NAMES are asked for anywhere."""
        return tuple(name for name in NAMES if not np.isnan(getattr(self, name)).all())


def ask(
    frames: int,
    emotion: np.ndarray | None = None,
    style: np.ndarray | None = None,
    rotation: np.ndarray | None = None,
) -> Conditions:
    """Conditions of ``frames`` frames; each is one row for all of them, or a row a frame, or None: not asked."""

    def timed(name: str, value: np.ndarray | None, width: int) -> np.ndarray:
        rows = np.full(width, np.nan) if value is None else np.asarray(value)
        if rows.shape not in ((width,), (frames, width)):
            raise BadInput(f"{name} has shape {rows.shape}; expected ({width},) or ({frames}, {width})")
        return np.array(np.broadcast_to(rows, (frames, width)), np.float32)

    return Conditions(
        timed("emotion", emotion, len(EMOTION)),
        timed("style", style, len(STYLE)),
        timed("rotation", rotation, 3),
    )


def emotion_of(text: str) -> np.ndarray:
    """(10,) float32 from words as in "happy:0.8" or "sad 0.3 arousal:-0.5"; "unknown" or nothing: all NaN.

    Emotions that are not named have weight 0 as soon as one is; valence and arousal stay NaN unless they are named.
    Raises BadInput for another word.
    """
    row = np.full(len(EMOTION), np.nan, np.float32)
    for word in text.replace(",", " ").split():
        name, _, amount = word.partition(":")
        if name == "unknown":
            continue
        try:
            value = float(amount) if amount else 1.0
        except ValueError:
            value = np.nan
        if name not in EMOTION or not (0 if name in EMOTIONS else -1) <= value <= 1:
            raise BadInput(
                f"{word!r:.60} is no emotion; expected words as in happy:0.8 or arousal:-0.5, of {', '.join(EMOTION)}"
            )
        if name in EMOTIONS and np.isnan(row[: len(EMOTIONS)]).all():
            row[: len(EMOTIONS)] = 0
        row[EMOTION.index(name)] = value
    return row


def join_conditions(parts: Sequence[Conditions]) -> Conditions:
    """Consecutive conditions as one."""
    return Conditions(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Conditions)))


@dataclass(frozen=True)
class Guidance:
    """How much each condition counts; 1 is as trained, 0 as if it were not given. One that is not 1 costs one more
    call of the network a step, where its condition is given.

    Classifier-free guidance (Ho and Salimans 2022) of several conditions, whose differences add up (Liu et al. 2022,
    composable diffusion); each is taken against everything else that is given, so that scales of 1 are the model.
    """

    sound: float = 1.0
    emotion: float = 1.0
    style: float = 1.0
    past: float = 1.0  # the second before a window

    def __post_init__(self) -> None:
        for name, scale in vars(self).items():
            if not 0 <= scale <= 5:
                raise BadInput(f"guidance of {name} is {scale}; expected 0 to 5, 1 is as trained")

    @property
    def changed(self) -> dict[str, float]:
        """The scales that are not 1, by name."""
        return {name: scale for name, scale in vars(self).items() if scale != 1}
