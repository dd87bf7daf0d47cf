"""Blinks at human rates and with human timing.

Rates: 17 a minute at rest, 26 in conversation (Bentivoglio et al., Movement Disorders 1997). They gather
at the ends of phrases and at large gaze shifts. Lids close in 80 to 100 ms and open in 150 to 200 ms.
They replace the network's lids: the man it learned from reads prompts, looks down and blinks about twice as
often. Look-ahead: 0.8 s (phrase ends). Memory: that of speech activity and 1 s.
"""

from __future__ import annotations

import numpy as np

from ..records import ARKIT_INDEX, BLINK
from .randomness import uniforms
from .timeline import any_near, strokes

RATE_RESTING, RATE_SPEAKING = 17 / 60, 26 / 60  # blinks a second
GAP = 0.8  # s from one blink's start to the next one's, except double blinks
DOUBLE = 0.07  # share of blinks that come twice
AFTER_PHRASE = 4.0  # how much likelier a blink is proposed in the 0.4 s after a phrase
WITH_GAZE = 0.2  # chance that one is proposed with a large gaze shift
WITHIN = 0.9  # share of the rate that is left inside a phrase, so that the mean stays
LID_FOLLOWS = 0.15  # blink weight for each weight of looking down
WIDE = np.array([ARKIT_INDEX["eyeWideLeft"], ARKIT_INDEX["eyeWideRight"]])
DOWN = np.array([ARKIT_INDEX["eyeLookDownLeft"], ARKIT_INDEX["eyeLookDownRight"]])


def blink_starts(
    active: np.ndarray, invite: np.ndarray, first: int, fps: float, rate: float, seed: int
) -> np.ndarray:
    """(E,) int64 frames at which a blink starts, ascending.

    ``active`` (T,) speech; ``invite`` (T,) bool large gaze shifts; ``first`` absolute index of frame 0;
    ``rate`` factor on the human rate. Each frame proposes a blink by its own draw; a proposal within 0.8 s
    after another one falls away, which makes intervals skewed with a least gap, and needs no memory beyond it.
    """
    gap = round(GAP * fps)
    mean = np.where(active, RATE_SPEAKING * WITHIN, RATE_RESTING)
    ended = any_near(active, round(0.4 * fps), 0) & ~active
    wanted = np.where(ended, AFTER_PHRASE * RATE_SPEAKING, mean) * max(rate, 1)
    chance = np.where(invite, WITH_GAZE, _before_thinning(wanted, GAP) / fps)
    draw = uniforms(seed, "blink", first, len(active))
    proposed = draw[:, 0] < chance
    earlier = np.concatenate([[False], any_near(proposed, gap - 1, 0)[:-1]])
    return np.flatnonzero(proposed & ~earlier & (draw[:, 1] < rate))


def lids(starts: np.ndarray, length: int, first: int, fps: float, seed: int) -> np.ndarray:
    """(length,) float64 0..1, lid closure of blinks that start at frames ``starts`` (E,)."""
    draw = uniforms(seed, "lids", first, length)[starts]  # (E, 4)
    close, hold, rise = 0.08 + 0.02 * draw[:, 0], 0.05, 0.15 + 0.05 * draw[:, 1]
    again = draw[:, 2] < DOUBLE
    at = np.concatenate([starts + draw[:, 3] - 1, (starts + draw[:, 3] - 1 + 0.36 * fps)[again]])
    close, rise = (np.concatenate([x, x[again]]) for x in (close, rise))
    depth = np.concatenate([0.94 + 0.06 * draw[:, 0], 0.8 + 0.15 * draw[again, 1]])
    closure = strokes(length, at, close * fps, np.full(len(at), hold * fps), rise * fps, depth[:, None])
    return np.clip(closure[:, 0], 0, 1)


def add_blinks(
    curves: np.ndarray,
    active: np.ndarray,
    invite: np.ndarray,
    first: int,
    fps: float,
    seed: int,
    gain: float = 1.0,
) -> np.ndarray:
    """Curves (T, 52) with blinks in place of the network's lids: ``gain`` 0 (off) .. 2 scales how often, never how far the lids close."""
    if gain == 0 or len(curves) == 0:
        return curves
    out = curves.copy()
    starts = blink_starts(active, invite, first, fps, gain, seed)
    closure = lids(starts, len(curves), first, fps, seed)[:, None]
    follows = LID_FOLLOWS * curves[:, DOWN]
    out[:, BLINK] = np.maximum(follows, closure)
    out[:, WIDE] *= 1 - closure
    return out.astype(np.float32)


def _before_thinning(rate: np.ndarray, gap: float) -> np.ndarray:
    """The rate x of proposals (1/s) that leaves ``rate``: x exp(-x gap) = rate, up to the maximum at 1/gap."""
    x = rate.copy()
    for _ in range(12):
        x = np.minimum(rate * np.exp(np.minimum(x * gap, 1)), 1 / gap)
    return x
