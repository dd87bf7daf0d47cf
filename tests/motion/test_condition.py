from __future__ import annotations

import numpy as np
import pytest

from dxtalker.motion.condition import prosody
from dxtalker.records import SpeechFeatures
from dxtalker.speech.listen import follow_register
from dxtalker.speech.register import USUAL_LEVEL


def features(loudness: list[float], pitch: float = 150.0, voicing: float = 1.0) -> SpeechFeatures:
    t = len(loudness)
    return SpeechFeatures(
        content=np.zeros((t, 1024), np.float32),
        loudness=np.array(loudness, np.float32),
        pitch=np.full(t, pitch, np.float32),
        voicing=np.full(t, voicing, np.float32),
    )


def followed(loudness: np.ndarray, pitch: np.ndarray, voicing: np.ndarray) -> SpeechFeatures:
    level, register = follow_register(loudness, pitch, voicing)
    content = np.zeros((len(loudness), 1), np.float32)
    return SpeechFeatures(content, loudness, pitch, voicing, level=level, register=register)


def test_four_columns_a_frame() -> None:
    columns = prosody(features([USUAL_LEVEL, USUAL_LEVEL + 20, USUAL_LEVEL - 20]))
    assert columns.shape == (3, 4)
    assert columns.dtype == np.float32
    assert columns[:, 0].tolist() == [0, 1, -1]
    assert columns[:, 1].tolist() == [1, -1, -2]  # over two frames, one at the ends
    assert columns[:, 3].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("hertz", "octaves"), [(75, -1), (300, 1), (600, 2)])
def test_pitch_is_in_octaves_and_fades_with_the_voice(hertz: float, octaves: float) -> None:
    assert prosody(features([-30], hertz))[0, 3] == pytest.approx(octaves)
    assert prosody(features([-30], hertz, voicing=0.25))[0, 3] == pytest.approx(octaves / 4)
    assert prosody(features([-30], hertz, voicing=0))[0, 3] == 0


def test_silence_is_bounded() -> None:
    assert prosody(features([-100, -90], pitch=0, voicing=0))[:, 0].tolist() == [-3, -3]
    assert np.isfinite(prosody(features([-100] * 5, pitch=0))).all()


def test_neither_gain_nor_register_is_heard() -> None:
    rng = np.random.default_rng(0)
    loudness = (-30 + 8 * np.sin(np.arange(600) / 5)).astype(np.float32)
    pitch = (140 * 2 ** rng.normal(0, 0.1, 600)).astype(np.float32)
    voicing = (rng.random(600) > 0.4).astype(np.float32)
    near, far = followed(loudness, pitch, voicing), followed(loudness - 18, pitch * 1.6, voicing)
    assert np.allclose(prosody(near), prosody(far), atol=1e-4)
    assert np.ptp(prosody(near)[:, 0]) > 0.7  # what is said stays
