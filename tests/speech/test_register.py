from __future__ import annotations

import numpy as np
import pytest

from dxtalker.pipeline import Speaker
from dxtalker.records import Waveform
from dxtalker.speech import listen
from dxtalker.speech.listen import STEP, follow_register
from dxtalker.speech.register import USUAL_LEVEL, USUAL_PITCH, Register

ALWAYS, NEVER = np.ones(STEP, np.float32), np.zeros(STEP, np.float32)


def test_a_voice_tells_its_level_from_the_first_frame() -> None:
    level, pitch = Register().follow(ALWAYS * -41, ALWAYS * 220, ALWAYS)
    assert np.allclose(level, -41) and np.allclose(pitch, 220, rtol=1e-4)


def test_silence_and_noise_tell_nothing() -> None:
    register = Register()
    for loudness, voicing in ((-50 * ALWAYS, NEVER), (-90 * ALWAYS, ALWAYS)):
        level, pitch = register.follow(loudness, 100 * ALWAYS, voicing)
        assert (level == np.float32(USUAL_LEVEL)).all() and np.allclose(pitch, USUAL_PITCH)


def test_another_gain_is_forgotten_within_seconds() -> None:
    loudness = np.concatenate([-20 * ALWAYS] * 3 + [-40 * ALWAYS] * 6)
    level, _ = follow_register(loudness, 0 * loudness + 150, 0 * loudness + 1)
    assert level[3 * STEP - 1] == pytest.approx(-20, abs=0.1)
    assert level[-1] == pytest.approx(-40, abs=0.5)
    assert (np.diff(level) <= 0).all()


def test_windows_and_the_whole_agree_on_real_speech(speaker: Speaker, long_wave: Waveform) -> None:
    heard = listen(long_wave, speaker.encoder)
    level, register = follow_register(heard.loudness, heard.pitch, heard.voicing)
    assert heard.level is not None and heard.register is not None
    assert (level == heard.level).all() and (register == heard.register).all()
    louder = listen(Waveform(0.25 * long_wave.samples), speaker.encoder)
    assert louder.level is not None
    assert np.allclose(level - louder.level, 12.04, atol=0.3)
