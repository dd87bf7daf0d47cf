"""What a user sees while videos are curated, where no terminal can draw a bar."""

from __future__ import annotations

import pytest

from dxtalker.cli.clips import _Line
from dxtalker.curate.command import Progress


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with _Line(False) as line:
        for second in range(0, 1000, 10):
            line.show(Progress(3, 9, second / 2, 4, second))
        line.show(Progress(9, 9, 500.0, 12, 1300.0, "sync", 0.25))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    assert said[0] == "3 of 9 videos, 5 min: 150 s of video, 0.5 s a second, 4 clips"
    assert said[-1] == "9 of 9 videos, 22 min: sync 25%"
    with _Line(True) as line:
        line.show(Progress(3, 9, 100.0, 4, 900.0))
    assert not capsys.readouterr().err
