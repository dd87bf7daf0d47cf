"""Arrays in a file come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dxtalker.curate.spool import Spool
from dxtalker.errors import BadInput


def test_arrays_come_back_in_any_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a" / "b")
    rng = np.random.default_rng(1)
    given = [
        {"sums": rng.normal(size=(n, 3, 2)).astype(np.float32), "bytes": rng.integers(0, 255, n, np.uint8)}
        for n in (4, 0, 9)
    ]
    kept = [spool.keep(arrays) for arrays in given]
    for arrays, there in reversed(list(zip(given, kept, strict=True))):
        assert list(there) == list(arrays)
        for name, array in arrays.items():
            assert there[name].dtype == array.dtype
            assert np.array_equal(there[name], array)
    assert "other" not in kept[0]
    assert not list((tmp_path / "a" / "b").iterdir()), "it has no name"


def test_no_room_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot write to"):
        Spool(tmp_path / "file")
