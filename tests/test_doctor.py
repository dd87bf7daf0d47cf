from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from dxtalker import doctor, ffmpeg
from dxtalker.cli import main
from dxtalker.render import renderer
from dxtalker.render.gl import GL_MISSING


def line_of(name: str) -> str:
    """The lines about ``name``, joined."""
    _, lines = doctor.report()
    found = [number for number, line in enumerate(lines) if line[8:].startswith(name)]
    assert len(found) == 1, lines
    return "\n".join(lines[found[0] : found[0] + 2])


def test_a_whole_installation_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    text = capsys.readouterr().out
    for word in ("dxtalker", "Python", "numpy", "onnxruntime", "ffmpeg", "renderer", "generator.onnx"):
        assert word in text
    assert "MISSING" not in text


def test_without_ffmpeg_it_names_the_command_and_exits_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ffmpeg.ENVIRONMENT, "no-such-program")
    with pytest.raises(SystemExit) as stopped:
        main(["doctor"])
    assert stopped.value.code == 3
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("MISSING"))
    assert "no-such-program" in lines[at]
    assert "run: unset DXTALKER_FFMPEG" in lines[at + 1]


def test_an_ffmpeg_that_fails_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ffmpeg.ENVIRONMENT, str(shutil.which("false")))
    assert "MISSING" in line_of("ffmpeg")


def test_without_opengl_numpy_draws_and_it_is_only_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "available_renderers", lambda: {"gl": GL_MISSING, "numpy": "always works"})
    healthy, _ = doctor.report()
    text = line_of("renderer")
    assert healthy
    assert text.startswith("note")
    assert "run: apt-get install libegl1 libgl1-mesa-dri" in text


def test_a_damaged_model_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = doctor.asset
    damaged = tmp_path / "generator.onnx"
    damaged.write_bytes(b"\0")
    monkeypatch.setattr(doctor, "asset", lambda name: damaged if name == damaged.name else real(name))
    healthy, _ = doctor.report()
    assert not healthy
    assert "generator.onnx is damaged" in line_of("models")


def test_without_torch_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", version)
    healthy, _ = doctor.report()
    assert healthy
    assert 'run: pip install "dxtalker[train]"' in line_of("train")
