from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker.errors import BadInput
from dxtalker.export.livelink import COLUMNS, EYE_DOWN, EYE_SIDEWAYS, EYE_UP, read_livelink, write_livelink
from dxtalker.records import ARKIT_INDEX, Motion

RATES = [
    Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
    Fraction(60), Fraction(60000, 1001),
]  # fmt: skip


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="ascii", newline="") as stream:
        return list(csv.reader(stream))


def table(path: Path, motion: Motion) -> tuple[list[str], list[list[str]]]:
    write_livelink(path, motion)
    header, *rows = rows_of(path)
    return header, rows


def save(path: Path, header: list[str], rows: list[list[str]], newline: str = "\n", mark: str = ",") -> None:
    text = newline.join(mark.join(row) for row in [header, *rows]) + newline
    path.write_bytes(text.encode())


def test_header_is_the_apps(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    assert header[:2] == ["Timecode", "BlendshapeCount"]
    assert len(header) == 63 and len(set(header)) == 63 and rows[0][1] == "61"
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header[23:25] == ["MouthRight", "MouthLeft"]
    assert header[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]


def test_left_and_right_are_written_under_their_names(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    for name in ("JawLeft", "JawRight", "MouthLeft", "MouthRight", "EyeBlinkLeft"):
        curve = motion.curves[:, ARKIT_INDEX[name[0].lower() + name[1:]]]
        assert np.allclose([float(r[header.index(name)]) for r in rows], curve, atol=1e-9)


def test_angles_follow_the_apps_signs(tmp_path: Path) -> None:
    curves = np.zeros((1, 52), np.float32)
    curves[0, ARKIT_INDEX["eyeLookOutLeft"]] = 1  # both eyes to the head's own left
    curves[0, ARKIT_INDEX["eyeLookInRight"]] = 1
    curves[0, ARKIT_INDEX["eyeLookDownLeft"]] = 1
    curves[0, ARKIT_INDEX["eyeLookUpRight"]] = 1
    rotation = np.array([[0.1, 0.2, 0.3]], np.float32)
    header, rows = table(tmp_path / "a.csv", Motion(curves, rotation, np.zeros((1, 3), np.float32)))
    value = dict(zip(header[54:], map(float, rows[0][54:]), strict=True))
    assert value["HeadYaw"] == pytest.approx(0.2) and value["HeadRoll"] == pytest.approx(0.3)
    assert value["HeadPitch"] == pytest.approx(-0.1)  # ours nods down, the app's looks up
    assert value["LeftEyeYaw"] == value["RightEyeYaw"] == pytest.approx(-EYE_SIDEWAYS)
    assert value["LeftEyePitch"] == pytest.approx(EYE_DOWN)
    assert value["RightEyePitch"] == pytest.approx(-EYE_UP)


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_round_trip_keeps_values_and_rate(tmp_path: Path, fps: Fraction) -> None:
    motion = make_motion(70, fps)
    write_livelink(tmp_path / "a.csv", motion)
    back = read_livelink(tmp_path / "a.csv")
    assert back.fps == fps and len(back) == 70 and back.start == 0
    assert np.abs(back.curves - motion.curves).max() < 1e-7
    assert np.abs(back.rotation - motion.rotation).max() < 1e-7


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_timecode_tells_the_exact_instant(tmp_path: Path, fps: Fraction) -> None:
    motion = replace(make_motion(3000, fps), start=3599.5)
    _, rows = table(tmp_path / "a.csv", motion)
    for i in (0, 1, 31, 2999):
        hours, minutes, seconds, frame = rows[i][0].split(":")
        assert len(frame) == 6 and float(frame) < 60
        instant = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(frame) / 60
        assert instant == pytest.approx(3599.5 + i * float(1 / fps), abs=1 / 119_000)


def test_reads_reordered_extra_missing_and_other_newlines(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    keep = [i for i, name in enumerate(header) if not name.startswith(("Head", "LeftEye", "RightEye"))][::-1]
    header = ["Note", *[header[i].upper() for i in keep]]
    rows = [["text", *[row[i] for i in keep]] for row in rows]
    save(tmp_path / "b.csv", ["\ufeff" + header[0], *header[1:]], rows, "\r\n")
    back = read_livelink(tmp_path / "b.csv")
    assert np.abs(back.curves - motion.curves).max() < 1e-7
    assert not back.rotation.any()


def test_reads_semicolons_with_decimal_commas(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    rows = [[row[0], *[cell.replace(".", ",") for cell in row[1:]]] for row in rows]
    save(tmp_path / "b.csv", header, rows, mark=";")
    assert np.abs(read_livelink(tmp_path / "b.csv").curves - motion.curves).max() < 1e-7


def test_a_phones_take_lands_on_an_even_grid(tmp_path: Path) -> None:
    """The phone's clock runs at 59.9 fps and drops frames; a ramp must stay a ramp in true time."""
    motion = make_motion(600, Fraction(60))
    header, rows = table(tmp_path / "a.csv", motion)
    jaw = header.index("JawOpen")
    kept = []
    for i, row in enumerate(rows):
        ticks = 1_140_429 + round(i * 1001.6)
        row[0] = f"19:17:{ticks // 60000 % 60:02}:{ticks % 60000 / 1000:06.3f}"
        row[jaw] = f"{i * 1001.6 / 60000 / 20:.10f}"
        if i % 50:
            kept.append(row)
    save(tmp_path / "b.csv", header, kept)
    back = read_livelink(tmp_path / "b.csv")
    assert back.fps == 60 and back.info["timecode"] == kept[0][0]
    ramp = back.curves[:, ARKIT_INDEX["jawOpen"]]
    assert np.allclose(ramp - ramp[0], back.times / 20, atol=2e-5)


def test_frame_counts_of_other_tools(tmp_path: Path) -> None:
    header, rows = table(tmp_path / "a.csv", make_motion(80, Fraction(25)))
    for i, row in enumerate(rows):
        row[0] = f"23:59:{58 + i // 25:02}:{i % 25:02}" if i < 50 else f"00:00:{i // 25 - 2:02}:{i % 25:02}"
    save(tmp_path / "b.csv", header, rows)
    back = read_livelink(tmp_path / "b.csv")
    assert back.fps == 25 and len(back) == 80


def test_fps_given_ignores_timecodes(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    save(tmp_path / "b.csv", header, [["?", *row[1:]] for row in rows])
    assert read_livelink(tmp_path / "b.csv", Fraction(30)).fps == 30
    with pytest.raises(BadInput, match=r"row 2, column Timecode: '\?'"):
        read_livelink(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("row", "column", "text", "message"),
    [
        (12, "MouthClose", "abc", "row 14, column MouthClose: 'abc' is not a number"),
        (0, "JawOpen", "nan", "row 2, column JawOpen: 'nan' is not a weight"),
        (3, "JawOpen", "inf", "row 5, column JawOpen: 'inf' is not a weight"),
        (3, "JawOpen", "", "row 5, column JawOpen: '' is not a number"),
        (3, "JawOpen", "57", "row 5, column JawOpen: '57' is not a weight from 0 to 1"),
        (3, "HeadYaw", "12.5", "row 5, column HeadYaw: '12.5' is not an angle in radians"),
        (3, "Timecode", "00:00:01", "row 5, column Timecode: '00:00:01' is not a timecode"),
        (3, "Timecode", "00:00:00:00.000", "row 5, column Timecode.*back in time"),
        (3, "Timecode", "00:00:00:999.000", "row 5, column Timecode.*240 frames"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named(
    tmp_path: Path, motion: Motion, row: int, column: str, text: str, message: str
) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    rows[row][header.index(column)] = text
    save(tmp_path / "b.csv", header, rows)
    with pytest.raises(BadInput, match=message):
        read_livelink(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no frames"),
        (b"\xff\xfe\x00\x01", "not a text table"),
        (b"Timecode,JawOpen\n0,0\n", "no column EyeBlinkLeft, .* and 46 more"),
        (",".join(("Timecode", *COLUMNS, "jawopen")).encode() + b"\n1\n", "jawopen appears twice"),
        (",".join(("Timecode", *COLUMNS)).encode() + b"\n00:00:00:00.000,0.1\n", "row 2, column EyeLook"),
        (",".join(COLUMNS).encode() + b"\n" + b",".join([b"0"] * 61) + b"\n", "give fps"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(BadInput, match=message):
        read_livelink(tmp_path / "a.csv")


def test_a_jump_of_hours_is_refused(tmp_path: Path, motion: Motion) -> None:
    header, rows = table(tmp_path / "a.csv", motion)
    for row in rows[20:]:
        row[0] = "09" + row[0][2:]
    save(tmp_path / "b.csv", header, rows)
    with pytest.raises(BadInput, match="row 22: the timecode jumps"):
        read_livelink(tmp_path / "b.csv")
