"""Heads that move with the voice are told from heads that move as much to other sound."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.evaluate.prosody_beats import alignment, motion_beats, nearness, voice_beats
from dxtalker.records import SpeechFeatures


def nods(beats: np.ndarray, frames: int) -> np.ndarray:
    """(frames, 3) radians: a smooth step of a random size at each beat."""
    turns = np.zeros(frames)
    turns[beats] = np.random.default_rng(1).choice([-1, 1], len(beats)) * 0.05
    return np.cumsum(np.convolve(turns, np.hanning(9) / 4, mode="same"))[:, None] * np.array([1.0, 0.3, 0.0])


def voice(beats: np.ndarray, frames: int) -> SpeechFeatures:
    loudness = np.full(frames, -60.0)
    for beat in beats:
        loudness[beat + 1 : beat + 6] = -20
    zeros = np.zeros(frames, np.float32)
    return SpeechFeatures(np.zeros((frames, 4), np.float32), loudness.astype(np.float32), zeros, zeros)


def test_beats_are_found_where_they_were_planted() -> None:
    beats = np.array([30, 61, 99, 140])
    assert set(beats) <= set(np.concatenate([voice_beats(voice(beats, 200)) + d for d in (0, 1)]))
    close = nearness(motion_beats(nods(beats, 200)), 200)
    assert close[beats].min() > 0.9


def test_pitch_accents_are_beats() -> None:
    frames = np.arange(200)
    pitch = (150 + 40 * np.exp(-((frames - 80) ** 2) / 50)).astype(np.float32)
    flat = np.full(200, -20, np.float32)
    heard = SpeechFeatures(np.zeros((200, 4), np.float32), flat, pitch, np.ones(200, np.float32))
    assert voice_beats(heard).tolist() == [80]


def test_nods_on_the_beat_are_told_from_shuffled_sound() -> None:
    rng = np.random.default_rng(0)
    beats = [np.cumsum(rng.integers(18, 60, 20)) for _ in range(2)]
    voices = [voice_beats(voice(b, 1300)) for b in beats]
    found, shuffled, p = alignment([nods(b, 1300) for b in beats], voices)
    assert found > 0.8 > shuffled and p < 0.01
    _, _, other = alignment([nods(b, 1300) for b in beats[::-1]], voices)
    assert other > 0.05


def test_a_still_head_has_no_alignment() -> None:
    beats = np.array([30, 61, 99, 140])
    assert np.isnan(alignment([np.zeros((400, 3))], [beats])).all()
    assert np.isnan(alignment([], [])).all() and np.isnan(alignment([nods(beats, 150)], [beats])).all()


def test_nearness_falls_with_the_distance() -> None:
    assert nearness(np.array([10]), 20)[[10, 13]] == pytest.approx([1, np.exp(-0.5)])
    assert not nearness(np.zeros(0, np.int64), 5).any()
