"""The package as people get it: built, installed into an empty environment, used away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
LOOK = "import json, dxtalker, sys; print(json.dumps([dxtalker.__file__, dxtalker.__version__, sys.path]))"


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, without anything of this environment."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert all(top == "dxtalker" or top.endswith(".dist-info") for top in tops)
    for name in ("generator.onnx", "speech_encoder.onnx", "head.npz", "demo.flac", "LICENSES.md"):
        assert f"dxtalker/assets/{name}" in names
    assert "dxtalker/py.typed" in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert wheel.stat().st_size < 60_000_000


def test_it_speaks_in_an_empty_environment(wheel: Path, tmp_path: Path, demo_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    python, pins = programs / "python", ROOT / "constraints" / "runtime.txt"
    run(python, "-m", "pip", "install", "-q", "-c", pins, wheel, cwd=tmp_path)
    file, version, path = json.loads(run(python, "-c", LOOK, cwd=tmp_path))
    assert Path(file).is_relative_to(tmp_path / "env")
    assert not any(Path(entry).is_relative_to(ROOT) for entry in path if entry)
    assert version in wheel.name
    out = tmp_path / "talk.mp4"
    printed = run(programs / "dxtalker", "speak", demo_path, "-o", out, "--size", "64x64", cwd=tmp_path)
    assert printed.strip() == str(out)
    assert out.stat().st_size > 10_000
    assert "MISSING" not in run(programs / "dxtalker", "doctor", cwd=tmp_path)
