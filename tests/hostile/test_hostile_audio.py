"""Every hostile file ends as sound or as one clear error, soon, in little memory, with no process left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import make
import pytest

from dxtalker.ffmpeg import ffmpeg_path

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "hostile"
SECONDS = 2.0  # a file; wall time may be twice that on a busy machine, as long as little of it is our own
MEGABYTES = 512

pytestmark = pytest.mark.skipif(os.name != "posix", reason="measures processes the POSIX way")


def check(folder: Path, expected: int) -> dict[str, str]:
    """Load a folder's files in one process and hold the bounds; returns name -> what came of it."""
    run = subprocess.run(
        [sys.executable, HERE / "door.py", folder], capture_output=True, text=True, timeout=110
    )
    assert run.returncode == 0, run.stderr[-2000:]
    report = json.loads(run.stdout)
    assert len(report["files"]) == expected
    for file in report["files"]:
        assert not file["said"].startswith("BROKEN"), file
        assert file["said"] == "sound" or len(file["said"]) > 30, f"{file}: a clear error is a sentence"
        assert file["wall"] < SECONDS or (file["wall"] < 2 * SECONDS and file["cpu"] < SECONDS / 4), file
    assert report["peak_bytes"] < MEGABYTES << 20
    assert not report["child_left"]
    slowest = max(report["files"], key=lambda file: file["wall"])
    sys.stdout.write(
        f"{expected} files, slowest {slowest['name']} {slowest['wall']:.2f} s, {report['peak_bytes'] >> 20} MB"
    )
    return {file["name"]: file["said"] for file in report["files"]}


def test_generated_files(tmp_path: Path) -> None:
    files = make.everything()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    said = check(tmp_path, len(files))
    assert said["ok.wav"] == said["data_ffffffff.wav"] == said["trunc_half.wav"] == "sound"
    assert "'LIST' chunk claims" in said["hang114.wav"] and "'LIST' chunk claims" in said["hang140.wav"]
    assert "it is text" in said["playlist.mp3"] and "it is text" in said["script.mp3"]


def test_damaged_files_of_every_container(tmp_path: Path) -> None:
    whole, bent = tmp_path / "whole", tmp_path / "bent"
    whole.mkdir()
    bent.mkdir()
    (whole / "ok.wav").write_bytes(make.plain()["ok.wav"])
    for kind in ("flac", "mp3", "ogg", "opus", "m4a", "webm", "ts", "avi", "wma", "caf"):
        arguments = ["-nostdin", "-v", "error", "-i", whole / "ok.wav", whole / f"ok.{kind}"]
        subprocess.run([ffmpeg_path(), *arguments], check=True, timeout=60)
        content = (whole / f"ok.{kind}").read_bytes()
        for seed in range(6):
            (bent / f"{seed}.{kind}").write_bytes(make.mutate(content, seed))
    check(bent, 60)


@pytest.mark.shared
def test_shared_files() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"needs the folder of hostile files at {SHARED}")
    check(SHARED, len(list(SHARED.iterdir())))
