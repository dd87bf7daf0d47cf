"""What several folders of tests share: the demo voice, and models loaded once a worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dxtalker.audio import load_audio
from dxtalker.files import asset
from dxtalker.pipeline import Speaker
from dxtalker.records import Waveform

VOICES = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def demo_path() -> Path:
    return asset("demo.flac")


@pytest.fixture(scope="session")
def demo_wave(demo_path: Path) -> Waveform:
    return load_audio(demo_path)


@pytest.fixture(scope="session")
def long_wave(demo_wave: Waveform) -> Waveform:
    """16.4 s of one reader: three recordings, one after another."""
    others = [load_audio(VOICES / f"austen_{number}.flac") for number in ("0870", "0930")]
    return Waveform(np.concatenate([wave.samples for wave in (demo_wave, *others)]))


@pytest.fixture(scope="session")
def speaker() -> Speaker:
    return Speaker()
