"""What is heard frame by frame: speech, music, a second voice at once, and how loud the voice is over the rest.

A small network on block 2 of the packaged speech encoder. It was trained by ``scripts/make_sound_model.py`` on
LibriSpeech voices mixed with made noises, babble and made music; docs/curation.md has what it hears of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..errors import NotReady
from ..files import asset
from ..records import Waveform
from ..speech import Encoder, require_speech
from ..speech.encoder import to_frames

FRAME = 640  # samples, 40 ms
WINDOW = 250  # frames, 10 s: the longest piece heard at once


@dataclass(frozen=True)
class Heard:
    """T = N // 640 frames of 40 ms."""

    speech: np.ndarray  # (T,) 0..1, somebody speaks
    music: np.ndarray  # (T,) 0..1, there is music
    second: np.ndarray  # (T,) 0..1, two voices at once
    snr: np.ndarray  # (T,) dB, voice over everything else, of the window around


@cache
def _network() -> dict[str, np.ndarray]:
    try:
        with np.load(asset("sound_model.npz"), allow_pickle=False) as file:
            return {name: file[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2")}
    except (ValueError, KeyError, OSError) as error:
        raise NotReady(
            f"the packaged file assets/sound_model.npz is damaged ({error}); reinstall with:"
            " pip install --force-reinstall dxtalker"
        ) from error


@cache
def _encoder() -> Encoder:
    return Encoder(threads=1)


def hear(wave: Waveform, encoder: Encoder | None = None) -> Heard:
    """What is in ``wave`` (16 kHz, at least one frame). Raises BadInput for another rate or no samples."""
    require_speech(wave)
    frames = max(1, len(wave.samples) // FRAME)
    samples = np.pad(wave.samples, (0, max(0, FRAME - len(wave.samples))))[: frames * FRAME]
    pieces = np.array_split(np.arange(frames), -(-frames // WINDOW))
    outputs = [
        _judge((encoder or _encoder()).tokens(samples[p[0] * FRAME : (p[-1] + 1) * FRAME], "block2"))
        for p in pieces
    ]
    output = np.concatenate(outputs)  # (T, 4)
    shares = 1 / (1 + np.exp(-output[:, :3]))
    return Heard(shares[:, 0], shares[:, 1], shares[:, 2], 10 * output[:, 3])


def _judge(tokens: np.ndarray) -> np.ndarray:
    """(T, 4) of (2 T, 512) tokens: each frame beside the mean of the piece."""
    net = _network()
    content = to_frames(tokens)
    half = content.shape[1]
    hidden = content @ net["w1"][:half] + content.mean(axis=0) @ net["w1"][half:] + net["b1"]
    return gelu(hidden) @ net["w2"] + net["b2"]


def gelu(x: np.ndarray) -> np.ndarray:
    """Gaussian error linear unit in its form with tanh (Hendrycks and Gimpel, 2016)."""
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))
