from __future__ import annotations

import os
import pickle  # noqa: TID251 - makes the files that must be refused; nothing is read with it
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.face.bodies import load_face
from dxtalker.face.bodies.flame import read_flame
from dxtalker.face.bodies.inert_arrays import as_array
from dxtalker.face.bodies.pickle_file import Holder, Name, read_pickle


def small(count: int = 12) -> dict[str, Any]:
    random = np.random.default_rng(0)
    weights = random.uniform(0, 1, (count, 5))
    return {
        "v_template": random.normal(size=(count, 3)),
        "f": np.array([[0, 1, 2], [2, 3, 4]], np.uint32),
        "shapedirs": random.normal(size=(count, 3, 8)),
        "posedirs": random.normal(size=(count, 3, 36)),
        "J_regressor": random.uniform(0, 1, (5, count)),
        "weights": weights / weights.sum(1, keepdims=True),
        "kintree_table": np.array([[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
        "bs_type": "lrotmin",
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_protocol_gives_the_arrays(tmp_path: Path, protocol: int, order: str) -> None:
    table = small()
    table["shapedirs"] = np.array(table["shapedirs"], order=order)  # type: ignore[call-overload]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(table, protocol))
    model = read_flame(tmp_path / "a.pkl")
    np.testing.assert_array_equal(model.template, table["v_template"])
    basis = np.concatenate([model.shapes, model.expressions])
    np.testing.assert_array_equal(np.moveaxis(basis, 0, 2), table["shapedirs"])
    np.testing.assert_array_equal(model.faces, table["f"])


def test_an_npz_of_the_same_names_is_read(tmp_path: Path) -> None:
    table = {key: value for key, value in small().items() if isinstance(value, np.ndarray)}
    np.savez(tmp_path / "a.npz", **table)
    np.testing.assert_array_equal(read_flame(tmp_path / "a.npz").weights, table["weights"])


def global_(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def array_2(array: np.ndarray) -> bytes:
    """An array as Python 2 pickled it: text as bytes."""
    code = array.dtype.str[1:].encode()

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<I", len(value)) + value

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = (
        global_("numpy", "dtype") + b"(" + text(code) + number(0) + number(1) + b"tR"
        + b"(" + number(3) + text(b"<") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    )  # fmt: skip
    shape = b"(" + b"".join(number(n) for n in array.shape) + b"t"
    return (
        global_("numpy.core.multiarray", "_reconstruct") + b"(" + global_("numpy", "ndarray") + b"(" + number(0)
        + b"t" + text(b"b") + b"tR(" + number(1) + shape + dtype + b"\x89" + text(array.tobytes()) + b"tb"
    )  # fmt: skip


def holder(module: str, name: str, state: dict[str, bytes]) -> bytes:
    items = b"".join(b"U" + bytes([len(k)]) + k.encode() + v for k, v in state.items())
    return (
        global_("copy_reg", "_reconstructor")
        + b"("
        + global_(module, name)
        + global_("__builtin__", "object")
        + b"NtR}("
        + items
        + b"ub"
    )


def test_python_2_text_chumpy_and_sparse_matrices_are_read(tmp_path: Path) -> None:
    table = small()
    regressor = np.where(table["J_regressor"] > 0.5, table["J_regressor"], 0)
    columns, rows = np.nonzero(regressor.T)
    starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=12))]).astype(np.int32)
    shape = b"(K\x05K\x0ct"
    parts = {
        "_shape": shape,
        "data": array_2(regressor.T[columns, rows]),
        "indices": array_2(rows.astype(np.int32)),
        "indptr": array_2(starts),
    }
    items = {key: array_2(table[key]) for key in ("v_template", "f", "posedirs", "weights")}
    items["shapedirs"] = holder("chumpy.ch", "Ch", {"x": array_2(table["shapedirs"]), "_dirty_vars": b"]"})
    items["J_regressor"] = holder("scipy.sparse.csc", "csc_matrix", parts)
    body = b"".join(b"U" + bytes([len(k)]) + k.encode() + v for k, v in items.items())
    (tmp_path / "old.pkl").write_bytes(b"\x80\x02}(" + body + b"u.")
    model = read_flame(tmp_path / "old.pkl")
    np.testing.assert_allclose(model.regressor, regressor)
    np.testing.assert_array_equal(
        np.moveaxis(np.concatenate([model.shapes, model.expressions]), 0, 2), table["shapedirs"]
    )


class Trap:
    def __init__(self, function: Any, *given: Any) -> None:
        self.call = function, given

    def __reduce__(self) -> Any:
        return self.call


TRAPS = {
    "system": Trap(os.system, "touch trapped"),
    "eval": Trap(eval, "open('trapped', 'w')"),
    "exec": Trap(exec, "open('trapped', 'w')"),
    "open": Trap(open, "trapped", "w"),
    "getattr": Trap(getattr, "", "join"),
    "import": Trap(__import__, "os"),
    "numpy": Trap(np.fromfile, "trapped"),
    "load": Trap(np.load, "trapped", None, True),
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_refused_and_not_sprung(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(small() | {"v_template": TRAPS[name]}, protocol))
    with pytest.raises(BadInput, match=r"a\.pkl.*(never contain|not plain)"):
        load_face(tmp_path / "a.pkl")
    assert not (tmp_path / "trapped").exists()


def long(size: int) -> bytes:
    return struct.pack("<Q", size)


BOMBS = {
    "bytes that are not there": b"\x80\x04\x8e" + long(1 << 40) + b"abc.",
    "text that is not there": b"\x80\x04\x8d" + long(1 << 62) + b"abc.",
    "a huge frame": b"\x80\x04\x95" + long(1 << 62) + b"}.",
    "a memo far away": b"\x80\x02}r\xff\xff\xff\x7fh\x05.",
    "a huge whole number": b"\x80\x02\x8b" + struct.pack("<I", 1 << 30) + b"\x01.",
    "digits": b"I" + b"9" * 100_000 + b"\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent name": b"Pabc\n.",
    "no end": b"\x80\x02}",
    "empty": b"\x80\x02",
    "pops nothing": b"\x80\x020.",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "a dictionary in itself": b"\x80\x02}q\x00U\x01ah\x00s.",
    "a deep nest": b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b".",
    "marks": b"\x80\x02" + b"(" * 1_000_000 + b".",
    "doublings": b"\x80\x02]q\x00" + b"(h\x00h\x00e" * 60 + b".",
    "tuples of tuples": b"\x80\x02)" + b"2\x86" * 200_000 + b".",
    "many instructions": b"\x80\x02}" + b"N0" * 1_500_000 + b".",
    "inst": b"(S'touch trapped'\nios\nsystem\n.",
    "a call of a number": b"\x80\x02K\x01)R.",
    "state for a number": b"\x80\x02K\x01}b.",
    "stack global of numbers": b"\x80\x04K\x01K\x02\x93.",
    "an unhashable key": b"\x80\x02}(]K\x01u.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "bomb.pkl").write_bytes(BOMBS[name])
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"bomb|instructions"):
        load_face(tmp_path / "bomb.pkl")
    assert time.monotonic() - began < 8


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 100_000), st.integers(0, 255))
def test_noise_and_flipped_bytes_are_refused_or_read(data: bytes, place: int, value: int) -> None:
    whole = bytearray(pickle.dumps({"a": np.arange(6.0)}, 2))
    whole[place % len(whole)] = value
    for content in (data, b"\x80\x04" + data, bytes(whole)):
        try:
            found = read_pickle(content, "noise")
            if isinstance(found, dict) and isinstance(found.get("a"), Holder):
                as_array(found["a"])
        except (BadInput, ValueError, KeyError, TypeError, IndexError):
            continue


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("v_template", np.zeros((12, 2)), "v_template"),
        ("v_template", np.full((12, 3), np.nan), "v_template"),
        ("weights", np.zeros((11, 5)), "weights"),
        ("f", np.array([[0, 1, 99]]), "beyond"),
        ("f", np.array([[0, 1, -1]]), "beyond"),
        ("posedirs", np.zeros((12, 3, 9)), "posedirs"),
        ("J_regressor", "text", "J_regressor"),
        ("shapedirs", np.zeros((12, 3, 1)), "directions"),
        ("shapedirs", np.zeros((12, 3, 8), object), "shapedirs"),
    ],
)
def test_arrays_that_do_not_fit_are_named(tmp_path: Path, key: str, value: object, words: str) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(small() | {key: value}, 2))
    with pytest.raises(BadInput, match=words):
        read_flame(tmp_path / "a.pkl")


def test_another_pickle_is_no_flame(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"hello": 1}, 2))
    with pytest.raises(BadInput, match=r"hello.*v_template"):
        load_face(tmp_path / "a.pkl")
    with pytest.raises(ValueError, match="no array"):
        as_array(Holder(Name("chumpy.ch", "Ch")))
