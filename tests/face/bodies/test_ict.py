from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_face import part_of

from dxtalker.errors import BadInput
from dxtalker.face.bodies import load_face
from dxtalker.face.bodies.ict import _identity, ict_identity
from dxtalker.face.bodies.obj_file import read_obj, read_vertices
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def write_obj(path: Path, vertices: np.ndarray, extra: str = "") -> None:
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
    path.write_text("# a comment\n" + "\n".join(lines) + "\n" + extra, encoding="ascii")


@pytest.fixture(scope="module")
def folder(head: Head, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The open head's skin and eyes as ICT-FaceKit would store them: centimetres, _L and _R, quads' fans."""
    folder = tmp_path_factory.mktemp("ict") / "FaceXModel"
    folder.mkdir()
    skin, faces = part_of(head, "skin")
    eyes, balls = part_of(head, "eyes")
    used = np.concatenate([skin, eyes])
    rest = head.vertices[used] * 100 + np.array([0, 5, 9])
    left = head.vertices[eyes[balls[:, 0]], 0] > 0
    text = "\n".join(f"vt {u:.5f} {1 - v:.5f}" for u, v in head.uv[used]) + "\n"
    groups = [
        ("M_Face", faces),
        ("M_IrisLeft", balls[left] + len(skin)),
        ("M_IrisRight", balls[~left] + len(skin)),
    ]
    for name, triangles in groups:
        text += f"usemtl {name}\n"
        text += "\n".join("f " + " ".join(f"{i + 1}/{i + 1}" for i in t) for t in triangles) + "\n"
    write_obj(folder / "generic_neutral_mesh.obj", rest, text)
    write_obj(folder / "identity000.obj", rest + np.array([0.3, 0, 0]))
    for i, name in enumerate(ARKIT_NAMES):
        delta = head.deltas[i, used] * 100
        if name == "tongueOut":
            continue
        if name in ("browInnerUp", "cheekPuff"):
            share = (head.vertices[used, :1] > 0).astype(float)
            write_obj(folder / f"{name}_L.obj", rest + delta * share)
            write_obj(folder / f"{name}_R.obj", rest + delta * (1 - share))
        else:
            sided = (
                name.replace("Left", "_L").replace("Right", "_R")
                if name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
                else name
            )
            write_obj(folder / f"{sided}.obj", rest + delta)
    write_obj(folder / "cheekRaiser_L.obj", rest + np.array([0, 0, 0.1]))
    return folder


def test_a_folder_of_obj_files_is_a_head(head: Head, folder: Path) -> None:
    found = load_face(folder.parent)
    skin, _ = part_of(head, "skin")
    np.testing.assert_allclose(found.eyes.mean(0), 0, atol=1e-6)
    order = np.argsort(found.weld[: len(skin)])
    middle = head.eyes.mean(0)
    np.testing.assert_allclose(found.vertices[: len(skin)][order], head.vertices[skin] - middle, atol=5e-4)
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "cheekPuff"):
        theirs = found.deltas[ARKIT_INDEX[name], : len(skin)][order]
        np.testing.assert_allclose(theirs, head.deltas[ARKIT_INDEX[name], skin], atol=2e-6)
    assert not found.deltas[ARKIT_INDEX["tongueOut"]].any()
    assert set(found.extras) == {"cheekRaiserLeft"}
    assert [part.name for part in found.parts] == ["skin", "eyes"]


def test_identity_weights_move_the_neutral(folder: Path) -> None:
    neutral = read_vertices(folder / "generic_neutral_mesh.obj")
    np.testing.assert_allclose(
        _identity(folder, neutral, [2.0]), np.tile([0.6, 0, 0], (len(neutral), 1)), atol=1e-5
    )
    with pytest.raises(BadInput, match="identity001"):
        ict_identity(folder, [0.0, 1.0])
    with pytest.raises(BadInput, match="finite"):
        ict_identity(folder, [float("nan")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "beyond"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 -9\n", "beyond"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n", "corners"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 99999999999999999999999\n", "beyond"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf a b c\n", "not understood"),
        ("v 0 0 zero\nf 1 1 1\n", "not understood"),
        ("v 0 0\nf 1 1 1\n", "not understood"),
        ("v 0 0 1e999\nf 1 1 1\n", "not finite"),
        ("v 0 0 nan\nf 1 1 1\n", "not finite"),
        ("", "no polygons"),
    ],
)
def test_a_bad_obj_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.obj").write_text(text)
    with pytest.raises(BadInput, match=words):
        read_obj(tmp_path / "a.obj")


def test_polygons_become_triangles_and_further_numbers_are_left(tmp_path: Path) -> None:
    text = "v 0 0 0 1 1 1\nv 1 0 0 1 1 1\nv 1 1 0 1 1 1\nv 0 1 0 1 1 1\nf 1 2 3 4\nf -4 -3 -2\n"
    (tmp_path / "a.obj").write_text(text)
    mesh = read_obj(tmp_path / "a.obj")
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    np.testing.assert_array_equal(mesh.vertices[2], [1, 1, 0])
    assert read_vertices(tmp_path / "a.obj").shape == (4, 3)


def test_a_folder_without_the_neutral_or_with_missing_shapes_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="generic_neutral_mesh"):
        load_face(tmp_path)
    (tmp_path / "generic_neutral_mesh.obj").write_bytes((folder / "generic_neutral_mesh.obj").read_bytes())
    with pytest.raises(BadInput, match="lacks the shapes"):
        load_face(tmp_path)
    (tmp_path / "jawOpen.obj").write_text("v 0 0 0\n")
    with pytest.raises(BadInput, match="1 vertices"):
        load_face(tmp_path)


SHARED = Path(__file__).parents[4] / "shared/faces/ict_facekit_subset.tar.xz"


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_file(), reason="the data folder beside the checkout is absent")
def test_the_real_model_is_a_head(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(SHARED) as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and "FaceXModel" in member.name:
                stream = archive.extractfile(member)
                assert stream is not None
                (tmp_path / name).write_bytes(stream.read())
    mean = ict_identity(tmp_path, [1.0, -1.0, 0.5])
    assert 20 < mean.lip_gap[ARKIT_INDEX["jawOpen"]] < 50
    assert mean.lip_gap[ARKIT_INDEX["mouthClose"]] == pytest.approx(
        -mean.lip_gap[ARKIT_INDEX["jawOpen"]], rel=0.3
    )
    assert 80 < mean.eye_distance < 100
    assert {part.name for part in mean.parts} >= {"skin", "eyes", "teeth", "mouth"}
    assert json.loads((tmp_path / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
