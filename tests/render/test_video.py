"""mp4 and PNG writing: exact clock, sound in step, whole files only, no child left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dxtalker.errors import BadInput, NotReady
from dxtalker.ffmpeg import ffmpeg_path
from dxtalker.records import Waveform, frame_rate
from dxtalker.render.video import VideoFailed, write_frames, write_video

RATES = ("24", "25", "29.97", "30", "50", "60")
SIZE = (64, 48)
RATE = 16_000


def flat(level: int = 90, alpha: int = 255, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A grey picture."""
    frame = np.full((size[1], size[0], 4), level, np.uint8)
    frame[..., 3] = alpha
    return frame


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(ffmpeg_path()), "-hide_banner", "-nostats", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60)


def seen(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Presentation times (T,) in seconds and mean brightness (T,) of the frames, as a player shows them."""
    run = ffmpeg("-i", str(path), "-vf", "showinfo", "-fps_mode", "passthrough", "-f", "rawvideo",
                 "-pix_fmt", "gray", "-")  # fmt: skip
    times = [float(t) for t in re.findall(r"pts_time:\s*([-\d.]+)", run.stderr.decode())]
    frames = np.frombuffer(run.stdout, np.uint8).reshape(-1, SIZE[0] * SIZE[1])
    assert len(times) == len(frames)
    return np.array(times), frames.mean(1)


def heard(path: Path) -> tuple[float, np.ndarray]:
    """When the first sample sounds (seconds), and the samples (N,) at RATE."""
    run = ffmpeg("-i", str(path), "-af", f"aresample={RATE},ashowinfo", "-f", "f32le", "-ac", "1", "-")
    start = re.search(r"pts_time:\s*([-\d.]+)", run.stderr.decode())
    assert start is not None
    return float(start[1]), np.frombuffer(run.stdout, np.float32)


@pytest.mark.parametrize("text", RATES)
def test_flashes_and_clicks_stay_together(tmp_path: Path, text: str) -> None:
    fps = frame_rate(text)
    count = round(3 * fps)
    lit = np.array([round(count * share) for share in (0.0, 0.21, 0.47, 0.72, 0.93)])
    samples = np.zeros(round(count / fps * RATE), np.float32)
    for i in lit:
        at = round(i / fps * RATE)
        samples[at : at + 40] = np.sin(np.arange(40) * 0.9)
    frames = (flat(235 if i in lit else 16) for i in range(count))
    path = tmp_path / "sync.mp4"
    assert write_video(frames, path, fps, SIZE, Waveform(samples, RATE)) == count

    times, brightness = seen(path)
    assert len(times) == count
    assert np.allclose(times, np.arange(count) / float(fps), atol=2e-4)
    flashes = times[brightness > 120]
    start, sound = heard(path)
    loud = np.flatnonzero(np.abs(sound) > 0.3)
    clicks = start + loud[np.diff(loud, prepend=-(10**6)) > RATE // 20] / RATE
    assert len(flashes) == len(clicks) == len(lit)
    assert np.abs(flashes - clicks).max() < 0.5 / float(fps)
    assert np.abs(flashes - clicks).max() < 0.004  # and in truth far less
    assert abs(len(sound) / RATE - count / float(fps)) < 0.03


def test_the_file_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    fps = Fraction(30000, 1001)
    write_video((flat() for _ in range(60)), path, fps, SIZE, Waveform(np.zeros(32_032, np.float32)))
    said = ffmpeg("-i", str(path)).stderr.decode()
    assert re.search(r"Video: h264 .*yuv420p\(tv, bt709.*64x48.*29\.97 fps", said), said
    assert re.search(r"Audio: aac .*48000 Hz, mono", said), said
    duration = re.search(r"Duration: 00:00:([\d.]+)", said)
    assert duration is not None and abs(float(duration[1]) - 2.002) < 0.03
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # a player can start before the end has arrived
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_colours_survive(tmp_path: Path) -> None:
    frame = flat()
    frame[..., :3] = (200, 140, 110)
    write_video((frame for _ in range(5)), tmp_path / "c.mp4", Fraction(25), SIZE)
    run = ffmpeg("-i", str(tmp_path / "c.mp4"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    assert np.abs(np.frombuffer(run.stdout, np.uint8).reshape(-1, 3).mean(0) - (200, 140, 110)).max() < 3


def test_a_failing_iterator_leaves_nothing(tmp_path: Path) -> None:
    def frames() -> Iterator[np.ndarray]:
        yield flat()
        raise RuntimeError("drawing failed")

    target = tmp_path / "a.mp4"
    target.write_bytes(b"earlier")
    with pytest.raises(RuntimeError, match="drawing failed"):
        write_video(frames(), target, Fraction(25), SIZE)
    with pytest.raises(RuntimeError, match="drawing failed"):
        write_frames(frames(), tmp_path / "pictures")
    assert target.read_bytes() == b"earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert not children(os.getpid())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_leaves_no_process_and_no_half_file(tmp_path: Path, blow: int) -> None:
    script = (
        "import sys, time\nimport numpy as np\nfrom fractions import Fraction\nfrom pathlib import Path\n"
        "from dxtalker.render.video import write_video\n"
        "def frames():\n"
        "    while True:\n"
        "        print('drawn', flush=True); time.sleep(0.02)\n"
        "        yield np.full((48, 64, 4), 255, np.uint8)\n"
        "write_video(frames(), Path(sys.argv[1]), Fraction(25), (64, 48))\n"
    )
    target = tmp_path / "a.mp4"
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert run.stdout is not None
    for _ in range(5):
        assert run.stdout.readline() == b"drawn\n"
    encoders = children(run.pid)
    assert len(encoders) == 1
    run.send_signal(blow)
    run.wait(timeout=20)
    run.stdout.close()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in encoders) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in encoders)
    assert not target.exists()
    if blow == signal.SIGINT:
        assert not list(tmp_path.iterdir())


def children(parent: int) -> list[int]:
    """Process ids of the living ffmpeg children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, name, _, owner = re.match(r"(\d+) \((.*)\) (\S) (\d+)", stat.read_text()).groups()  # type: ignore[union-attr]
        except (OSError, AttributeError):
            continue
        if int(owner) == parent and name.startswith("ffmpeg"):
            found.append(int(pid))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_ffmpegs_last_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "fake-ffmpeg"
    fake.write_text("#!/bin/sh\necho first >&2\necho 'no such encoder' >&2\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("DXTALKER_FFMPEG", str(fake))
    with pytest.raises(VideoFailed, match="status 3: no such encoder"):
        write_video((flat() for _ in range(100)), tmp_path / "a.mp4", Fraction(25), SIZE)
    monkeypatch.setenv("DXTALKER_FFMPEG", str(tmp_path / "absent"))
    with pytest.raises(NotReady, match="DXTALKER_FFMPEG"):
        ffmpeg_path()


@pytest.mark.parametrize(
    ("frames", "size", "name", "says"),
    [
        ([flat(size=(33, 48))], (33, 48), "a.mp4", "34x48"),
        ([flat()], (8, 8), "a.mp4", "16 to 4096"),
        ([flat(alpha=100)], SIZE, "a.mp4", "transparency"),
        ([flat(size=(48, 48))], SIZE, "a.mp4", "expected uint8"),
        ([], SIZE, "a.mp4", "no frames"),
        ([flat()], SIZE, "a.avi", r"\.mp4"),
        ([flat()], SIZE, "absent/a.mp4", "does not exist"),
    ],
)
def test_refusals(
    tmp_path: Path, frames: list[np.ndarray], size: tuple[int, int], name: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        write_video(frames, tmp_path / name, Fraction(25), size)
    assert not list(tmp_path.iterdir())


def test_pictures_keep_their_alpha(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for first in (10, 40):  # the second run replaces the first
        assert write_frames((flat(first + i, alpha=50 * i) for i in range(3)), folder) == 3
    assert sorted(p.name for p in folder.iterdir()) == [f"frame_{i:06d}.png" for i in (1, 2, 3)]
    with Image.open(folder / "frame_000002.png") as picture:
        assert picture.mode == "RGBA"
        assert np.array_equal(np.array(picture), flat(41, alpha=50))
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(BadInput, match="other things"):
        write_frames([flat()], folder)
    assert (folder / "letter.txt").exists()
