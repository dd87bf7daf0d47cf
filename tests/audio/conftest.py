from __future__ import annotations

from pathlib import Path

import pytest
from audio_files import source_wav


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of tone with bursts of noise, 16 kHz mono WAV."""
    return source_wav(tmp_path_factory.mktemp("source"))
