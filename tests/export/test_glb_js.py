"""What others make of our .glb: the Khronos validator, and three.js playing the clip."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples_export import expected_vertices, make_head, make_motion

from dxtalker.export import write_motion
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_NAMES

SCRIPTS = Path(__file__).parents[1] / "js"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or shutil.which("npm") is None, reason="node and npm are not installed"
)
MOTION = make_motion(30)


def node(script: str, *arguments: str) -> Any:
    assert (SCRIPTS / "node_modules").is_dir(), "install the checkers first: npm ci --prefix tests/js"
    done = subprocess.run(
        [str(NODE), str(SCRIPTS / script), *arguments], capture_output=True, timeout=80, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["synthetic", "packaged"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Head, Path]:
    blue = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    head = replace(make_head(), normal_map=blue) if request.param == "synthetic" else load_head()
    path = tmp_path_factory.mktemp("glb") / "talk.glb"
    write_motion(path, MOTION, head)
    return head, path


def test_the_validator_finds_nothing(exported: tuple[Head, Path]) -> None:
    issues = node("validate.mjs", str(exported[1]))["issues"]
    found = [f"{m['code']}: {m['message']} {m.get('pointer', '')}" for m in issues["messages"]]
    assert not found


def test_three_js_moves_every_vertex_as_we_do(exported: tuple[Head, Path]) -> None:
    head, path = exported
    frames = (0, 11, 29)
    played = node("play.mjs", str(path), *[repr(i / 25) for i in frames])
    assert [names[:52] for names in played["names"]] == [list(ARKIT_NAMES)] * len(head.parts)
    assert played["duration"] == pytest.approx(29 / 25)
    for frame, flat in zip(frames, played["frames"], strict=True):
        found = np.array(flat).reshape(-1, 3)
        assert np.abs(found - expected_vertices(head, MOTION, frame)).max() < 1e-5


def test_what_talkinghead_looks_for_is_found(exported: tuple[Head, Path]) -> None:
    found = node("avatar.mjs", str(exported[1]))
    assert found["missing"] == []
    assert found["meshes"] == len(exported[0].parts)
    assert found["floor"] == pytest.approx(0, abs=1e-6)  # however high the hips are set
