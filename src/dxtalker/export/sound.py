"""The speech as a .wav that any program plays: 16-bit PCM, one channel, at the waveform's rate."""

from __future__ import annotations

import io
import wave as riff

import numpy as np

from ..records import Waveform


def wav_bytes(wave: Waveform) -> bytes:
    """A RIFF file; samples beyond full scale are clipped."""
    pcm = np.round(np.clip(wave.samples.astype(np.float64), -1, 1) * 32767).astype("<i2")
    stream = io.BytesIO()
    with riff.open(stream, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(wave.rate)
        writer.writeframes(pcm.tobytes())
    return stream.getvalue()
