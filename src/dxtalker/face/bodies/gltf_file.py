"""The container of glTF 2.0, read as hostile: .glb, .vrm and .gltf -> JSON, arrays and pictures' bytes.

Nothing is allocated from a count that the file merely claims: every accessor is first held against the bytes
that are there. Buffers are inside the file, in data: addresses, or beside it in the same folder.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import numpy as np

from ...errors import BadInput, LimitExceeded, Unsupported
from ...files import read_at_most

MAX_BYTES = 512 << 20  # of a file, and of each buffer beside it
MAX_JSON = 64 << 20
MAX_MARKS = 4_000_000  # commas and brackets of the JSON: each costs far more memory than its byte
MAX_DECODED = 1 << 30  # bytes of all arrays together
MAX_ITEMS = 200_000  # entries of one JSON list
_TYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_PACKED = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
}


class Document:
    """A glTF file: ``root`` is its JSON; ``accessor`` and ``picture`` give what it points at."""

    def __init__(self, path: Path) -> None:
        """Raises BadInput for what is no glTF 2.0, Unsupported for compressed geometry, LimitExceeded for size."""
        self.path = Path(path)
        self._spent = 0
        self.root, self._binary = self._open()
        self._buffers: dict[int, bytes] = {}
        version = self.part(self.root, "asset", dict).get("version")
        if not str(version).startswith("2"):
            raise Unsupported(f"{self.path} is glTF {str(version)[:10]}; expected version 2.0")
        for name in self.part(self.root, "extensionsRequired", list, []):
            if name in _PACKED:
                raise self.compressed(str(name))

    def bad(self, what: str) -> BadInput:
        return BadInput(f"{self.path} is damaged or hostile: {what}")

    def part(self, where: Any, key: str, kind: type, default: Any = None) -> Any:
        """``where[key]``, which must be of ``kind``; ``default`` (or an empty one) when it is missing."""
        value = where.get(key) if isinstance(where, dict) else None
        if value is None:
            return kind() if default is None else default
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise self.bad(f"its {key} is {str(value)[:40]!r}")
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            raise self.bad(f"its {key} has {len(value)} entries")
        return value

    def entry(self, key: str, index: Any) -> dict[str, Any]:
        """The object that ``index`` names in the list ``key`` of the root."""
        entries = self.part(self.root, key, list)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(entries):
            raise self.bad(f"it names {key} {str(index)[:20]}, and has {len(entries)}")
        if not isinstance(entries[index], dict):
            raise self.bad(f"entry {index} of its {key} is no object")
        return entries[index]

    def whole(self, where: dict[str, Any], key: str, default: int | None = None) -> int:
        """A whole number that is not negative."""
        value = where.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 40:
            raise self.bad(f"its {key} is {str(value)[:20]!r}")
        return value

    def floats(self, where: dict[str, Any], key: str, count: int, default: Any) -> np.ndarray:
        """(count,) float64, finite."""
        value = where.get(key, default)
        try:
            array = np.array(value, np.float64)
        except (TypeError, ValueError, OverflowError):
            array = np.empty(0)
        if array.shape != (count,) or not np.isfinite(array).all():
            raise self.bad(f"its {key} is {str(value)[:40]!r}; expected {count} numbers")
        return array

    def accessor(self, index: Any, rows: int | None = None) -> np.ndarray:
        """The array of an accessor, (N, width): float32 when it holds fractions, else its own integers.

        ``rows`` is how many it must have. Raises BadInput when it does not fit the bytes that are there.
        """
        entry = self.entry("accessors", index)
        kind, width = _TYPES.get(entry.get("componentType", 0)), _WIDTHS.get(str(entry.get("type")))
        if kind is None or width is None:
            raise self.bad(f"accessor {index} has type {str(entry.get('type'))[:10]!r}")
        count = self.whole(entry, "count")
        if rows is not None and count != rows:
            raise self.bad(f"accessor {index} has {count} entries; expected {rows}")
        dtype = np.dtype(kind).newbyteorder("<")
        if "bufferView" in entry:
            values = self._strided(
                entry["bufferView"], self.whole(entry, "byteOffset", 0), count, width, dtype
            )
        else:
            if rows is None:
                raise self.bad(f"accessor {index} has no bytes")
            self._spend(count * width * 4)
            values = np.zeros((count, width), dtype)
        if "sparse" in entry:
            self._overwrite(values, self.part(entry, "sparse", dict), dtype)
        if entry.get("normalized") and dtype.kind in "iu":
            values = np.maximum(values.astype(np.float32) / np.iinfo(dtype).max, -1)
        if dtype.kind == "f":
            if not np.isfinite(values).all():
                raise self.bad(f"accessor {index} holds values that are not finite")
            values = values.astype(np.float32)
        return values

    def _overwrite(self, values: np.ndarray, sparse: dict[str, Any], dtype: np.dtype) -> None:
        count = self.whole(sparse, "count")
        where, what = self.part(sparse, "indices", dict), self.part(sparse, "values", dict)
        kind = _TYPES.get(where.get("componentType", 0))
        if kind not in (np.uint8, np.uint16, np.uint32):
            raise self.bad("a sparse accessor's indices have no such type")
        rows = self._strided(
            where.get("bufferView"),
            self.whole(where, "byteOffset", 0),
            count,
            1,
            np.dtype(kind).newbyteorder("<"),
        ).ravel()
        if len(rows) and int(rows.max()) >= len(values):
            raise self.bad("a sparse accessor names entries beyond its end")
        values[rows.astype(np.int64)] = self._strided(
            what.get("bufferView"), self.whole(what, "byteOffset", 0), count, values.shape[1], dtype
        )

    def _strided(self, view_index: Any, offset: int, count: int, width: int, dtype: np.dtype) -> np.ndarray:
        """(count, width), copied out of a buffer view."""
        view = self.entry("bufferViews", view_index)
        for name in self.part(view, "extensions", dict):
            if name in _PACKED:
                raise self.compressed(name)
        data = self.view_bytes(view_index)
        size = width * dtype.itemsize
        stride = self.whole(view, "byteStride", 0) or size
        if stride < size or stride > 252 + size:
            raise self.bad(f"a byteStride is {stride}")
        if count and offset + stride * (count - 1) + size > len(data):
            raise self.bad(f"an accessor wants {count} entries, more than its bytes hold")
        self._spend(count * size)
        if count == 0:
            return np.zeros((0, width), dtype)
        shape, strides = (count, width), (stride, dtype.itemsize)
        return np.ndarray(shape, dtype, data, offset, strides).copy()

    def view_bytes(self, index: Any) -> memoryview:
        """The bytes of a buffer view."""
        view = self.entry("bufferViews", index)
        data = self._buffer(view.get("buffer"))
        first, length = self.whole(view, "byteOffset", 0), self.whole(view, "byteLength")
        if first + length > len(data):
            raise self.bad("a buffer view reaches beyond its buffer")
        return memoryview(data)[first : first + length]

    def _buffer(self, index: Any) -> bytes:
        entry = self.entry("buffers", index)
        if index not in self._buffers:
            uri = entry.get("uri")
            if uri is None and index == 0 and self._binary is not None:
                data = self._binary
            else:
                data = self.resource(uri)
            if self.whole(entry, "byteLength") > len(data):
                raise self.bad(f"buffer {index} should have {entry['byteLength']} bytes and has {len(data)}")
            self._buffers[index] = data
        return self._buffers[index]

    def resource(self, uri: Any) -> bytes:
        """The bytes of a data: address or of a file in the same folder or below it."""
        if not isinstance(uri, str):
            raise self.bad("a buffer or picture has no address")
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2], validate=True)
            except (binascii.Error, ValueError):
                raise self.bad("a data: address is not base64") from None
        name = unquote(uri)
        inside = PurePosixPath(name)
        if ":" in name or "\\" in name or "\0" in name or inside.is_absolute() or ".." in inside.parts:
            raise self.bad(f"it asks for {name[:60]!r}; only files in its own folder are opened")
        folder = self.path.parent.resolve()
        target = (folder / inside).resolve()
        if not target.is_relative_to(folder) or not target.is_file():
            raise BadInput(f"{self.path} needs {name[:60]!r} beside it; put it there")
        return read_at_most(target, MAX_BYTES)

    def _open(self) -> tuple[dict[str, Any], bytes | None]:
        data = read_at_most(self.path, MAX_BYTES)
        binary = None
        if data[:4] == b"glTF":
            text, binary = self._chunks(data)
        else:
            text = data
        marks = text.count(b",") + text.count(b"[") + text.count(b"{")
        if len(text) > MAX_JSON or marks > MAX_MARKS:
            raise LimitExceeded(f"{self.path}: its JSON has over {MAX_JSON >> 20} MB or {MAX_MARKS} entries")
        try:
            root = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.bad(f"its JSON cannot be read ({str(error)[:60]})") from None
        if not isinstance(root, dict):
            raise self.bad("its JSON is no object")
        return root, binary

    def _chunks(self, data: bytes) -> tuple[bytes, bytes | None]:
        if len(data) < 20:
            raise self.bad("it is shorter than its header")
        version, total = struct.unpack_from("<II", data, 4)
        if version != 2:
            raise Unsupported(f"{self.path} is a binary glTF of version {version}; expected 2")
        if total > len(data):
            raise self.bad(f"it should have {total} bytes and has {len(data)}; it was cut off")
        found: dict[bytes, bytes] = {}
        at = 12
        while at + 8 <= total and len(found) < 16:
            length, kind = struct.unpack_from("<I4s", data, at)
            if at + 8 + length > total:
                raise self.bad("one of its chunks reaches beyond its end")
            found.setdefault(kind, data[at + 8 : at + 8 + length])
            at += 8 + length + (-length % 4)
        if b"JSON" not in found:
            raise self.bad("it has no JSON chunk")
        return found[b"JSON"], found.get(b"BIN\0")

    def _spend(self, count: int) -> None:
        self._spent += count
        if self._spent > MAX_DECODED:
            raise LimitExceeded(f"{self.path} unpacks to more than {MAX_DECODED >> 20} MB")

    def compressed(self, name: str) -> Unsupported:
        """The refusal of packed geometry."""
        return Unsupported(
            f"{self.path} is packed with {_PACKED[name]} ({name}), which is not read; export it without compression"
        )
