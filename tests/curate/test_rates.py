"""Videos of other rates than 25: each picture at its own instant, interpolated to 25 a second; too few are refused."""

import subprocess
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looked import joined, made, person

from dxtalker.curate.look import EVERY, look, look_at
from dxtalker.curate.rates import sight
from dxtalker.curate.regrid import only, regrid, with_looks
from dxtalker.curate.repeats import distinct
from dxtalker.curate.settings import Settings
from dxtalker.curate.stretches import stretches
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.photo import load_photo
from dxtalker.face.video import instants, open_video
from dxtalker.face.video.instants import read_instants
from dxtalker.ffmpeg import ffmpeg_path
from dxtalker.render.video import write_video

FACE = Path(__file__).parents[1] / "data" / "astronaut_face.jpg"
NTSC = Fraction(30000, 1001)


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *arguments], check=True, timeout=30)


@pytest.mark.parametrize(
    ("rate", "looked_at"),
    [(30, 30), (NTSC, NTSC), (60, 30), (Fraction(60000, 1001), NTSC), (24, 24), (120, 30), (15, 15), (22.5, 22.5)],
)  # fmt: skip
def test_a_videos_own_pictures_are_looked_at(rate: float, looked_at: float) -> None:
    for shift, digits in ((0.0, 9), (0.007, 9), (0.5 / float(rate), 3)):  # some files round to milliseconds
        times = np.round(np.arange(300) / float(rate) + shift, digits)
        own = sight(times)
        assert own is not None and own.fps == looked_at
        which = own.shown(5, 60)
        assert (np.diff(which) == round(float(rate / looked_at))).all()  # none twice, none left out
        assert np.abs(times[which] - (5 + np.arange(60)) / float(looked_at)).max() < 1 / looked_at


@given(st.sampled_from([25, 50, 75, 100]), st.floats(0, 1), st.integers(3, 200))
def test_whole_parts_of_a_25th_are_picked_as_ever(rate: int, shift: float, count: int) -> None:
    assert sight(np.arange(count) / rate + shift) is None
    assert sight(np.arange(min(count, 2)) / 30) is None


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("name", ["30", "60000/1001", "uneven"])
def test_which_picture_is_which(tmp_path: Path, kind: str, name: str) -> None:
    plain, path = tmp_path / "plain.mp4", tmp_path / f"video.{kind}"
    rate = Fraction(30 if name == "uneven" else name)
    count = round(5 * rate)
    levels = 30 + np.arange(count) * 37 % 190
    opaque = np.array([1, 1, 1, 0]) * np.ones((32, 32, 1))
    pictures = ((v * opaque + 255 * (1 - opaque)).astype(np.uint8) for v in levels)
    write_video(pictures, plain, rate, (32, 32))
    late = "setpts=PTS+if(eq(mod(N\\,5)\\,2)\\,0.012/TB\\,0)"  # every fifth
    uneven = ["-vf", f"settb=1/9000,{late}", "-fps_mode", "passthrough", "-enc_time_base", "1/9000"]
    uneven += ["-c:v", "libx264", "-preset", "veryfast"]
    ffmpeg("-i", plain, *(uneven if name == "uneven" else ["-c", "copy"]), path)
    times = instants(path)
    assert len(times) == count and times[1] - times[0] == pytest.approx(1 / rate, abs=0.02)
    for start, seconds in ((0.0, None), (1.48, 1.0), (2.2, 0.8)):
        own = sight(instants(path, start, seconds))
        assert own is not None
        with open_video(path, own.fps, start, seconds, own.shift) as video:
            seen = np.array([np.median(picture) for picture in video])
        which = np.searchsorted(times, own.times[own.shown(round(start * own.fps), len(seen))] - 2e-3)
        assert len(seen) >= 20 and (np.abs(seen - levels[which]) < 6).all(), (start, seen, levels[which])


def test_time_stamps_that_are_missing_or_endless_are_not_believed() -> None:
    head = b"#software: x\n#tb 0: 1/30\n"
    lines = b"".join(b"0, %d, %d, 1, 9, 0x1, F=0x0\n" % (i, j) for i, j in enumerate((2, 0, 1, 3)))
    hidden = b"0, 9, 9, 1, 9, 0x1, F=0x5, S=1\n"
    assert np.allclose(read_instants(BytesIO(head + lines + hidden), 99), np.arange(4) / 30)
    assert not len(read_instants(BytesIO(head + lines), 3))
    assert not len(read_instants(BytesIO(head + lines + b"0, 9, NOPTS, 1, 9, 0x1\n"), 99))
    assert not len(instants(FACE.with_name("nothing.mp4"))) and not len(instants(Path(__file__)))


@settings(max_examples=20, deadline=None)
@given(st.floats(21, 34), st.floats(0, 0.03), st.integers(0, 1000))
def test_between_pictures_the_face_is_interpolated(rate: float, shift: float, first: int) -> None:
    rng = np.random.default_rng(5)
    times = (np.arange(90) + np.ceil(first / 25 * rate)) / rate + shift
    gap = 6 + 5 * np.sin(2 * np.pi * 3 * times)
    looked = made(person(rng), np.random.default_rng(6), gap=gap, frames=90)
    found = regrid(looked, times, (), first, 60)
    at = (first + np.arange(60)) / 25
    inside = (at > times[1]) & (at < times[-2])
    marks = found.seen.landmarks()
    seen = (marks[:, 14, 1] - marks[:, 13, 1])[inside]
    truth = 7 + 5 * np.sin(2 * np.pi * 3 * at[inside])  # 1 px as the person is made
    assert np.abs(seen - truth).max() < 0.9  # picked: up to 2 * pi * 3 * 5 / (2 * 21) = 2.2
    assert len(found) == 60 and found.start == first / 25 and found.seen.present.all()
    found = with_looks(found, looked, times)
    assert (found.others >= 0).sum() in (60 * rate // (25 * EVERY) + np.arange(-1, 3))
    assert (np.isfinite(found.sharpness) == (found.others >= 0)).all()


def test_nothing_is_mixed_over_a_cut_a_gap_or_without_a_face() -> None:
    rng = np.random.default_rng(7)
    there = np.ones(30, bool)
    there[10:15] = False
    one, other = (
        made(person(rng), rng, present=there, frames=30),
        made(person(rng), rng, (90, 240), frames=30),
    )
    looked = joined(one, other)
    times = np.arange(60) / 30
    found = regrid(looked, times, (30,), 0, 50)
    left = found.seen.landmarks()[:, 1, 0]
    known = np.flatnonzero(found.seen.present)
    assert (found.seen.present == there[np.clip(np.floor(np.arange(50) * 1.2 + 0.5), 0, 29).astype(int)])[
        :24
    ].all()
    away = np.abs(left[known, None] - looked.seen.landmarks()[None, :, 1, 0][:, np.r_[:10, 15:60]])
    assert away.min(axis=1).max() < 3  # the faces are 230 apart
    times[20:] += 1.0
    still = regrid(looked, times, (30,), 0, 75)
    assert (still.change[21:39] == 0).all() and (still.change[:15] > 0).all()
    (gone,) = [s for s in stretches(still, Settings(shortest=0.2)) if s.verdict.reason == "picture.frozen"]
    assert 16 < gone.first < 23 and 36 < gone.stop < 44
    assert len(regrid(look_at([], None), times[:0], (), 3, 9)) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [24, 25, 20, 15])
def test_pictures_that_were_repeated_to_make_30_are_found(rate: int) -> None:
    rng = np.random.default_rng(9)
    times = np.arange(300) / 30
    picture = np.floor(times * rate + 1e-6)
    change = np.where(np.diff(picture, prepend=-1) > 0, rng.uniform(1, 3, 300), rng.uniform(0.02, 0.12, 300))
    kept, taken = distinct(change, times)
    assert np.array_equal(kept, np.flatnonzero(np.diff(picture, prepend=-1) > 0))
    late = taken - picture[kept] / rate
    assert np.ptp(late[20:-20]) < 2e-3 and np.ptp(late) < 0.01 and 0 <= late.mean() < 0.5 / rate
    looked = only(made(person(rng), rng, frames=300), kept)
    found = regrid(looked, taken, (), 0, 240)
    assert len(looked) == len(kept) and len(found) == 240
    reasons = {s.verdict.reason for s in stretches(found, Settings())}
    assert reasons == ({"picture.slow"} if rate < 20 else {""})


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_a_face_at_rest_is_no_repeat(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.arange(200) / 30
    calm = rng.uniform(1, 3, 200)
    calm[60:90] = 0.1
    kept, taken = distinct(calm, times)
    assert len(kept) >= 195 and np.array_equal(taken, times[kept])
    assert np.array_equal(distinct(calm[:5], times[:5])[0], np.arange(5))


@pytest.mark.parametrize(
    ("rate", "reason"), [(1, "slow"), (4, "slow"), (15, "slow"), (19.5, "slow"), (20, ""), (24, "")]
)
def test_too_few_pictures_a_second_are_refused(rate: float, reason: str) -> None:
    rng = np.random.default_rng(8)
    count = int(6 * rate)
    times = np.round(np.arange(count) / rate, 3)
    looked = regrid(made(person(rng), rng, frames=count), times, (), 0, 125)
    verdicts = [s.verdict for s in stretches(looked, Settings())]
    assert [v.reason for v in verdicts] == [reason and f"picture.{reason}"]
    assert verdicts[0].scores["picture.rate"] == pytest.approx(rate, abs=0.1)
    assert not reason or "pictures a second" in verdicts[0].remark


def test_a_face_that_glides_at_30_is_where_it_is_at_25(tmp_path: Path) -> None:
    face = load_photo(FACE).pixels
    step = max(1, round(min(face.shape[:2]) / 256))
    face = face[::step, ::step][:256, :256]
    path = tmp_path / "glides.mp4"

    def frames():
        for i in range(18):  # 6 pixels a picture: 180 a second
            picture = np.full((288, 512, 4), 90, np.uint8)
            picture[..., 3] = 255
            picture[16 : 16 + len(face), 6 * i : 6 * i + face.shape[1], :3] = face
            yield picture

    write_video(frames(), path, Fraction(30), (512, 288))
    landmarker = Landmarker(threads=1)
    looked = look(path, landmarker)
    assert len(looked) == 15 and looked.fps == 25 and looked.seen.present.all() and len(looked.instants) == 18
    nose = looked.seen.landmarks()[:, 1, 0]
    assert np.abs(np.diff(nose) - 7.2).max() < 1.5  # picked it would go by 6 or 12
    part = look(path, landmarker, 0.2, 0.24)
    assert (len(part), part.start) == (6, 0.2)
    assert np.abs(part.seen.landmarks()[:, 1, 0] - nose[5:11]).max() < 0.6
