from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from synthetic_speech import FPS, LIP_GAP, features_of, raw_motion, silence, speech

from dxtalker.motion.rest import release, rest_mouth, speech_activity
from dxtalker.records import ARKIT_INDEX, MOUTH


@pytest.mark.parametrize("level", [-100, -75, -60, -55, -45, -30])
def test_noise_alone_is_no_speech(level: float) -> None:
    assert not speech_activity(silence(20, level)).any()


@pytest.mark.parametrize(("peak", "noise"), [(-10, -60), (-15, -45), (-25, -100), (-45, -80), (-45, -100)])
def test_speech_is_found_at_any_level(peak: float, noise: float) -> None:
    features, said = speech(60, peak=peak, noise=noise)
    active = speech_activity(features)
    assert (active == said).mean() > 0.92
    assert active[features.voicing > 0.5].mean() > 0.97


def test_noise_that_starts_suddenly_is_soon_known_as_noise() -> None:
    quiet, noisy = silence(5), silence(5, -50)
    both = features_of(np.append(quiet.loudness, noisy.loudness), np.zeros(10 * FPS))
    assert speech_activity(both).mean() < 0.06


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 6])
def test_a_stop_closure_is_no_pause(frames: int) -> None:
    loudness, voicing = np.full(100, -70.0), np.zeros(100)
    loudness[20:80], voicing[20:80] = -20, 0.9
    loudness[50 : 50 + frames], voicing[50 : 50 + frames] = -70, 0
    assert speech_activity(features_of(loudness, voicing))[20:80].all()


def test_a_pause_of_half_a_second_is_one() -> None:
    loudness, voicing = np.full(100, -70.0), np.zeros(100)
    loudness[20:80], voicing[20:80] = -20, 0.9
    loudness[45:58], voicing[45:58] = -70, 0
    assert not speech_activity(features_of(loudness, voicing))[45:58].any()


def test_the_mouth_opens_before_the_first_sound_and_closes_after_the_last() -> None:
    active = np.zeros(100, bool)
    active[30:60] = True
    kept = release(active, FPS)
    assert kept[31:60].min() == 1 and kept[30] > 0.9 and kept[30 - 1] >= 0.5 and kept[30 - 6] == 0
    assert kept[60 + 10 :].max() == 0 and np.abs(np.diff(kept)).max() < 0.36


def test_a_clip_that_ends_in_speech_ends_on_the_way_to_rest() -> None:
    kept = release(np.ones(20, bool), FPS)
    assert kept[-1] < 1 and kept[:-2].min() == 1


@pytest.mark.parametrize("level", [-100, -55])
def test_silence_opening(level: float) -> None:
    talk, said = speech(60, noise=level)
    spoken = np.maximum(raw_motion(talk).curves @ LIP_GAP, 0)[said].mean()
    still = silence(30, level)
    rested = rest_mouth(raw_motion(still).curves, speech_activity(still), LIP_GAP, FPS)
    assert np.abs(rested @ LIP_GAP).mean() < 0.05 * spoken


def test_closed_within_0_4_s_of_the_last_word() -> None:
    talk, said = speech(20)
    tail = silence(3, -55)
    features = features_of(*(np.append(getattr(talk, n), getattr(tail, n)) for n in ("loudness", "voicing")))
    last = np.flatnonzero(said)[-1]
    rested = rest_mouth(raw_motion(features).curves, speech_activity(features), LIP_GAP, FPS)
    assert (rested[last + 10 :] @ LIP_GAP).max() < 0.05


def test_a_smile_stays_in_a_pause_but_its_lips_close() -> None:
    curves = np.zeros((50, 52), np.float32)
    smile = ARKIT_INDEX["mouthFrownLeft"]
    curves[:, [smile, ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["jawOpen"]]] = 0.5
    rested = rest_mouth(curves, np.zeros(50, bool), LIP_GAP, FPS)
    assert (rested @ LIP_GAP).max() < 1e-5 and (rested[:, smile] == 0.5).all()


@settings(max_examples=50, deadline=None)
@given(
    curves=hnp.arrays(np.float32, (30, 52), elements=st.floats(0, 1, width=32)),
    gap=hnp.arrays(np.float64, 52, elements=st.floats(-30, 30)),
    active=hnp.arrays(bool, 30),
    gain=st.floats(0, 1),
)
def test_rest_never_opens(curves: np.ndarray, gap: np.ndarray, active: np.ndarray, gain: float) -> None:
    rested = rest_mouth(curves, active, gap, FPS, gain)
    curves, gap = curves[:, MOUTH], gap[MOUTH]
    assert np.isfinite(rested).all()
    rested = rested[:, MOUTH]
    assert rested.shape == curves.shape
    assert (rested >= 0).all() and (rested <= curves + 1e-6).all()
    assert (rested @ gap <= np.maximum(curves @ gap, 0) + 1e-3).all()


def test_gain_0_is_off() -> None:
    curves = raw_motion(silence(4)).curves
    assert np.array_equal(rest_mouth(curves, np.zeros(100, bool), LIP_GAP, FPS, 0), curves)


def test_no_frames() -> None:
    assert speech_activity(silence(0)).shape == (0,) and release(np.zeros(0, bool), FPS).shape == (0,)
