"""The engine with stages that take no time: the same bytes however it is run, and nothing lost on the way."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stand_ins import JOINT, SETTINGS, make_by_length, make_late, make_stand_in, write_video

from dxtalker.curate.command import Summary, curate, summary_lines
from dxtalker.curate.settings import Settings
from dxtalker.curate.video import Stages
from dxtalker.data.reader import ClipReader
from dxtalker.errors import BadInput

HERE = Path(__file__).parent


def run(
    given: Path, output: Path, make: Callable[[Settings], Stages] = make_stand_in, **options: int | str | bool
) -> Summary:
    return curate(given, output, SETTINGS, make, JOINT, **{"processes": 1, **options})  # type: ignore[arg-type]


def bytes_of(folder: Path) -> dict[str, str]:
    """Every file that users see, and the drafts."""
    paths = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in ("files.jsonl", "log.txt")
    ]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    for number, seconds in enumerate((8.5, 4.2, 6.0)):
        write_video(folder / "b" / f"{number}.mp4", seconds, number)
    write_video(folder / "one.mp4", 3.0, 9)
    (folder / "licence.json").write_text('{"licence": "CC BY 4.0", "attribution": "A. Person"}')
    (folder / "notes.txt").write_text("not a video")
    return folder


def test_a_folder_becomes_clips(videos: Path, tmp_path: Path) -> None:
    said: list[str] = []
    summary = curate(videos, tmp_path / "clips", SETTINGS, make_stand_in, JOINT, 1, say=said.append)
    clips = list(ClipReader(tmp_path / "clips"))
    # 4 + 2 + 3 + 1 stretches of 2 s, of which every third of a video is dark.
    assert [clip.record.source for clip in clips] == ["b/0.mp4"] * 3 + ["b/1.mp4"] * 2 + ["b/2.mp4"] * 2 + [
        "one.mp4"
    ]
    assert summary.manifest.clips == 8
    assert summary.manifest.reasons == {"picture.dark": 2}
    assert len({clip.record.name for clip in clips}) == 8
    assert {(clip.record.licence, clip.record.attribution) for clip in clips} == {("CC BY 4.0", "A. Person")}
    assert clips[0].record.scores["sync.confidence"] == 0.9
    assert clips[0].record.speaker != clips[1].record.speaker
    assert said == ["4 videos, 1 other file passed by"]
    lines = summary_lines(summary)
    assert lines[0] == "8 clips kept, 16 s; 2 parts dropped, of 4 videos"
    assert "picture.dark" in lines[1]


def test_however_many_processes_the_bytes_are_the_same(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "one")
    run(videos, tmp_path / "two", processes=2)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_a_second_run_changes_nothing_and_looks_at_nothing(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "clips")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").rglob("*") if path.is_file()}
    again = run(videos, tmp_path / "clips")
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "clips").rglob("*") if path.is_file()
    } == before
    assert (again.done_before, again.seconds) == (4, 0.0)


def test_a_video_more_is_the_only_one_that_is_done(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "clips")
    write_video(videos / "a.mp4", 4.0, 77)
    again = run(videos, tmp_path / "clips")
    assert (again.done_before, again.seconds) == (4, 4.0)
    assert again.manifest.clips == 10
    run(videos, tmp_path / "fresh")
    assert bytes_of(tmp_path / "fresh") == bytes_of(tmp_path / "clips")


def test_another_licence_costs_no_second_look(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "clips")
    (videos / "licence.json").write_text('{"licence": "CC0"}')
    assert run(videos, tmp_path / "clips").seconds == 0
    assert {record.licence for record in ClipReader(tmp_path / "clips").records()} == {"CC0"}


def test_other_settings_reuse_nothing_wrong(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "clips")
    sharper = Settings(shortest=1.0, longest=2.0, offset=0.3)
    assert curate(videos, tmp_path / "clips", sharper, make_stand_in, JOINT, 1).seconds > 0
    surer = Settings(shortest=1.0, longest=2.0, offset=0.3, sync_confidence=0.95)
    summary = curate(videos, tmp_path / "clips", surer, make_stand_in, JOINT, 1)
    assert summary.seconds == 0, "how sure one must be is asked of the drafts"
    assert summary.manifest.clips == 0
    assert summary.manifest.reasons["sync.doubtful"] == 8


def test_a_file_that_fails_costs_itself(videos: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("crash", "raise", "torn")):
        write_video(videos / f"{name}.mp4", 3.0, 20 + number)
    (videos / "empty.mp4").write_bytes(b"")
    (videos / "text.mp4").write_text("this is a letter")
    (videos / "out.mp4").symlink_to("/etc/hostname")
    summary = run(videos, tmp_path / "clips", processes=2)
    assert summary.manifest.clips == 8
    assert summary.manifest.reasons == {
        "picture.dark": 2, "file.failed": 2, "file.cut_off": 1, "file.unreadable": 3,
    }  # fmt: skip
    log = (tmp_path / "clips/.work/log.txt").read_text()
    assert "RuntimeError: no stage is perfect" in log
    assert "SIGSEGV" in log
    dropped = [json.loads(line) for line in (tmp_path / "clips/dropped.jsonl").read_text().splitlines()]
    remarks = {record["source"]: record["remark"] for record in dropped}
    assert "leads out" in remarks["out.mp4"]
    assert "0 bytes" in remarks["empty.mp4"]
    again = run(videos, tmp_path / "clips", retry=True)
    assert again.manifest.reasons["file.failed"] == 2


def test_a_file_that_hangs_is_given_up(videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(videos / "hang.mp4", 3.0, 30)
    monkeypatch.setattr("dxtalker.curate.local.STALL_SECONDS", 3.0)
    assert run(videos, tmp_path / "clips").manifest.reasons["file.failed"] == 1


def test_the_same_file_and_the_same_sound_are_kept_once(videos: Path, tmp_path: Path) -> None:
    (videos / "copy.mp4").write_bytes((videos / "one.mp4").read_bytes())
    (videos / "copy.mov").write_bytes((videos / "one.mp4").read_bytes() + b"LIST\0\0\0\0")
    summary = run(videos, tmp_path / "clips")
    assert summary.manifest.clips == 8
    assert summary.manifest.reasons["duplicate"] == 2


def test_late_pictures_are_brought_to_their_sound(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / "plain")
    run(videos, tmp_path / "late", make_late)
    plain, late = ({c.record.name: c for c in ClipReader(tmp_path / n)} for n in ("plain", "late"))
    assert plain.keys() == late.keys()
    for name, clip in late.items():
        was = plain[name]
        assert clip.record.offset == pytest.approx(0.1)
        cut = was.record.frames - clip.record.frames  # 0.1 s are not there at the start of a video
        assert cut == (3 if was.record.start == 0 else 0)
        shift = was.record.start - 0.1 + 0.04 * cut
        assert clip.record.start == pytest.approx(shift)
        assert np.array_equal(clip.motion.curves, was.motion.curves[cut:])
        lag = (
            round(0.1 * 16_000) - 640 * cut
        )  # the sound that was heard 0.1 s before goes with these pictures
        if lag > 0:
            assert np.array_equal(
                clip.sound.samples[lag:], was.sound.samples[: len(clip.sound.samples) - lag]
            )
        else:
            assert np.array_equal(clip.sound.samples, was.sound.samples[-lag : len(clip.sound.samples) - lag])


def test_a_long_video_is_its_own_source_and_short_ones_share_theirs(tmp_path: Path) -> None:
    for name, seconds in (("long.mp4", 16.0), ("short1.mp4", 4.0), ("short2.mp4", 4.0), ("short3.mp4", 4.0)):
        write_video(tmp_path / "videos" / name, seconds, len(name) + int(name[-5] == "2"))
    run(tmp_path / "videos", tmp_path / "clips", make_by_length)
    late = {r.source: r.scores["sync.offset"] for r in ClipReader(tmp_path / "clips").records()}
    assert late["long.mp4"] == 0.16, "measured for itself"
    assert late["short1.mp4"] == late["short2.mp4"] == 0.16, (
        "the folder's: most of its clips are of the long one"
    )
    for name in ("a", "b", "c", "d", "e"):
        write_video(tmp_path / "videos" / f"short{name}.mp4", 4.0, ord(name))
    run(tmp_path / "videos", tmp_path / "clips", make_by_length)
    late = {r.source: r.scores["sync.offset"] for r in ClipReader(tmp_path / "clips").records()}
    assert late["long.mp4"] == 0.16
    assert late["short1.mp4"] == 0.04


def test_what_cannot_be_done_is_said(videos: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.txt").write_text("no video")
    with pytest.raises(BadInput, match="no videos"):
        run(empty, tmp_path / "clips")
    with pytest.raises(BadInput, match="is no video"):
        run(empty / "a.txt", tmp_path / "clips")
    with pytest.raises(BadInput, match="-3 processes"):
        run(videos, tmp_path / "clips", processes=-3)
    with pytest.raises(BadInput, match="no folder"):
        run(tmp_path / "nothing", tmp_path / "clips")
    with pytest.raises(BadInput, match="other things"):
        run(videos, empty)
    (videos / "licence.json").write_text('{"lisence": "CC0"}')
    with pytest.raises(BadInput, match="lisence"):
        run(videos, tmp_path / "clips")


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stand_ins import JOINT, SETTINGS, make_stand_in
from dxtalker.curate.command import curate
if __name__ == "__main__":
    curate(Path(sys.argv[2]), Path(sys.argv[3]), SETTINGS, make_stand_in, JOINT, 2)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    videos, script = tmp_path / "videos", tmp_path / "script.py"
    for number in range(16):
        write_video(videos / f"slow{number}.mp4", 4.0, number)
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(HERE), str(videos), str(tmp_path / "clips")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    drafts = tmp_path / "clips/.work/drafts"
    end = time.monotonic() + 60
    while not list(drafts.glob("*/*.draft")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(how)
    process.wait(30)
    done = len(list(drafts.glob("*/*.json")))
    assert done < 16
    summary = run(videos, tmp_path / "clips")
    assert summary.done_before <= done + 4
    assert summary.manifest.clips == 32
    run(videos, tmp_path / "fresh")
    assert bytes_of(tmp_path / "clips") == bytes_of(tmp_path / "fresh")
