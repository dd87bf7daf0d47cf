"""Sound for the tests: signals whose place in time can be found again, and files of any kind made of them."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np

from dxtalker.audio import write_wav
from dxtalker.ffmpeg import ffmpeg_path
from dxtalker.records import SAMPLE_RATE, Waveform

TONE = 440.0  # Hz
TONE_LEVEL = 0.25  # peak


def marked_tone(seconds: float = 3.0) -> np.ndarray:
    """(N,) float32 at 16 kHz: a steady tone with three short bursts of noise to find in time."""
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples = TONE_LEVEL * np.sin(2 * np.pi * TONE * t)
    low = np.convolve(rng.standard_normal(800), np.hanning(9) / 4, "same")  # 50 ms, below 4 kHz
    for begin in (0.3, 1.1, 2.2):
        start = round(begin * SAMPLE_RATE)
        samples[start : start + 800] = 0.3 * low
    return samples.astype(np.float32)


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(
        [ffmpeg_path(), "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60
    )


def source_wav(folder: Path) -> Path:
    path = folder / "source.wav"
    write_wav(path, Waveform(marked_tone()))
    return path


def delay(reference: np.ndarray, heard: np.ndarray) -> float:
    """Milliseconds by which ``heard`` lies behind ``reference`` (positive: later), both (N,) at 16 kHz.

    The steady tone is taken out first: it fits at every period.
    """
    size = 1 << int(np.ceil(np.log2(len(reference) + len(heard))))
    spectra = [np.fft.rfft(signal, size) for signal in (reference, heard)]
    band = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    keep = (band > 700) & (band < 3400)
    match = np.fft.irfft(spectra[1] * np.conj(spectra[0]) * keep, size)
    peak = int(np.argmax(match))
    return (peak if peak < size // 2 else peak - size) / SAMPLE_RATE * 1000


def wav_bytes(
    samples: bytes = b"", *, tag: int = 1, channels: int = 1, rate: int = SAMPLE_RATE, bits: int = 16,
    data_size: int | None = None, before: bytes = b"", riff_size: int | None = None,
) -> bytes:  # fmt: skip
    """A WAV file as bytes, with any header: ``before`` is put in front of the data chunk."""
    width = -(-bits // 8) * channels
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * width % 2**32, width % 2**16, bits)
    body = b"WAVE" + chunk(b"fmt ", form) + before + b"data"
    body += struct.pack("<I", len(samples) if data_size is None else data_size) + samples
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)
