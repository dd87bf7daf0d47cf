"""Every hostile picture ends as a picture or as one clear error, soon and in bounded memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import make as sounds
import numpy as np
import photo_files as make
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxtalker.errors import DxtalkerError
from dxtalker.face.photo import load_photo

HERE = Path(__file__).parent
SECONDS = 5.0  # a file
MEGABYTES = 700

STARTS = (
    b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xdb", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"II*\0",
    b"MM\0*", b"II+\0", b"BM", b"RIFF\0\1\0\0WEBPVP8 ", b"RIFF\0\1\0\0WEBPVP8X", b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
    b"\0\0\0\x18ftypheic", b"8BPS", b"",
)  # fmt: skip


def check(folder: Path) -> dict[str, str]:
    """Load a folder's pictures in one process and hold the bounds; returns name -> what came of it."""
    command = [sys.executable, HERE / "photo_door.py", folder]
    run = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Warning" not in run.stderr, run.stderr[-2000:]  # libtiff prints lines of its own, past Python
    report = json.loads(run.stdout)
    for file in report["files"]:
        assert not file["said"].startswith("BROKEN"), file
        assert file["said"] == "picture" or len(file["said"]) > 30, f"{file}: a clear error is a sentence"
        assert file["wall"] < SECONDS, file
    assert report["peak_bytes"] < MEGABYTES << 20
    return {file["name"]: file["said"] for file in report["files"]}


@pytest.mark.skipif(os.name != "posix", reason="measures processes the POSIX way")
def test_bombs_and_torn_files(tmp_path: Path) -> None:
    for name, content in make.hostile().items():
        (tmp_path / name).write_bytes(content)
    said = check(tmp_path)
    assert "picture" not in said.values()
    assert "pixels" in said["bomb.png"]
    assert "passes" in said["scans.jpg"]
    assert all(
        "damaged or ends early" in said[name]
        for name in ("half.jpg", "half.png", "half.webp", "small bomb.png")
    )


@pytest.mark.skipif(os.name != "posix", reason="measures processes the POSIX way")
def test_damaged_files_of_every_format(tmp_path: Path) -> None:
    for name, content in make.readable().items():
        for seed in range(4):
            (tmp_path / f"{seed}{name}").write_bytes(sounds.mutate(content, seed))
    check(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400), seed=st.integers(0, 2**32))
def test_random_bytes(start: bytes, rest: bytes, seed: int, tmp_path: Path) -> None:
    more = random.Random(seed).randbytes(seed % 3000)
    path = tmp_path / "random"
    path.write_bytes(start + rest + more)
    try:
        pixels = load_photo(path).pixels
    except DxtalkerError as error:
        assert "\n" not in str(error)
    else:
        assert pixels.dtype == np.uint8
