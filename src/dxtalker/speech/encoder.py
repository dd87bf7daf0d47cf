"""The content encoder: log-mel in, one 512-dimensional phonetic feature per 20 ms out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import asset
from ..networks import open_network
from .mel import log_mel

WIDTH = 512
TOKENS_PER_FRAME = 2  # 50 Hz tokens, 25 Hz motion frames


class Encoder:
    """Whisper-base's encoder up to block 4 (MIT, OpenAI), run by onnxruntime on the CPU."""

    def __init__(self, path: Path | None = None, threads: int = 0) -> None:
        """``threads`` 0 leaves the number to onnxruntime. Raises NotReady or BadInput without a model."""
        try:
            self.session = open_network(path or asset("speech_encoder.onnx"), threads)
        except Exception as error:
            if path is None:
                raise
            raise BadInput(f"{path} is not a speech encoder that onnxruntime can load: {error}") from error

    def tokens(self, samples: np.ndarray, block: str = "block4") -> np.ndarray:
        """(N // 320, 512) float32 for ``samples`` (N,) at 16 kHz, N a multiple of 320, at most 15 s."""
        mel = log_mel(samples)
        (output,) = self.session.run([block], {"mel": mel[None]})
        return np.asarray(output)[0]


def to_frames(tokens: np.ndarray) -> np.ndarray:
    """(T, 512) at 25 fps from (2 T, 512) at 50 Hz: token 2 i lies at frame i; its neighbours count half."""
    padded = np.concatenate([tokens[:1], tokens, tokens[-1:]])
    before, at, after = padded[0:-2:2], padded[1:-1:2], padded[2::2]
    return 0.25 * before + 0.5 * at + 0.25 * after
