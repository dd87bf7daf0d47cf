"""The style of a person: how far a mouth opens, how a face rests, how lively brows, lids and head are.

Twenty-eight numbers taken from any clip of three seconds or more. They are ranks and paces rather than moments, so that
a blink or a lost frame hardly moves them; each is told in the units of its curve, and a model knows how they spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_NAMES, Motion, channels

LEAST_SECONDS = 3.0  # of motion that tells a style
HIGH, MIDDLE, LOW = 90, 50, 10  # percentiles
FARTHEST = 3.0  # standard deviations: nobody is asked to be further off than the speakers of training
SMOOTHED = 3  # frames that a pace is taken over: noise of single frames does not count


@dataclass(frozen=True)
class Measure:
    """One number of a style."""

    signal: str  # of SIGNALS
    of: str  # rest: where it mostly is; reach: how far from there it goes; pace: how much it moves a second


def _mean(*prefixes: str) -> np.ndarray:
    """(55,) weights of the mean of channels."""
    row = np.zeros(len(ARKIT_NAMES) + 3, np.float32)
    found = channels(*prefixes)
    row[found] = 1 / len(found)
    return row


def _angle(index: int) -> np.ndarray:
    row = np.zeros(len(ARKIT_NAMES) + 3, np.float32)
    row[len(ARKIT_NAMES) + index] = 1
    return row


# Rows (55,) over curves and head pitch, yaw, roll: what is measured is their product with the motion.
SIGNALS = {
    "jaw": _mean("jawOpen"),
    "lips apart": _mean("mouthLowerDown", "mouthUpperUp"),
    "round": _mean("mouthPucker", "mouthFunnel"),
    "smile": _mean("mouthSmile"),
    "frown": _mean("mouthFrown"),
    "wide": _mean("mouthStretch", "mouthDimple"),
    "pressed": _mean("mouthPress", "mouthRoll"),
    "one-sided": _mean("mouthSmileLeft", "mouthLeft") - _mean("mouthSmileRight", "mouthRight"),
    "brows down": _mean("browDown"),
    "brows up": _mean("browInnerUp", "browOuterUp"),
    "squint": _mean("eyeSquint", "cheekSquint"),
    "lids": _mean("eyeBlink"),
    "nod": _angle(0),
    "turn": _angle(1),
    "tilt": _angle(2),
}
STYLE = (
    Measure("jaw", "rest"), Measure("jaw", "reach"), Measure("jaw", "pace"),
    Measure("lips apart", "rest"), Measure("lips apart", "reach"),
    Measure("round", "rest"), Measure("round", "reach"),
    Measure("smile", "rest"), Measure("smile", "reach"),
    Measure("frown", "rest"),
    Measure("wide", "rest"), Measure("wide", "reach"),
    Measure("pressed", "rest"),
    Measure("one-sided", "rest"),
    Measure("brows down", "rest"), Measure("brows down", "reach"),
    Measure("brows up", "rest"), Measure("brows up", "reach"), Measure("brows up", "pace"),
    Measure("squint", "rest"),
    Measure("lids", "rest"), Measure("lids", "pace"),
    Measure("nod", "reach"), Measure("nod", "pace"),
    Measure("turn", "reach"), Measure("turn", "pace"),
    Measure("tilt", "reach"), Measure("tilt", "pace"),
)  # fmt: skip


def style_of(motion: Motion, covered: np.ndarray | None = None) -> np.ndarray:
    """(28,) float32, the style of a clip's motion; NaN where it needs channels that were not tracked.

    ``covered`` (55,) is 0 at channels that were not tracked, by default none. Rest and reach are in units of the curve or
    in radians, paces in those a second. Raises BadInput for less than three seconds.
    """
    if motion.duration < LEAST_SECONDS:
        raise BadInput(
            f"{motion.duration:.1f} s of motion tell no style; expected a clip of at least {LEAST_SECONDS:g} s"
        )
    whole = np.concatenate([motion.curves, motion.rotation], axis=1)
    tracked = np.ones(whole.shape[1]) if covered is None else covered
    return np.array([_measure(whole, tracked, float(motion.fps), m) for m in STYLE], np.float32)


def standard_style(style: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """(..., 28) float32 as a network gets it: in deviations of the speakers it was trained on, within three."""
    return np.clip((style - mean) / std, -FARTHEST, FARTHEST).astype(np.float32)


def _measure(whole: np.ndarray, tracked: np.ndarray, fps: float, measure: Measure) -> float:
    row = SIGNALS[measure.signal]
    if (tracked[row != 0] == 0).any():
        return np.nan
    signal = whole @ row  # (T,)
    if measure.of == "rest":
        return float(np.percentile(signal, MIDDLE))
    if measure.of == "reach":
        return float(np.percentile(signal, HIGH) - np.percentile(signal, LOW))
    smooth = np.convolve(signal, np.full(SMOOTHED, 1 / SMOOTHED), mode="valid")
    return float(np.abs(np.diff(smooth)).mean() * fps)
