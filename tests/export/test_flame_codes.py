"""Codes on disk: the same numbers back, readable as FLAME motion, and what is no such file refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.export.flame_codes import read_flame_codes, write_flame_codes
from dxtalker.export.flame_npz import read_flame_npz
from dxtalker.motion.paper import EXPRESSION, HEAD, SHAPE, FlameCodes


def made_up() -> FlameCodes:
    values = np.random.default_rng(0).normal(0, 0.1, (40, 284)).astype(np.float32)
    return FlameCodes(values, Fraction(30000, 1001), 1.25)


def test_codes_come_back_and_are_flame_motion(tmp_path: Path) -> None:
    codes = made_up()
    write_flame_codes(tmp_path / "x.npz", codes)
    again = read_flame_codes(tmp_path / "x.npz")
    assert np.array_equal(again.values, codes.values) and (again.fps, again.start) == (codes.fps, 1.25)
    curves, shape, rate = read_flame_npz(tmp_path / "x.npz")
    assert np.array_equal(curves.expression, codes.values[:, EXPRESSION]) and rate == codes.fps
    assert np.array_equal(curves.pose[:, :3], codes.values[:, HEAD])
    assert np.array_equal(shape, codes.values[0, SHAPE])


def test_refusals(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", expcode=np.zeros((3, 50)))
    with pytest.raises(BadInput, match="has no posecode"):
        read_flame_codes(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", expcode=np.zeros((3, 50)), posecode=np.zeros((4, 6)))
    with pytest.raises(BadInput, match=r"posecode has shape \(4, 6\); expected \(3, 6\)"):
        read_flame_codes(tmp_path / "b.npz")
