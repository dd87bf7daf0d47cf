"""A decoder that stalls, crawls or crashes is ended, collected and explained."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest
from audio_files import ffmpeg

from dxtalker.audio import child, load_audio, stream_audio
from dxtalker.errors import BadInput, LimitExceeded, NotReady

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")


@pytest.fixture
def mp3(source: Path, tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp3"
    ffmpeg("-i", source, path)
    return path


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have this shell script run in ffmpeg's place; it may use $PIDS to say which processes it starts."""
    path = folder / "ffmpeg.sh"
    path.write_text(f'#!/bin/sh\n[ "$1" = -version ] && exit 0\nPIDS={folder}/pids\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("DXTALKER_FFMPEG", str(path))


def running(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def no_children() -> bool:
    """Whether this process has no child left, not even one to be collected."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_a_stalled_decoder_is_ended_with_its_children(
    mp3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, 'sleep 60 &\necho $$ $! > "$PIDS"\nwait')
    begin = time.monotonic()
    with pytest.raises(
        LimitExceeded, match=r"'talk.mp3': the decoder made no progress for 2 s and was stopped"
    ):
        load_audio(mp3)
    assert 1.9 < time.monotonic() - begin < 3.5
    assert no_children()
    time.sleep(0.1)
    assert not any(running(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_a_decoder_that_stalls_midway_is_ended(
    mp3: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"head -c 20000 '{source}'\nexec sleep 60")
    monkeypatch.setattr(child, "STALL_SECONDS", 0.5)
    with pytest.raises(LimitExceeded, match="no progress"):
        load_audio(mp3)
    assert no_children()


def test_a_decoder_that_only_crawls_is_ended(
    mp3: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"head -c 60 '{source}'\nwhile :; do printf ab; sleep 0.05; done")
    monkeypatch.setattr(child, "HEAD_START", 0.5)
    with pytest.raises(LimitExceeded, match="more slowly than it plays"):
        load_audio(mp3)
    assert no_children()


def test_a_crash_is_an_error_about_the_file(
    mp3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "kill -SEGV $$")
    with pytest.raises(BadInput, match=r"'talk.mp3': the decoder crashed on it \(signal 11\)"):
        load_audio(mp3)


def test_endless_complaints_are_not_kept(mp3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; exit 1")
    with pytest.raises(BadInput, match=r"damaged \(x{160}\)"):
        load_audio(mp3)


def test_a_missing_or_broken_ffmpeg_is_not_the_file_s_fault(
    mp3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DXTALKER_FFMPEG", str(tmp_path / "none"))
    with pytest.raises(NotReady, match="DXTALKER_FFMPEG"):
        load_audio(mp3)
    stand_in(tmp_path, monkeypatch, "")
    (tmp_path / "ffmpeg.sh").write_text("#!/bin/sh\nexit 127\n")
    with pytest.raises(NotReady, match=r"does not run .*dxtalker doctor"):
        load_audio(mp3)


def test_a_stream_that_is_dropped_leaves_no_child(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    ffmpeg("-stream_loop", "40", "-i", source, path)
    blocks = stream_audio(path, 0.5)
    assert len(next(blocks)) == 8000
    del blocks
    assert no_children()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set on Linux")
def test_the_child_s_memory_is_bounded(tmp_path: Path) -> None:
    import resource

    (tmp_path / "sleep.sh").write_text("#!/bin/sh\nexec sleep 60\n")
    held = child.Child(["/bin/sh", str(tmp_path / "sleep.sh")])
    try:
        assert resource.prlimit(held._process.pid, resource.RLIMIT_AS)[0] == child.MEMORY_BYTES
    finally:
        held.close()
    held.close()  # again: nothing to do
