"""A plain reader of .glb files, only as much as the tests need: geometry at an instant."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, total, length, kind = struct.unpack_from("<4sIII4s", data)
        assert (magic, version, total, kind) == (b"glTF", 2, len(data), b"JSON")
        self.root: dict[str, Any] = json.loads(data[20 : 20 + length])
        size, kind = struct.unpack_from("<I4s", data, 20 + length)
        assert kind == b"BIN\0" and size == self.root["buffers"][0]["byteLength"]
        self.binary = data[28 + length :]
        assert len(self.binary) == size and length % 4 == 0 and size % 4 == 0

    def _read(self, view: int, offset: int, component: int, count: int, width: int) -> np.ndarray:
        start = self.root["bufferViews"][view]["byteOffset"] + offset
        dtype = np.dtype(TYPES[component])
        assert start % dtype.itemsize == 0
        return np.frombuffer(self.binary, dtype, count * width, start).reshape(count, width)

    def accessor(self, index: int) -> np.ndarray:
        a = self.root["accessors"][index]
        width = WIDTH[a["type"]]
        values = np.zeros((a["count"], width), np.float32)
        if "bufferView" in a:
            values = self._read(
                a["bufferView"], a.get("byteOffset", 0), a["componentType"], a["count"], width
            )
        if "sparse" in a:
            sparse, values = a["sparse"], values.copy()
            where, what = sparse["indices"], sparse["values"]
            rows = self._read(
                where["bufferView"], where["byteOffset"], where["componentType"], sparse["count"], 1
            )
            values[rows[:, 0]] = self._read(
                what["bufferView"], what["byteOffset"], a["componentType"], sparse["count"], width
            )
        if "min" in a:
            assert np.array_equal(values.min(0), np.float32(a["min"]))
            assert np.array_equal(values.max(0), np.float32(a["max"]))
        return values

    def channel(self, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Key times (T,) seconds and values (T, C)."""
        animation = self.root["animations"][0]
        channel = next(c for c in animation["channels"] if c["target"]["path"] == path)
        sampler = animation["samplers"][channel["sampler"]]
        times = self.accessor(sampler["input"])[:, 0]
        return times, self.accessor(sampler["output"]).reshape(len(times), -1)

    def node(self, name: str) -> int:
        return next(i for i, node in enumerate(self.root["nodes"]) if node["name"] == name)

    def vertices(self, frame: int) -> np.ndarray:
        """(N, 3) metres of the head's primitives one after the other, at key ``frame``, by the glTF rules."""
        skin = self.root["skins"][0]
        inverse = self.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        world = self._world(frame)
        joints = np.stack([world[j] for j in skin["joints"]]) @ inverse
        weights = self.channel("weights")[1][frame]
        pieces = []
        for primitive in self.root["meshes"][0]["primitives"]:
            attributes = primitive["attributes"]
            points = self.accessor(attributes["POSITION"]).astype(np.float64)
            for weight, target in zip(weights, primitive["targets"], strict=True):
                if weight:
                    points = points + weight * self.accessor(target["POSITION"])
            points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
            which, share = self.accessor(attributes["JOINTS_0"]), self.accessor(attributes["WEIGHTS_0"])
            pieces.append(np.einsum("nj,njab,nb->na", share, joints[which], points)[:, :3])
        return np.concatenate(pieces)

    def _world(self, frame: int) -> dict[int, np.ndarray]:
        """(4, 4) of every node at key ``frame``."""
        local = []
        for node in self.root["nodes"]:
            turn = matrix(np.array(node.get("rotation", (0, 0, 0, 1))))
            local.append(translation(node.get("translation", (0, 0, 0))) @ turn)
        head = self.node("Head")
        turned = matrix(self.channel("rotation")[1][frame])
        local[head] = translation(self.channel("translation")[1][frame]) @ turned
        world: dict[int, np.ndarray] = {}
        waiting = [(root, np.eye(4)) for root in self.root["scenes"][0]["nodes"]]
        while waiting:
            index, parent = waiting.pop()
            world[index] = parent @ local[index]
            waiting += [(child, world[index]) for child in self.root["nodes"][index].get("children", [])]
        return world


def translation(offset: Any) -> np.ndarray:
    result = np.eye(4)
    result[:3, 3] = offset
    return result


def matrix(quaternion: np.ndarray) -> np.ndarray:
    x, y, z, w = quaternion.astype(np.float64)
    result = np.eye(4)
    result[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return result
