from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_face import GltfMaker, arkit_targets, part_of

from dxtalker.errors import BadInput, LimitExceeded, Unsupported
from dxtalker.export import write_motion
from dxtalker.face.bodies import load_face
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX, Motion


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def still(frames: int = 2) -> Motion:
    return Motion(*(np.zeros((frames, n), np.float32) for n in (52, 3, 3)))


def test_our_own_glb_gives_our_vertices_back(head: Head, tmp_path: Path) -> None:
    write_motion(tmp_path / "own.glb", still(), head)
    back = load_face(tmp_path / "own.glb")
    kinds = [(part.name, part.count, part.blend) for part in back.parts]
    assert kinds == [(part.name, part.count, part.blend) for part in head.parts]
    np.testing.assert_allclose(back.vertices[back.triangles], head.vertices[head.triangles], atol=1e-5)
    np.testing.assert_allclose(back.deltas[:, back.triangles], head.deltas[:, head.triangles], atol=1e-5)
    np.testing.assert_allclose(back.pivot, head.pivot, atol=1e-5)
    np.testing.assert_allclose(back.head_weight[back.triangles], head.head_weight[head.triangles], atol=1e-5)
    for name in ("nose_tip", "eye_outer_left", "mouth_left", "mouth_right", "chin"):
        apart = back.vertices[back.landmarks[name]] - head.vertices[head.landmarks[name]]
        assert np.linalg.norm(apart) < 0.006, name
    assert back.lip_gap[ARKIT_INDEX["jawOpen"]] == pytest.approx(
        head.lip_gap[ARKIT_INDEX["jawOpen"]], rel=0.1
    )


def face(head: Head, affix: str = "", **node: object) -> GltfMaker:
    maker = GltfMaker()
    used, triangles = part_of(head, "skin")
    targets = {affix + name: delta for name, delta in arkit_targets(head, used).items()}
    maker.mesh(head.vertices[used], triangles, targets, name="Face", **node)
    used, triangles = part_of(head, "eyes")
    maker.mesh(head.vertices[used], triangles, {}, name="Eyes", **node)
    return maker


@pytest.mark.parametrize("affix", ["", "blendShape1.", "Face_"])
def test_a_turned_face_in_centimetres_comes_back_as_ours(head: Head, tmp_path: Path, affix: str) -> None:
    """Looking along -Z, in centimetres, off the origin: units, facing and origin are put right."""
    node = {"scale": [100, 100, 100], "rotation": [0, 1, 0, 0], "translation": [3, 160, 2]}
    back = load_face(face(head, affix, **node).write(tmp_path / "turned.glb"))
    used, _ = part_of(head, "skin")
    middle = head.eyes.mean(0)
    np.testing.assert_allclose(back.vertices[: len(used)], head.vertices[used] - middle, atol=5e-4)
    np.testing.assert_allclose(back.deltas[:, : len(used)], head.deltas[:, used], atol=1e-5)
    assert back.eyes[0, 0] > 0 > back.eyes[1, 0]
    np.testing.assert_allclose(back.eyes.mean(0), 0, atol=1e-6)


def test_a_skinned_body_turns_at_its_head_bone(head: Head, tmp_path: Path) -> None:
    maker = face(head)
    count = len(part_of(head, "skin")[0])
    pivot = head.pivot.astype(float)
    bones = [
        maker.add("nodes", {"name": "Hips", "children": [len(maker.root["nodes"]) + 1]}),
        maker.add("nodes", {"name": "mixamorig:Head", "translation": pivot.tolist()}),
    ]
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    inverse[1, 3, :3] = -pivot
    share = np.clip((head.vertices[part_of(head, "skin")[0], 1] + 0.15) / 0.1, 0, 1).astype(np.float32)
    weights = np.zeros((count, 4), np.float32)
    weights[:, 0], weights[:, 1] = 1 - share, share
    joints = np.tile(np.array([0, 1, 0, 0], np.uint8), (count, 1))
    attributes = maker.root["meshes"][0]["primitives"][0]["attributes"]
    attributes |= {"JOINTS_0": maker.accessor(joints), "WEIGHTS_0": maker.accessor(weights)}
    matrices = maker.accessor(inverse.reshape(2, 16))
    maker.root["nodes"][0]["skin"] = maker.add("skins", {"joints": bones, "inverseBindMatrices": matrices})
    back = load_face(maker.write(tmp_path / "skinned.glb"))
    np.testing.assert_allclose(back.head_weight[:count], share, atol=1e-6)
    np.testing.assert_allclose(back.pivot, pivot - head.eyes.mean(0), atol=5e-4)


def test_sparse_and_quantised_attributes_are_read(head: Head, tmp_path: Path) -> None:
    maker = face(head)
    primitive = maker.root["meshes"][0]["primitives"][0]
    used, _ = part_of(head, "skin")
    low, span = head.vertices[used].min(0), float(np.ptp(head.vertices[used], axis=0).max())
    packed = np.round((head.vertices[used] - low) / span * 32767).astype(np.int16)
    padded = np.concatenate([packed, np.zeros((len(packed), 1), np.int16)], axis=1)
    accessor = maker.accessor(padded, normalized=True)
    maker.root["accessors"][accessor]["type"] = "VEC3"
    maker.root["bufferViews"][-1]["byteStride"] = 8
    primitive["attributes"]["POSITION"] = accessor
    maker.root["nodes"][0] |= {"scale": [span] * 3, "translation": low.tolist()}
    for target, delta in zip(primitive["targets"], arkit_targets(head, used).values(), strict=True):
        rows = np.flatnonzero(np.abs(delta).max(1) > 1e-6)
        if not len(rows):
            rows = np.zeros(1, int)
        where = maker.root["accessors"][maker.accessor(rows.astype(np.uint16))]["bufferView"]
        what = maker.root["accessors"][maker.accessor((delta[rows] / span).astype(np.float32))]["bufferView"]
        entry = {
            "componentType": 5126, "count": len(used), "type": "VEC3",
            "sparse": {
                "count": len(rows),
                "indices": {"bufferView": where, "componentType": 5123},
                "values": {"bufferView": what},
            },
        }  # fmt: skip
        target["POSITION"] = maker.add("accessors", entry)
    back = load_face(maker.write(tmp_path / "quantised.glb"))
    middle = head.eyes.mean(0)
    np.testing.assert_allclose(back.vertices[: len(used)], head.vertices[used] - middle, atol=5e-4)
    np.testing.assert_allclose(back.deltas[:, : len(used)], head.deltas[:, used], atol=1e-5)


def test_vrm_vowels_and_blinks_stand_for_arkit(head: Head, tmp_path: Path) -> None:
    used, triangles = part_of(head, "skin")
    delta = {name: head.deltas[ARKIT_INDEX[name], used] for name in ARKIT_INDEX}
    maker = GltfMaker()
    targets = {
        "A": 0.6 * delta["jawOpen"],
        "O": 0.4 * delta["jawOpen"] + 0.7 * delta["mouthFunnel"],
        "Blink": delta["eyeBlinkLeft"] + delta["eyeBlinkRight"],
    }
    mesh = maker.mesh(head.vertices[used], triangles, {f"m{i}": t for i, t in enumerate(targets.values())})
    presets = {
        name: {"morphTargetBinds": [{"node": 0, "index": i, "weight": 1.0}]}
        for i, name in enumerate(("aa", "oh", "blink"))
    }
    assert mesh == 0
    maker.root["extensions"] = {"VRMC_vrm": {"expressions": {"preset": presets}}}
    back = load_face(maker.write(tmp_path / "a.vrm"))
    jaw = ARKIT_INDEX["jawOpen"]
    open_ours, open_theirs = head.deltas[jaw, used], back.deltas[jaw]
    likeness = (open_ours * open_theirs).sum() / np.sqrt((open_ours**2).sum() * (open_theirs**2).sum())
    assert likeness > 0.98
    assert 0.7 < np.linalg.norm(open_theirs) / np.linalg.norm(open_ours) < 1.3
    np.testing.assert_allclose(back.deltas[ARKIT_INDEX["mouthClose"]], -open_theirs, atol=1e-6)
    both = back.deltas[ARKIT_INDEX["eyeBlinkLeft"]] + back.deltas[ARKIT_INDEX["eyeBlinkRight"]]
    blink = delta["eyeBlinkLeft"] + delta["eyeBlinkRight"]
    assert np.linalg.norm(both - blink) < 0.2 * np.linalg.norm(blink)
    assert np.abs(back.deltas[ARKIT_INDEX["cheekPuff"]]).max() == 0


def test_vrm_0_expressions_and_files_beside_a_gltf(head: Head, tmp_path: Path) -> None:
    maker = face(head)
    names = maker.root["meshes"][0]["extras"].pop("targetNames")
    groups = [
        {
            "name": name[0].upper() + name[1:],
            "presetName": "unknown",
            "binds": [{"mesh": 0, "index": i, "weight": 100}],
        }
        for i, name in enumerate(names)
    ]
    maker.root["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
    document = maker.document()
    document["buffers"][0]["uri"] = "face%20data.bin"
    (tmp_path / "face data.bin").write_bytes(bytes(maker.data))
    (tmp_path / "a.gltf").write_text(json.dumps(document))
    back = load_face(tmp_path / "a.gltf")
    used, _ = part_of(head, "skin")
    np.testing.assert_allclose(back.deltas[:, : len(used)], head.deltas[:, used], atol=1e-5)


def spoil(kind: str, root: dict[str, Any]) -> None:
    accessors, views, nodes = root["accessors"], root["bufferViews"], root["nodes"]
    primitive = root["meshes"][0]["primitives"][0]
    if kind == "huge count":
        accessors[0]["count"] = 10**9
    elif kind == "huge count without bytes":
        accessors[0].pop("bufferView")
        accessors[0]["count"] = 10**9
    elif kind == "huge target without bytes":
        number = primitive["targets"][17]["POSITION"]
        accessors[number].pop("bufferView")
        accessors[number]["count"] = 10**9
    elif kind == "negative count":
        accessors[0]["count"] = -5
    elif kind == "count as text":
        accessors[0]["count"] = "many"
    elif kind == "view beyond buffer":
        views[0]["byteLength"] = 10**9
    elif kind == "offset beyond":
        accessors[0]["byteOffset"] = 10**9
    elif kind == "stride":
        views[0]["byteStride"] = 1
    elif kind == "circle":
        nodes[0]["children"], nodes[1]["children"] = [1], [0]
    elif kind == "own child":
        nodes[0]["children"] = [0]
    elif kind == "no such child":
        nodes[0]["children"] = [99]
    elif kind == "no such mesh":
        nodes[0]["mesh"] = 9
    elif kind == "no such accessor":
        primitive["attributes"]["POSITION"] = 10**6
    elif kind == "triangles beyond":
        accessors[primitive["indices"]]["bufferView"] = accessors[0]["bufferView"]
    elif kind == "nan place":
        nodes[0]["translation"] = [1, 2, 1e999]
    elif kind == "mesh list":
        root["meshes"] = {"a": 1}
    elif kind == "target of other length":
        primitive["targets"][17]["POSITION"] = primitive["indices"]
    elif kind == "version":
        root["asset"]["version"] = "1.0"


KINDS = (
    "huge count", "huge count without bytes", "huge target without bytes", "negative count", "count as text",
    "view beyond buffer", "offset beyond", "stride", "circle", "own child", "no such child", "no such mesh",
    "no such accessor", "triangles beyond", "nan place", "mesh list", "target of other length", "version",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_file_is_refused_at_once(head: Head, tmp_path: Path, kind: str) -> None:
    maker = face(head)
    spoil(kind, maker.root)
    path = maker.write(tmp_path / "bad.glb")
    began = time.monotonic()
    with pytest.raises(BadInput) as caught:
        load_face(path)
    assert "bad.glb" in str(caught.value)
    assert time.monotonic() - began < 3


def test_every_truncation_is_refused(head: Head, tmp_path: Path) -> None:
    data = face(head).write(tmp_path / "whole.glb").read_bytes()
    for size in (4, 11, 12, 19, 24, 1000, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.glb").write_bytes(data[:size])
        with pytest.raises(BadInput):
            load_face(tmp_path / "cut.glb")


@pytest.mark.parametrize(
    "uri",
    ["../secret.bin", "/etc/hostname", "http://example.org/a.bin", "sub/../../secret.bin", "..\\secret.bin", "file:a.bin"],
)  # fmt: skip
def test_nothing_outside_its_folder_is_opened(head: Head, tmp_path: Path, uri: str) -> None:
    maker = face(head)
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(maker.data))
    document = maker.document()
    document["buffers"][0]["uri"] = uri
    (folder / "a.gltf").write_text(json.dumps(document))
    with pytest.raises(BadInput, match="own folder"):
        load_face(folder / "a.gltf")


def test_a_link_out_of_the_folder_is_not_followed(head: Head, tmp_path: Path) -> None:
    maker = face(head)
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(maker.data))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    document = maker.document()
    document["buffers"][0]["uri"] = "link.bin"
    (folder / "a.gltf").write_text(json.dumps(document))
    with pytest.raises(BadInput, match="beside it"):
        load_face(folder / "a.gltf")


@pytest.mark.parametrize("name", ["KHR_draco_mesh_compression", "EXT_meshopt_compression"])
def test_packed_geometry_is_named(head: Head, tmp_path: Path, name: str) -> None:
    maker = face(head)
    maker.root["extensionsRequired"] = [name]
    with pytest.raises(Unsupported, match=name):
        load_face(maker.write(tmp_path / "packed.glb"))


def test_a_face_without_morph_targets_or_with_too_many_vertices_is_refused(
    head: Head, tmp_path: Path
) -> None:
    maker = GltfMaker()
    used, triangles = part_of(head, "skin")
    maker.mesh(head.vertices[used], triangles, {"smug": head.deltas[0, used]})
    with pytest.raises(BadInput, match=r"no face that speaks.*smug"):
        load_face(maker.write(tmp_path / "dumb.glb"))
    maker = face(head)
    maker.root["nodes"] += [{"mesh": 0}] * 60
    with pytest.raises(LimitExceeded, match="vertices"):
        load_face(maker.write(tmp_path / "many.glb"))


def test_deep_json_and_other_files_are_refused(tmp_path: Path) -> None:
    for name, data in {
        "deep.gltf": b'{"a":' + b"[" * 200_000,
        "wide.gltf": b'{"a":[' + b"0," * 5_000_000 + b"0]}",
        "text.glb": b"hello",
        "empty.glb": b"",
        "page.vrm": b"<html></html>",
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInput):
            load_face(tmp_path / name)
    with pytest.raises(BadInput, match="does not exist"):
        load_face(tmp_path / "none.glb")
