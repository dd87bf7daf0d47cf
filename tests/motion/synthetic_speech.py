"""Speech-like features, a network-like raw motion and a head's lip gaps, for the tests of finishing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, Motion, SpeechFeatures

FPS = 25

LIP_GAP = np.zeros(len(ARKIT_NAMES))  # mm at weight 1, of the size a head of 22 cm has
for _name, _gap in {
    "jawOpen": 30, "mouthClose": -28, "mouthFunnel": 4, "mouthPucker": -1, "mouthLowerDownLeft": 4,
    "mouthLowerDownRight": 4, "mouthUpperUpLeft": 3, "mouthUpperUpRight": 3, "mouthSmileLeft": 0.5,
    "mouthSmileRight": 0.5, "mouthPressLeft": -1, "mouthPressRight": -1, "mouthRollLower": -1,
    "mouthRollUpper": -1, "mouthShrugLower": -2,
}.items():  # fmt: skip
    LIP_GAP[ARKIT_INDEX[_name]] = _gap


def features_of(
    loudness: np.ndarray, voicing: np.ndarray, pitch: np.ndarray | float = 120.0
) -> SpeechFeatures:
    count = len(loudness)
    return SpeechFeatures(
        content=np.zeros((count, 1), np.float32),
        loudness=loudness.astype(np.float32),
        pitch=np.broadcast_to(np.asarray(pitch, np.float32), (count,)),
        voicing=voicing.astype(np.float32),
    )


def silence(seconds: float, level: float = -100.0, seed: int = 0) -> SpeechFeatures:
    """Room noise at ``level`` dBFS, or digital silence at -100."""
    count = round(seconds * FPS)
    wobble = np.random.default_rng(seed).normal(0, 0.8, count) if level > -100 else np.zeros(count)
    return features_of(level + wobble, np.zeros(count))


def speech(
    seconds: float, seed: int = 0, peak: float = -15.0, noise: float = -60.0
) -> tuple[SpeechFeatures, np.ndarray]:
    """Phrases of 1 to 4 s made of syllables, pauses of 0.4 to 1.2 s; and where somebody speaks (T,) bool."""
    rng = np.random.default_rng(seed)
    count = round(seconds * FPS)
    time = np.arange(count) / FPS
    loudness = np.array(silence(seconds, noise, seed).loudness, np.float64)
    voicing, pitch, said = np.zeros(count), np.full(count, 120.0), np.zeros(count, bool)
    at = rng.uniform(0.3, 1)
    while at < seconds:
        end = at + rng.uniform(1, 4)
        syllable = at
        while syllable < end:
            length = rng.uniform(0.14, 0.3)
            inside = (time >= syllable) & (time < syllable + length)
            phase = (time[inside] - syllable) / length
            arch = peak - abs(rng.normal(0, 5)) - 22 * (2 * phase - 1) ** 4
            loudness[inside] = np.maximum(loudness[inside], arch)
            voicing[inside] = np.where(abs(2 * phase - 1) < 0.8, 0.9, 0.2)
            pitch[inside] = 120 * 2 ** (rng.normal(0, 3) / 12 + 0.1 * np.sin(np.pi * phase))
            syllable += length
        said |= (time >= at) & (time < syllable)
        at = syllable + rng.uniform(0.4, 1.2)
    return features_of(loudness, voicing, pitch), said


def raw_motion(features: SpeechFeatures, seed: int = 0) -> Motion:
    """A jaw that follows loudness and never quite closes, lips that close it in turns, nearly still rest."""
    rng = np.random.default_rng(seed)
    count = len(features)
    curves = np.abs(rng.normal(0, 0.01, (count, 52)))
    curves[:, ARKIT_INDEX["jawOpen"]] += np.clip((features.loudness + 45) / 60, 0, 1) * 0.6 + 0.12
    curves[:, ARKIT_INDEX["mouthClose"]] += np.where(np.arange(count) % 9 < 2, 0.6, 0.0)
    curves[:, ARKIT_INDEX["mouthSmileLeft"]] += 0.15
    curves[:, ARKIT_INDEX["mouthSmileRight"]] += 0.15
    return Motion(
        curves=np.clip(curves, 0, 1).astype(np.float32),
        rotation=rng.normal(0, 0.003, (count, 3)).astype(np.float32),
        translation=np.zeros((count, 3), np.float32),
    )


def cut(features: SpeechFeatures, start: int, stop: int) -> SpeechFeatures:
    """Frames ``start`` .. ``stop - 1``, with their instants."""
    return replace(
        features,
        **{n: getattr(features, n)[start:stop] for n in ("content", "loudness", "pitch", "voicing")},
        start=features.start + start / FPS,
    )


def cut_motion(motion: Motion, start: int, stop: int) -> Motion:
    return replace(
        motion,
        **{n: getattr(motion, n)[start:stop] for n in ("curves", "rotation", "translation")},
        start=motion.start + start / FPS,
    )
