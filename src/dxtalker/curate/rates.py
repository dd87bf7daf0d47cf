"""Which pictures of a video are looked at: its own, where they do not come 25 times a second."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from ..errors import BadInput
from ..records import FEATURE_FPS, frame_rate

FASTEST = 34.0  # pictures a second that are looked at: of faster videos every second, third, ...
EXACT = 0.002  # seconds by which time stamps, which some files round to milliseconds, may be off
NEAR_WHOLE = 0.005  # pictures a second: so close to a whole rate it is that rate


@dataclass(frozen=True)
class Sight:
    """The pictures that are looked at: of those within ``1 / (2 fps)`` of ``i / fps + shift`` the last."""

    times: np.ndarray  # (N,) float64 seconds on the sound's clock: of all pictures of the file
    fps: Fraction
    shift: float  # seconds

    def shown(self, first: int, count: int) -> np.ndarray:
        """(count,) which of the N each picture is that ``open_video`` gives from its frame ``first`` on.

        It repeats the picture before where there is none of its own, and the first one before there is any.
        """
        return np.maximum(np.searchsorted(self._slots, first + np.arange(count), side="right") - 1, 0)

    @cached_property
    def _slots(self) -> np.ndarray:
        """(N,) the frame that each picture is nearest to."""
        return np.floor((self.times - self.shift) * float(self.fps) + 0.5)


def sight(times: np.ndarray) -> Sight | None:
    """How to look at a video whose pictures are at ``times`` (N,) seconds, rising.

    None where they come steadily 25, 50, 75... times a second, or their times are not known: picking the nearest to
    every 25th of a second then gives pictures of one distance.
    """
    if len(times) < 3:
        return None
    steps = np.diff(times)
    usual = np.median(steps)
    rate = 1 / steps[steps < 1.5 * usual].mean()
    whole = round(rate / float(FEATURE_FPS)) * float(FEATURE_FPS)
    if whole:
        off = times - np.arange(len(times)) / whole
        if np.abs(off - np.median(off)).max() < min(EXACT, 0.1 / whole):
            return None
    skip = max(1, int(np.ceil(rate / FASTEST)))
    try:
        fps = _tidy(rate / skip)
    except BadInput:  # less than one a second, or hundreds
        return None
    own = float(fps * skip)
    phase = np.angle(np.exp(2j * np.pi * times * own).mean()) / (2 * np.pi)  # -.5 to .5 of a picture
    # The limits between two frames' pictures lie in the middle between two pictures, for any number that is skipped.
    return Sight(times, fps, float(phase + (0.5 if skip % 2 == 0 else 0.0)) / own)


def _tidy(rate: float) -> Fraction:
    """The rate that is meant: whole, of broadcasting, or to two digits."""
    if abs(rate - round(rate)) < NEAR_WHOLE:
        return frame_rate(round(rate))
    return frame_rate(Fraction(rate).limit_denominator(100))
