"""dxtalker fit, as a user types it."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dxtalker.cli import main
from dxtalker.face.bodies import load_face
from dxtalker.face.stranger import stranger

PHOTO = Path(__file__).parents[1] / "data/astronaut_face.jpg"


def test_a_photo_becomes_a_head_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, preview = tmp_path / "me.head.npz", tmp_path / "me.png"
    main(["fit", str(PHOTO), "-o", str(out), "--preview", str(preview)])
    said = capsys.readouterr()
    assert said.out.split() == [str(out), str(preview)]
    assert "note: astronaut_face.jpg: the face smiles broadly" in said.err
    head = load_face(out)
    assert head.name == "astronaut_face"
    assert np.abs(head.vertices - load_face(None).vertices).max() > 0.002
    with Image.open(preview) as picture:
        assert picture.width > 600


def test_a_stranger_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        main(
            [
                "fit",
                "--random",
                "--seed",
                "3",
                "--age",
                "60",
                "--sex",
                "male",
                "-o",
                str(tmp_path / f"{name}.npz"),
            ]
        )
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    other = stranger(4, 60, 1.0)
    assert np.abs(load_face(tmp_path / "a.npz").vertices - other.vertices).max() > 0.001


def test_an_engine_gets_a_rigged_head(tmp_path: Path) -> None:
    out = tmp_path / "x.glb"
    main(["fit", "--random", "-o", str(out)])
    data = out.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + length])
    assert [clip["name"] for clip in document["animations"]] == ["Idle"]
    assert {"jawOpen", "viseme_PP"} <= set(document["meshes"][0]["extras"]["targetNames"])
    assert "CC0" not in str(document["asset"].get("copyright"))


def test_a_sheet_of_the_packaged_head(tmp_path: Path) -> None:
    main(["fit", "--sheet", str(tmp_path / "sheet.png")])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 500


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-o", "a.npz"], "no photo"),
        ([str(PHOTO)], "nothing to write"),
        ([str(PHOTO), "--random", "-o", "a.npz"], "only one of them"),
        ([str(PHOTO), "--age", "30", "-o", "a.npz"], "--random"),
        (["--random", "--age", "3", "-o", "a.npz"], "6 to 90"),
        (["--random", "-o", "a.mp4"], "cannot write a head"),
        (["--random", "-o", "nowhere/a.npz"], "does not exist"),
        (["--random", "--preview", "a.jpg"], r"\.png"),
        (["absent.jpg", "-o", "a.npz"], "absent.jpg"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["fit", *arguments])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1
    assert re.search(sentence, said)
    assert list(tmp_path.iterdir()) == []
