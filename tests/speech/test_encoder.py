from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.pipeline import Speaker
from dxtalker.records import Waveform
from dxtalker.speech.encoder import WIDTH, Encoder, to_frames


def test_a_token_every_20_ms(speaker: Speaker, demo_wave: Waveform) -> None:
    tokens = speaker.encoder.tokens(demo_wave.samples[:32_000])
    assert tokens.shape == (100, WIDTH)
    assert tokens.dtype == np.float32
    assert np.isfinite(tokens).all()


def test_the_same_sound_gives_the_same_bytes(speaker: Speaker, demo_wave: Waveform) -> None:
    once, again = (speaker.encoder.tokens(demo_wave.samples[:16_000]) for _ in range(2))
    assert once.tobytes() == again.tobytes()


def test_content_matters_more_than_recording_gain(speaker: Speaker, demo_wave: Waveform) -> None:
    loud, other = demo_wave.samples[:32_000], demo_wave.samples[32_000:64_000]
    tokens, quieter, different = (speaker.encoder.tokens(x) for x in (loud, loud * 0.25, other))
    assert np.linalg.norm(tokens - quieter) < 0.5 * np.linalg.norm(tokens - different)


def test_frames_lie_at_every_second_token() -> None:
    tokens = np.zeros((8, WIDTH), np.float32)
    tokens[2] = 1  # at frame 1
    tokens[5] = 1  # between frames 2 and 3
    assert to_frames(tokens)[:, 0].tolist() == [0, 0.5, 0.25, 0.25]


def test_a_constant_stays_constant() -> None:
    assert np.allclose(to_frames(np.full((10, WIDTH), 3, np.float32)), 3)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(BadInput, match="not a speech encoder"):
        Encoder(path)
