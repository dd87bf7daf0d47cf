"""Encoders that networks may be trained with: samples in, features of several layers at 25 fps out.

An encoder hears windows on a grid fixed in absolute time, and of each window only the middle is kept, so that long
sound needs no more memory than a window and the features of a moment do not depend on what comes much later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .encoder import BLOCK, TOKENS_PER_FRAME, Encoder, to_frames
from .prosody import SAMPLES_PER_FRAME

STEP, CONTEXT = 200, 24  # frames kept of each window, and heard on either side: as in ``listen``


class FrameEncoder(Protocol):
    """What hears a stream of features."""

    @property
    def key(self) -> str:
        """Names the model, its revision and layers: features under the same key are the same."""
        ...

    @property
    def layers(self) -> int: ...

    @property
    def width(self) -> int: ...

    def features(self, samples: np.ndarray) -> np.ndarray:
        """(T, layers, width) float32 for ``samples`` (N,) at 16 kHz, T = ceil(N / 640); frame i is the instant i / 25 s."""
        ...


class PackagedFrames:
    """One block of the packaged encoder (Whisper-base): block 4 tells phones, block 2 more of the voice."""

    layers, width = 1, BLOCK

    def __init__(self, block: int = 4, encoder: Encoder | None = None) -> None:
        self.block, self.encoder = block, encoder or Encoder()

    @property
    def key(self) -> str:
        return f"packaged-block{self.block}"

    def features(self, samples: np.ndarray) -> np.ndarray:
        """See ``FrameEncoder``."""

        def hear(part: np.ndarray) -> np.ndarray:
            tokens = self.encoder.tokens(part, f"block{self.block}")
            return to_frames(tokens[: len(part) // SAMPLES_PER_FRAME * TOKENS_PER_FRAME])[:, None]

        return over_windows(samples, hear, STEP, CONTEXT)


def over_windows(
    samples: np.ndarray, hear: Callable[[np.ndarray], np.ndarray], step: int, context: int
) -> np.ndarray:
    """Features (T, ...) of ``samples`` (N,), heard in windows of at most ``step`` + 2 ``context`` frames.

    ``hear`` gets whole frames (640 n,) and returns (n, ...). The last frame is filled up with silence.
    """
    frames = -(-len(samples) // SAMPLES_PER_FRAME)
    padded = np.pad(samples, (0, frames * SAMPLES_PER_FRAME - len(samples)))
    kept = []
    for at in range(0, frames, step):
        begin, end = max(0, at - context), min(frames, at + step + context)
        heard = hear(padded[begin * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME])
        kept.append(heard[at - begin : at - begin + step])
    return np.concatenate(kept)
