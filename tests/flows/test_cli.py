"""The command line as people use it, in small."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dxtalker import pipeline
from dxtalker.export import read_motion
from dxtalker.files import asset
from dxtalker.records import ARKIT_INDEX, BLINK, BROWS, Motion, Waveform

Run = Callable[..., tuple[int, list[str], list[str]]]
SMALL = ("--size", "48x64", "--renderer", "numpy")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def spoken(run: Run, voice: Path, out: Path, *options: object) -> Motion:
    """The motion that ``speak`` writes with ``options``, exact."""
    target = out / "motion.npz"
    assert run("speak", voice, "-o", target, *options)[0] == 0
    return read_motion(target)


def test_one_voice_in_every_form(run: Run, voice: Path, out: Path) -> None:
    wanted = [out / f"a.{kind}" for kind in ("csv", "json", "npz", "glb", "mp4")] + [out / "frames"]
    options = [part for path in wanted for part in ("-o", path)]
    code, printed, errors = run("speak", voice, *options, *SMALL)
    assert (code, errors) == (0, [])
    assert printed == [str(path) for path in wanted]
    exact, table = read_motion(out / "a.npz"), read_motion(out / "a.csv")
    assert len(exact) == len(table) == len(read_motion(out / "a.json")) == 30
    assert np.abs(exact.curves - table.curves).max() < 1e-4
    assert exact.info["audio"] == "voice.wav"
    assert (out / "a.glb").read_bytes()[:4] == b"glTF"
    assert (out / "a.mp4").read_bytes()[4:8] == b"ftyp"
    frames = names(out / "frames")
    assert len(frames) == 30
    with Image.open(out / "frames" / frames[0]) as picture:
        assert (picture.size, picture.mode) == ((48, 64), "RGBA")
    assert names(out) == ["a.csv", "a.glb", "a.json", "a.mp4", "a.npz", "frames"]


def test_a_folder_with_one_broken_file(run: Run, voice: Path, out: Path) -> None:
    shutil.copy(voice, voice.with_name("another.wav"))
    voice.with_name("broken.wav").write_bytes(b"RIFF nothing of use")
    code, printed, errors = run("speak", voice.parent, "-o", out / "takes", "--format", "csv")
    assert code == 2
    assert names(out / "takes") == ["another.csv", "voice.csv"]
    assert len(printed) == 2
    assert "broken.wav" in errors[0]
    assert "1 of 3 files" in errors[-1]


def test_one_file_into_a_folder_by_format(run: Run, voice: Path, out: Path) -> None:
    assert run("speak", voice, "-o", out / "new", "--format", "json")[0] == 0
    assert names(out / "new") == ["voice.json"]


def test_frames_as_obj_and_sound_beside(run: Run, voice: Path, out: Path) -> None:
    options = ("-o", out / "frames", "--format", "obj", "-o", out / "a.vrm", "--sound")
    assert run("speak", voice, *options) == (0, [str(out / "frames"), str(out / "a.vrm")], [])
    assert names(out) == ["a.vrm", "a.wav", "frames"]
    assert names(out / "frames")[:2] == ["000000.obj", "000001.obj"]
    assert {"speech.wav", "head.mtl"} <= set(names(out / "frames"))


BAD = {
    "no such file": ("speak", "{missing}", "-o", "{out}/a.csv"),
    "an empty file": ("speak", "{empty}", "-o", "{out}/a.csv"),
    "no sound at all": ("speak", "{text}", "-o", "{out}/a.csv"),
    "no output": ("speak", "{voice}"),
    "an unknown extension": ("speak", "{voice}", "-o", "{out}/a.xyz"),
    "a folder that is not there": ("speak", "{voice}", "-o", "{out}/no/a.csv"),
    "an unknown gain": ("speak", "{voice}", "-o", "{out}/a.csv", "--gain", "nose=1"),
    "a gain out of range": ("speak", "{voice}", "-o", "{out}/a.csv", "--gain", "lips=9"),
    "a gain that is no number": ("speak", "{voice}", "-o", "{out}/a.csv", "--gain", "lips=loud"),
    "a negative seed": ("speak", "{voice}", "-o", "{out}/a.csv", "--seed", "-1"),
    "a frame rate that is none": ("speak", "{voice}", "-o", "{out}/a.csv", "--fps", "fast"),
    "a frame rate out of range": ("speak", "{voice}", "-o", "{out}/a.csv", "--fps", "1000"),
    "a size that is none": ("speak", "{voice}", "-o", "{out}/a.mp4", "--size", "big"),
    "a size out of range": ("speak", "{voice}", "-o", "{out}/a.mp4", "--size", "0x5"),
    "a colour that is none": ("speak", "{voice}", "-o", "{out}/a.mp4", "--background", "mauve"),
    "no takes": ("speak", "{voice}", "-o", "{out}/a.csv", "--takes", "0"),
    "too many takes": ("speak", "{voice}", "-o", "{out}/a.csv", "--takes", "65"),
    "no solver steps": ("speak", "{voice}", "-o", "{out}/a.csv", "--steps", "0"),
    "a model that is none": ("speak", "{voice}", "-o", "{out}/a.csv", "--model", "{text}"),
    "a head that is none": ("speak", "{voice}", "-o", "{out}/a.mp4", "--face", "{text}"),
    "a head that is torn": ("speak", "{voice}", "-o", "{out}/a.mp4", "--face", "{torn}"),
    "a head that is damaged": ("speak", "{voice}", "-o", "{out}/a.mp4", "--face", "{damaged}"),
    "a folder without a format": ("speak", "{folder}", "-o", "{out}/takes"),
    "a folder without files": ("speak", "{out}", "-o", "{out}/takes", "--format", "csv"),
    "curves that are none": ("render", "{text}", "-o", "{out}/a.mp4"),
    "a table that is none": ("render", "{table}", "-o", "{out}/a.mp4"),
    "curves and no output": ("render", "{table}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_line_and_code_2(run: Run, voice: Path, out: Path, case: str) -> None:
    folder = voice.parent
    (folder / "empty.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("This is a letter and not a recording.\n" * 40)
    (folder / "table.csv").write_text("a,b\n1,2\n")
    head = asset("head.npz").read_bytes()
    (folder / "torn.npz").write_bytes(head[:200_000])
    (folder / "damaged.npz").write_bytes(head[:200_000] + bytes(64) + head[200_064:])
    files = {"empty": "empty.wav", "text": "notes.txt", "table": "table.csv", "torn": "torn.npz",
             "damaged": "damaged.npz", "missing": "nothing.wav"}  # fmt: skip
    places = {name: folder / file for name, file in files.items()}
    places |= {"voice": voice, "folder": folder, "out": out}
    code, printed, errors = run(*(part.format(**places) for part in BAD[case]))
    assert code == 2, errors
    assert printed == []
    assert len(errors) == 1, errors
    assert errors[0].startswith("dxtalker: ")
    assert names(out) == []


def test_a_word_that_is_no_command(run: Run) -> None:
    code, _, errors = run("sing")
    assert code == 2
    assert any("speak" in line for line in errors)


def test_a_file_whose_name_begins_with_a_dash(
    run: Run, voice: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice.rename(voice.with_name("-odd.wav"))
    monkeypatch.chdir(voice.parent)
    assert run("speak", "-o", out / "odd.csv", "--", "-odd.wav")[0] == 0
    assert names(out) == ["odd.csv"]


def test_the_same_seed_gives_the_same_bytes(run: Run, voice: Path, out: Path) -> None:
    kinds = ("csv", "json", "npz", "glb")
    for take in ("once", "again"):
        targets = [part for kind in kinds for part in ("-o", out / f"{take}.{kind}")]
        assert run("speak", voice, *targets, "--seed", 7)[0] == 0
    for kind in kinds:
        assert (out / f"once.{kind}").read_bytes() == (out / f"again.{kind}").read_bytes()


def test_another_seed_is_another_take_of_the_same_words(run: Run, demo_path: Path, out: Path) -> None:
    first, second = (spoken(run, demo_path, out, "--raw", "--seed", seed) for seed in (1, 2))
    moved = np.abs(first.curves - second.curves).mean(axis=0)
    assert moved[BROWS].max() > 1e-3
    assert moved[BLINK].max() > 1e-3
    assert np.abs(first.rotation - second.rotation).max() > np.radians(0.1)
    jaw = ARKIT_INDEX["jawOpen"]
    assert np.corrcoef(first.curves[:, jaw], second.curves[:, jaw])[0, 1] > 0.7


def test_raw_adds_nothing(run: Run, voice: Path, out: Path) -> None:
    raw, finished = spoken(run, voice, out, "--raw"), spoken(run, voice, out)
    assert "finish" not in raw.info
    assert "finish" in finished.info
    assert not raw.translation.any()
    assert not np.array_equal(raw.rotation, finished.rotation)


def test_gains_scale_their_part(run: Run, demo_path: Path, out: Path) -> None:
    still = spoken(run, demo_path, out, "--gain", "head=0,blink=0,brows=0")
    assert not still.rotation.any()
    assert not still.curves[:, [*BLINK, *BROWS]].any()
    usual = spoken(run, demo_path, out)
    assert usual.curves[:, BLINK].max() > 0.9
    small = spoken(run, demo_path, out, "--gain", "lips=0.5")
    jaw = ARKIT_INDEX["jawOpen"]
    assert small.curves[:, jaw].mean() < 0.7 * usual.curves[:, jaw].mean()


def test_several_takes_are_numbered_and_those_of_their_seeds(run: Run, voice: Path, out: Path) -> None:
    targets = ("-o", out / "take.npz", "-o", out / "take.csv")
    code, printed, notes = run("speak", voice, *targets, "--takes", 3, "--seed", 4)
    made = [out / f"take-{n}.{kind}" for n in (1, 2, 3) for kind in ("npz", "csv")]
    assert (code, printed) == (0, [str(path) for path in made])
    assert notes == ["dxtalker: note: takes 1 to 3 have the seeds 4 to 6: --seed 5 is take 2 alone"]
    assert run("speak", voice, "-o", out / "alone.npz", "--seed", 5)[0] == 0
    alone, second, third = (read_motion(out / f"{n}.npz") for n in ("alone", "take-2", "take-3"))
    assert (
        alone.curves.tobytes() == second.curves.tobytes()
        and alone.rotation.tobytes() == second.rotation.tobytes()
    )
    assert np.abs(second.curves - third.curves).max() > 0.01
    takes = ("speak", voice.parent, "-o", out / "all", "--format", "json", "--takes", 2)
    assert run(*takes)[0] == 0 and names(out / "all") == ["voice-1.json", "voice-2.json"]


def test_the_voice_is_heard_once_for_all_takes(
    voice: Path, run: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[int] = []
    feed = pipeline.Listener.feed
    monkeypatch.setattr(pipeline.Listener, "feed", lambda *given: fed.append(1) or feed(*given))
    assert run("speak", voice, "-o", out / "a.npz", "--takes", 12)[0] == 0
    assert len(fed) == 1 and names(out)[0] == "a-01.npz" and len(names(out)) == 12


@pytest.mark.parametrize("fps", ["24", "25", "29.97", "30", "50", "60"])
def test_every_rate_keeps_the_duration(
    run: Run, demo_wave: Waveform, demo_path: Path, out: Path, fps: str
) -> None:
    motion = spoken(run, demo_path, out, "--fps", fps)
    assert float(motion.fps) == pytest.approx(float(fps), rel=1e-4)
    assert abs(motion.duration - demo_wave.duration) <= 0.5 / float(motion.fps) + 1e-9


def test_an_edited_table_is_drawn_again(run: Run, voice: Path, out: Path) -> None:
    assert run("speak", voice, "-o", out / "a.csv")[0] == 0
    with (out / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["JawOpen"] = "0.5"
    with (out / "b.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    targets = ("-o", out / "b.json", "-o", out / "b.mp4", "-o", out / "pictures")
    code, printed, errors = run("render", out / "b.csv", *targets, "--audio", voice, "--fps", "30", *SMALL)
    assert (code, len(printed), errors) == (0, 3, [])
    edited = read_motion(out / "b.json")
    assert edited.fps == 30
    assert np.allclose(edited.curves[:, ARKIT_INDEX["jawOpen"]], 0.5)
    assert len(names(out / "pictures")) == len(edited)


@pytest.mark.parametrize("target", ["a.mp4", "frames"])
def test_an_interrupt_leaves_nothing(
    run: Run, voice: Path, out: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = pipeline.draw_motion

    def stopped(*arguments: object) -> Iterator[np.ndarray]:
        frames = drawn(*arguments)  # type: ignore[arg-type]
        yield next(frames)
        yield next(frames)
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "draw_motion", stopped)
    code, _, errors = run("speak", voice, "-o", out / target, *SMALL)
    assert code == 130
    assert len(errors) == 1
    assert names(out) == []


def test_an_interrupt_keeps_the_takes_that_are_whole(
    run: Run, voice: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, begun = pipeline.draw_motion, []

    def second_stops(*arguments: object) -> Iterator[np.ndarray]:
        begun.append(1)
        for frame in drawn(*arguments):  # type: ignore[arg-type]
            yield frame
            if len(begun) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "draw_motion", second_stops)
    code, printed, _ = run("speak", voice, "-o", out / "a.mp4", "--takes", 3, *SMALL)
    assert (code, printed, names(out)) == (130, [str(out / "a-1.mp4")], ["a-1.mp4"])


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_control_c_leaves_nothing(voice: Path, out: Path, demo_path: Path) -> None:
    command = [sys.executable, "-m", "dxtalker.cli", "speak", demo_path, "-o", out / "a.mp4"]
    child = subprocess.Popen([*command, "--renderer", "numpy", "--size", "512x512"], stderr=subprocess.PIPE)
    try:
        patience = time.monotonic() + 60
        while not names(out) and child.poll() is None and time.monotonic() < patience:
            time.sleep(0.02)
        assert names(out), "drawing never began"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode == 130
    assert b"interrupted" in errors
    assert names(out) == []


@pytest.mark.parametrize("command", [(), ("speak",), ("render",), ("doctor",), ("train",)])
def test_help(run: Run, command: tuple[str, ...]) -> None:
    code, printed, _ = run(*command, "--help")
    assert code == 0
    assert len(printed) > 3
