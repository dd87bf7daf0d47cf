"""Every hostile video ends with the right pictures and a note, or with the right reason; soon, and in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dxtalker.curate.look import Looked, look
from dxtalker.curate.probe import file_verdict
from dxtalker.curate.settings import Settings
from dxtalker.curate.stretches import stretches
from dxtalker.curate.verdict import Verdict
from dxtalker.errors import DxtalkerError, LimitExceeded
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.video import open_video
from dxtalker.ffmpeg import ffmpeg_path

FACE = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"
SETTINGS = Settings(shortest=0.4, eye_distance=24.0)
FRAMES = 50


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *arguments], check=True, timeout=60)


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker(threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ok.mp4``: two seconds of a face that sways, 320x240, with a tone."""
    folder = tmp_path_factory.mktemp("hostile")
    sway = "scale=230:230,rotate=0.08*sin(n/4),pad=320:240:45:5,format=yuv420p"
    ffmpeg(
        "-loop", "1", "-framerate", "25", "-t", "2", "-i", FACE, "-f", "lavfi", "-i", "sine=d=2", "-vf", sway,
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac", "-movflags", "+faststart",
        folder / "ok.mp4",
    )  # fmt: skip
    return folder


def enlarged(folder: Path, name: str, size: str, *coder: str) -> Path:
    """Three pictures of ``ok.mp4`` scaled to ``size``, without sound."""
    scale = f"scale={size},setsar=1"
    ffmpeg("-i", folder / "ok.mp4", "-an", "-frames:v", "3", "-vf", scale, *coder, folder / name)
    return folder / name


def end_of(
    path: Path, landmarker: Landmarker, start: float = 0.0, seconds: float | None = None
) -> Looked | Verdict:
    """What the engine would have of a file: pictures, or the reason against it in one line."""
    begin = time.monotonic()
    try:
        return look(path, landmarker, start, seconds)
    except DxtalkerError as error:
        said = file_verdict(error)
    assert said.reason.startswith("file.") and path.name in said.remark and "\n" not in said.remark
    assert time.monotonic() - begin < 20
    return said


def pictures(path: Path, landmarker: Landmarker, start: float = 0.0, seconds: float | None = None) -> Looked:
    found = end_of(path, landmarker, start, seconds)
    assert isinstance(found, Looked), found
    return found


def reason(path: Path, landmarker: Landmarker) -> str:
    found = end_of(path, landmarker)
    return found.reason if isinstance(found, Verdict) else "pictures"


def test_a_sound_file_is_one_stretch(folder: Path, landmarker: Landmarker) -> None:
    found = pictures(folder / "ok.mp4", landmarker)
    assert len(found) == FRAMES and found.seen.present.all() and not found.notes
    (only,) = stretches(found, SETTINGS)
    assert only.verdict.reason == ""


def test_cut_off_files_give_what_is_there(folder: Path, landmarker: Landmarker) -> None:
    ok = (folder / "ok.mp4").read_bytes()
    half, torn, matroska = (folder / name for name in ("half.mp4", "torn.mp4", "half.mkv"))
    half.write_bytes(ok[: int(0.6 * len(ok))])
    ffmpeg("-i", folder / "ok.mp4", "-c", "copy", torn)
    torn.write_bytes(torn.read_bytes()[: int(0.6 * len(ok))])
    ffmpeg("-i", folder / "ok.mp4", "-c", "copy", matroska)
    matroska.write_bytes(matroska.read_bytes()[: int(0.5 * len(ok))])
    for path in (half, matroska):
        found = pictures(path, landmarker)
        assert 5 < len(found) < FRAMES - 5 and any(
            "damage" in note or "ends early" in note for note in found.notes
        )
    assert not pictures(
        half, landmarker, 1.9, 1.0
    ).seen.present.any()  # a later part does not spoil the first
    assert reason(torn, landmarker) == "file.cut_off"  # its index stood at the end


def test_without_sound_or_pictures(folder: Path, landmarker: Landmarker) -> None:
    mute, deaf, cover = (folder / name for name in ("mute.mp4", "deaf.mp4", "cover.mp3"))
    ffmpeg("-i", folder / "ok.mp4", "-an", "-c", "copy", mute)
    ffmpeg("-i", folder / "ok.mp4", "-vn", "-c", "copy", deaf)
    ffmpeg(
        "-i", folder / "ok.mp4", "-i", FACE, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-c:a", "libmp3lame",
        "-disposition:v:0", "attached_pic", cover,
    )  # fmt: skip
    assert len(pictures(mute, landmarker, 0.0, 0.4)) == 10
    assert reason(deaf, landmarker) == reason(cover, landmarker) == "file.no_picture"


def test_what_is_no_video(folder: Path, landmarker: Landmarker) -> None:
    files = {
        "zero.mp4": b"", "page.mp4": b"<html><body>404</body></html>", "photo.mp4": FACE.read_bytes(),
        "noise.mp4": np.random.default_rng(1).bytes(40_000), "ftyp.mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
        "list.mp4": b"ffconcat version 1.0\nfile '../ok.mp4'\n", "riff.avi": b"RIFF\xff\xff\xff\x7fAVI LIST",
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
        assert reason(folder / name, landmarker) in ("file.unreadable", "file.no_picture", "file.cut_off"), (
            name
        )
    assert reason(folder / "none.mp4", landmarker) == "file.unreadable"
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.mp4")
        assert reason(folder / "pipe.mp4", landmarker) == "file.unreadable"


def test_a_wrong_extension_and_an_odd_name_change_nothing(folder: Path, landmarker: Landmarker) -> None:
    right = pictures(folder / "ok.mp4", landmarker, 0.0, 0.4)
    for name in ("ok.jpg", "-i.mp4", "ok:1 %d 'x'.mp4"):
        (folder / name).write_bytes((folder / "ok.mp4").read_bytes())
        assert np.array_equal(pictures(folder / name, landmarker, 0.0, 0.4).seen.points, right.seen.points)


def test_uneven_frames_keep_the_clock(folder: Path, landmarker: Landmarker) -> None:
    path, ok = folder / "uneven.mp4", pictures(folder / "ok.mp4", landmarker)
    ffmpeg(
        "-i", folder / "ok.mp4", "-vf", "select='lt(n,10)+not(mod(n,3))'", "-fps_mode", "vfr", "-c:v", "libx264",
        "-preset", "ultrafast", "-c:a", "copy", path,
    )  # fmt: skip
    found = pictures(path, landmarker)
    assert abs(len(found) - FRAMES) <= 3
    shown = [i if i < 10 else i - i % 3 for i in range(45)]
    off = found.seen.landmarks()[:45, 1, 0] - ok.seen.landmarks()[shown, 1, 0]
    assert np.abs(off).max() < 1.5  # pixels: every picture at its own time


def test_a_turned_video_is_upright(folder: Path, landmarker: Landmarker) -> None:
    path = folder / "turned.mp4"
    ffmpeg(
        "-i",
        folder / "ok.mp4",
        "-vf",
        "transpose=1",
        "-c:a",
        "copy",
        "-preset",
        "ultrafast",
        folder / "side.mp4",
    )
    ffmpeg("-display_rotation", "90", "-i", folder / "side.mp4", "-c", "copy", path)
    found = pictures(path, landmarker, 0.0, 0.4)
    assert found.size == (320, 240) and found.seen.present.all()
    marks = found.seen.landmarks()[0]
    assert marks[152, 1] > marks[10, 1] + 20  # the chin is below the forehead


def test_pictures_as_large_as_8k_and_larger(folder: Path, landmarker: Landmarker) -> None:
    eight = enlarged(folder, "8k.mp4", "7680:4320", "-c:v", "libx264", "-preset", "ultrafast")
    more = enlarged(folder, "16k.mkv", "9600:5400", "-c:v", "mjpeg", "-q:v", "20")
    found = pictures(eight, landmarker)
    assert found.size == (1280, 720) and len(found) == 3 and found.seen.present.all()
    assert reason(more, landmarker) == "file.limits"


def test_a_video_of_hours_is_read_in_parts(folder: Path, landmarker: Landmarker) -> None:
    path = folder / "hours.mp4"
    ffmpeg(
        "-i",
        folder / "ok.mp4",
        "-an",
        "-vf",
        "fps=5",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        folder / "2s.mp4",
    )
    ffmpeg("-stream_loop", "3599", "-i", folder / "2s.mp4", "-c", "copy", path)
    begin = time.process_time()
    late = pictures(path, landmarker, 7000.0, 0.4)
    assert len(late) == 10 and late.start == 7000 and late.seen.present.all()
    assert time.process_time() - begin < 5
    with pytest.raises(LimitExceeded, match="longer than 15 minutes"), open_video(path):
        pass
    beyond = pictures(path, landmarker, 7300.0, 1.0)
    assert (
        len(beyond) == 0
        and "it shows no picture from" in beyond.notes[0]
        and stretches(beyond, SETTINGS) == []
    )


def test_flipped_bytes_end_in_a_line_or_in_pictures(folder: Path, landmarker: Landmarker) -> None:
    ok = np.frombuffer((folder / "ok.mp4").read_bytes(), np.uint8)
    path = folder / "flipped.mp4"
    for seed in range(6):
        rng = np.random.default_rng(seed)
        bent = ok.copy()
        where = rng.integers(0 if seed % 2 else 4000, len(ok), 40)
        bent[where] = rng.integers(0, 256, 40)
        path.write_bytes(bent.tobytes())
        found = end_of(path, landmarker, 0.0, 0.6)
        if isinstance(found, Looked):
            assert stretches(found, SETTINGS)[-1].stop == len(found) <= 15


MEASURED = """
import resource, sys
from dxtalker.face.video import open_video
with open_video(sys.argv[1]) as video:
    for frame in video:
        pass
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's word on memory")
def test_the_decoder_of_8k_is_held_to_its_memory(folder: Path) -> None:
    path = enlarged(folder, "8k.mp4", "7680:4320", "-c:v", "libx264", "-preset", "ultrafast")
    done = subprocess.run([sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 2 << 20  # kB
