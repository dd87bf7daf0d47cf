"""Mesh work that every per-point array can follow: linear maps, subdivision, cutting, pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class LinearMap:
    """Each new point as a weighted sum of old points, so that positions and deltas go the same way."""

    rows: np.ndarray  # (E,) new point, ascending, every new point present
    columns: np.ndarray  # (E,) old point
    weights: np.ndarray  # (E,)

    @staticmethod
    def of(recipes: list[list[tuple[int, float]]]) -> LinearMap:
        """From one list of (old point, weight) for each new point."""
        rows = [row for row, recipe in enumerate(recipes) for _ in recipe]
        columns, weights = zip(*(entry for recipe in recipes for entry in recipe), strict=True)
        return LinearMap(np.array(rows), np.array(columns), np.array(weights, float))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """(new, ...) from (old, ...)."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        starts = np.flatnonzero(np.r_[True, np.diff(self.rows) > 0])
        return np.add.reduceat(values[self.columns] * self.weights.reshape(shape), starts, axis=0)

    def then(self, after: LinearMap) -> LinearMap:
        """This map followed by ``after``, as one map."""
        starts = np.searchsorted(self.rows, np.arange(self.rows[-1] + 2))
        counts = (starts[1:] - starts[:-1])[after.columns]
        rows = np.repeat(after.rows, counts)
        inner = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        entry = np.repeat(starts[after.columns], counts) + inner
        return LinearMap(rows, self.columns[entry], np.repeat(after.weights, counts) * self.weights[entry])

    def merged(self) -> LinearMap:
        """The same map with each (row, column) once and nothing negligible."""
        key = self.rows.astype(np.int64) * (self.columns.max() + 1) + self.columns
        unique, index = np.unique(key, return_inverse=True)
        weights = np.bincount(index, self.weights)
        keep = np.abs(weights) > 1e-6
        return LinearMap(*np.divmod(unique[keep], self.columns.max() + 1), weights[keep])

    @staticmethod
    def picks(columns: np.ndarray) -> LinearMap:
        """Each new point is one old point."""
        return LinearMap(np.arange(len(columns)), np.asarray(columns), np.ones(len(columns)))

    @staticmethod
    def joined(maps: list[LinearMap]) -> LinearMap:
        """The new points of all maps one after another."""
        starts = np.cumsum([0] + [int(one.rows[-1]) + 1 for one in maps])
        return LinearMap(
            np.concatenate([one.rows + start for one, start in zip(maps, starts, strict=False)]),
            np.concatenate([one.columns for one in maps]),
            np.concatenate([one.weights for one in maps]),
        )


@dataclass(frozen=True)
class Surface:
    """Triangles over points, with a texture coordinate at each corner."""

    triangles: np.ndarray  # (F, 3) points
    uv: np.ndarray  # (F, 3, 2)


def refine(
    count: int, quads: np.ndarray, quad_uv: np.ndarray, split: np.ndarray
) -> tuple[LinearMap, Surface]:
    """One Catmull-Clark step on the quads where ``split`` is set (Catmull and Clark 1978).

    Points whose faces are not all split keep their place, so the rest of the mesh stays exact; a quad
    beside a split one is cut into a fan.
    """
    edges, edge_of, edge_faces = _edges(quads)
    split_edge = np.array([split[faces].any() for faces in edge_faces])
    edge_id = np.full(len(edges), -1)
    edge_id[split_edge] = count + np.arange(split_edge.sum())
    face_id = np.full(len(quads), -1)
    face_id[split] = count + split_edge.sum() + np.arange(split.sum())

    recipes = _point_recipes(count, quads, split, edges, edge_faces)
    for edge in np.flatnonzero(split_edge):
        recipes.append(_edge_recipe(edges[edge], edge_faces[edge], quads, split))
    recipes += [[(point, 0.25) for point in quad] for quad in quads[split]]

    triangles, uv = [], []
    for face, quad in enumerate(quads):
        ring, ring_uv = [], []
        for k in range(4):
            ring.append(quad[k])
            ring_uv.append(quad_uv[face, k])
            middle = edge_id[edge_of[face, k]]
            if middle >= 0:
                ring.append(middle)
                ring_uv.append((quad_uv[face, k] + quad_uv[face, (k + 1) % 4]) / 2)
        if split[face]:
            fan = [(face_id[face], ring[i], ring[(i + 1) % 8]) for i in range(8)]
            centre = quad_uv[face].mean(0)
            fan_uv = [(centre, ring_uv[i], ring_uv[(i + 1) % 8]) for i in range(8)]
        else:
            first = next((i for i, point in enumerate(ring) if point >= count), 0)
            ring, ring_uv = ring[first:] + ring[:first], ring_uv[first:] + ring_uv[:first]
            fan = [(ring[0], ring[i], ring[i + 1]) for i in range(1, len(ring) - 1)]
            fan_uv = [(ring_uv[0], ring_uv[i], ring_uv[i + 1]) for i in range(1, len(ring) - 1)]
        triangles += fan
        uv += fan_uv
    return LinearMap.of(recipes), Surface(np.array(triangles), np.array(uv))


def _edges(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Unique edges (E, 2), the edge after each corner (Q, 4), the faces of each edge."""
    pairs = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, inverse = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    edge_of = inverse.reshape(-1, 4)
    faces: list[list[int]] = [[] for _ in edges]
    for face, row in enumerate(edge_of):
        for edge in row:
            faces[edge].append(face)
    return edges, edge_of, faces


def _point_recipes(
    count: int, quads: np.ndarray, split: np.ndarray, edges: np.ndarray, edge_faces: list[list[int]]
) -> list[list[tuple[int, float]]]:
    around: list[list[int]] = [[] for _ in range(count)]
    for face, quad in enumerate(quads):
        for point in quad:
            around[point].append(face)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    rim: list[list[int]] = [[] for _ in range(count)]
    for (a, b), faces in zip(edges, edge_faces, strict=True):
        for here, there in ((a, b), (b, a)):
            neighbours[here].append(there)
            if len(faces) == 1:
                rim[here].append(there)
    recipes = []
    for point in range(count):
        faces = around[point]
        n = len(faces)
        if n == 0 or not split[faces].all():
            recipes.append([(point, 1.0)])
        elif rim[point]:
            ends = rim[point] if len(rim[point]) == 2 else []
            recipes.append([(point, 1 - len(ends) / 8)] + [(other, 1 / 8) for other in ends])
        else:
            recipe = [(point, (n - 3) / n + 1 / n)]  # the midpoints carry half of the point: 2/n · n/2n
            recipe += [(other, 1 / n**2) for other in neighbours[point]]
            recipe += [(other, 0.25 / n**2) for face in faces for other in quads[face]]
            recipes.append(recipe)
    return recipes


def _edge_recipe(
    edge: np.ndarray, faces: list[int], quads: np.ndarray, split: np.ndarray
) -> list[tuple[int, float]]:
    if len(faces) == 2 and split[faces].all():
        sides = [(point, 1 / 16) for face in faces for point in quads[face]]
        return [(edge[0], 0.25), (edge[1], 0.25), *sides]
    return [(edge[0], 0.5), (edge[1], 0.5)]


def cut(surface: Surface, points: np.ndarray, height: np.ndarray) -> tuple[LinearMap, Surface]:
    """Keep the part where ``height`` (N,) is positive; crossed triangles are clipped on the zero line."""
    recipes: list[list[tuple[int, float]]] = []
    number: dict[tuple[int, int], int] = {}

    def new_point(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in number:
            number[key] = len(recipes)
            t = 0.0 if key[0] == key[1] else height[key[0]] / (height[key[0]] - height[key[1]])
            recipes.append([(key[0], 1 - t), (key[1], t)] if key[0] != key[1] else [(key[0], 1.0)])
        return number[key]

    triangles, uvs = [], []
    for corners, uv in zip(surface.triangles, surface.uv, strict=True):
        ring, ring_uv = [], []
        for k in range(3):
            a, b = corners[k], corners[(k + 1) % 3]
            if height[a] > 0:
                ring.append(new_point(a, a))
                ring_uv.append(uv[k])
            if (height[a] > 0) != (height[b] > 0):
                t = height[a] / (height[a] - height[b])
                ring.append(new_point(a, b))
                ring_uv.append(uv[k] * (1 - t) + uv[(k + 1) % 3] * t)
        for i in range(1, len(ring) - 1):
            triangles.append((ring[0], ring[i], ring[i + 1]))
            uvs.append((ring_uv[0], ring_uv[i], ring_uv[i + 1]))
    return LinearMap.of(recipes), Surface(np.array(triangles), np.array(uvs))


@dataclass(frozen=True)
class Piece:
    """One part of the head with its own points; ``uv`` belongs to corners until the head is assembled."""

    name: str
    points: np.ndarray  # (N, 3) metres
    deltas: np.ndarray  # (52, N, 3) metres
    head_weight: np.ndarray  # (N,) 0..1
    surface: Surface
    follow: LinearMap  # from the source's points (19158): how a change of identity moves the piece
    roughness: float
    specular: float
    blend: bool = False
    hairless: np.ndarray | None = None  # (N, 3) metres to the head without hair; None: no change


def join(name: str, pieces: list[Piece]) -> Piece:
    """Several pieces of one material as one."""
    starts = np.cumsum([0] + [len(piece.points) for piece in pieces])
    surface = replace(
        pieces[0].surface,
        triangles=np.vstack([p.surface.triangles + s for p, s in zip(pieces, starts, strict=False)]),
        uv=np.concatenate([piece.surface.uv for piece in pieces]),
    )
    return replace(
        pieces[0],
        name=name,
        points=np.vstack([piece.points for piece in pieces]),
        deltas=np.concatenate([piece.deltas for piece in pieces], axis=1),
        head_weight=np.concatenate([piece.head_weight for piece in pieces]),
        surface=surface,
        follow=LinearMap.joined([piece.follow for piece in pieces]),
        hairless=None if pieces[0].hairless is None else np.vstack([piece.hairless for piece in pieces]),
    )


def grid(rows: int, columns: int, uv: np.ndarray, closed: bool = False) -> Surface:
    """Triangles over points laid out row by row; ``uv`` (rows, columns [+1 if closed], 2)."""
    triangles, corners = [], []
    for r in range(rows - 1):
        for c in range(columns if closed else columns - 1):
            ring = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)]
            ids = [i * columns + j % columns for i, j in ring]
            for a, b, d in ((0, 1, 2), (0, 2, 3)):
                triangles.append((ids[a], ids[b], ids[d]))
                corners.append([uv[ring[k]] for k in (a, b, d)])
    return Surface(np.array(triangles), np.array(corners))


def rigid(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,) with after ≈ before @ R.T + shift (Kabsch 1976)."""
    a, b = before.mean(0), after.mean(0)
    u, _, vt = np.linalg.svd((before - a).T @ (after - b))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u @ flip @ vt).T
    return rotation, b - a @ rotation.T


def point_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals (N, 3), area weighted."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normal = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normal, triangles[:, corner], face)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-20)
