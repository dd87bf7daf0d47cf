"""Collections of clips: what is written is read again, through damage and kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from made_up_clips import made_up_clip

from dxtalker.data.clip import Clip, ClipRecord, FlameTrack
from dxtalker.data.clip_file import from_members, to_members
from dxtalker.data.manifest import read_manifest
from dxtalker.data.reader import ClipReader, read_clips, read_dropped, read_records
from dxtalker.data.shards import ClipWriter
from dxtalker.errors import BadInput, LimitExceeded

SETTINGS = {"shortest": 2.0, "languages": []}


def write(
    folder: Path, count: int = 7, first: int = 0, resume: bool = False, per_shard: int = 3
) -> ClipWriter:
    with ClipWriter(folder, SETTINGS, resume, shard_clips=per_shard) as writer:
        for number in range(first, first + count):
            writer.add(made_up_clip(f"clip-{number}", number, 20 + number))
        writer.drop(ClipRecord("x-0", "x.mp4", "0" * 64, 0, 0, "", dropped="picture.no_face"))
    return writer


def same(one: Clip, two: Clip) -> None:
    assert one.record == two.record
    assert one.sound.notes == two.sound.notes and one.motion.info == two.motion.info
    assert one.crop == two.crop and one.thumbnail == two.thumbnail
    pairs = [(one.sound.samples, two.sound.samples)]
    pairs += [(getattr(one.motion, n), getattr(two.motion, n)) for n in ("curves", "rotation", "translation")]
    pairs += [(getattr(one, n), getattr(two, n)) for n in ("code", "scores", "landmarks", "present")]
    assert (one.flame is None) == (two.flame is None)
    if one.flame and two.flame:
        pairs += [(getattr(one.flame, f.name), getattr(two.flame, f.name)) for f in fields(FlameTrack)]
    for a, b in pairs:
        assert a.dtype == b.dtype and np.array_equal(a, b)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "c", SETTINGS, shard_clips=2) as writer:
        clips = [made_up_clip(f"a_{n}", n, 10 + n, flame=n == 1) for n in range(5)]
        for clip in clips:
            writer.add(clip)
        writer.drop(replace(clips[0].record, name="b", dropped="sound.noisy", remark="3 dB"))
    reader = read_clips(tmp_path / "c")
    for one, two in zip(clips, reader, strict=True):
        same(one, two)
    assert reader.skipped == 0 and reader.summary() == ""
    assert [r.name for r in read_records(tmp_path / "c")] == reader.names() == [c.record.name for c in clips]
    same(clips[3], reader.clip("a_3"))
    manifest = read_manifest(tmp_path / "c")
    assert [s.clips for s in manifest.shards] == [2, 2, 1] and manifest.finished
    assert manifest.reasons == {"sound.noisy": 1} and manifest.licences == {"CC0": 5}
    assert manifest.seconds == pytest.approx(sum(c.record.duration for c in clips))
    assert [(r.name, r.remark) for r in read_dropped(tmp_path / "c")] == [("b", "3 dB")]


def test_any_tar_program_reads_it_by_the_webdataset_convention(tmp_path: Path) -> None:
    write(tmp_path / "c", 2)
    with tarfile.open(tmp_path / "c/clips-00000.tar") as tar:
        names = tar.getnames()
        assert names[:5] == [f"clip-0{s}" for s in (".json", ".npz", ".wav", ".mp4", ".jpg")]
        assert names[-1] == "__index__"  # which WebDataset passes over
        stream = tar.extractfile("clip-1.npz")
        assert stream is not None
        assert np.load(stream)["landmarks"].shape == (21, 478, 3)


def test_the_same_clips_make_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one")
    time.sleep(1.1)  # a date in a tar or zip would show
    write(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_sound_is_rounded_to_half_a_step_and_clipped() -> None:
    clip = made_up_clip("a", frames=5)
    loud = np.linspace(-1.2, 1.2, 3200).astype(np.float32)
    back = from_members(to_members(replace(clip, sound=replace(clip.sound, samples=loud))), ["sound"])
    assert np.abs(back.sound.samples - np.clip(loud, -1, 32767 / 32768)).max() <= 0.5 / 32768 + 1e-7


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    write(tmp_path / "c", 1)
    clip = next(iter(read_clips(tmp_path / "c", ["motion"])))
    assert clip.motion.curves.any() and not len(clip.sound.samples)
    assert not len(clip.landmarks) and not clip.crop
    with pytest.raises(BadInput, match="clips have no smell"):
        read_clips(tmp_path / "c", ["smell"])


@pytest.mark.parametrize("seed", range(12))
def test_reading_goes_on_after_damage_and_counts_it(tmp_path: Path, seed: int) -> None:
    write(tmp_path / "c", 9)
    path = tmp_path / "c/clips-00001.tar"
    data, rng = bytearray(path.read_bytes()), random.Random(seed)
    begin = rng.randrange(len(data) - 20_000)
    data[begin : begin + 20_000] = rng.randbytes(20_000)
    path.write_bytes(data)
    reader = read_clips(tmp_path / "c")
    names = [clip.record.name for clip in reader]
    assert len(names) + reader.skipped == 9 and reader.skipped <= 2
    assert {"clip-0", "clip-1", "clip-2", "clip-6", "clip-7", "clip-8"} <= set(names)
    assert any("sha256" in problem for problem in reader.problems)
    assert f"{reader.skipped} clips could not be read" in reader.summary()


@pytest.mark.parametrize("seed", range(12))
def test_without_manifest_and_index_the_headers_are_walked(tmp_path: Path, seed: int) -> None:
    write(tmp_path / "c", 6, per_shard=6)
    (tmp_path / "c/manifest.json").unlink()
    path, rng = tmp_path / "c/clips-00000.tar", random.Random(seed)
    data = path.read_bytes()
    whole = data.index(b"__index__")
    damaged = bytearray(data[: whole - 100])
    begin = rng.randrange(0, len(damaged) - 600)
    damaged[begin : begin + 600] = rng.randbytes(600)
    path.write_bytes(damaged)
    reader = read_clips(tmp_path / "c")
    found = list(reader)
    for clip in found:
        if clip.record.name != "clip-5":  # whose end is cut off
            assert np.array_equal(
                clip.motion.curves,
                made_up_clip("", int(clip.record.name[-1]), clip.record.frames).motion.curves,
            )
    assert len(found) >= 4 and any("no manifest" in p for p in reader.problems) and len(reader.problems) > 1


def test_a_shard_that_is_gone_and_one_cut_short(tmp_path: Path) -> None:
    write(tmp_path / "c", 9)
    (tmp_path / "c/clips-00000.tar").unlink()
    path = tmp_path / "c/clips-00001.tar"
    path.write_bytes(path.read_bytes()[:-200_000])
    reader = read_clips(tmp_path / "c")
    names = [clip.record.name for clip in reader]
    assert names[-3:] == ["clip-6", "clip-7", "clip-8"] and len(names) + reader.skipped == 9
    assert any("clips-00000.tar: cannot be read" in p for p in reader.problems)
    assert any("the manifest says" in p for p in reader.problems)


def test_a_hostile_index_or_manifest_reads_nothing_outside(tmp_path: Path) -> None:
    write(tmp_path / "c", 2)
    table = json.loads((tmp_path / "c/manifest.json").read_text())
    table["shards"][0]["file"] = "../../secret.tar"
    (tmp_path / "c/manifest.json").write_text(json.dumps(table))
    reader = read_clips(tmp_path / "c")
    assert len(list(reader)) == 2 and "no name of a shard" in reader.problems[0]
    path = tmp_path / "c/clips-00000.tar"
    data = path.read_bytes()
    at = data.index(b'{"clips"')
    row = b'{"clips": [["clip-0", 9, "", {".mp4": [0, 1099511627776, 0]}]]}'
    path.write_bytes(
        data[:at] + row + b" " * (data.index(b"\0", at) - at - len(row)) + data[data.index(b"\0", at) :]
    )
    (tmp_path / "c/manifest.json").unlink()
    reader = read_clips(tmp_path / "c")
    assert len(list(reader)) == 2 and any("index is damaged" in p for p in reader.problems)


def test_an_archive_that_grows_when_unpacked_is_refused() -> None:
    members = to_members(made_up_clip("a", frames=5))
    big = to_members(made_up_clip("a", frames=60))
    with pytest.raises(BadInput, match="larger than 5 frames need"):
        from_members(members | {".npz": big[".npz"]})
    with pytest.raises(BadInput, match="samples"):
        from_members(members | {".wav": big[".wav"]})
    with pytest.raises(BadInput, match=r"\.npz is missing"):
        from_members({".json": members[".json"]})


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (b"[" * 100_000, "no JSON"),
        (b'{"schema": "other"}', "schema"),
        (b'{"schema": "dxtalker.clip", "version": 9}', "version 9"),
        (b'{"schema": "dxtalker.clip", "version": 1, "name": "../x"}', "incomplete"),
    ],
)
def test_records_are_checked(record: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        from_members({".json": record}, [])


def test_a_record_with_a_wrong_field_is_refused() -> None:
    good = json.loads(to_members(made_up_clip("a"))[".json"])
    for key, value in (
        ("name", "../x"),
        ("frames", -1),
        ("start", "1"),
        ("scores", {"a": "b"}),
        ("frames", 1e9),
    ):
        with pytest.raises(BadInput):
            from_members({".json": json.dumps(good | {key: value}).encode()}, [])


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    clip = made_up_clip("a")
    with ClipWriter(tmp_path / "c", {}) as writer:
        writer.add(clip)
        for bad, what in (
            (clip, "two clips are called a"),
            (replace(clip, record=replace(clip.record, name="a/b")), "letters, digits"),
            (replace(clip, record=replace(clip.record, name="b", frames=31)), "30 frames of motion, 31"),
            (replace(clip, record=replace(clip.record, name="b", scores={"x": np.nan})), "cannot be written"),
            (replace(clip, record=replace(clip.record, name="b"), code=clip.code[:, None]), "code has shape"),
            (replace(clip, record=replace(clip.record, name="b", dropped="sound.noisy")), "was dropped"),
        ):
            with pytest.raises(BadInput, match=what):
                writer.add(bad)
    assert ClipReader(tmp_path / "c").names() == ["a"]
    with pytest.raises(BadInput, match="holds no clips"):
        read_clips(tmp_path)
    with pytest.raises(LimitExceeded, match="more than 4 MB"):
        to_members(replace(clip, thumbnail=bytes(5 << 20)))


def test_resuming_gives_the_bytes_of_the_unbroken_run(tmp_path: Path) -> None:
    write(tmp_path / "whole", 8)
    with pytest.raises(KeyboardInterrupt), ClipWriter(tmp_path / "c", SETTINGS, shard_clips=3) as writer:
        for number in range(7):
            writer.add(made_up_clip(f"clip-{number}", number, 20 + number))
        raise KeyboardInterrupt
    reader = read_clips(tmp_path / "c")
    assert len(list(reader)) == 6 and "not finished" in reader.problems[0]
    assert write(tmp_path / "c", 8, resume=True).reused == 6
    assert contents(tmp_path / "c") == contents(tmp_path / "whole")


@pytest.mark.parametrize(("first", "count"), [(0, 4), (0, 2), (1, 7), (0, 12)])
def test_resuming_with_other_clips_gives_their_bytes(tmp_path: Path, first: int, count: int) -> None:
    write(tmp_path / "c", 8)
    write(tmp_path / "c", count, first, resume=True)
    write(tmp_path / "whole", count, first)
    assert contents(tmp_path / "c") == contents(tmp_path / "whole")
    with pytest.raises(BadInput, match="other settings \\(shortest\\)"):
        ClipWriter(tmp_path / "c", SETTINGS | {"shortest": 3.0}, resume=True)


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from made_up_clips import made_up_clip
from dxtalker.data.shards import ClipWriter
with ClipWriter(Path({folder!r}), {{}}, resume=True, shard_clips=3) as writer:
    print("begun", flush=True)
    for number in range(300):
        if not writer.skip(f"clip-{{number}}"):
            writer.add(made_up_clip(f"clip-{{number}}", number, 4))
"""


def test_a_writer_killed_at_any_moment_leaves_a_collection(tmp_path: Path) -> None:
    folder, rng, most = tmp_path / "c", random.Random(3), 0
    text = WRITER.format(paths=[str(Path(__file__).parent)], folder=str(folder))
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, env=os.environ)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(rng.uniform(0.05, 0.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if not list(folder.glob("clips-*.tar")):
            continue
        reader = read_clips(folder)
        found = list(reader)
        assert [c.record.name for c in found] == [f"clip-{n}" for n in range(len(found))]
        assert len(found) % 3 == 0 and len(found) >= most and reader.skipped == 0
        most = len(found)
    assert most > 0
    with ClipWriter(folder, {}, resume=True, shard_clips=3) as writer:
        for number in range(most):
            writer.add(made_up_clip(f"clip-{number}", number, 4))
    assert writer.reused == most and not list(folder.glob(".*"))
    assert len(list(read_clips(folder))) == most
