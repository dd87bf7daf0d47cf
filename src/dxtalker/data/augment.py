"""The same speech, recorded otherwise: gain, noise, room, codec, pitch and speed, in time with what was seen.

Every function takes and gives (N,) float32 samples at 16 kHz of the same length (``speed`` alone changes it), shifts no
sound by more than a few milliseconds, and gives the same samples for the same seed. What each is worth:
docs/augmentation.md.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..audio.resample import resample
from ..errors import BadInput, NotReady
from ..ffmpeg import ffmpeg_path
from ..records import SAMPLE_RATE

GAINS_DB = (-60.0, 40.0)
SNRS_DB = (-20.0, 60.0)
ROOMS_SECONDS = (0.05, 3.0)
SEMITONES = (-12.0, 12.0)
SPEEDS = (0.5, 2.0)
KILOBITS = (6, 128)
LEVEL_WINDOW = 320  # samples, 20 ms: speech is as loud as its louder half of these
PRE_DELAY = 0.004  # seconds between the direct sound and the room's first answer
TELEPHONE_HZ = (300.0, 3400.0)
MU = 255.0  # of the G.711 law
GRAIN = 640  # samples, 40 ms: a few pitch periods
SEEK = 80  # samples, ±5 ms: how far a grain is moved to fit; one period of most voices
ENCODER_SECONDS = 30.0


def gain(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Louder or quieter by ``decibels`` (-60 to 40), clipped at full scale as a recorder clips."""
    _check("gain", decibels, GAINS_DB, "dB")
    return np.clip(_one_channel(samples) * 10 ** (decibels / 20), -1, 1).astype(np.float32)


def add_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Speech with ``noise`` (repeated where it is shorter) under it, ``snr_db`` (-20 to 60) below the speech.

    The speech's level is that of its louder half, so that pauses do not count; silence stays silence.
    """
    _check("ratio of speech to noise", snr_db, SNRS_DB, "dB")
    samples, noise = _one_channel(samples), _one_channel(noise)
    if not len(noise) or not noise.any():
        raise BadInput("the noise is silent or empty; expected samples of some sound")
    noise = np.resize(noise, len(samples))
    power = float(np.mean(noise.astype(np.float64) ** 2))
    factor = speech_level(samples) * 10 ** (-snr_db / 20) / np.sqrt(max(power, 1e-20))
    return np.clip(samples + factor * noise, -1, 1).astype(np.float32)


def speech_level(samples: np.ndarray) -> float:
    """Root mean square of the louder half of 20 ms pieces; 0 for no samples."""
    pieces = samples[: len(samples) // LEVEL_WINDOW * LEVEL_WINDOW].reshape(-1, LEVEL_WINDOW)
    power = (pieces.astype(np.float64) ** 2).mean(axis=1)
    return float(np.sqrt(power[power >= np.median(power)].mean())) if len(power) else 0.0


def room(samples: np.ndarray, seconds: float, direct_db: float, seed: int) -> np.ndarray:
    """Heard in a room whose sound falls by 60 dB in ``seconds`` (.05 to 3), the direct sound ``direct_db`` above the rest.

    Noise that decays exponentially behind a direct path without delay (Polack 1988; for recognisers Ko et al. 2017, A
    study on data augmentation of reverberant speech). The level stays.
    """
    _check("reverberation", seconds, ROOMS_SECONDS, "s")
    _check("direct sound", direct_db, (-20.0, 40.0), "dB")
    samples = _one_channel(samples)
    count = int(seconds * SAMPLE_RATE)
    tail = np.random.default_rng(seed).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: int(PRE_DELAY * SAMPLE_RATE)] = 0
    tail *= 10 ** (-direct_db / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1
    heard = _convolved(samples, tail)
    level = np.sqrt(np.mean(heard**2))
    return np.clip(heard * (np.sqrt(np.mean(samples**2)) / max(level, 1e-12)), -1, 1).astype(np.float32)


def telephone(samples: np.ndarray) -> np.ndarray:
    """Through a telephone: 300 to 3400 Hz without delay, 8-bit µ-law (ITU-T G.711)."""
    samples = _one_channel(samples)
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    low, high = TELEPHONE_HZ
    # Slopes of an eighth of an octave below and above: a sharper edge would ring before and after each onset.
    edge = np.interp(hertz, (low * 0.8, low, high, high * 1.09), (0, 1, 1, 0))
    band = np.clip(np.fft.irfft(spectrum * edge, len(samples)), -1, 1)
    law = np.sign(band) * np.log1p(MU * np.abs(band)) / np.log1p(MU)
    law = np.round(law * 127) / 127
    return (np.sign(law) * np.expm1(np.abs(law) * np.log1p(MU)) / MU).astype(np.float32)


def opus(samples: np.ndarray, kilobits: int = 12) -> np.ndarray:
    """Through the Opus codec (RFC 6716) at ``kilobits`` (6 to 128) a second, as calls and messages are.

    Runs ffmpeg; the decoder takes out the encoder's delay. Raises NotReady where that ffmpeg cannot write Opus.
    """
    _check("bit rate", kilobits, KILOBITS, "kbit/s")
    samples = _one_channel(samples)
    with tempfile.TemporaryDirectory() as folder:
        coded = Path(folder) / "coded.ogg"
        command = [
            str(ffmpeg_path()), "-v", "error", "-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "pipe:0",
            "-c:a", "libopus", "-application", "voip", "-b:a", f"{kilobits}k", "-threads", "1", "-y", str(coded),
        ]  # fmt: skip
        seconds = ENCODER_SECONDS + len(samples) / SAMPLE_RATE
        told = subprocess.run(
            command, input=samples.tobytes(), capture_output=True, timeout=seconds, check=False
        )
        if told.returncode or not coded.is_file():
            raise NotReady(
                "ffmpeg cannot write Opus; leave out the kind opus, or name another ffmpeg by DXTALKER_FFMPEG"
            )
        return _of_length(load_audio(coded).samples, len(samples))


def pitch(samples: np.ndarray, semitones: float) -> np.ndarray:
    """A smaller (up) or larger (down) speaker, by ``semitones`` (-12 to 12): pitch and formants move, the timing stays.

    The sound is stretched (``stretch``) and resampled back to its length.
    """
    _check("pitch", semitones, SEMITONES, "semitones")
    samples = _one_channel(samples)
    factor = 2 ** (semitones / 12)
    stretched = stretch(samples, factor)
    return _of_length(resample(stretched, SAMPLE_RATE * factor, SAMPLE_RATE), len(samples))


def stretch(samples: np.ndarray, factor: float) -> np.ndarray:
    """Longer by ``factor`` (.5 to 2) at the same pitch: round(N factor) samples.

    Overlapping grains, each taken within 5 ms of its place where it continues the last one best (WSOLA: Verhelst and
    Roelands 1993).
    """
    _check("stretch", factor, SPEEDS, "times")
    samples = _one_channel(samples)
    half = GRAIN // 2
    wanted = round(len(samples) * factor)
    padded = np.pad(samples.astype(np.float64), (half + SEEK, GRAIN + 2 * SEEK + half))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(GRAIN) / GRAIN)
    out = np.zeros(wanted + 2 * GRAIN)
    last = None
    for at in range(0, wanted + half, half):
        place = min(round(at / factor), len(samples)) + SEEK  # of the grain's start in ``padded``
        if last is not None:
            goes_on = padded[last + half : last + half + GRAIN]
            place += _best_offset(padded[place - SEEK : place + SEEK + GRAIN], goes_on)
        last = min(place, len(padded) - GRAIN - half)
        out[at : at + GRAIN] += window * padded[last : last + GRAIN]
    return out[half : half + wanted].astype(np.float32)


def speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Faster by ``factor`` (.5 to 2), pitch and all (Ko et al. 2015): round(N / factor) samples.

    Sound at t seconds comes at t / ``factor``, and so must its labels: ``labels_at_speed``.
    """
    _check("speed", factor, SPEEDS, "times")
    samples = _one_channel(samples)
    return _of_length(resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE), round(len(samples) / factor))


def labels_at_speed(values: np.ndarray, factor: float, frames: int) -> np.ndarray:
    """(frames, ...) float32 of labels (T, ...) for sound that went through ``speed``; NaN stays NaN."""
    _check("speed", factor, SPEEDS, "times")
    at = np.clip(np.arange(frames) * factor, 0, len(values) - 1)
    before = at.astype(int)
    share = (at - before).reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
    after = np.minimum(before + 1, len(values) - 1)
    mixed = (1 - share) * values[before] + share * values[after]
    return np.where(share == 0, values[before], mixed).astype(np.float32)


def _best_offset(around: np.ndarray, goes_on: np.ndarray) -> int:
    """-SEEK … SEEK: where in ``around`` (GRAIN + 2 SEEK,) lies what resembles ``goes_on`` (GRAIN,) most."""
    size = len(around) + len(goes_on)
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(goes_on, size))
    alike = np.fft.irfft(spectrum, size)[: 2 * SEEK + 1]
    energy = np.convolve(around**2, np.ones(GRAIN), mode="valid")
    alike = alike / np.sqrt(energy + 1e-6)
    # In silence nothing is alike; the place itself goes first.
    return int(np.argmax(alike)) - SEEK if alike.max() > 1e-6 else 0


def _convolved(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """(N,) float64: ``samples`` through ``response``, without what comes after their end."""
    size = 1 << (len(samples) + len(response) - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: len(samples)]


def _of_length(samples: np.ndarray, count: int) -> np.ndarray:
    return np.pad(samples[:count], (0, max(0, count - len(samples)))).astype(np.float32)


def _one_channel(samples: np.ndarray) -> np.ndarray:
    if samples.ndim != 1 or not len(samples):
        raise BadInput(f"samples have shape {samples.shape}; expected some of one channel, (N,)")
    return samples.astype(np.float32, copy=False)


def _check(what: str, value: float, limits: tuple[float, float], unit: str) -> None:
    if not limits[0] <= value <= limits[1]:
        raise BadInput(f"{what} {value:g} {unit} is out of range; expected {limits[0]:g} to {limits[1]:g}")
