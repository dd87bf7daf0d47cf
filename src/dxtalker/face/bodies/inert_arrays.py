"""The inert records of ``pickle_file`` -> numpy arrays, every length held against the bytes that are there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .pickle_file import Holder, as_text


def as_array(value: Any) -> np.ndarray:
    """The numbers that an inert record stands for. Raises ValueError when it stands for none."""
    if isinstance(value, Holder) and value.kind.pair == ("numpy", "ndarray"):
        return _array(value.raw)
    if isinstance(value, Holder) and value.kind.module.startswith("scipy.sparse"):
        return _dense(value)
    if isinstance(value, Holder) and "x" in value.state:  # chumpy.ch.Ch
        return as_array(value.state["x"])
    if isinstance(value, Holder) and {"a", "idxs"} <= set(value.state):  # chumpy.reordering.Select
        inner = value.state["a"]
        if isinstance(inner, Holder) and "a" in inner.state:
            raise ValueError("a selection of a selection")
        chosen = as_array(inner).ravel()[as_array(value.state["idxs"]).astype(np.int64).ravel()]
        shape = value.state.get("preferred_shape")
        return chosen.reshape(_shape(shape)) if shape is not None else chosen
    raise ValueError("it is no array")


def _shape(value: Any) -> tuple[int, ...]:
    if (
        not isinstance(value, tuple | list)
        or len(value) > 4
        or not all(type(n) is int and n >= 0 for n in value)
    ):
        raise ValueError("an array's shape is no list of numbers")
    return tuple(value)


def _array(raw: Any) -> np.ndarray:
    """From what numpy stores: version, shape, type, order, bytes."""
    if not isinstance(raw, tuple) or len(raw) != 5 or not isinstance(raw[4], bytes):
        raise ValueError("an array without its bytes")
    shape, dtype = _shape(raw[1]), _dtype(raw[2])
    if math.prod(shape) * dtype.itemsize != len(raw[4]):
        raise ValueError(f"an array of shape {shape} has {len(raw[4])} bytes")
    return np.frombuffer(raw[4], dtype).reshape(shape, order="F" if raw[3] else "C")


def _dtype(value: Any) -> np.dtype:
    if not isinstance(value, Holder) or value.kind.pair != ("numpy", "dtype") or not value.given:
        raise ValueError("an array without its type")
    code = as_text(value.given[0])
    if code not in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"):
        raise ValueError(f"an array of type {code[:10]!r}")
    order = as_text(value.raw[1]) if isinstance(value.raw, tuple) and len(value.raw) > 1 else "<"
    return np.dtype((">" if order == ">" else "<") + code)


def _dense(value: Holder) -> np.ndarray:
    """A compressed sparse matrix, written out; at most 16 million entries."""
    state = value.state
    rows, columns = _shape(state.get("_shape", state.get("shape")))
    if rows * columns > 1 << 24:
        raise ValueError(f"a sparse matrix of {rows} x {columns}")
    dense = np.zeros((rows, columns))
    data = as_array(state["data"]).astype(np.float64)
    if value.kind.name.startswith("coo"):
        where = as_array(state["row"]).astype(np.int64), as_array(state["col"]).astype(np.int64)
    else:
        starts, inner = (
            as_array(state["indptr"]).astype(np.int64),
            as_array(state["indices"]).astype(np.int64),
        )
        by_column = value.kind.name.startswith("csc")
        if len(starts) != (columns if by_column else rows) + 1 or starts[0] != 0 or starts[-1] != len(data):
            raise ValueError("a sparse matrix's parts do not fit")
        if (np.diff(starts) < 0).any():
            raise ValueError("a sparse matrix's parts do not fit")
        outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        where = (inner, outer) if by_column else (outer, inner)
    if len(where[0]) != len(data) or len(where[1]) != len(data):
        raise ValueError("a sparse matrix's parts do not fit")
    for index, size in zip(where, (rows, columns), strict=True):
        if len(index) and (index.min() < 0 or index.max() >= size):
            raise ValueError("a sparse matrix names entries beyond its size")
    np.add.at(dense, where, data)
    return dense
