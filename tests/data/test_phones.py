"""Phone times of recordings: read, refused, and which frames must have closed lips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dxtalker.data.phones import Phone, lips_meet, read_phones
from dxtalker.errors import BadInput


def test_phones_are_read_with_their_stress(tmp_path: Path) -> None:
    path = tmp_path / "phones.json"
    path.write_text(json.dumps({"a": {"phones": [[0, 0.1, "SIL"], [0.1, 0.2, "B"], [0.2, 0.4, "AA1"]]}}))
    assert read_phones(path)["a"] == (Phone("SIL", 0, 0.1), Phone("B", 0.1, 0.2), Phone("AA", 0.2, 0.4, 1))


def test_lips_meet_in_the_phone_and_nobody_knows_in_a_pause() -> None:
    phones = (Phone("SIL", 0, 0.2), Phone("M", 0.2, 0.4), Phone("AA", 0.4, 0.6), Phone("SP", 0.6, 1.0))
    closed = lips_meet(phones, 25)
    known = np.flatnonzero(np.isfinite(closed))
    assert known.min() >= 4 and known.max() < 15
    assert closed[5:9].min() == 1 and closed[11:14].max() == 0


@pytest.mark.parametrize(
    "text", ['{"a": {"phones": [[0, 1]]}}', '{"a": {"phones": [["x", 1, "B"]]}}', "[1]", "{"]
)
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "phones.json"
    path.write_text(text)
    with pytest.raises(BadInput, match="does not hold phone times"):
        read_phones(path)
