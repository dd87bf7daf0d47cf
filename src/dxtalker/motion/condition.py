"""What the generator hears of the voice besides its content: the same in training, offline and live."""

from __future__ import annotations

import numpy as np

from ..records import SpeechFeatures
from ..speech.register import USUAL_LEVEL, USUAL_PITCH

SPAN = 20.0  # dB: the unit of loudness
LEAST = -3.0  # in that unit: nothing is quieter, be it room noise or digital silence


def prosody(features: SpeechFeatures) -> np.ndarray:
    """(T, 4) float32: loudness against the voice's own level, its change over two frames, voicing, pitch in octaves
    against the voice's own where voiced.
    """
    usual = USUAL_LEVEL if features.level is None else features.level
    level = np.maximum((features.loudness - usual) / SPAN, LEAST)
    padded = np.pad(level, 1, mode="edge")
    change = padded[2:] - padded[:-2]
    own = USUAL_PITCH if features.register is None else features.register
    octaves = np.log2(np.maximum(features.pitch, 1.0) / own) * features.voicing
    return np.stack([level, change, features.voicing, octaves], axis=1).astype(np.float32)
