from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker.errors import BadInput, NotReady
from dxtalker.export import USD, write_motion
from dxtalker.export.targets import make_targets
from dxtalker.export.usd import write_usd
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_NAMES, Motion, Waveform

WAVE = Waveform(np.sin(np.arange(8000) / 20).astype(np.float32))


@pytest.fixture
def pxr() -> Any:
    pytest.importorskip("pxr", reason="usd-core is not installed")
    from pxr import Usd, UsdSkel, UsdValidation

    return Usd, UsdSkel, UsdValidation


def complaints(pxr: Any, path: Path) -> list[str]:
    """What the checks of usdchecker, all of them, say about a file."""
    Usd, _, UsdValidation = pxr
    checks = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    found = UsdValidation.ValidationContext(checks).Validate(Usd.Stage.Open(str(path)))
    return [f"{error.GetName()}: {error.GetMessage()}" for error in found]


@pytest.mark.parametrize("suffix", USD)
def test_usdchecker_finds_nothing(tmp_path: Path, pxr: Any, motion: Motion, head: Head, suffix: str) -> None:
    blue = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    path = tmp_path / f"my talk{suffix}"
    write_motion(path, motion, replace(head, normal_map=blue), "speech take.flac", WAVE)
    assert complaints(pxr, path) == []
    names = {entry.name for entry in tmp_path.iterdir()}
    if suffix == ".usdz":
        assert names == {path.name}
    else:
        assert names == {path.name, "my talk_assets"}
        (tmp_path / "my talk_assets" / "opaque.jpg").unlink()
        assert any("opaque.jpg" in line for line in complaints(pxr, path))  # the checks can fail


def baked(pxr: Any, path: Path, frames: tuple[int, ...]) -> list[np.ndarray]:
    """(N, 3) metres of the mesh at some frames, as UsdSkel itself deforms it."""
    Usd, UsdSkel, _ = pxr
    stage = Usd.Stage.Open(str(path))
    UsdSkel.BakeSkinning(UsdSkel.Root(stage.GetPrimAtPath("/Head")))
    points = stage.GetPrimAtPath("/Head/HeadMesh").GetAttribute("points")
    return [np.array(points.Get(frame)) for frame in frames]


def test_usdskel_moves_every_point_as_we_do(tmp_path: Path, pxr: Any) -> None:
    head, motion = load_head(), make_motion(12)
    write_usd(tmp_path / "a.usdc", motion, head)
    first = np.unique(head.weld, return_index=True)[1]
    for frame, found in zip((0, 5, 11), baked(pxr, tmp_path / "a.usdc", (0, 5, 11)), strict=True):
        shaped = head.shape(motion.curves[frame])
        posed = head.pose(shaped, motion.rotation[frame], motion.translation[frame])
        assert np.abs(found - posed[first]).max() < 1e-5


def test_stage_and_names(tmp_path: Path, pxr: Any, motion: Motion, head: Head) -> None:
    odd = {"tongue up/left": np.full_like(head.vertices, 0.001), "tongue up left": head.deltas[1]}
    own = replace(head, extras=odd)
    write_usd(tmp_path / "a.usda", replace(motion, start=2.5), own, WAVE)
    stage = pxr[0].Stage.Open(str(tmp_path / "a.usda"))
    assert stage.GetTimeCodesPerSecond() == 25 and stage.GetEndTimeCode() == len(motion) - 1
    assert stage.GetDefaultPrim().GetTypeName() == "SkelRoot"
    mesh = stage.GetPrimAtPath("/Head/HeadMesh")
    shapes = list(mesh.GetAttribute("skel:blendShapes").Get())
    assert shapes == list(make_targets(own).names) and shapes[:52] == list(ARKIT_NAMES)
    assert len(set(mesh.GetRelationship("skel:blendShapeTargets").GetTargets())) == len(shapes)
    weights = stage.GetPrimAtPath("/Head/Skeleton/Animation").GetAttribute("blendShapeWeights")
    assert np.array_equal(np.array(weights.Get(7))[:52], motion.curves[7])
    sound = stage.GetPrimAtPath("/Head/Speech")
    assert sound.GetAttribute("mediaOffset").Get() == 2.5
    assert Path(sound.GetAttribute("filePath").Get().resolvedPath).stat().st_size == 44 + 16_000


def test_without_usd_core_one_line_says_what_to_install(
    tmp_path: Path, motion: Motion, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(NotReady, match=r"pip install .dxtalker\[usd\]"):
        write_usd(tmp_path / "a.usdz", motion, head)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, pxr: Any, motion: Motion, head: Head
) -> None:
    (tmp_path / "a_assets").mkdir()
    (tmp_path / "a_assets" / "mine.blend").touch()
    with pytest.raises(BadInput, match="other things"):
        write_usd(tmp_path / "a.usda", motion, head)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a_assets"]


@pytest.mark.parametrize("name", ["a.usdz", "a.usdc"])
def test_nothing_half_written_is_left(
    tmp_path: Path, pxr: Any, motion: Motion, head: Head, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dxtalker.export.usd._add_animation", fail)
    with pytest.raises(KeyboardInterrupt):
        write_usd(tmp_path / name, motion, head, WAVE)
    assert not list(tmp_path.iterdir())
