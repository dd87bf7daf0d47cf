"""Made-up talk whose every relation is known: sound to lips and nods, emotion to the face, gaze of a turned head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dxtalker.data.prepare import Example
from dxtalker.motion.condition import prosody
from dxtalker.motion.conditions import EMOTION
from dxtalker.motion.sampler import CHANNELS
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, Motion, SpeechFeatures
from dxtalker.speech.encoder import WIDTH

CURVES = len(ARKIT_NAMES)
HEARD = 3  # what is said has so many dimensions: open, round, and one that nothing follows
AMPLITUDE = {"wide": 0.5, "narrow": 0.2}  # how far a speaker opens the jaw
SMILE = {"wide": 0.02, "narrow": 0.25}  # how a speaker rests
# What an emotion adds to the face: (emotion, prefix of curves, weight)
SHOWN = (
    ("happy", "mouthSmile", 0.5), ("happy", "cheekSquint", 0.5), ("sad", "browInnerUp", 0.6),
    ("sad", "mouthFrown", 0.4), ("angry", "browDown", 0.6),
)  # fmt: skip
WORDS = np.random.default_rng(99).normal(size=(HEARD, WIDTH)).astype(np.float32) / 2


@dataclass(frozen=True)
class Talk:
    """One clip."""

    features: SpeechFeatures
    emotion: np.ndarray  # (T, 10)
    motion: np.ndarray  # (T, 55)


def column(prefix: str) -> list[int]:
    return [i for n, i in ARKIT_INDEX.items() if n.startswith(prefix)]


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    kernel = np.hanning(width + 2)[1:-1]
    return np.stack([np.convolve(v, kernel / kernel.sum(), mode="same") for v in values.T], axis=1)


def talk(seed: int, speaker: str, frames: int = 250) -> Talk:
    """Lips by what is said, a nod by loudness, a turn by nothing that is heard."""
    rng = np.random.default_rng(seed)
    said = smooth(rng.normal(size=(frames, HEARD)), 5)
    said = np.clip(0.5 + said, 0, 1)
    content = said @ WORDS + rng.normal(0, 0.2, (frames, WIDTH))
    loudness = -35 + 12 * smooth(rng.normal(size=(frames, 1)), 9)[:, 0] / 0.35
    ones = np.ones(frames, np.float32)
    features = SpeechFeatures(content.astype(np.float32), loudness.astype(np.float32), 150 * ones, ones)
    emotion = feelings(rng, frames)
    motion = np.zeros((frames, CHANNELS), np.float32)
    motion[:, ARKIT_INDEX["jawOpen"]] = AMPLITUDE[speaker] * said[:, 0]
    motion[:, ARKIT_INDEX["mouthPucker"]] = 0.4 * said[:, 1]
    motion[:, column("mouthSmile")] = SMILE[speaker]
    for name, prefix, weight in SHOWN:
        motion[:, column(prefix)] += weight * emotion[:, [EMOTION.index(name)]]
    level = prosody(features)[:, :1]
    turn = smooth(rng.normal(size=(frames, 1)), 40)[:, 0] * 0.8  # radians, deviation about .14
    motion[:, CURVES] = 0.1 * smooth(level, 7)[:, 0]
    motion[:, CURVES + 1] = turn
    motion[:, column("browOuterUp")] = np.clip(2 * turn, 0, 1)[:, None]
    motion[:, :CURVES] = (motion[:, :CURVES] + rng.normal(0, 0.01, (frames, CURVES))).clip(0, 1)
    return Talk(features, emotion, motion)


def feelings(rng: np.random.Generator, frames: int) -> np.ndarray:
    """(T, 10): one emotion after the other, each of some strength; valence and arousal unknown."""
    rows = np.zeros((frames, len(EMOTION)), np.float32)
    order = rng.permutation(4)  # neutral, happy, sad, angry
    for number, at in enumerate(range(0, frames, 30)):
        rows[at : at + 30, order[number % 4]] = rng.uniform(0.3, 1)
    padded = smooth(np.pad(rows, ((9, 9), (0, 0)), mode="edge"), 9)[9:-9]
    padded[:, -2:] = np.nan
    return padded.astype(np.float32)


def example(seed: int, speaker: str) -> Example:
    made = talk(seed, speaker)
    return Example(
        name=f"{speaker}{seed}", corpus="planted", content=made.features.content.astype(np.float16),
        prosody=prosody(made.features), motion=made.motion, covered=np.ones(CHANNELS, np.float32),
        closed=np.full(len(made.motion), np.nan, np.float32), emotion=made.emotion, speaker=speaker,
    )  # fmt: skip


def as_motion(values: np.ndarray) -> Motion:
    return Motion(values[:, :CURVES], values[:, CURVES:], np.zeros((len(values), 3), np.float32))
