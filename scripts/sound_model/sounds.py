"""Noises, music and rooms made by numpy from a seed, and voices mixed with them at known levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

RATE = 16_000
FRAME = 640  # samples, 40 ms


def power(samples: np.ndarray) -> float:
    """Mean square of (N,) samples."""
    return float(np.mean(np.square(samples, dtype=np.float64))) + 1e-20


def active(samples: np.ndarray) -> np.ndarray:
    """(N // 640,) bool: frames of a clean voice within 30 dB of its loud ones, and 80 ms on either side."""
    frames = len(samples) // FRAME
    level = 10 * np.log10(np.mean(samples[: frames * FRAME].reshape(frames, FRAME) ** 2, axis=1) + 1e-12)
    loud = level > np.percentile(level, 95) - 30
    wide = np.convolve(loud, np.ones(5), "same") > 0
    return wide & (level > np.percentile(level, 95) - 45)


def voice_power(samples: np.ndarray) -> float:
    """Mean square of a clean voice where it is active."""
    frames = len(samples) // FRAME
    return power(samples[: frames * FRAME].reshape(frames, FRAME)[active(samples)])


def coloured(rng: np.random.Generator, count: int, slope: float) -> np.ndarray:
    """(count,) noise whose power falls as frequency to the power of ``slope`` (0 white, 1 pink, 2 brown)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    return np.fft.irfft(spectrum * np.maximum(hertz, 50.0) ** (-slope / 2), count)


def hum(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count,) mains hum of 50 or 60 Hz with harmonics, over a little noise."""
    base = rng.choice([50.0, 60.0]) * (1 + rng.normal(0, 0.001))
    at = np.arange(count) / RATE
    sound = sum(
        rng.uniform(0.1, 1) / k**0.7 * np.sin(2 * np.pi * (base * k * at + rng.uniform()))
        for k in range(1, rng.integers(4, 24))
    )
    return sound + 0.05 * rng.standard_normal(count)


def babble(rng: np.random.Generator, count: int, voices: Sequence[np.ndarray]) -> np.ndarray:
    """(count,) of 4 to 8 of ``voices`` at once, at levels within 6 dB."""
    total = np.zeros(count)
    for k in rng.choice(len(voices), rng.integers(4, 9), replace=False):
        total += (
            excerpt(rng, voices[k], count) * 10 ** (rng.uniform(-3, 3) / 20) / voice_power(voices[k]) ** 0.5
        )
    return total


def excerpt(rng: np.random.Generator, voice: np.ndarray, count: int) -> np.ndarray:
    """(count,) of ``voice`` from a random place, repeated where it is shorter."""
    while len(voice) < count + RATE:
        voice = np.concatenate([voice, voice])
    first = rng.integers(0, len(voice) - count)
    return voice[first : first + count]


def room(rng: np.random.Generator, sound: np.ndarray, seconds: float) -> np.ndarray:
    """``sound`` in a room of that reverberation time: a direct path and noise that decays by 60 dB."""
    length = int(seconds * RATE)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail *= rng.uniform(0.15, 0.6) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    size = len(sound) + length
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]


def lowpass(sound: np.ndarray, hertz: float) -> np.ndarray:
    """``sound`` without what is above ``hertz``, as of a telephone or a poor codec."""
    spectrum = np.fft.rfft(sound)
    f = np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.fft.irfft(spectrum / (1 + (f / hertz) ** 16), len(sound))


@dataclass
class Note:
    start: float  # seconds
    length: float  # seconds
    key: int  # MIDI key; for drums the instrument
    loud: float  # 0..1
    part: int  # 0 chords, 1 bass, 2 melody, 3 drums


@dataclass
class Score:
    """A little piece: what is played when, and by which General MIDI programs."""

    notes: list[Note] = field(default_factory=list)
    programs: tuple[int, int, int] = (0, 32, 73)


def score(rng: np.random.Generator, seconds: float) -> Score:
    """A random piece in a random key: chords, and mostly bass, melody and drums."""
    beat = 60 / rng.uniform(60, 165)
    scale = np.array(rng.choice([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 2, 3, 5, 7, 9, 10]]))
    root = int(rng.integers(48, 60))
    parts = [rng.uniform() < p for p in (0.9, 0.75, 0.75, 0.6)]
    if not any(parts[:3]):
        parts[0] = True
    piece = Score([], (int(rng.integers(0, 104)), int(rng.integers(32, 40)), int(rng.integers(0, 104))))
    bar, at, melody = 0, -rng.uniform(0, 4 * beat), 7
    arpeggio, steps = rng.uniform() < 0.4, rng.choice([1, 2, 4])
    while at < seconds:
        degree = int(rng.choice([0, 3, 4, 5, 1, 2]))
        chord = [root + int(scale[(degree + k) % 7]) + 12 * ((degree + k) // 7) for k in (0, 2, 4)]
        if parts[0]:
            for k, key in enumerate(chord if not arpeggio else (chord + chord[1:2]) * 2):
                begin, length = (at, 4 * beat) if not arpeggio else (at + k * beat / 2, beat)
                piece.notes.append(Note(begin, length * 0.95, key, rng.uniform(0.5, 0.8), 0))
        for k in range(4):
            if parts[1]:
                piece.notes.append(Note(at + k * beat, beat * 0.9, chord[0] - 24, rng.uniform(0.6, 0.9), 1))
            for j in range(steps if parts[2] else 0):
                melody = int(np.clip(melody + rng.integers(-2, 3), 3, 17))
                if rng.uniform() < 0.75:
                    key = root + int(scale[melody % 7]) + 12 * (melody // 7)
                    begin = at + (k + j / steps) * beat
                    piece.notes.append(
                        Note(begin, beat / steps * rng.uniform(0.7, 1.5), key, rng.uniform(0.5, 1), 2)
                    )
            if parts[3]:
                for j, drum in enumerate((42, 42)):
                    piece.notes.append(Note(at + (k + j / 2) * beat, 0.1, drum, 0.5, 3))
                piece.notes.append(Note(at + k * beat, 0.2, 36 if k % 2 == 0 else 38, 0.9, 3))
        at, bar = at + 4 * beat, bar + 1
    return piece


def play(rng: np.random.Generator, piece: Score, count: int) -> np.ndarray:
    """(count,) of a piece by additive synthesis: harmonics with an envelope a note, bursts of noise for drums."""
    total = np.zeros(count + 8 * RATE)
    timbres = [rng.uniform(0, 1, 12) / np.arange(1, 13) ** rng.uniform(0.6, 2.2) for _ in range(3)]
    decays, attacks = rng.uniform(0.2, 6, 3), rng.uniform(0.005, 0.12, 3)
    for note in piece.notes:
        begin = int(note.start * RATE)
        if not 0 <= begin < count:
            continue
        if note.part == 3:
            at = np.arange(int(0.25 * RATE)) / RATE
            sound = rng.standard_normal(len(at)) * np.exp(-at * (60 if note.key == 42 else 25))
            if note.key == 36:
                sound = 2 * np.sin(2 * np.pi * (50 * at - 20 * np.exp(-at * 30))) * np.exp(-at * 15)
        else:
            at = np.arange(int((note.length + 0.15) * RATE)) / RATE
            hertz = 440 * 2 ** ((note.key - 69) / 12)
            phase = 2 * np.pi * hertz * at + rng.uniform(0, 0.3) * np.sin(2 * np.pi * 5.5 * at)
            sound = sum(
                a * np.sin((k + 1) * phase)
                for k, a in enumerate(timbres[note.part])
                if (k + 1) * hertz < RATE / 2
            )
            ends = np.clip((at[-1] - at) / 0.1, 0, 1)
            sound = sound * np.minimum(at / attacks[note.part], 1) * np.exp(-at * decays[note.part]) * ends
        total[begin : begin + len(sound)] += note.loud * sound
    return total[:count]


Player = Callable[[np.random.Generator, Score, int], np.ndarray]


def music(rng: np.random.Generator, count: int, player: Player = play) -> np.ndarray:
    """(count,) of a random piece."""
    return player(rng, score(rng, count / RATE), count)
