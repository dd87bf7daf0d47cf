"""Made-up faces, small enough to write in a test: the open head's own, cut down, in other programs' formats."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from dxtalker.face.head import Head
from dxtalker.records import ARKIT_NAMES


def part_of(head: Head, *names: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (N,) used by the parts of these names, and their triangles (F, 3) numbered within N."""
    runs = [head.triangles[p.first : p.first + p.count] for p in head.parts if p.name in names]
    used, corners = np.unique(np.concatenate(runs), return_inverse=True)
    return used, corners.reshape(-1, 3)


class GltfMaker:
    """A glTF document, entry by entry, so that a test can spoil any of them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.root: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "accessors": [],
            "bufferViews": [],
            "nodes": [],
            "meshes": [],
            "scenes": [{"nodes": []}],
        }

    def accessor(self, array: np.ndarray, **more: object) -> int:
        kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}[
            array.reshape(len(array), -1).shape[1]
        ]
        code = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}
        self.data += bytes(-len(self.data) % 4)
        self.root["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes}
        )
        self.data += array.tobytes()
        view = len(self.root["bufferViews"]) - 1
        entry = {
            "bufferView": view,
            "componentType": code[array.dtype.name],
            "count": len(array),
            "type": kind,
        }
        self.root["accessors"].append(entry | more)
        return len(self.root["accessors"]) - 1

    def add(self, key: str, entry: dict[str, Any]) -> int:
        self.root.setdefault(key, []).append(entry)
        return len(self.root[key]) - 1

    def mesh(
        self, vertices: np.ndarray, triangles: np.ndarray, targets: dict[str, np.ndarray], **node: object
    ) -> int:
        """A mesh with named morph targets, and a node that shows it; returns the mesh."""
        primitive: dict[str, Any] = {
            "attributes": {"POSITION": self.accessor(vertices.astype(np.float32))},
            "indices": self.accessor(triangles.ravel().astype(np.uint32)),
            "targets": [{"POSITION": self.accessor(t.astype(np.float32))} for t in targets.values()],
        }
        mesh = self.add("meshes", {"primitives": [primitive], "extras": {"targetNames": list(targets)}})
        self.root["scenes"][0]["nodes"].append(self.add("nodes", {"mesh": mesh, **node}))
        return mesh

    def document(self) -> dict[str, Any]:
        return self.root | {"buffers": [{"byteLength": len(self.data)}]}

    def write(self, path: Path) -> Path:
        """As .glb."""
        text = json.dumps(self.document()).encode()
        text += b" " * (-len(text) % 4)
        body = bytes(self.data) + bytes(-len(self.data) % 4)
        total = 12 + 8 + len(text) + 8 + len(body)
        path.write_bytes(
            struct.pack("<4sII", b"glTF", 2, total)
            + struct.pack("<I4s", len(text), b"JSON")
            + text
            + struct.pack("<I4s", len(body), b"BIN\0")
            + body
        )
        return path


def arkit_targets(head: Head, used: np.ndarray) -> dict[str, np.ndarray]:
    """The 52 shapes of some vertices, by name."""
    return {name: head.deltas[i, used] for i, name in enumerate(ARKIT_NAMES)}
