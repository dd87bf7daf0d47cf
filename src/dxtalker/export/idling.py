"""A head that only lives: a loop of blinks, glances and slight motion, made by finishing silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..face.head import Head
from ..motion.finish import finish
from ..records import ARKIT_NAMES, BLINK, FEATURE_FPS, Motion, SpeechFeatures

SECONDS = 10  # of the loop
_BLEND = 1  # seconds in which its end becomes its beginning
_QUIET = -60.0  # dBFS
_OPEN = 0.05  # lids are open below this weight


def idle_motion(head: Head, seed: int = 0) -> Motion:
    """Ten seconds at 25 frames a second, and a last frame that equals the first one.

    Blinks stay whole: takes that blink where the loop closes are passed over.
    """
    fps = int(FEATURE_FPS)
    length, blend = SECONDS * fps, _BLEND * fps
    take = _silence(head, length + blend, seed)
    for chance in range(seed, seed + 64):
        take = _silence(head, length + blend, chance)
        lids = take.curves[:, BLINK].max(axis=1)
        if max(lids[:blend].max(), lids[length:].max()) < _OPEN and lids.max() > 0.5:
            break
    share = np.linspace(0, 1, blend, endpoint=False)[:, None]  # of the beginning over the end
    share = share**2 * (3 - 2 * share)
    parts = {}
    for name in ("curves", "rotation", "translation"):
        values = getattr(take, name)
        loop = values[:length].copy()
        loop[:blend] = values[:blend] * share + values[length:] * (1 - share)
        parts[name] = np.concatenate([loop, loop[:1]]).astype(np.float32)
    return replace(take, **parts)


def _silence(head: Head, frames: int, seed: int) -> Motion:
    """``frames`` of a listening, silent face."""
    still = Motion(
        np.zeros((frames, len(ARKIT_NAMES)), np.float32),
        np.zeros((frames, 3), np.float32),
        np.zeros((frames, 3), np.float32),
    )
    nothing = np.zeros(frames, np.float32)
    heard = SpeechFeatures(np.zeros((frames, 0), np.float32), nothing + _QUIET, nothing, nothing)
    return finish(still, heard, head.lip_gap, seed=seed)
