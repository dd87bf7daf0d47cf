"""Sounds that are no speech, made by rule: noises, breaths, laughter and music. A mouth rests in them.

Nothing recorded is needed, so nothing has to be licensed. All give (N,) float32 at 16 kHz with a root mean square of 1
over what sounds, the same for the same generator.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import BadInput
from ..records import SAMPLE_RATE

NOISES = ("white", "pink", "brown", "hum", "fan", "applause")
COLOURS = {"white": 0.0, "pink": 0.5, "brown": 1.0}  # amplitude falls as frequency to minus this
LEAST_HZ = 20.0  # below this, coloured noise gets no stronger
BEATS = (70, 140)  # a minute
SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of a major scale
REST_SECONDS = 20
RESTING = {
    "white": (-75.0, -65.0, -55.0, -48.0),
    "brown": (-75.0, -65.0, -55.0, -48.0),
    "pink": (-45.0,),
    "hum": (-40.0,),
    "fan": (-35.0,),
    "applause": (-30.0,),
    "breaths": (-45.0, -32.0),
    "laughter": (-30.0, -20.0),
    "music": (-35.0, -22.0),
}  # dBFS
CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16))  # semitones: I IV V vi


def resting_sounds(seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """A name and samples (N,) of each sound that nobody speaks in, at levels in dBFS that rooms and recordings have."""
    rng = np.random.default_rng(seed)
    count = REST_SECONDS * SAMPLE_RATE
    yield "digital", np.zeros(count, np.float32)
    for name, levels in RESTING.items():
        for level in levels:
            made = MADE[name](count, rng) if name in MADE else noise(name, count, rng)
            yield f"{name}_{level:g}", np.clip(made * 10 ** (level / 20), -1, 1).astype(np.float32)


def noise(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """One of ``NOISES``. Raises BadInput for another kind."""
    if kind in COLOURS:
        return _level(_shaped(count, rng, lambda hz: np.maximum(hz, LEAST_HZ) ** -COLOURS[kind]))
    makers = {"hum": _hum, "fan": _fan, "applause": _applause}
    if kind not in makers:
        raise BadInput(f"no noise {kind!r}; expected one of {', '.join(NOISES)}")
    return _level(makers[kind](count, rng))


def babble(voices: list[np.ndarray], count: int, rng: np.random.Generator, talkers: int = 5) -> np.ndarray:
    """Several ``voices`` (each (N,)) at once, each from a place of its own: no single one can be followed."""
    if not voices:
        raise BadInput("babble needs voices; none was given")
    mixed = np.zeros(count)
    for _ in range(talkers):
        voice = voices[rng.integers(len(voices))].astype(np.float64)
        voice = np.resize(np.roll(voice, rng.integers(len(voice))), count)
        mixed += voice / max(np.sqrt(np.mean(voice**2)), 1e-6)
    return _level(mixed)


def breaths(count: int, rng: np.random.Generator) -> np.ndarray:
    """Breathing: noise of .3 to 1.2 s through a throat (peaks at .8 to 1.7 and 2 to 3.5 kHz), every 1 to 4 s."""
    out = np.zeros(count)
    at = int(rng.uniform(0, 1) * SAMPLE_RATE)
    while at < count:
        length = int(rng.uniform(0.3, 1.2) * SAMPLE_RATE)
        low, high = rng.uniform(800, 1700), rng.uniform(2000, 3500)
        puff = _shaped(
            length, rng, lambda hz, p=(low, high): _peak(hz, p[0], 500) + 0.7 * _peak(hz, p[1], 900)
        )
        swell = np.sin(np.pi * np.linspace(0, 1, length) ** rng.uniform(0.5, 1.5)) ** 2
        _put(out, at, _level(puff) * swell * rng.uniform(0.5, 1))
        at += length + int(rng.uniform(0.7, 3) * SAMPLE_RATE)
    return _level(out)


def laughter(count: int, rng: np.random.Generator) -> np.ndarray:
    """Laughs: 4 to 9 falling calls at 4 to 6 a second, each a breath and a voiced vowel (Bachorowski et al. 2001)."""
    out = np.zeros(count)
    at = int(rng.uniform(0, 0.8) * SAMPLE_RATE)
    while at < count:
        hertz, rate = rng.uniform(140, 420), rng.uniform(4, 6)
        vowel = (rng.uniform(500, 800), rng.uniform(1000, 1700), 2600.0)
        calls = rng.integers(4, 10)
        for call in range(calls):
            length = int(rng.uniform(0.45, 0.65) / rate * SAMPLE_RATE)
            pitch = hertz * (1.25 - 0.4 * call / calls) * np.linspace(1.08, 0.9, length)
            voice = _buzz(pitch, vowel)
            breath = _level(_shaped(length, rng, lambda hz: _peak(hz, 1500, 1000)))
            swell = np.hanning(length) * (1 - 0.5 * call / calls)
            share = rng.uniform(0, 1)
            _put(out, at, swell * (share * _level(voice) + (1 - share) * breath))
            at += int(SAMPLE_RATE / rate)
        at += int(rng.uniform(0.6, 2.5) * SAMPLE_RATE)
    return _level(out)


def music(count: int, rng: np.random.Generator) -> np.ndarray:
    """Chords, a bass, a melody and drums in one key and tempo; each piece has some of them."""
    beat = int(60 / rng.uniform(*BEATS) * SAMPLE_RATE)
    key = 55 * 2 ** (rng.integers(0, 12) / 12)
    parts = rng.random(4) < 0.7
    parts[rng.integers(4)] = True
    fall = rng.uniform(0.5, 2.0)
    out = np.zeros(count)
    for number, at in enumerate(range(0, count, beat)):
        chord = CHORDS[(number // 4) % 4 if rng.random() < 0.9 else rng.integers(4)]
        if parts[0] and number % 2 == 0:
            for step in chord:
                _put(out, at, 0.4 * _note(4 * key * 2 ** (step / 12), 2 * beat, 5, fall))
        if parts[1]:
            _put(out, at, 0.7 * _note(key * 2 ** (chord[0] / 12), beat, 4, 2 * fall))
        if parts[2]:
            for half in range(2):
                step = SCALE[rng.integers(7)]
                _put(out, at + half * beat // 2, 0.6 * _note(8 * key * 2 ** (step / 12), beat // 2, 6, fall))
        if parts[3]:
            _put(out, at, _drum(rng, number))
    return _level(out)


def _hum(count: int, rng: np.random.Generator) -> np.ndarray:
    time = np.arange(count) / SAMPLE_RATE
    mains = 50.0 if rng.random() < 0.5 else 60.0
    tones = [np.sin(2 * np.pi * (mains * n * time + rng.random())) / n for n in range(1, 9)]
    return np.sum(tones, axis=0) + 0.1 * rng.standard_normal(count)


def _fan(count: int, rng: np.random.Generator) -> np.ndarray:
    corner = rng.uniform(200, 900)
    air = _shaped(count, rng, lambda hz: 1 / (1 + (hz / corner) ** 1.5))
    time = np.arange(count) / SAMPLE_RATE
    blades = rng.uniform(20, 120)
    return _level(air) * (1 + 0.2 * np.sin(2 * np.pi * blades * time)) + 0.2 * np.sin(
        2 * np.pi * blades * time
    )


def _applause(count: int, rng: np.random.Generator) -> np.ndarray:
    """Hands: short bursts of noise, some tens a second."""
    claps = np.zeros(count)
    places = rng.integers(0, count, max(1, int(count / SAMPLE_RATE * rng.uniform(15, 80))))
    np.add.at(claps, places, rng.uniform(0.3, 1, len(places)))
    length = int(0.03 * SAMPLE_RATE)
    clap = rng.standard_normal(length) * np.exp(-np.arange(length) / (0.005 * SAMPLE_RATE))
    size = count + length
    return np.fft.irfft(np.fft.rfft(claps, size) * np.fft.rfft(clap, size), size)[:count]


def _note(hertz: float, count: int, harmonics: int, fall: float) -> np.ndarray:
    time = np.arange(count) / SAMPLE_RATE
    tones = [
        np.sin(2 * np.pi * n * hertz * time) / n**1.3
        for n in range(1, harmonics + 1)
        if n * hertz < SAMPLE_RATE / 2
    ]
    attack = np.minimum(1, time / 0.01)
    return np.sum(tones, axis=0) * attack * np.exp(-fall * time) if tones else np.zeros(count)


def _drum(rng: np.random.Generator, number: int) -> np.ndarray:
    time = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    if number % 2 == 0:
        return 2 * np.sin(2 * np.pi * (50 * time + 4 * np.exp(-time * 40))) * np.exp(-time * 18)
    return rng.standard_normal(len(time)) * np.exp(-time * 25)


def _buzz(hertz: np.ndarray, formants: tuple[float, ...]) -> np.ndarray:
    """A voice of pitch ``hertz`` (N,) through ``formants`` in Hz."""
    phase = np.cumsum(hertz) / SAMPLE_RATE
    mean = float(hertz.mean())
    out = np.zeros(len(hertz))
    for n in range(1, int(4000 / mean) + 1):
        out += sum(_peak(n * mean, f, 120) for f in formants) * np.sin(2 * np.pi * n * phase) / np.sqrt(n)
    return out


def _peak(hertz, middle: float, width: float):
    return 1 / (1 + ((hertz - middle) / width) ** 2)


def _shaped(count: int, rng: np.random.Generator, shape) -> np.ndarray:
    """Noise (count,) whose amplitude over frequency in Hz is ``shape``."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    return np.fft.irfft(spectrum * shape(np.fft.rfftfreq(count, 1 / SAMPLE_RATE)), count)


def _put(out: np.ndarray, at: int, part: np.ndarray) -> None:
    """Add ``part`` to ``out`` from ``at`` on, as far as ``out`` reaches."""
    out[at : at + len(part)] += part[: max(0, len(out) - at)]


def _level(sound: np.ndarray) -> np.ndarray:
    """(N,) float32 with a root mean square of 1 over what sounds."""
    sounding = np.abs(sound) > 1e-3 * np.abs(sound).max(initial=0)
    level = np.sqrt(np.mean(sound[sounding] ** 2)) if sounding.any() else 1.0
    return (sound / max(level, 1e-12)).astype(np.float32)


MADE = {"breaths": breaths, "laughter": laughter, "music": music}
