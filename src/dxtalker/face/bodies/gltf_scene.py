"""A glTF scene at rest: nodes placed, skins in their bind pose, meshes joined; morph targets by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import LimitExceeded
from .gltf_file import Document

MAX_NODES = 20_000
MAX_VERTICES = 400_000
MAX_TRIANGLES = 1_500_000
MAX_PRIMITIVES = 5_000
MAX_TARGETS = 1_000  # of one mesh
TRIANGLES = 4  # glTF's number for a list of triangles; strips and fans are cut up
_STRIP, _FAN = 5, 6


@dataclass(frozen=True)
class Piece:
    """One primitive of one placed mesh."""

    mesh: int  # its number in the file
    node: int  # the node that holds it
    name: str  # of the mesh, the node and the material, for telling what it is
    material: int | None
    vertices: np.ndarray  # (V, 3) float64, the scene's unit and axes
    triangles: np.ndarray  # (F, 3) int64
    uv: np.ndarray  # (V, 2) float64
    targets: dict[int, np.ndarray]  # morph target to (V, 3) displacements; those that were asked for
    joints: np.ndarray  # (V, J) int64, nodes
    weights: np.ndarray  # (V, J) 0..1


@dataclass(frozen=True)
class Nodes:
    """The tree of nodes."""

    places: np.ndarray  # (N, 4, 4) each node's axes in the scene
    parents: np.ndarray  # (N,) int64, -1 for a root
    names: tuple[str, ...]

    def under(self, root: int) -> np.ndarray:
        """(N,) bool: ``root`` and the nodes below it."""
        found = np.zeros(len(self.parents), bool)
        found[root] = True
        for _ in range(len(self.parents)):
            more = found | ((self.parents >= 0) & found[self.parents])
            if (more == found).all():
                break
            found = more
        return found


def read_nodes(document: Document) -> Nodes:
    """Every node's place. Raises BadInput for cycles, two parents, or numbers that are not finite."""
    nodes = document.part(document.root, "nodes", list)
    if len(nodes) > MAX_NODES:
        raise LimitExceeded(f"{document.path} has {len(nodes)} nodes; expected at most {MAX_NODES}")
    parents = np.full(len(nodes), -1, np.int64)
    for number in range(len(nodes)):
        for child in document.part(document.entry("nodes", number), "children", list):
            document.entry("nodes", child)
            if parents[child] >= 0:
                raise document.bad(f"node {child} has two parents")
            parents[child] = number
    places = np.zeros((len(nodes), 4, 4))
    done = np.zeros(len(nodes), bool)
    level = np.flatnonzero(parents < 0)
    while len(level):
        for number in level:
            own = _local(document, document.entry("nodes", int(number)))
            above = parents[number]
            places[number] = own if above < 0 else places[above] @ own
            done[number] = True
        level = np.flatnonzero(~done & (parents >= 0) & done[parents])
    if not done.all():
        raise document.bad("its nodes go round in a circle")
    if not np.isfinite(places).all():
        raise document.bad("a node's place is not finite")
    names = tuple(str(document.entry("nodes", i).get("name", ""))[:120] for i in range(len(nodes)))
    return Nodes(places, parents, names)


def _local(document: Document, node: dict[str, Any]) -> np.ndarray:
    if "matrix" in node:
        return document.floats(node, "matrix", 16, None).reshape(4, 4).T
    x, y, z, w = document.floats(node, "rotation", 4, (0, 0, 0, 1))
    size = max(np.sqrt(x * x + y * y + z * z + w * w), 1e-12)
    x, y, z, w = x / size, y / size, z / size, w / size
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    local = np.eye(4)
    local[:3, :3] = turn * document.floats(node, "scale", 3, (1, 1, 1))
    local[:3, 3] = document.floats(node, "translation", 3, (0, 0, 0))
    return local


def target_names(document: Document, mesh: int) -> list[str]:
    """Names of a mesh's morph targets, as the exporters write them; "" where there are none."""
    entry = document.entry("meshes", mesh)
    primitives = document.part(entry, "primitives", list)
    count = max((len(document.part(p, "targets", list)) for p in primitives), default=0)
    for holder in (entry, *primitives):
        names = document.part(document.part(holder, "extras", dict), "targetNames", list)
        if names and len(names) >= count:
            return [str(name)[:120] for name in names[:count]]
    names = [""] * count
    for primitive in primitives:
        for i, target in enumerate(document.part(primitive, "targets", list)):
            name = document.part(document.part(target, "extras", dict), "name", str)
            names[i] = names[i] or name[:120]
    return names


def read_pieces(document: Document, nodes: Nodes, wanted: dict[int, set[int]]) -> list[Piece]:
    """Every primitive of triangles that a node shows, with the morph targets ``wanted`` of each mesh."""
    pieces: list[Piece] = []
    total = corners = seen = 0
    for number in range(len(nodes.names)):
        node = document.entry("nodes", number)
        if "mesh" not in node:
            continue
        mesh = document.entry("meshes", node["mesh"])
        for primitive in document.part(mesh, "primitives", list):
            seen += 1
            if seen > MAX_PRIMITIVES:
                raise LimitExceeded(f"{document.path} has more than {MAX_PRIMITIVES} primitives")
            piece = _piece(document, nodes, number, mesh, primitive, wanted.get(node["mesh"], set()))
            if piece is None:
                continue
            pieces.append(piece)
            total, corners = total + len(piece.vertices), corners + len(piece.triangles)
            if total > MAX_VERTICES or corners > MAX_TRIANGLES:
                raise LimitExceeded(
                    f"{document.path} has more than {MAX_VERTICES} vertices or {MAX_TRIANGLES} triangles; "
                    "export the head alone"
                )
    return pieces


def _piece(
    document: Document, nodes: Nodes, number: int, mesh: dict[str, Any], primitive: Any, wanted: set[int]
) -> Piece | None:
    if not isinstance(primitive, dict):
        raise document.bad("a primitive is no object")
    mode = primitive.get("mode", TRIANGLES)
    attributes = document.part(primitive, "attributes", dict)
    if mode not in (TRIANGLES, _STRIP, _FAN) or "POSITION" not in attributes:
        return None
    if "KHR_draco_mesh_compression" in document.part(primitive, "extensions", dict):
        raise document.compressed("KHR_draco_mesh_compression")
    places = document.accessor(attributes["POSITION"]).astype(np.float64)
    count = len(places)
    if places.shape[1] != 3 or count == 0:
        return None
    uv = _uv(document, attributes, count)
    joints, weights = _binding(document, document.entry("nodes", number), attributes, count)
    matrices = _matrices(document, nodes, number, joints, weights)  # (V, 3, 4), or one for all (1, 3, 4)
    material = primitive.get("material")
    name = " ".join(
        [
            str(document.entry("materials", material).get("name", ""))[:120] if material is not None else "",
            str(mesh.get("name", ""))[:120],
            nodes.names[number],
        ]
    )
    targets = {}
    entries = document.part(primitive, "targets", list)
    if len(entries) > MAX_TARGETS:
        raise document.bad(f"a mesh has {len(entries)} morph targets")
    for index in sorted(wanted):
        if index < len(entries) and isinstance(entries[index], dict) and "POSITION" in entries[index]:
            moved = document.accessor(entries[index]["POSITION"], count).astype(np.float64)
            targets[index] = _turned(matrices, moved).astype(np.float32)
    placed = _turned(matrices, places) + matrices[:, :, 3]
    triangles = _triangles(document, primitive, mode, count)
    if np.linalg.det(nodes.places[number][:3, :3]) < 0 and not joints.shape[1]:
        triangles = triangles[:, ::-1]  # a mirrored node turns its triangles inside out
    return Piece(
        node_mesh(document, number), number, name, material, placed, triangles, uv, targets, joints, weights
    )


def node_mesh(document: Document, number: int) -> int:
    """The mesh that a node shows."""
    return document.whole(document.entry("nodes", number), "mesh")


def _uv(document: Document, attributes: dict[str, Any], count: int) -> np.ndarray:
    if "TEXCOORD_0" not in attributes:
        return np.zeros((count, 2))
    uv = document.accessor(attributes["TEXCOORD_0"], count).astype(np.float64)
    if uv.shape[1] != 2:
        raise document.bad("texture coordinates are not pairs")
    return uv


def _binding(
    document: Document, node: dict[str, Any], attributes: dict[str, Any], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Joints as nodes, (V, J), and their weights, which sum to 1; J = 0 for a mesh without a skin."""
    if "skin" not in node or "JOINTS_0" not in attributes or "WEIGHTS_0" not in attributes:
        return np.zeros((count, 0), np.int64), np.zeros((count, 0))
    skin = document.entry("skins", node["skin"])
    nodes = document.part(skin, "joints", list)
    for joint in nodes:
        document.entry("nodes", joint)
    joints, weights = [], []
    for k in range(4):
        if f"JOINTS_{k}" in attributes and f"WEIGHTS_{k}" in attributes:
            joints.append(document.accessor(attributes[f"JOINTS_{k}"], count).astype(np.int64))
            weights.append(document.accessor(attributes[f"WEIGHTS_{k}"], count).astype(np.float64))
    joint, weight = np.concatenate(joints, 1), np.concatenate(weights, 1)
    if joint.shape != weight.shape or (len(joint) and int(joint.max()) >= len(nodes)):
        raise document.bad("a mesh names joints that its skin does not have")
    total = weight.sum(1, keepdims=True)
    weight = np.where(total > 1e-6, weight / np.maximum(total, 1e-6), np.eye(1, weight.shape[1]))
    return np.array(nodes, np.int64)[joint], weight


def _matrices(
    document: Document, nodes: Nodes, number: int, joints: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """What places each vertex: the node's own place, or the skin's joints in the pose the file is in."""
    if not joints.shape[1]:
        return nodes.places[number][None, :3]
    skin = document.entry("skins", document.entry("nodes", number)["skin"])
    bones = document.part(skin, "joints", list)
    inverse = np.tile(np.eye(4), (len(bones), 1, 1))
    if "inverseBindMatrices" in skin:
        stored = document.accessor(skin["inverseBindMatrices"])
        if stored.shape[1] != 16 or len(stored) < len(bones):
            raise document.bad("a skin has too few inverse bind matrices")
        inverse = stored[: len(bones)].reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
    table = np.zeros((len(nodes.names), 3, 4))
    for bone, back in zip(bones, inverse, strict=True):
        table[bone] = (nodes.places[bone] @ back)[:3]
    result = np.zeros((len(joints), 3, 4))
    for k in range(joints.shape[1]):
        result += weights[:, k, None, None] * table[joints[:, k]]
    if not np.isfinite(result).all():
        raise document.bad("a skin's matrices are not finite")
    return result


def _turned(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(V, 3): ``vectors`` turned and scaled, not moved."""
    if len(matrices) == 1:
        return vectors @ matrices[0, :, :3].T
    return np.einsum("vij,vj->vi", matrices[:, :, :3], vectors)


def _triangles(document: Document, primitive: dict[str, Any], mode: int, count: int) -> np.ndarray:
    if "indices" in primitive:
        index = document.accessor(primitive["indices"])
        if index.shape[1] != 1 or index.dtype.kind == "f":
            raise document.bad("its indices are no whole numbers")
        index = index.ravel().astype(np.int64)
    else:
        index = np.arange(count)
    if len(index) and (index.min() < 0 or index.max() >= count):
        raise document.bad(f"its triangles name vertices beyond its {count}")
    if mode == TRIANGLES:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if len(index) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(index) - 2, index[0]), index[1:-1], index[2:]], axis=1)
    strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
    strip[1::2] = strip[1::2, [1, 0, 2]]
    return strip
