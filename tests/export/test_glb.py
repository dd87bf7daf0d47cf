from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from glb_reader import Glb
from PIL import Image
from samples_export import expected_vertices, make_motion

from dxtalker.errors import LimitExceeded
from dxtalker.export import gltf
from dxtalker.export.glb import write_avatar, write_glb
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_NAMES, Motion


def written(path: Path, motion: Motion, head: Head) -> Glb:
    write_glb(path, motion, head)
    return Glb(path)


def test_geometry_equals_shape_and_pose(tmp_path: Path, motion: Motion, head: Head) -> None:
    glb = written(tmp_path / "a.glb", motion, head)
    for frame in (0, 7, 39):
        error = np.abs(glb.vertices(frame) - expected_vertices(head, motion, frame)).max()
        assert error < 1e-6


def test_the_packaged_head(tmp_path: Path) -> None:
    head, motion = load_head(), make_motion(5)
    glb = written(tmp_path / "a.glb", motion, head)
    assert np.abs(glb.vertices(3) - expected_vertices(head, motion, 3)).max() < 1e-5
    assert (tmp_path / "a.glb").stat().st_size < 12e6
    assert glb.root["asset"]["copyright"].startswith("CC0")


def test_structure(tmp_path: Path, motion: Motion, head: Head) -> None:
    root = written(tmp_path / "a.glb", motion, head).root
    assert root["scenes"][0]["name"] == root["nodes"][0]["name"] == "Armature"
    assert [root["nodes"][i]["name"] for i in root["scenes"][0]["nodes"]] == ["Armature", "HeadMesh"]
    mesh = root["meshes"][0]
    names = mesh["extras"]["targetNames"]
    assert names[:52] == list(ARKIT_NAMES) and len(set(names)) == len(names) == 52 + 15 + 5
    assert [len(primitive["targets"]) for primitive in mesh["primitives"]] == [72, 72]
    assert [m.get("alphaMode", "OPAQUE") for m in root["materials"]] == ["OPAQUE", "BLEND"]
    assert [m["pbrMetallicRoughness"]["roughnessFactor"] for m in root["materials"]] == [0.6, 0.9]
    assert all("bufferView" in a for a in root["accessors"])
    assert {"sparse" in root["accessors"][t["POSITION"]] for t in mesh["primitives"][0]["targets"]} == {
        True,
        False,
    }
    assert root["animations"][0]["extras"] == {"fps": "25", "start": 0.0, "model": "test", "seed": "7"}
    assert "copyright" not in root["asset"]  # only the open head's licence is known


def test_a_normal_map_and_own_extras_travel_along(tmp_path: Path, motion: Motion, head: Head) -> None:
    blue = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    tongue = np.zeros_like(head.vertices)
    tongue[5] = (0, 0, 0.004)
    own = replace(head, normal_map=blue, extras={"tongueUp": tongue})
    glb = written(tmp_path / "a.glb", motion, own)
    materials, names = glb.root["materials"], glb.root["meshes"][0]["extras"]["targetNames"]
    assert names[-1] == "tongueUp" and glb.root["images"][1]["name"] == "normal"
    assert [m.get("normalTexture") for m in materials] == [{"index": 1}, None]
    target = glb.root["meshes"][0]["primitives"][0]["targets"][-1]["POSITION"]
    assert np.array_equal(glb.accessor(target), tongue[:64])


def test_an_avatar_has_a_loop_that_closes(tmp_path: Path) -> None:
    write_avatar(tmp_path / "a.glb", load_head())
    glb = Glb(tmp_path / "a.glb")
    assert glb.root["animations"][0]["name"] == "Idle"
    for path in ("weights", "rotation", "translation"):
        times, values = glb.channel(path)
        assert times[-1] == 10 and np.array_equal(values[0], values[-1])
    blink = glb.channel("weights")[1][:, ARKIT_NAMES.index("eyeBlinkLeft")]
    assert blink.max() > 0.8 and np.median(blink) < 0.05


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001), Fraction(60)], ids=str)
def test_keys_stand_at_the_exact_instants(tmp_path: Path, head: Head, fps: Fraction) -> None:
    motion = replace(make_motion(50, fps), start=3.0)
    glb = written(tmp_path / "a.glb", motion, head)
    times, weights = glb.channel("weights")
    assert np.allclose(times, np.arange(50) / float(fps), rtol=1e-6)
    assert np.array_equal(weights[:, :52], motion.curves) and not weights[:, 52:].any()


def test_the_translucent_picture_is_cut_to_its_part(tmp_path: Path, motion: Motion, head: Head) -> None:
    glb = written(tmp_path / "a.glb", motion, head)
    opaque, translucent = (picture(glb, i) for i in (0, 1))
    assert opaque.mode == "RGB" and opaque.size == (64, 64)
    assert translucent.mode == "RGBA" and translucent.size == (32, 32)  # uv 0.25 to 0.5, and 4 pixels around
    pixels = np.array(translucent)
    assert np.array_equal(pixels[..., :3], head.albedo[12:44, 12:44, :3])
    assert np.array_equal(pixels[4:20, 4:20, 3], head.albedo[16:32, 16:32, 3])
    assert pixels[..., 3].sum() == pixels[4:20, 4:20, 3].sum()  # nothing of the neighbours
    uv = glb.accessor(glb.root["meshes"][0]["primitives"][1]["attributes"]["TEXCOORD_0"])
    assert np.allclose(uv * 32 + 12, head.uv[64:] * 64, atol=1e-4)


def picture(glb: Glb, index: int) -> Image.Image:
    view = glb.root["bufferViews"][glb.root["images"][index]["bufferView"]]
    return Image.open(io.BytesIO(glb.binary[view["byteOffset"] :][: view["byteLength"]]))


def test_single_frame_and_limit(tmp_path: Path, head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(written(tmp_path / "a.glb", make_motion(1), head).channel("weights")[0]) == 1
    monkeypatch.setattr(gltf, "MAX_FILE_BYTES", 10_000)
    with pytest.raises(LimitExceeded):
        write_glb(tmp_path / "b.glb", make_motion(1), head)
    assert not (tmp_path / "b.glb").exists()


def test_lids_and_chin_carry_their_normals_along(tmp_path: Path, motion: Motion) -> None:
    head = load_head()
    glb = written(tmp_path / "a.glb", motion.cut(0, 1), head)
    skin = glb.root["meshes"][0]["primitives"][0]
    used = np.unique(head.triangles[: head.parts[0].count])
    rest = glb.accessor(skin["attributes"]["NORMAL"])
    for name in ("eyeBlinkLeft", "jawOpen", "cheekPuff"):
        row = ARKIT_NAMES.index(name)
        found = rest + glb.accessor(skin["targets"][row]["NORMAL"])
        expected = head.smooth_normals(head.vertices + head.deltas[row])[used]
        assert np.linalg.norm(found - expected, axis=1).max() < 0.06
        assert np.linalg.norm(rest - expected, axis=1).max() > 0.5  # what they would be otherwise
