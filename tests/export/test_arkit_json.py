from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker.errors import BadInput, LimitExceeded
from dxtalker.export import arkit_json
from dxtalker.export.arkit_json import read_json, write_json
from dxtalker.records import ARKIT_NAMES, Motion


def test_round_trip(tmp_path: Path) -> None:
    motion = replace(make_motion(2100, Fraction(30000, 1001)), start=1.25)
    write_json(tmp_path / "a.json", motion)
    back = read_json(tmp_path / "a.json")
    assert back.fps == motion.fps and back.start == 1.25 and back.info == motion.info
    for name in ("curves", "rotation", "translation"):
        assert np.abs(getattr(back, name) - getattr(motion, name)).max() < 6e-6


def test_other_programs_find_what_they_need(tmp_path: Path, motion: Motion) -> None:
    write_json(tmp_path / "a.json", motion)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert data["schema"] == "dxtalker.motion" and data["version"] == 1 and data["fps"] == "25/1"
    assert data["names"] == list(ARKIT_NAMES) and len(data["frames"]) == data["count"] == 40
    assert data["frames"][3][17] == round(float(motion.curves[3, 17]), 5)


def test_channels_may_stand_in_any_order(tmp_path: Path, motion: Motion) -> None:
    write_json(tmp_path / "a.json", motion)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    data["names"] = data["names"][::-1]
    data["frames"] = [frame[::-1] for frame in data["frames"]]
    del data["translation"], data["info"], data["start"]
    (tmp_path / "b.json").write_text(json.dumps(data))
    back = read_json(tmp_path / "b.json")
    assert np.abs(back.curves - motion.curves).max() < 6e-6 and not back.translation.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, "no motion"),
        ({"version": 9}, "version 9"),
        ({"fps": 25}, "not a fraction"),
        ({"fps": "1/0"}, "not a number"),
        ({"fps": "9999"}, "out of range"),
        ({"start": "now"}, "expected seconds"),
        ({"names": ["jawOpen"]}, "52 ARKit names"),
        ({"names": None}, "52 ARKit names"),
        ({"frames": [[0.1]]}, '"frames" is not a list'),
        ({"frames": [["0.1"] * 52]}, '"frames" is not a list'),
        ({"frames": [[0.0] * 52, [0.0]]}, '"frames" is not a list'),
        ({"frames": [[1e300] * 52]}, '"frames" is not a list'),
        ({"frames": [[10**30] * 52]}, '"frames" is not a list'),
        ({"frames": [[True] * 52]}, '"frames" is not a list'),
        ({"frames": {"a": 1}}, '"frames" is not a list'),
        ({"rotation": [[0, 0, 0]]}, "Motion.rotation has shape"),
        ({"info": {"a": 1}}, "table of text"),
    ],
    ids=str,
)
def test_refusals(tmp_path: Path, motion: Motion, change: dict[str, object], message: str) -> None:
    write_json(tmp_path / "a.json", motion)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) | change
    (tmp_path / "b.json").write_text(json.dumps(data))
    with pytest.raises(BadInput, match=message):
        read_json(tmp_path / "b.json")


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 200_000, b"{", b"\xff\xfe", b"[1]", b'{"schema": NaN}', b"9" * 6000, b'{"a": 1e999}'],
    ids=lambda data: repr(data[:12]),
)
def test_hostile_json(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(BadInput):
        read_json(tmp_path / "a.json")


def test_size_limit(tmp_path: Path, motion: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json(tmp_path / "a.json", motion)
    monkeypatch.setattr(arkit_json, "MAX_JSON_BYTES", 1000)
    with pytest.raises(LimitExceeded):
        read_json(tmp_path / "a.json")
