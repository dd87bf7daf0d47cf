from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker.errors import BadInput, LimitExceeded
from dxtalker.export import obj
from dxtalker.export.obj import write_obj_sequence
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import Motion, Waveform


def rows(path: Path, key: str) -> np.ndarray:
    lines = [line.split()[1:] for line in path.read_text().splitlines() if line.startswith(key + " ")]
    return np.array(lines)


def test_points_are_those_of_pose_and_seams_stay_closed(tmp_path: Path) -> None:
    head, motion = load_head(), make_motion(2)
    write_obj_sequence(tmp_path / "a", motion, head)
    for frame in (0, 1):
        path = tmp_path / "a" / f"{frame:06d}.obj"
        points = rows(path, "v").astype(float)
        posed = head.pose(head.shape(motion.curves[frame]), motion.rotation[frame], motion.translation[frame])
        assert len(points) == len(np.unique(head.weld))
        corners = (
            np.array([[corner.split("/") for corner in face] for face in rows(path, "f")]).astype(int) - 1
        )
        used = head.triangles[np.concatenate([np.arange(p.first, p.first + p.count) for p in head.parts])]
        assert np.abs(points[corners[..., 0]] - posed[used]).max() < 1e-5
        normals = rows(path, "vn").astype(float)[corners[..., 2]]
        assert np.abs(normals - head.smooth_normals(posed)[used]).max() < 2e-3


def test_texture_coordinates_and_materials_fit(tmp_path: Path, motion: Motion, head: Head) -> None:
    write_obj_sequence(tmp_path / "a", motion.cut(0, 1), head)
    path = tmp_path / "a" / "000000.obj"
    uv = rows(path, "vt").astype(float)
    assert np.allclose(uv[:64, 0], head.uv[:64, 0], atol=1e-6)
    assert np.allclose(uv[:64, 1], 1 - head.uv[:64, 1], atol=1e-6)
    materials = (tmp_path / "a" / "head.mtl").read_text()
    assert [m[0] for m in rows(path, "usemtl")] == ["skin", "lashes"]
    for line in materials.splitlines():
        if line.startswith("map_"):
            assert (tmp_path / "a" / line.split()[-1]).is_file()
    assert "map_d -imfchan m translucent.png" in materials


def test_sound_lies_beside(tmp_path: Path, motion: Motion, head: Head) -> None:
    wave = Waveform(np.linspace(-1, 1, 1600, dtype=np.float32))
    write_obj_sequence(tmp_path / "a", motion.cut(0, 2), head, wave)
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"000000.obj", "000001.obj", "head.mtl", "opaque.jpg", "translucent.png", "speech.wav"}
    assert (tmp_path / "a" / "speech.wav").stat().st_size == 44 + 3200
    write_obj_sequence(tmp_path / "a", motion.cut(0, 1), head)  # replaces it all
    assert not (tmp_path / "a" / "000001.obj").exists() and not (tmp_path / "a" / "speech.wav").exists()


def test_what_cannot_be_written_is_refused_before_any_file(
    tmp_path: Path, motion: Motion, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(BadInput, match="other things"):
        write_obj_sequence(tmp_path / "mine", motion, head)
    with pytest.raises(BadInput, match="no frames"):
        write_obj_sequence(tmp_path / "a", replace(motion).cut(0, 0), head)
    monkeypatch.setattr(obj, "MAX_BYTES", 1000)
    with pytest.raises(LimitExceeded, match=r"40 frames"):
        write_obj_sequence(tmp_path / "a", motion, head)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
