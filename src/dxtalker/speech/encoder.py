"""The content encoder: log-mel in, phonetic features of two of its blocks per 20 ms out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import asset
from ..networks import open_network
from .mel import log_mel

BLOCK = 512  # numbers that a block gives
CONTENT = ("block3", "block4")  # what content is made of: block 4 alone follows new voices less
WIDTH = BLOCK * len(CONTENT)
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

    def tokens(self, samples: np.ndarray, *blocks: str) -> np.ndarray:
        """(N // 320, 512 blocks) float32 for ``samples`` (N,) at 16 kHz, N a multiple of 320, at most 15 s.

        ``blocks`` are "block1" to "block4"; without any, those of CONTENT.
        """
        mel = log_mel(samples)
        outputs = self.session.run(list(blocks or CONTENT), {"mel": mel[None]})
        return np.concatenate([np.asarray(output)[0] for output in outputs], axis=1)


def to_frames(tokens: np.ndarray) -> np.ndarray:
    """(T, D) at 25 fps from (2 T, D) at 50 Hz: token 2 i lies at frame i; its neighbours count half."""
    padded = np.concatenate([tokens[:1], tokens, tokens[-1:]])
    before, at, after = padded[0:-2:2], padded[1:-1:2], padded[2::2]
    return 0.25 * before + 0.5 * at + 0.25 * after
