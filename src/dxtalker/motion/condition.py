"""What the generator hears of the voice besides its content: the same in training, offline and live."""

from __future__ import annotations

import numpy as np

from ..records import SpeechFeatures

QUIET, SPAN = -40.0, 20.0  # dBFS: the middle and the unit of the loudness input
PITCH = 150.0  # Hz, the middle of the pitch input


def prosody(features: SpeechFeatures) -> np.ndarray:
    """(T, 4) float32: loudness, its change over two frames, voicing, pitch in octaves where voiced."""
    level = np.maximum(features.loudness, -80.0)
    padded = np.pad(level, 1, mode="edge")
    change = padded[2:] - padded[:-2]
    octaves = np.log2(np.maximum(features.pitch, 1.0) / PITCH) * features.voicing
    columns = [(level - QUIET) / SPAN, change / SPAN, features.voicing, octaves]
    return np.stack(columns, axis=1).astype(np.float32)
