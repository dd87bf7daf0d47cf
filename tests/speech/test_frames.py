"""Windows over long sound: the same features as in one piece, and the packaged encoder's as `listen` has them."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.records import Waveform
from dxtalker.speech import Encoder, listen
from dxtalker.speech.encoder import BLOCK
from dxtalker.speech.frames import PackagedFrames, over_windows


@pytest.mark.parametrize("count", [1, 640, 641, 640 * 17, 640 * 23 + 5])
def test_windows_give_each_frame_once(count: int) -> None:
    samples = np.arange(1, count + 1, dtype=np.float32)
    lengths: list[int] = []

    def hear(part: np.ndarray) -> np.ndarray:
        lengths.append(len(part) // 640)
        return part.reshape(-1, 640)

    found = over_windows(samples, hear, step=5, context=2)
    assert np.array_equal(found.reshape(-1)[:count], samples) and not found.reshape(-1)[count:].any()
    assert len(found) == -(-count // 640) and max(lengths) <= 9


def test_block_four_is_what_listening_hears(demo_wave: Waveform) -> None:
    encoder = Encoder(threads=1)
    found = PackagedFrames(4, encoder)
    heard = found.features(demo_wave.samples)
    assert heard.shape[1:] == (found.layers, found.width)
    assert np.abs(heard[:, 0] - listen(demo_wave, encoder).content[:, -BLOCK:]).max() < 1e-4
    other = PackagedFrames(2, encoder)
    assert other.key != found.key and np.abs(other.features(demo_wave.samples) - heard).max() > 1
