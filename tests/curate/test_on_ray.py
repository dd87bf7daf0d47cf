"""A local Ray cluster gives the same bytes as processes do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from stand_ins import make_stand_in, write_video
from test_engine import bytes_of, run

pytest.importorskip("ray", reason="needs ray: make test-ray")

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_cluster_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))  # where the nodes find the stages
    videos = tmp_path / "videos"
    for number, seconds in enumerate((8.5, 4.2, 6.0, 3.0, 5.0, 2.5)):
        write_video(videos / "b" / f"{number}.mp4", seconds, number)
    for number, name in enumerate(("crash", "raise")):
        write_video(videos / f"{name}.mp4", 3.0, 20 + number)
    (videos / "empty.mp4").write_bytes(b"")
    local = run(videos, tmp_path / "local", processes=2)
    cluster = run(videos, tmp_path / "ray", processes=2, ray="local")
    assert cluster.manifest == local.manifest
    assert bytes_of(tmp_path / "ray") == bytes_of(tmp_path / "local")
    again = run(videos, tmp_path / "ray", processes=2, ray="local", make=make_stand_in)
    assert again.seconds == 0
