from __future__ import annotations

import numpy as np
import pytest

from dxtalker.motion.condition import prosody
from dxtalker.records import SpeechFeatures


def features(loudness: list[float], pitch: float = 150.0, voicing: float = 1.0) -> SpeechFeatures:
    t = len(loudness)
    return SpeechFeatures(
        content=np.zeros((t, 512), np.float32),
        loudness=np.array(loudness, np.float32),
        pitch=np.full(t, pitch, np.float32),
        voicing=np.full(t, voicing, np.float32),
    )


def test_four_columns_a_frame() -> None:
    columns = prosody(features([-40, -20, -60]))
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
    assert prosody(features([-100, -90], pitch=0, voicing=0))[:, 0].tolist() == [-2, -2]
    assert np.isfinite(prosody(features([-100] * 5, pitch=0))).all()


def test_recording_gain_moves_loudness_only() -> None:
    quiet, loud = prosody(features([-50, -30, -35])), prosody(features([-38, -18, -23]))
    assert np.allclose(loud[:, 0] - quiet[:, 0], 12 / 20)
    assert np.allclose(loud[:, 1:], quiet[:, 1:])
