"""``dxtalker curate`` and ``dxtalker clips`` as people use them, on videos that show nobody."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dxtalker.ffmpeg import ffmpeg_path

Run = Callable[..., tuple[int, list[str], list[str]]]


def film(path: Path, *options: str) -> Path:
    """A second of a test picture and a tone, with ``options`` for the output."""
    command = [
        str(ffmpeg_path()), "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=1",
        "-f", "lavfi", "-i", "sine=frequency=300:duration=1", *options, str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    film(folder / "whole.mp4")
    return folder


def test_hostile_files_end_with_a_reason_each(run: Run, videos: Path, out: Path) -> None:
    film(videos / "mute.mp4", "-map", "0")
    film(videos / "blind.mp4", "-map", "1")
    film(videos / "turned.mkv", "-metadata:s:v", "rotate=90")
    data = (videos / "whole.mp4").read_bytes()
    (videos / "cut.mp4").write_bytes(data[: len(data) // 2])
    (videos / "none.mp4").write_bytes(b"")
    (videos / "words.mov").write_text("a letter")
    shutil.copy(videos / "whole.mp4", videos / "wrong.txt")
    code, printed, errors = run("curate", videos, "-o", out / "clips", "--processes", "1")
    assert (code, printed) == (0, [str(out / "clips")]), errors
    assert "0 clips kept" in " ".join(errors)
    lines = (out / "clips/dropped.jsonl").read_text().splitlines()
    found = {told["source"]: told["dropped"] for told in map(json.loads, lines)}
    assert found == {
        "blind.mp4": "file.no_picture", "cut.mp4": "file.cut_off", "mute.mp4": "file.no_sound",
        "none.mp4": "file.unreadable", "turned.mkv": "picture.no_face", "whole.mp4": "picture.no_face",
        "words.mov": "file.unreadable", "wrong.txt": "duplicate",
    }  # fmt: skip
    assert (out / "clips/report.html").is_file()
    assert run("clips", "report", out / "clips")[:2] == (0, [str(out / "clips/report.html")])


BAD = {
    "no such folder": ("curate", "{videos}/nothing", "-o", "{out}/clips"),
    "no videos": ("curate", "{out}", "-o", "{out}/clips"),
    "a preset that is none": ("curate", "{videos}", "-o", "{out}/clips", "--preset", "best"),
    "a file for an output": ("curate", "{videos}", "-o", "{videos}/whole.mp4"),
    "a folder of other things": ("curate", "{videos}", "-o", "{videos}"),
    "a report of nothing": ("clips", "report", "{videos}"),
    "a dataset that is none": ("clips", "import", "{videos}", "-o", "{out}/clips"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_line_and_code_2(run: Run, videos: Path, out: Path, case: str) -> None:
    code, printed, errors = run(*(part.format(videos=videos, out=out) for part in BAD[case]))
    assert (code, printed) == (2, []), errors
    assert [line for line in errors if line.startswith("dxtalker: ")] == errors[-1:]


def test_an_interrupt_says_how_to_go_on(videos: Path, out: Path) -> None:
    command = [sys.executable, "-m", "dxtalker.cli", "curate", str(videos), "-o", str(out / "clips")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not (out / "clips/.work/drafts").is_dir() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
