"""Where the eyes look: on the viewer most of the time, with glances away, small shifts and a steady gaze.

People look at their listener 50 to 70 % of the time while speaking and more while listening (Kendon, Acta
Psychologica 1967; Argyle and Cook 1976); glances away last about a second and are mostly sideways.
A saccade of a few degrees takes 2.2 ms a degree and 21 ms (Carpenter 1988): one or two frames. The
vestibulo-ocular reflex keeps the eyes on their target while the head moves. Look-ahead: that of speech
activity, 0.76 s.
"""

from __future__ import annotations

import numpy as np

from ..records import ARKIT_INDEX, GAZE
from .randomness import normals, uniforms
from .timeline import any_near

SIDEWAYS, VERTICAL = np.radians(30.0), np.radians(25.0)  # eye turn at weight 1 of an eyeLook shape
AWAY_SPEAKING, AWAY_RESTING = 0.34, 0.22  # share of time with the eyes off the viewer
GLANCE = (0.5, 1.7)  # s, shortest and longest glance away
PERIOD = 1.1  # s, mean time between small shifts on the viewer's face
LARGE = np.radians(2.5)  # a shift that invites a blink
REFLEX = 0.95  # share of head motion that the eyes take back
REACH = np.radians(18.0)  # eyes turn no further: beyond, people turn their heads

_COLUMN = {name: ARKIT_INDEX[name] for name in map(str, np.array(list(ARKIT_INDEX))[GAZE])}


def gaze_target(active: np.ndarray, first: int, fps: float, seed: int) -> np.ndarray:
    """(T, 2) float64 radians: yaw to the head's own left, pitch up, of the gaze in the room; viewer at 0."""
    length = len(active)
    if length == 0:
        return np.zeros((0, 2))
    glance = _glances(active, first, fps, seed)
    shift = _small_shifts(first, length, fps, seed)
    target = np.where(np.isnan(glance), shift, glance)
    # A saccade starts between frames: its first frame shows a part of it.
    part = 0.35 + 0.65 * uniforms(seed, "saccade", first, length)[:, :1]
    before = np.concatenate([target[:1], target[:-1]])
    return before + part * (target - before)


def add_gaze(curves: np.ndarray, target: np.ndarray, rotation: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Curves (T, 52) whose eyes follow ``target`` (T, 2) while the head turns by ``rotation`` (T, 3) radians.

    The network's own eyeLook weights are replaced: single-camera scores of gaze are biased (measured on
    three addresses: looking outwards scores 0.13 to 0.22 on average, inwards 0.04 to 0.06). ``gain`` 0
    (off) .. 2 scales the shifts; both eyes turn alike.
    """
    if gain == 0:
        return curves
    out = curves.copy()
    reflex = REFLEX * min(gain, 1.0)
    yaw = _bounded(gain * target[:, 0] - reflex * rotation[:, 1]) / SIDEWAYS
    up = _bounded(gain * target[:, 1] + reflex * rotation[:, 0]) / VERTICAL
    left, right, above, below = (np.clip(x, 0, 1) for x in (yaw, -yaw, up, -up))
    for name, weight in (
        ("eyeLookOutLeft", left), ("eyeLookInRight", left),
        ("eyeLookInLeft", right), ("eyeLookOutRight", right),
        ("eyeLookUpLeft", above), ("eyeLookUpRight", above),
        ("eyeLookDownLeft", below), ("eyeLookDownRight", below),
    ):  # fmt: skip
        out[:, _COLUMN[name]] = weight
    return out.astype(np.float32)


def large_shifts(target: np.ndarray) -> np.ndarray:
    """(T,) bool: frames at which ``target`` (T, 2) jumps far enough to invite a blink."""
    step = np.linalg.norm(np.diff(target, axis=0, prepend=target[:1]), axis=1)
    return step > LARGE


def _glances(active: np.ndarray, first: int, fps: float, seed: int) -> np.ndarray:
    """(T, 2) radians of the newest glance away that still lasts, nan where the viewer is looked at.

    Glances begin at random; the share of time covered by episodes of mean length m that begin at rate r
    is 1 - exp(-r m). More of them begin in the first 0.6 s of a phrase, when it is planned.
    """
    length, reach = len(active), int(np.ceil(GLANCE[1] * fps))
    starting = active & any_near(~active, round(0.6 * fps), 0)
    share = np.where(active, AWAY_SPEAKING, AWAY_RESTING)
    rate = -np.log(1 - share) / np.mean(GLANCE) * np.where(starting, 1.6, np.where(active, 0.92, 1))
    # Glances of before the first frame count with the resting rate.
    rate = np.concatenate([np.full(reach, rate[0]), rate])
    u = uniforms(seed, "glance", first - reach, length + reach)
    begins = np.flatnonzero(u[:, 0] < rate / fps)
    lasts = np.ceil((GLANCE[0] + (GLANCE[1] - GLANCE[0]) * u[begins, 1]) * fps).astype(int)
    z = normals(seed, "glance to", first - reach, length + reach)[begins]
    side = np.sign(u[begins, 2] - 0.5)
    yaw = side * np.radians(np.clip(3.6 + 1.2 * z[:, 0], 1.8, 6.5))
    pitch = np.radians(np.clip(-0.4 + 1.5 * z[:, 1], -4, 3))
    out = np.full((length + reach, 2), np.nan)
    for start, count, x, y in zip(begins, lasts, yaw, pitch, strict=True):
        out[start : start + count] = x, y
    return out[reach:]


def _small_shifts(first: int, length: int, fps: float, seed: int) -> np.ndarray:
    """(T, 2) radians, piecewise constant: the eyes wander over the viewer's face, on a jittered grid."""
    times = (first + np.arange(length)) / fps / PERIOD
    cell = np.floor(times).astype(np.int64)
    low, count = int(cell[0]) - 1, int(cell[-1] - cell[0]) + 2
    border = uniforms(seed, "shift at", low, count)[:, 0] * 0.8  # within its cell
    spot = normals(seed, "shift", low, count)[:, :2] * np.radians([0.7, 0.45])
    inside = cell - low
    held = inside - (times - cell < border[inside])
    return np.clip(spot, -0.03, 0.03)[held]


def _bounded(angle: np.ndarray) -> np.ndarray:
    return REACH * np.tanh(angle / REACH)
