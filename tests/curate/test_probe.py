"""A file's facts, or the reason against it, before anything is decoded."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dxtalker.curate.probe import SourceFacts, file_verdict, open_source, pieces
from dxtalker.curate.verdict import Verdict
from dxtalker.errors import BadInput, LimitExceeded
from dxtalker.records import Waveform
from dxtalker.render.video import write_video


@pytest.mark.parametrize("sound", [True, False])
def test_facts_of_a_video(tmp_path: Path, sound: bool) -> None:
    path = tmp_path / "a.mp4"
    wave = Waveform(np.zeros(16_000, np.float32)) if sound else None
    write_video((np.full((64, 96, 4), 255, np.uint8) for _ in range(25)), path, Fraction(25), (96, 64), wave)
    facts = open_source(path)
    assert isinstance(facts, SourceFacts)
    assert (facts.size, facts.fps, facts.sound, facts.hdr) == ((96, 64), 25, sound, False)
    assert facts.seconds == pytest.approx(1, abs=0.1)


def test_what_is_no_video_has_a_reason(tmp_path: Path) -> None:
    empty, text = tmp_path / "a.mp4", tmp_path / "b.mp4"
    empty.touch()
    text.write_text("nothing to see\n")
    for path in (empty, text, tmp_path, tmp_path / "none.mp4"):
        said = open_source(path)
        assert isinstance(said, Verdict) and said.reason == "file.unreadable" and said.remark


def test_errors_have_reasons() -> None:
    assert file_verdict(LimitExceeded("'a': too slow")).reason == "file.limits"
    assert file_verdict(BadInput("'a': it holds no audio track")).reason == "file.no_sound"


@pytest.mark.parametrize("seconds", [0.0, 1.0, 119.5, 120.0, 121.0, 7200.0])
def test_pieces_cover_a_video(seconds: float) -> None:
    parts = pieces(seconds, 120.0)
    assert parts[0][0] == 0 and sum(parts[-1]) >= seconds
    assert all(a[0] + a[1] == b[0] for a, b in pairwise(parts)) and max(p[1] for p in parts) <= 121
