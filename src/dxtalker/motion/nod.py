"""Head and brow motion that follows prosody: slow sway, turns at phrases, nods and brow raises at accents.

Measured on three real addresses (2 speakers, 76 s, smoothed at 6 Hz), in degrees, pitch / yaw / roll:
standard deviation 1.7-3.4 / 1.8-5.2 / 3.5-4.5 (in windows of 10 s: 1.4-3.3 / 1.6-5.0 / 2.7-4.6), range
8-14 / 9-29 / 14-22, mean speed 4-8 / 5-11 / 3-6 degrees a second, 99th percentile 24-34 / 34-61 /
18-36, of the whole rotation: mean 8.5-17, median 5-12, maximum 55-101. Half of the power lies below 0.25 to
0.5 Hz; 1-2 Hz carries 0.4-0.6 / 0.7-1.3 / 0.2-0.7, 2-4 Hz 0.2-0.4 / 0.3-0.6 / 0.2-0.3 degrees. Heads move
and hold: velocity has a kurtosis of 4 to 18. In pauses they move at 0.33 to 0.73 of their speed in
speech; at onsets after a pause they lift by 2 degrees within 0.4 s and reach 24 degrees a second;
loudness and pitch angle correlate at -0.3 to -0.5 (louder is higher), speed follows loudness at 0.3 to
0.4. About 55 loudness peaks a minute are prominent. On 50 lab clips of one reader heads are nearly still
(0.6 / 0.4 / 0.3). Literature: head and prosody are strongly coupled (Busso et al., IEEE Trans. ASLP 2007);
71 % of rapid brow raises fall on rises of F0 (Cavé et al., ICSLP 1996); nods mark stressed syllables (Graf
et al., FG 2002).

Look-ahead: 0.95 s. Memory: that of speech activity and 4 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..records import SpeechFeatures, channels
from .randomness import normals, smooth_noise, uniforms
from .timeline import smooth, strokes, window

SWAY = np.radians([0.7, 0.9, 2.0])  # standard deviation of posture (knots 2.2 s): pitch, yaw, roll
DRIFT = np.radians([0.5, 0.65, 0.4])  # and of the faster part (knots 0.6 s)
TREMBLE = np.radians([0.13, 0.18, 0.09])  # speech only: 1 to 4 Hz (knots 0.22 s)
TURN = np.radians([2.0, 4.4, 3.4])  # standard deviation of a turn at a phrase or of its own
NOD = np.radians(2.7)  # median depth of a nod on a full accent
LIFT = np.radians(-2.0)  # the head is this much higher while speaking (pitch)
IDLE = 0.3  # share of sway that is left in silence
TURNS = 0.6  # turns a second while speaking, besides those at onsets
HELD = 0.2  # share of rises of F0 at which brows are lifted and held, besides at half of the onsets
BROW = channels("browInnerUp", "browOuterUp")
BROW_SHARE = np.array([1.0, 0.7, 0.7])
NECK_BEND = 0.03  # m a radian: the neck bends along, so nods carry the head forward and rolls sideways


@dataclass(frozen=True)
class Accents:
    """Stressed syllables: peaks of loudness, with the rise of pitch there."""

    frame: np.ndarray  # (E,) int64, frame of the peak
    strength: np.ndarray  # (E,) 0..1, from loudness below the voice's level and pitch rise
    rise: np.ndarray  # (E,) semitones above the voice's mean of the last 2 s


def accents(features: SpeechFeatures, active: np.ndarray) -> Accents:
    """Peaks of loudness over 0.32 s that stand 4 dB above the 0.4 s before them, in speech (T,)."""
    fps = float(features.fps)
    near = round(0.16 * fps)
    loud = smooth(np.asarray(features.loudness, np.float64), 2 * round(0.08 * fps) + 1)
    before = window(loud, round(0.4 * fps), 0, np.min, np.inf)
    peak = active & (loud == window(loud, near, near, np.max, -np.inf)) & (loud - before > 4)
    level = window(np.where(active, loud, -np.inf), round(3 * fps), near, np.max, -np.inf)
    frame = np.flatnonzero(peak)
    rise = _pitch_rise(features, active)[frame]
    below = (level - loud)[frame]  # dB
    strength = np.clip(1 - below / 14, 0, 1) * np.clip(0.7 + 0.12 * rise, 0.4, 1.3)
    return Accents(frame, np.clip(strength, 0, 1), rise)


def head_motion(
    features: SpeechFeatures, active: np.ndarray, first: int, seed: int, gain: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (T, 3) radians and translation (T, 3) metres to add, for speech activity (T,).

    ``first`` is the absolute index of frame 0; ``gain`` 0 (off) .. 2.
    """
    length, fps = len(active), float(features.fps)
    if length == 0 or gain == 0:
        return np.zeros((length, 3)), np.zeros((length, 3))
    times = (first + np.arange(length)) / fps
    energy = _energy(active, fps, 0.6)[:, None]
    slow = smooth_noise(seed, "sway", times, 2.2)[:, :3] * SWAY
    slow += smooth_noise(seed, "drift", times, 0.6)[:, :3] * DRIFT
    rotation = (IDLE + (1 - IDLE) * energy) * slow
    rotation += energy * smooth_noise(seed, "tremble", times, 0.22)[:, :3] * TREMBLE
    rotation[:, 0] += LIFT * _energy(active, fps, 0.3)
    rotation += _turns(active, first, fps, seed)
    rotation += _nods(accents(features, active), length, first, fps, seed)
    rotation *= gain
    shift = NECK_BEND * rotation[:, [2, 1, 0]] * (-1, 0, 1)
    return rotation, shift


def brow_raises(
    features: SpeechFeatures, active: np.ndarray, first: int, seed: int, gain: float = 1.0
) -> np.ndarray:
    """(T, 52) float64 to add: flashes of the brows, most of them on rises of F0, and raises held over a phrase.

    The three addresses' brows deviate by 0.3 to 0.9 mm, most of it in raises that are held for a second or two.
    """
    length, fps = len(active), float(features.fps)
    out = np.zeros((length, 52))
    if length == 0 or gain == 0:
        return out
    found = accents(features, active)
    draw = uniforms(seed, "brow", first, length)
    chance = np.where(found.rise > 1.5, 0.4, 0.05)
    at = found.frame[draw[found.frame, 0] < chance]
    u = draw[at]
    size = (0.12 + 0.2 * u[:, 1])[:, None]
    raised = strokes(
        length, at - 0.14 * fps, np.full(len(at), 0.16 * fps), 0.2 * u[:, 2] * fps,
        (0.3 + 0.2 * u[:, 3]) * fps, size,
    )  # fmt: skip
    raised += _held_brows(found, active, first, fps, seed)
    out[:, BROW] = np.clip(gain * raised, 0, 0.6) * BROW_SHARE
    return out


def _held_brows(found: Accents, active: np.ndarray, first: int, fps: float, seed: int) -> np.ndarray:
    """(T, 1) raises that last, from onsets of phrases and from some rises of F0."""
    draw = uniforms(seed, "brows held", first, len(active))
    onset = active & ~np.concatenate([[False], active[:-1]])
    rises = np.isin(np.arange(len(active)), found.frame[found.rise > 1.5])
    at = np.flatnonzero((onset & (draw[:, 0] < 0.5)) | (rises & (draw[:, 0] < HELD)))
    u = draw[at]
    size = (0.08 + 0.35 * u[:, 1] ** 2)[:, None]
    return strokes(
        len(active), at - 0.12 * fps, np.full(len(at), 0.28 * fps), (0.3 + 1.8 * u[:, 2]) * fps,
        (0.5 + 0.5 * u[:, 3]) * fps, size,
    )  # fmt: skip


def _energy(active: np.ndarray, fps: float, seconds: float) -> np.ndarray:
    """(T,) 0..1, speech activity smoothed over ``seconds`` of past and 0.16 s of future."""
    past, future = round(seconds * fps), round(0.16 * fps)
    kernel = np.concatenate([np.hanning(2 * future + 1)[:future], np.hanning(2 * past + 1)[past:]])
    padded = np.pad(active.astype(np.float64), (past, future))
    return np.convolve(padded, kernel / kernel.sum(), "valid")[: len(active)]


def _pitch_rise(features: SpeechFeatures, active: np.ndarray) -> np.ndarray:
    """(T,) semitones of the pitch around each frame above its mean over the last 2 s of voiced speech."""
    fps = float(features.fps)
    trust = np.where(active & (features.voicing > 0.5), features.voicing, 0).astype(np.float64)
    tone = 12 * np.log2(np.clip(features.pitch, 40, 1000) / 100)
    past, near = np.ones(round(2 * fps)), np.ones(2 * round(0.08 * fps) + 1)
    reach = len(near) // 2

    def mean(kernel: np.ndarray, after: int) -> tuple[np.ndarray, np.ndarray]:
        pad = (len(kernel) - 1 - after, after)
        weight = np.convolve(np.pad(trust, pad), kernel, "valid")
        return np.convolve(np.pad(trust * tone, pad), kernel, "valid") / np.maximum(weight, 1e-3), weight

    usual, weight = mean(past, 0)
    here, heard = mean(near, reach)
    return np.where((weight > 5) & (heard > 0.5), here - usual, 0.0)


def _turns(active: np.ndarray, first: int, fps: float, seed: int) -> np.ndarray:
    """(T, 3) radians: the head turns, holds and returns, at onsets of phrases and now and then in them."""
    length = len(active)
    draw, size = uniforms(seed, "turn", first, length), normals(seed, "turn to", first, length)
    onset = active & ~np.concatenate([[False], active[:-1]])
    own = active & (draw[:, 0] < TURNS / fps)
    at = np.flatnonzero(onset | own)
    u, z = draw[at], size[at, :3]
    reach = np.linalg.norm(z, axis=1)
    # Larger turns take longer, as in all human movement; the spread of sizes is heavy-tailed.
    heavy = 0.5 + 0.35 * reach**1.5
    amount = z / np.maximum(reach, 1e-6)[:, None] * heavy[:, None] * TURN
    rise = (0.15 + 0.08 * heavy + 0.1 * u[:, 1]) * fps
    return strokes(
        length, at - 0.14 * fps, rise, (0.3 + 1.5 * u[:, 2]) * fps, (0.45 + 0.7 * u[:, 3]) * fps, amount
    )


def _nods(found: Accents, length: int, first: int, fps: float, seed: int) -> np.ndarray:
    """(T, 3) radians: the head lifts into an accent, strokes down after it and returns slower."""
    z = normals(seed, "nod", first, length)[found.frame]
    skip = uniforms(seed, "nod at", first, length)[found.frame, 0]
    depth = NOD * found.strength * np.exp(0.5 * z[:, 0]) * (skip < 0.35 + 0.5 * found.strength)
    depth = np.minimum(depth, np.radians(7))[:, None]
    tilt = np.stack([np.ones(len(z)), 0.5 * z[:, 1], 0.25 * z[:, 2]], axis=1)
    ones = np.ones(len(depth)) * fps
    up = strokes(length, found.frame - 0.3 * fps, 0.22 * ones, 0.06 * ones, 0.24 * ones, -0.65 * depth * tilt)
    down = strokes(length, found.frame + 0.02 * fps, 0.2 * ones, 0.02 * ones, 0.4 * ones, 0.55 * depth * tilt)
    return up + down
