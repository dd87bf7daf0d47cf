from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker.errors import BadInput
from dxtalker.export.motion_npz import read_npz, write_npz
from dxtalker.records import Motion


def test_round_trip_is_exact_and_bytes_repeat(tmp_path: Path) -> None:
    motion = replace(make_motion(33, Fraction(30000, 1001)), start=0.1)
    write_npz(tmp_path / "a.npz", motion)
    write_npz(tmp_path / "b.npz", motion)
    back = read_npz(tmp_path / "a.npz")
    assert (back.fps, back.start, back.info) == (motion.fps, motion.start, motion.info)
    for name in ("curves", "rotation", "translation"):
        assert np.array_equal(getattr(back, name), getattr(motion, name))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def rewrite(path: Path, **change: bytes | None) -> None:
    """Replace members of the archive; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    members |= {f"{name}.npy": data for name, data in change.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            if data is not None:
                archive.writestr(name, data)


def npy(array: object, pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=pickle)
    return stream.getvalue()


def lying_header() -> bytes:
    """A header that announces ten thousand million rows before 16 bytes."""
    stream = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**10, 52)}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + bytes(16)


@pytest.mark.parametrize(
    "change",
    [
        {"curves": None},
        {"curves": lying_header()},
        {"curves": npy(np.array([{"a": 1}], object), pickle=True)},
        {"curves": npy(np.zeros((40, 51), np.float32))},
        {"curves": npy(np.full((40, 52), np.nan, np.float32))},
        {"curves": npy(np.zeros((40, 52)))},
        {"curves": b"\x93NUMPY\x01\x00"},
        {"curves": b""},
        {"names": npy(["a", "b"])},
        {"fps": npy("fast")},
        {"fps": npy(25.0)},
        {"start": npy([1.0, 2.0])},
        {"info": npy("[1]")},
        {"info": npy("[" * 100_000)},
    ],
    ids=str,
)
def test_refusals(tmp_path: Path, motion: Motion, change: dict[str, bytes | None]) -> None:
    write_npz(tmp_path / "a.npz", motion)
    rewrite(tmp_path / "a.npz", **change)
    with pytest.raises(BadInput):
        read_npz(tmp_path / "a.npz")


def test_truncated_or_other_files(tmp_path: Path, motion: Motion) -> None:
    write_npz(tmp_path / "a.npz", motion)
    whole = (tmp_path / "a.npz").read_bytes()
    for data in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:200] + bytes(50) + whole[250:]):
        (tmp_path / "a.npz").write_bytes(data)
        with pytest.raises(BadInput):
            read_npz(tmp_path / "a.npz")
