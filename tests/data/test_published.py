"""The published dataset's layout becomes clips; what is hostile in it is refused and runs nothing."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from made_up_published import Runs, made_up_arrays, made_up_files, write_sequence

from dxtalker.data.clip import Clip
from dxtalker.data.published import import_published, speaker_of
from dxtalker.data.reader import read_clips, read_dropped
from dxtalker.errors import BadInput, LimitExceeded
from dxtalker.face.bodies.flame import JAW, JOINTS, LEFT_EYE, RIGHT_EYE, ROOT, FlameModel, axis_angle
from dxtalker.face.bodies.solve import FlameSolver
from dxtalker.face.head import rotation_matrix
from dxtalker.records import ARKIT_INDEX

NAMES = ["V0-s1-00001", "V0-s1-00002", "V1-Song-Actor_01-00001"]


@pytest.fixture(scope="module")
def small_solver() -> FlameSolver:
    """A cloud of points with a jaw and four expressions; jawOpen is a turn of the jaw, smiles are two of them."""
    rng = np.random.default_rng(0)
    place = rng.normal(0, 0.05, (200, 3))
    weights = np.zeros((200, JOINTS))
    weights[:90, ROOT], weights[90:180, JAW], weights[180:190, LEFT_EYE], weights[190:, RIGHT_EYE] = (
        1,
        1,
        1,
        1,
    )
    expressions = rng.normal(0, 0.004, (4, 200, 3))
    nothing = np.zeros((36, 200, 3))
    model = FlameModel(
        place, np.array([[0, 1, 2]]), nothing[:3], expressions, nothing, np.full((5, 200), 1 / 200), weights
    )
    turn = np.zeros((1, 15))
    turn[0, 3 * JAW] = 0.3
    shapes = np.zeros((52, 200, 3))
    shapes[ARKIT_INDEX["jawOpen"]] = model.vertices(np.zeros((1, 1)), turn)[0] - place
    shapes[ARKIT_INDEX["mouthSmileLeft"]], shapes[ARKIT_INDEX["mouthSmileRight"]] = expressions[:2]
    shapes[:, 180:] = 0
    return FlameSolver(model, shapes)


def write_all(source: Path) -> Path:
    for number, name in enumerate(NAMES):
        write_sequence(source / ("V0-GRID" if name[1] == "0" else "V1-RAVDESS") / name, number)
    return source


def clips_of(folder: Path) -> list[Clip]:
    return list(read_clips(folder))


def test_folders_become_clips(tmp_path: Path) -> None:
    said: list[str] = []
    manifest = import_published(write_all(tmp_path / "trainset"), tmp_path / "out", None, said.append)
    clips = clips_of(tmp_path / "out")
    assert manifest.clips == 3 and [c.record.name for c in clips] == NAMES
    truth = made_up_arrays(1, 20)
    clip = clips[1]
    assert clip.flame is not None and np.array_equal(clip.flame.expression, truth["expcode"])
    assert np.array_equal(clip.flame.light, truth["lightcode"].reshape(20, 27))
    assert np.array_equal(clip.sound.samples, truth["audio"][: 640 * 20])
    record = clip.record
    assert not record.tracked and not clip.motion.curves.any() and "no ARKit curves" in said[0]
    assert (record.speaker, record.licence, record.frames) == ("V0-s1", "research only", 20)
    assert record.source == "V0-GRID/V0-s1-00002" and "GRID" in record.attribution
    assert clips[2].record.licence == "CC BY-NC-SA 4.0" and clip.motion.info["metadata"] == "376"
    assert clip.thumbnail[:2] == b"\xff\xd8"


def test_the_heads_rotation_is_that_of_posecode(tmp_path: Path) -> None:
    angles = np.stack([np.linspace(-0.2, 0.2, 21), np.linspace(0.3, -0.3, 21), np.zeros(21)], axis=1)
    write_sequence(tmp_path / "in/a", 0, 21)
    pose = made_up_arrays(0, 21)["posecode"]
    pose[:, :3] = axis_angle(np.stack([rotation_matrix(a) for a in angles]))
    np.save(tmp_path / "in/a/posecode.npy", pose)
    import_published(tmp_path / "in", tmp_path / "out")
    assert np.allclose(clips_of(tmp_path / "out")[0].motion.rotation, angles, atol=1e-6)


def test_a_flame_model_gives_arkit_curves(
    small_solver: FlameSolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sequence(tmp_path / "in/a-00001", 0)
    motion = {name: np.zeros((20, width), np.float32) for name, width in (("expcode", 50), ("posecode", 6))}
    motion["expcode"][:, 0] = np.linspace(0, 1, 20)
    motion["posecode"][:, 3] = np.linspace(0.2, 0, 20)
    for name, array in motion.items():
        np.save(tmp_path / f"in/a-00001/{name}.npy", array)
    monkeypatch.setattr("dxtalker.data.published._solver", lambda path: (small_solver, "its sum"))
    import_published(tmp_path / "in", tmp_path / "out", tmp_path / "flame.pkl")
    clip = clips_of(tmp_path / "out")[0]
    curves = clip.motion.curves
    assert clip.record.tracked and not clip.record.remark
    assert np.allclose(curves[:, ARKIT_INDEX["mouthSmileLeft"]], np.linspace(0, 1, 20), atol=0.03)
    assert np.allclose(curves[:, ARKIT_INDEX["jawOpen"]], np.linspace(0.667, 0, 20), atol=0.05)
    with pytest.raises(BadInput, match="other settings \\(flame\\)"):
        import_published(tmp_path / "in", tmp_path / "out")


def test_zip_tar_and_folder_give_the_same_clips(tmp_path: Path) -> None:
    source = write_all(tmp_path / "trainset")
    import_published(source, tmp_path / "folder")
    shutil.make_archive(str(tmp_path / "a"), "zip", source)
    shutil.make_archive(str(tmp_path / "b"), "gztar", source)
    expected = [c.flame.detail for c in clips_of(tmp_path / "folder") if c.flame]
    for file in ("a.zip", "b.tar.gz"):
        import_published(tmp_path / file, tmp_path / f"from_{file}")
        clips = sorted(clips_of(tmp_path / f"from_{file}"), key=lambda c: c.record.name)
        assert [c.record.name for c in clips] == NAMES
        assert all(
            c.flame and np.array_equal(c.flame.detail, e) for c, e in zip(clips, expected, strict=True)
        )


def test_hdf5_gives_the_same_clips_and_follows_nothing(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        for name, array in made_up_arrays(9, 20).items():
            file.create_dataset(f"s/{name}", data=array)
    with h5py.File(tmp_path / "V0-GRID.h5", "w") as file:
        for number, name in enumerate(NAMES[:2]):
            for part, array in made_up_arrays(number, 20).items():
                file.create_dataset(f"{name}/{part}", data=array, compression="gzip")
            file[f"{name}/metadata"] = 376
        file["V0-s9-00001"] = h5py.ExternalLink("secret.h5", "/s")
        file["V0-s9-00002"] = h5py.SoftLink(f"/{NAMES[0]}")
        file["loop/again"] = file["/"]
        bad = file.create_group("V0-s8-00001")
        for part, array in made_up_arrays(8, 20).items():
            if part == "expcode":
                bad.create_dataset(part, array.shape, "f4", external=[("raw.bin", 0, array.nbytes)])
            else:
                bad[part] = array
        huge = file.create_group("V0-s8-00002")
        for part, array in made_up_arrays(8, 20).items():
            if part == "expcode":
                huge.create_dataset(part, (10**9, 50), "f4", chunks=(1000, 50))
            else:
                huge[part] = array
    said: list[str] = []
    import_published(tmp_path / "V0-GRID.h5", tmp_path / "out", None, said.append)
    clips = clips_of(tmp_path / "out")
    assert [c.record.name for c in clips] == NAMES[:2] and clips[0].motion.info["metadata"] == "376"
    assert clips[1].flame and np.array_equal(clips[1].flame.detail, made_up_arrays(1, 20)["detailcode"])
    remarks = {r.name: r.remark for r in read_dropped(tmp_path / "out")}
    assert "another file" in remarks["V0-s8-00001"] and "more than 128 MB" in remarks["V0-s8-00002"]
    assert any("2 links to elsewhere were not followed" in line for line in said)
    (tmp_path / "cut.h5").write_bytes((tmp_path / "V0-GRID.h5").read_bytes()[:5000])
    with pytest.raises(BadInput, match=r"cut\.h5.*damaged HDF5"):
        import_published(tmp_path / "cut.h5", tmp_path / "out2")


def test_hdf5_filters_from_outside_are_not_run(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("V0-s1-00001")
        for part, array in made_up_arrays(0, 20).items():
            group[part] = array
        del group["expcode"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((20, 50))
        plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))  # Zstandard's number, which comes as a plug-in
        space = h5py.h5s.create_simple((20, 50))
        h5py.h5d.create(group.id, b"expcode", h5py.h5t.NATIVE_FLOAT, space, plan)
    import_published(tmp_path / "a.h5", tmp_path / "out")
    assert "[32015]" in next(iter(read_dropped(tmp_path / "out"))).remark


def test_pickled_metadata_runs_nothing(tmp_path: Path) -> None:
    write_sequence(tmp_path / "in/a-00001", 0, metadata=Runs(tmp_path / "ran"))
    write_sequence(
        tmp_path / "in/b-00001", 1, metadata={"fps": 25, "names": ["x", None], "size": np.float32(2)}
    )
    said: list[str] = []
    import_published(tmp_path / "in", tmp_path / "out", None, said.append)
    first, second = (clip.motion.info["metadata"] for clip in clips_of(tmp_path / "out"))
    assert (
        first.startswith("left out") and "nothing of it was run" in first and not (tmp_path / "ran").exists()
    )
    assert second.startswith("fps: 25, names: x, None") and "metadata of 1 sequences" in said[-1]


def zipped(path: Path, *extra: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made_up_files(0, 20).items():
            archive.writestr(f"V0-GRID/V0-s1-00001/{name}", data)
        for name, data in extra:
            archive.writestr(name, data)
    return path


def link_info() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("V0-GRID/V0-s1-00002/expcode.npy")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("member", "data", "what"),
    [
        ("../../expcode.npy", b"x", "leads out"),
        ("/etc/expcode.npy", b"x", "leads out"),
        ("C:/expcode.npy", b"x", "leads out"),
        ("a\\..\\expcode.npy", b"x", "leads out"),
        (link_info(), b"/etc/passwd", "is a link"),
        ("V0-GRID/V0-s1-00001/expcode.npy", b"x", "there twice"),
        ("V0-GRID/V0-s1-00002/detailcode.npy", bytes(129 << 20), "more than 128 MB"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips_with_tricks_are_refused(
    tmp_path: Path, member: str | zipfile.ZipInfo, data: bytes, what: str
) -> None:
    source = zipped(tmp_path / "a.zip", (member, data))
    with pytest.raises(BadInput, match=what):
        import_published(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip")
    data = bytearray(source.read_bytes())
    at = data.index(b"PK\x01\x02")  # the first entry of its directory: packed size at 20, size at 24
    data[at + 24 : at + 28] = (100 << 20).to_bytes(4, "little")
    source.write_bytes(data)
    with pytest.raises(LimitExceeded, match="far more than its bytes"):
        import_published(source, tmp_path / "out")
    data[at + 20 : at + 24] = (100 << 20).to_bytes(4, "little")
    source.write_bytes(data)
    with pytest.raises(BadInput, match="over each other"):
        import_published(source, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("../x/expcode.npy", tarfile.REGTYPE, "leads out"),
        ("/x/expcode.npy", tarfile.REGTYPE, "leads out"),
        ("s/expcode.npy", tarfile.SYMTYPE, "a link or a device"),
        ("s/expcode.npy", tarfile.LNKTYPE, "a link or a device"),
        ("s/expcode.npy", tarfile.CHRTYPE, "a link or a device"),
        ("s/expcode.npy", tarfile.FIFOTYPE, "a link or a device"),
    ],
)
def test_tars_with_tricks_are_refused(tmp_path: Path, name: str, kind: bytes, what: str) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(BadInput, match=what):
        import_published(tmp_path / "a.tar", tmp_path / "out")


def test_a_tar_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as stream:
        info = tarfile.TarInfo("junk")
        info.size = 40 << 30
        stream.write(info.tobuf())
    with pytest.raises(LimitExceeded, match="far more than its own bytes"):
        import_published(tmp_path / "a.tar.gz", tmp_path / "out")


def spoil(folder: Path, what: str) -> None:
    arrays = made_up_arrays(5, 20)
    if what == "silent":
        (folder / "audio.wav").unlink()
    elif what == "short":
        np.save(folder / "expcode.npy", arrays["expcode"][:7])
    elif what == "apart":
        for name in ("expcode", "posecode", "shapecode", "detailcode", "texcode", "lightcode", "cam"):
            np.save(folder / f"{name}.npy", np.repeat(arrays[name], 5, axis=0))
    elif what == "nan":
        np.save(folder / "posecode.npy", arrays["posecode"] * np.nan)
    elif what == "object":
        np.save(folder / "expcode.npy", np.array([{}, {}], object), allow_pickle=True)
    elif what == "lies":
        data = bytearray((folder / "expcode.npy").read_bytes())
        at = data.index(b"(20, 50)")
        data[at : at + 8] = b"(9**9,5)"
        (folder / "expcode.npy").write_bytes(data)
    elif what == "text":
        (folder / "audio.wav").write_text("<html>")


@pytest.mark.parametrize(
    ("what", "reason", "remark"),
    [
        ("silent", "file.no_sound", "no audio"),
        ("short", "file.unreadable", "posecode has shape"),
        ("apart", "file.cut_off", "4.00 s of motion"),
        ("nan", "file.unreadable", "NaN"),
        ("object", "file.unreadable", "no plain array"),
        ("lies", "file.unreadable", "no plain array"),
        ("text", "file.unreadable", "RIFF"),
    ],
)
def test_a_spoilt_sequence_is_dropped_with_its_reason(
    tmp_path: Path, what: str, reason: str, remark: str
) -> None:
    write_sequence(tmp_path / "in/a-00001", 0)
    write_sequence(tmp_path / "in/b-00001", 5)
    spoil(tmp_path / "in/b-00001", what)
    manifest = import_published(tmp_path / "in", tmp_path / "out")
    assert manifest.clips == 1 and manifest.reasons == {reason: 1}
    assert remark in next(iter(read_dropped(tmp_path / "out"))).remark


def test_it_goes_on_after_an_interrupt_and_twice_gives_the_same(tmp_path: Path) -> None:
    source = write_all(tmp_path / "in")
    import_published(source, tmp_path / "out")
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    (tmp_path / "out/manifest.json").write_text(
        (tmp_path / "out/manifest.json").read_text().replace("true", "false")
    )
    import_published(source, tmp_path / "out")
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_refusals(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(BadInput, match="holds no sequence"):
        import_published(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in/a.txt").write_text("hello" * 200)
    with pytest.raises(BadInput, match="no HDF5, zip or tar"):
        import_published(tmp_path / "in/a.txt", tmp_path / "out")
    with pytest.raises(BadInput, match="no such file"):
        import_published(tmp_path / "nothing", tmp_path / "out")


def test_speakers() -> None:
    assert speaker_of("V0-s1-00001") == "V0-s1"
    assert speaker_of("V1-Song-Actor_01-00001") == speaker_of("V1-Speech-Actor_01-00002") == "V1-Actor_01"
    assert speaker_of("V2-M003-angry-00001") == "V2-M003"
    assert speaker_of("V4-RD_Radio1-00003") == "V4-RD_Radio1"
