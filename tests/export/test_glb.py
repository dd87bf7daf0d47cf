from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from glb_reader import Glb, matrix
from PIL import Image
from samples_export import expected_vertices, make_motion

from dxtalker.errors import LimitExceeded
from dxtalker.export import gltf
from dxtalker.export.glb import quaternions, write_glb
from dxtalker.face.head import Head, rotation_matrix
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


def test_structure(tmp_path: Path, motion: Motion, head: Head) -> None:
    root = written(tmp_path / "a.glb", motion, head).root
    assert [node["name"] for node in root["nodes"]] == ["Armature", "Neck", "Head", "HeadMesh"]
    mesh = root["meshes"][0]
    assert mesh["extras"]["targetNames"] == list(ARKIT_NAMES)
    assert [len(primitive["targets"]) for primitive in mesh["primitives"]] == [52, 52]
    assert [m.get("alphaMode", "OPAQUE") for m in root["materials"]] == ["OPAQUE", "BLEND"]
    assert [m["pbrMetallicRoughness"]["roughnessFactor"] for m in root["materials"]] == [0.6, 0.9]
    assert all("bufferView" in a for a in root["accessors"])
    assert {"sparse" in root["accessors"][t["POSITION"]] for t in mesh["primitives"][0]["targets"]} == {
        True,
        False,
    }
    assert root["animations"][0]["extras"] == {"fps": "25", "start": 0.0, "model": "test", "seed": "7"}


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001), Fraction(60)], ids=str)
def test_keys_stand_at_the_exact_instants(tmp_path: Path, head: Head, fps: Fraction) -> None:
    motion = replace(make_motion(50, fps), start=3.0)
    glb = written(tmp_path / "a.glb", motion, head)
    times, weights = glb.channel("weights")
    assert np.allclose(times, np.arange(50) / float(fps), rtol=1e-6)
    assert np.array_equal(weights, motion.curves)


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


def test_quaternions_are_the_rotations_and_take_the_short_way() -> None:
    angles = np.random.default_rng(5).uniform(-3, 3, (200, 3))
    found = quaternions(angles)
    for q, a in zip(found, angles, strict=True):
        assert np.abs(matrix(q)[:3, :3] - rotation_matrix(a)).max() < 1e-6
    assert ((found[1:] * found[:-1]).sum(1) >= -1e-6).all()


def test_single_frame_and_limit(tmp_path: Path, head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(written(tmp_path / "a.glb", make_motion(1), head).channel("weights")[0]) == 1
    monkeypatch.setattr(gltf, "MAX_FILE_BYTES", 10_000)
    with pytest.raises(LimitExceeded):
        write_glb(tmp_path / "b.glb", make_motion(1), head)
    assert not (tmp_path / "b.glb").exists()
