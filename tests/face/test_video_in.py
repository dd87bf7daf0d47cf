"""The video door: pictures at a constant rate on the sound's clock, or one clear line."""

import os
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dxtalker.errors import BadInput, LimitExceeded, Unsupported
from dxtalker.face.video import open as door
from dxtalker.face.video import open_video
from dxtalker.face.video.probe import read_facts
from dxtalker.ffmpeg import ffmpeg_path
from dxtalker.records import Waveform
from dxtalker.render.video import write_video

SIZE = (96, 64)
FPS = Fraction(25)


def grey(level: int) -> np.ndarray:
    frame = np.full((SIZE[1], SIZE[0], 4), 255, np.uint8)
    frame[..., :3] = level
    frame[:16, :16, :3] = (200, 30, 30)  # says which way up it is
    return frame


LEVELS = [40 + 4 * i for i in range(25)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video((grey(level) for level in LEVELS), path, FPS, SIZE, Waveform(np.zeros(16_000, np.float32)))
    return path


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *arguments], check=True, timeout=30)


def levels(path: Path, fps: Fraction | None = None) -> list[float]:
    with open_video(path, fps) as video:
        return [float(np.median(frame)) for frame in video]


def test_every_picture_comes_at_its_time(clip: Path) -> None:
    with open_video(clip) as video:
        assert (video.fps, video.size, video.expected) == (FPS, SIZE, 25)
        frames = list(video)
    assert all(f.shape == (SIZE[1], SIZE[0], 3) and f.dtype == np.uint8 for f in frames)
    assert np.allclose([np.median(f) for f in frames], LEVELS, atol=2)
    assert frames[0][4, 4, 0] > 150 > frames[0][4, -4, 0]
    assert not video.notes


def test_another_rate_keeps_the_clock(clip: Path) -> None:
    double, half = levels(clip, Fraction(50)), levels(clip, Fraction(25, 2))
    assert len(double) == 50 and len(half) in (12, 13)
    assert np.allclose(double[::2], LEVELS, atol=5)


def test_a_turned_video_is_upright_and_a_late_one_begins_at_zero(clip: Path, tmp_path: Path) -> None:
    turned, late = tmp_path / "turned.mp4", tmp_path / "late.mp4"
    ffmpeg("-display_rotation", "90", "-i", clip, "-c", "copy", turned)
    with open_video(turned) as video:
        assert video.size == (SIZE[1], SIZE[0])
        first = next(iter(video))
        assert first[-4, 4, 0] > 150 > first[4, 4, 0]  # the mark went from the top left to the bottom left
    ffmpeg("-i", clip, "-itsoffset", "0.4", "-i", clip, "-map", "0:a", "-map", "1:v", "-c", "copy", late)
    found = levels(late)
    assert np.allclose(found[:10], LEVELS[0], atol=2) and np.allclose(found[10:35], LEVELS, atol=2)


def test_large_pictures_are_reduced_and_pixels_made_square(tmp_path: Path) -> None:
    wide, flat = tmp_path / "wide.mp4", tmp_path / "flat.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=2560x640:r=25:d=0.1", wide)
    ffmpeg("-f", "lavfi", "-i", "color=red:s=96x64:r=25:d=0.1,setsar=2/1", flat)
    for path, size in ((wide, (1280, 320)), (flat, (192, 64))):
        with open_video(path) as video:
            assert video.size == size and next(iter(video)).shape == (size[1], size[0], 3)


def test_what_is_no_video_is_refused(clip: Path, tmp_path: Path) -> None:
    text, torn, sound, empty = (tmp_path / name for name in ("a.mp4", "b.mp4", "c.mp3", "d.mp4"))
    text.write_text("not a video\n")
    torn.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2].replace(b"moov", b"free"))
    empty.touch()
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", sound)
    refused = {
        text: "it is a text file",
        torn: "cut short|no video|no picture",
        sound: "no video track",
        empty: "empty",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp4")
        refused[tmp_path / "pipe.mp4"] = "a pipe"
    for path, reason in refused.items():
        with pytest.raises(BadInput, match=reason) as error, open_video(path):
            pass
        assert path.name in str(error.value) and "\n" not in str(error.value)
    picture = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"
    with pytest.raises(Unsupported, match="not read as video"), open_video(picture):
        pass


def test_a_video_that_is_too_long_is_refused(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_SECONDS", 0.6)
    with pytest.raises(LimitExceeded, match="longer than"), open_video(clip) as video:
        assert sum(1 for _ in video) < 16
    monkeypatch.setattr(door, "MAX_SECONDS", 0.4)
    with pytest.raises(LimitExceeded, match="longer than"), open_video(clip):
        pass


def test_rates_are_read_as_they_are_meant() -> None:
    said = "Input #0, x\n  Duration: 00:01:02.50, start: 0\n  Stream #0:0(und): Video: h264, 640x360, {}, 30 tbr\n"
    assert read_facts(said.format("29.97 fps")).fps == Fraction(30000, 1001)
    assert read_facts(said.format("25 fps")).seconds == 62.5
    with pytest.raises(BadInput, match="12000 a second"):
        read_facts(said.format("12k fps"))


@pytest.mark.parametrize("kind", ["mp4", "ts"])
def test_a_part_is_the_same_pictures(clip: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"long.{kind}"
    ffmpeg("-stream_loop", "4", "-i", clip, "-c", "copy", path)  # 5 s
    with open_video(path, Fraction(25)) as video:
        whole = list(video)
    for start, seconds in ((0.0, 0.4), (0.52, 1.0), (3.48, 0.8), (4.6, 60.0)):
        with open_video(path, Fraction(25), start, seconds) as video:
            part = list(video)
        expected = whole[round(start * 25) :][: round(seconds * 25)]
        assert len(part) == len(expected) > 5
        assert all(np.array_equal(a, b) for a, b in zip(part, expected, strict=True))


def test_parts_that_cannot_be_are_refused(clip: Path) -> None:
    for start, seconds, reason in (
        (-1.0, 1.0, "from -1 s"),
        (0.0, 0.0, "0 s were asked"),
        (0.0, 901.0, "901 s"),
    ):
        with pytest.raises(BadInput, match=reason), open_video(clip, None, start, seconds):
            pass
    with open_video(clip, None, 30.0, 1.0) as video:
        assert list(video) == [] and video.notes == ["it shows no picture from 30.0 s on"]


def test_size_sound_and_dynamic_range_are_read() -> None:
    said = "Input #0, x\n  Stream #0:0: Video: hevc (Main 10), yuv420p10le(tv, bt2020nc/bt2020/{}), 3840x2160, 25 fps\n"
    facts = read_facts(said.format("smpte2084") + "  Stream #0:1: Audio: aac\n")
    assert (facts.size, facts.sound, facts.hdr) == ((3840, 2160), True, True)
    facts = read_facts(said.format("bt709").replace("3840x2160", "720x576 [SAR 16:15 DAR 4:3]"))
    assert (facts.size, facts.sound, facts.hdr) == ((720, 576), False, False)


def test_high_dynamic_range_is_tone_mapped(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mkv"
    marked = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    grey = "color=0x949494:s=96x64:r=25:d=0.2,format=yuv420p10le"  # 58 % of PQ: about 203 cd/m2, a white wall
    ffmpeg("-f", "lavfi", "-i", f"{grey},{marked}", "-c:v", "ffv1", path)
    with open_video(path) as video:
        level = np.median(next(iter(video)))
        assert "dynamic range" in video.notes[0]
    assert ("tone mapped" in video.notes[0]) == (level > 154)  # as it is coded it would show as 148
