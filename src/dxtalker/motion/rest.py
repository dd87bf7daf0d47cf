"""When speech is heard, and a mouth that rests when it is not.

Look-ahead of ``speech_activity``: 0.76 s; of ``rest_mouth``: 0.92 s. Memory: 6.1 s.
"""

from __future__ import annotations

import numpy as np

from ..records import MOUTH, SpeechFeatures, channels
from .timeline import any_near, smooth, window

# Corners of the mouth and cheeks carry expression: they may stay in a pause as long as the lips close.
EXPRESSIVE = channels("mouthSmile", "mouthFrown", "mouthDimple", "cheekPuff")
ARTICULATORS = np.setdiff1d(MOUTH, EXPRESSIVE)

QUIETEST = -75.0  # dBFS: nothing below is speech
VOICED_RISE, UNVOICED_RISE = 8.0, 15.0  # dB above the noise floor that starts speech
HYSTERESIS = 4.0  # dB: speech goes on down to this much below its start
SPAN = 32.0  # dB: nothing this far below the voice of the last seconds is speech
DIP = 18.0  # dB: the noise floor lies at least this far below the voice
STEADY = 8.0  # dB: unvoiced sound within such a range for 0.64 s is noise, however loud
FLOOR_SECONDS, VOICE_SECONDS = 6.0, 3.0  # how far back floor and voice are looked for
GAP = 0.24  # s: shorter pauses (stop closures last 50 to 150 ms) are not silence
LEAD, TRAIL = 0.04, 0.08  # s: the mouth is more than half released before onset, half returned after the end


def speech_activity(features: SpeechFeatures) -> np.ndarray:
    """(T,) bool: frames in which somebody speaks.

    The threshold follows a noise floor (the quietest sustained 0.2 s of the last 6 s) and the voice's
    own level (the loudest voiced frame of the last 3 s), so digital silence, room noise at -45 dBFS and a
    speaker who peaks at -45 dBFS are all handled without absolute levels. Minimum statistics for the
    floor follow Martin (IEEE Trans. Speech and Audio Processing, 2001).
    """
    frames = _frames(features)
    loud = np.asarray(features.loudness, np.float64)
    voiced = (features.voicing > 0.5) & (loud > QUIETEST)
    voiced = _runs(voiced)
    near_voice = any_near(voiced, frames(0.3), frames(0.28))

    sustained = window(loud, frames(0.08), frames(0.08), np.max, -np.inf)
    floor = window(sustained, frames(FLOOR_SECONDS), frames(0.24), np.min, np.inf)
    voice = window(np.where(voiced, loud, -np.inf), frames(VOICE_SECONDS), frames(0.28), np.max, -np.inf)
    floor = np.minimum(floor, np.where(np.isfinite(voice), voice - DIP, np.inf))

    reach = frames(0.32)
    spread = window(loud, reach, reach, np.max, -np.inf) - window(loud, reach, reach, np.min, np.inf)
    speechlike = near_voice | (spread > STEADY)
    rise = np.where(near_voice, VOICED_RISE, UNVOICED_RISE)
    start = np.maximum(np.maximum(floor + rise, voice - SPAN), QUIETEST)
    begun = speechlike & (loud > start)
    active = begun | (speechlike & (loud > start - HYSTERESIS) & any_near(begun, frames(0.3), frames(0.08)))
    return _without_gaps(_runs(active), frames(GAP))  # a single frame is a click


def release(active: np.ndarray, fps: float) -> np.ndarray:
    """(T,) float64 0..1 from activity (T,): 1 in speech, 0 in silence, eased over 0.2 s at both ends."""
    lead, trail = round(LEAD * fps), round(TRAIL * fps)
    wide = any_near(active, trail, lead).astype(np.float64)
    wide = np.append(wide, 0) if len(wide) else wide  # after the last frame there is silence
    return smooth(wide, 2 * round(0.08 * fps) + 1)[: len(active)]


def rest_mouth(
    curves: np.ndarray, active: np.ndarray, lip_gap: np.ndarray, fps: float, gain: float = 1.0
) -> np.ndarray:
    """Curves (T, 52) whose mouth returns to rest where ``active`` (T,) is false.

    ``lip_gap`` (52,) mm of inner-lip opening at weight 1 of each channel. The opening never grows.
    ``gain`` 0 (off) .. 1 (full rest).
    """
    if gain == 0:
        return curves
    return shrink_mouth(curves, 1 - gain * (1 - release(active, fps)), lip_gap)


def shrink_mouth(curves: np.ndarray, kept: np.ndarray, lip_gap: np.ndarray) -> np.ndarray:
    """Curves (T, 52) with articulators times ``kept`` (T,) 0..1, and lips opened by no more than that share.

    All articulators shrink alike, so contact stays contact; expression shrinks only where it would part lips.
    """
    out = curves.astype(np.float64)
    before = out[:, MOUTH] @ lip_gap[MOUTH]
    out[:, ARTICULATORS] *= kept[:, None]
    opens = EXPRESSIVE[lip_gap[EXPRESSIVE] > 0]
    parted = out[:, opens] @ lip_gap[opens]
    excess = out[:, MOUTH] @ lip_gap[MOUTH] - kept * np.maximum(before, 0)
    out[:, opens] *= 1 - np.clip(excess / np.maximum(parted, 1e-9), 0, 1)[:, None]
    return out.astype(np.float32)


def _runs(x: np.ndarray) -> np.ndarray:
    """``x`` (T,) bool without the frames that stand alone."""
    around = np.pad(x, 1)
    return x & (around[:-2] | around[2:])


def _without_gaps(active: np.ndarray, gap: int) -> np.ndarray:
    """Fill inactive runs of at most ``gap`` frames between active ones (morphological closing)."""
    if len(active) == 0:
        return active
    spread = any_near(np.pad(active, (gap, gap)), gap, 0)  # beyond both ends: silence
    return window(spread, 0, gap, np.min, False)[gap:-gap] if gap else active


def _frames(features: SpeechFeatures):
    fps = float(features.fps)
    return lambda seconds: round(seconds * fps)
