"""The container of glTF 2.0: arrays and JSON in, the bytes of one .glb out."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import LimitExceeded
from .limits import MAX_FILE_BYTES

VERTICES, INDICES = 34962, 34963  # what a buffer view is for
_COMPONENT = {"uint8": 5121, "uint16": 5123, "uint32": 5125, "float32": 5126}
_KIND = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class Gltf:
    """A glTF document in the making; ``root`` is its JSON, without buffers, views and accessors."""

    def __init__(self, generator: str) -> None:
        self.root: dict[str, Any] = {"asset": {"version": "2.0", "generator": generator}}
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._chunks: list[bytes] = []
        self._length = 0
        self._grounds: dict[int, int] = {}  # views of zeros by their number of rows

    def view(self, data: bytes, target: int | None = None, stride: int | None = None) -> int:
        """Append ``data`` on a boundary of four bytes; returns the index of its buffer view.

        ``stride`` (bytes an element) must be given when several vertex attributes share the view.
        """
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        if stride is not None:
            view["byteStride"] = stride
        self._views.append(view)
        self._chunks.append(data + bytes(-len(data) % 4))
        self._length += len(self._chunks[-1])
        return len(self._views) - 1

    def accessor(self, array: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Append ``array`` (N, ...) of uint8, uint16, uint32 or float32; returns its accessor's index.

        The elements of a vertex attribute must be multiples of four bytes, as all of ours are.
        """
        accessor: dict[str, Any] = {
            "bufferView": self.view(np.ascontiguousarray(array).tobytes(), target),
            "componentType": _COMPONENT[array.dtype.name],
            "count": len(array),
            "type": _KIND[array.shape[1:]],
        }
        if bounds:
            low, high = array.min(axis=0), array.max(axis=0)
            accessor |= {"min": np.atleast_1d(low).tolist(), "max": np.atleast_1d(high).tolist()}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def displacements(self, deltas: np.ndarray, bounds: bool = False) -> list[int]:
        """Accessors for displacements (S, N, 3) float32, one a shape, sparse where that is smaller.

        The sparse ones stand on a shared view of zeros: glTF lets it be left out, several readers do not. Shapes
        that move nothing share one accessor. ``bounds``: state least and greatest values, as positions must.
        """
        moved = [np.flatnonzero(shape.any(axis=1)) for shape in deltas]
        thin = [
            i
            for i, rows in enumerate(moved)
            if len(rows) and len(rows) * (12 + _index_type(deltas[i]).itemsize) < deltas[i].nbytes
        ]
        still = [i for i, rows in enumerate(moved) if len(rows) == 0]
        first = [(deltas[i], np.zeros(1, int)) for i in still[:1]]  # a sparse accessor needs a row
        found = iter(self._sparse([*first, *((deltas[i], moved[i]) for i in thin)], bounds))
        place = dict.fromkeys(still, next(found)) if still else {}
        place |= dict(zip(thin, found, strict=True))
        return [
            place[i] if i in place else self.accessor(shape, VERTICES, bounds)
            for i, shape in enumerate(deltas)
        ]

    def _sparse(self, shapes: list[tuple[np.ndarray, np.ndarray]], bounds: bool) -> list[int]:
        """Accessors for shapes (N, 3), each with the rows that are not zero."""
        if not shapes:
            return []
        count, index_type = len(shapes[0][0]), _index_type(shapes[0][0])
        indices, values, places = bytearray(), bytearray(), []
        for shape, rows in shapes:
            places.append((len(indices), len(values)))
            indices += rows.astype(index_type).tobytes()
            indices += bytes(-len(indices) % 4)
            values += shape[rows].tobytes()
        zeros = self._zeros(count)
        views = self.view(bytes(indices)), self.view(bytes(values))
        first = len(self._accessors)
        for (shape, rows), place in zip(shapes, places, strict=True):
            where, what = ({"bufferView": v, "byteOffset": p} for v, p in zip(views, place, strict=True))
            accessor: dict[str, Any] = {
                "bufferView": zeros,
                "componentType": _COMPONENT["float32"],
                "count": count,
                "type": "VEC3",
            }
            if bounds:
                accessor |= {"min": shape.min(axis=0).tolist(), "max": shape.max(axis=0).tolist()}
            accessor["sparse"] = {
                "count": len(rows),
                "indices": {**where, "componentType": _COMPONENT[index_type.name]},
                "values": what,
            }
            self._accessors.append(accessor)
        return list(range(first, len(self._accessors)))

    def _zeros(self, count: int) -> int:
        """The view of ``count`` rows of zeros that sparse accessors of that length stand on."""
        if count not in self._grounds:
            self._grounds[count] = self.view(bytes(count * 12), VERTICES, stride=12)
        return self._grounds[count]

    def chunks(self) -> Iterator[bytes]:
        """The .glb, piece by piece. Raises LimitExceeded above 1 GB."""
        document = {
            **self.root,
            "buffers": [{"byteLength": self._length}],
            "bufferViews": self._views,
            "accessors": self._accessors,
        }
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self._length
        if total > MAX_FILE_BYTES:
            raise LimitExceeded(f"the .glb would have {total >> 20} MB; write shorter takes")
        yield struct.pack("<4sII", b"glTF", 2, total)
        yield struct.pack("<I4s", len(text), b"JSON") + text
        yield struct.pack("<I4s", self._length, b"BIN\0")
        yield from self._chunks


def _index_type(rows: np.ndarray) -> np.dtype:
    return np.dtype(np.uint16 if len(rows) <= 65_535 else np.uint32)
