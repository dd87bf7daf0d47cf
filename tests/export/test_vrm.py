from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from glb_reader import Glb

from dxtalker.errors import BadInput
from dxtalker.export import write_motion
from dxtalker.export.vrm import write_vrm
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_NAMES, Motion

# What the specification of VRM 1.0 requires.
PRESETS = {
    "happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft",
    "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
}  # fmt: skip
BONES = {"hips", "spine", "head"} | {
    side + bone
    for side in ("left", "right")
    for bone in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
}
PARENTS = {"spine": "hips", "head": "neck", "leftLowerLeg": "leftUpperLeg", "leftHand": "leftLowerArm"}


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory) -> Glb:
    path = tmp_path_factory.mktemp("vrm") / "a.vrm"
    write_vrm(path, load_head())
    return Glb(path)


def vrm(glb: Glb) -> dict[str, Any]:
    return glb.root["extensions"]["VRMC_vrm"]


def test_the_skeleton_is_humanoid_and_stands_on_the_floor(glb: Glb) -> None:
    bones = {name: bone["node"] for name, bone in vrm(glb)["humanoid"]["humanBones"].items()}
    assert set(bones) >= BONES and len(set(bones.values())) == len(bones) == 54
    for child, parent in PARENTS.items():
        assert bones[child] in glb.root["nodes"][bones[parent]]["children"]
    world = glb._world(0)
    assert all(0 <= world[node][1, 3] < 1.8 for node in bones.values())
    assert world[bones["leftHand"]][1, 3] == pytest.approx(world[bones["leftUpperArm"]][1, 3], abs=0.01)
    assert world[bones["leftHand"]][0, 3] > 0.5  # a T-pose that looks towards +Z


def test_expressions_name_shapes_that_exist(glb: Glb) -> None:
    expressions = vrm(glb)["expressions"]
    assert set(expressions["preset"]) == PRESETS and set(expressions["custom"]) == set(ARKIT_NAMES)
    names = glb.root["meshes"][0]["extras"]["targetNames"]
    for group in expressions.values():
        for expression in group.values():
            for bind in expression.get("morphTargetBinds", []):
                assert "mesh" in glb.root["nodes"][bind["node"]]
                assert 0 <= bind["index"] < len(names) and 0 < bind["weight"] <= 1
    custom = expressions["custom"]["jawOpen"]["morphTargetBinds"]
    assert [names[bind["index"]] for bind in custom] == ["jawOpen"]


def test_emotions_keep_the_lips_closed_but_for_surprise(glb: Glb) -> None:
    head = load_head()
    names = glb.root["meshes"][0]["extras"]["targetNames"]
    for emotion in ("happy", "angry", "sad", "relaxed"):
        weights = np.zeros(52, np.float32)
        for bind in vrm(glb)["expressions"]["preset"][emotion]["morphTargetBinds"]:
            if names[bind["index"]] in ARKIT_NAMES:
                weights[bind["index"]] = bind["weight"]
        assert abs(float(head.opening(weights))) < 2.5  # mm


def test_only_the_open_head_is_free_for_all(tmp_path: Path, glb: Glb, head: Head, motion: Motion) -> None:
    assert vrm(glb)["meta"]["avatarPermission"] == "everyone"
    write_motion(tmp_path / "b.vrm", motion, head)
    theirs = Glb(tmp_path / "b.vrm")
    assert vrm(theirs)["meta"]["avatarPermission"] == "onlyAuthor"
    assert theirs.root["animations"][0]["name"] == "Talk"


def test_a_missing_folder_is_refused(tmp_path: Path, head: Head) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        write_vrm(tmp_path / "none" / "a.vrm", head)
