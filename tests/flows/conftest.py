from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dxtalker.cli import main
from dxtalker.records import Waveform

SHORT = slice(8_000, 27_200)  # 1.2 s of the demo voice


def write_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """``samples`` (N,) -1..1 as 16-bit mono PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def voice(demo_wave: Waveform, tmp_path: Path) -> Path:
    """A short recording, alone in its folder."""
    folder = tmp_path / "voices"
    folder.mkdir()
    return write_wav(folder / "voice.wav", demo_wave.samples[SHORT])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for results."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], list[str]]]:
    """Run the command line; returns exit code, lines of output and lines of errors."""

    def dxtalker(*arguments: object) -> tuple[int, list[str], list[str]]:
        capsys.readouterr()
        code: object = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = stopped.code
        written = capsys.readouterr()
        assert isinstance(code, int)
        return code, written.out.splitlines(), written.err.splitlines()

    return dxtalker
