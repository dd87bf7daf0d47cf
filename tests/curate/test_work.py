"""A video of several pieces: nothing is lost or doubled where they meet, and a person stays who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from stand_ins import JOINT, SETTINGS, Looked, StandIn, Stretch, write_video

from dxtalker.curate.collect import collect
from dxtalker.curate.drafts import Drafts
from dxtalker.curate.settings import Settings
from dxtalker.curate.sources import Video
from dxtalker.curate.verdict import Verdict
from dxtalker.curate.video import Stages
from dxtalker.curate.work import Curator, Job
from dxtalker.data.reader import ClipReader
from dxtalker.records import Waveform

BREAKS = (0, 60, 130, 160, 230, 300, 345, 400)  # frames of the video between which one face is seen
FACES = (0, 0, 1, 0, 1, 1, 0)


class Scenes(StandIn):
    """Stretches that begin and end where the video says, or where the look does."""

    def stretches(self, looked: Looked, sound: Waveform) -> Sequence[Stretch]:
        begin = round(looked.start * 25)
        found = []
        for first, stop, face in zip(BREAKS, BREAKS[1:], FACES, strict=False):
            a, b = max(first - begin, 0), min(stop - begin, len(looked.seen))
            if a < b:
                short = Verdict(reason="picture.short" if b - a < 25 else "")
                found.append(Stretch(a, b, short, np.full(4, face, np.float32)))
        return found

    def people(self, likenesses: Sequence[np.ndarray]) -> Sequence[int]:
        order: dict[float, int] = {}
        return [order.setdefault(float(one[0]), len(order)) for one in likenesses]


def make_scenes(settings: Settings) -> Stages:
    return Scenes()


@pytest.mark.parametrize("piece_seconds", [100.0, 6.0, 4.4, 4.0])
def test_pieces_meet_between_two_stretches(tmp_path: Path, piece_seconds: float) -> None:
    path = write_video(tmp_path / "talk.mp4", BREAKS[-1] / 25)
    told: list[float] = []
    curator = Curator(tmp_path / "clips", SETTINGS, make_scenes, piece_seconds)
    curator.prepare()
    Drafts(tmp_path / "clips").open()
    done = curator(Job(path), told.append)
    assert sum(told) == pytest.approx(16.0)
    assert done.seconds == pytest.approx(16.0)
    assert (done.pieces > 1) == (piece_seconds < 16)
    drafts = Drafts(tmp_path / "clips")
    whole = Curator(tmp_path / "whole", SETTINGS, make_scenes)
    whole.prepare()
    Drafts(tmp_path / "whole").open()
    expected = whole(Job(path), told.append)
    joint = replace(JOINT, learn=lambda sources: joint, people=Scenes().people)
    collect([(Video(path, "talk.mp4"), done)], drafts, tmp_path / "clips", SETTINGS, joint)
    collect(
        [(Video(path, "talk.mp4"), expected)], Drafts(tmp_path / "whole"), tmp_path / "whole", SETTINGS, joint
    )
    there, wanted = ({c.record.name: c for c in ClipReader(tmp_path / n)} for n in ("clips", "whole"))
    assert len(wanted) == len(FACES)
    assert there.keys() == wanted.keys()
    for name, clip in there.items():
        assert clip.record == wanted[name].record, "with its speaker"
        assert np.array_equal(clip.sound.samples, wanted[name].sound.samples)


def test_a_stretch_longer_than_a_piece_is_cut_where_the_piece_ends(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", 6.0)
    curator = Curator(tmp_path / "clips", SETTINGS, make_scenes, 2.0)
    curator.prepare()
    Drafts(tmp_path / "clips").open()
    done = curator(Job(path), lambda seconds: None)
    records = []
    for number in range(done.pieces):
        with Drafts(tmp_path / "clips").piece(done.key, number) as piece:
            records += [piece.record(take) for take in piece.takes] + [r.record for r in piece.rejects()]
    spans = sorted((round(r.start * 25), round(r.start * 25) + r.frames) for r in records)
    assert spans[0][0] == 0
    assert spans[-1][1] == 150
    assert all(a[1] == b[0] for a, b in pairwise(spans)), "each frame once"


def test_a_second_process_goes_on_from_the_pieces_that_are_there(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", BREAKS[-1] / 25)
    curator = Curator(tmp_path / "clips", SETTINGS, make_scenes, 4.4)
    curator.prepare()
    Drafts(tmp_path / "clips").open()
    done = curator(Job(path), lambda seconds: None)
    folder = tmp_path / "clips/.work/drafts"
    before = {p.name: p.read_bytes() for p in folder.rglob("*.draft")}
    for p in folder.rglob("*"):
        if p.name.endswith((".json", ".1.draft")):
            p.unlink()
    told: list[float] = []
    assert curator(Job(path), told.append) == done
    assert 0 < sum(told) < 5, "only what was missing"
    assert {p.name: p.read_bytes() for p in folder.rglob("*.draft")} == before
