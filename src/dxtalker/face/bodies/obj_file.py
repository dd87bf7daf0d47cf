"""Wavefront OBJ text -> vertices, texture coordinates and polygons; only what a face model needs, within limits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import BadInput, LimitExceeded

MAX_BYTES = 64 << 20  # of one file; ICT-FaceKit's are 2.6 MB
MAX_LINES = 3_000_000
MAX_CORNERS = 16  # of one polygon


@dataclass(frozen=True)
class Obj:
    """A mesh as an OBJ file states it."""

    vertices: np.ndarray  # (V, 3) float64, the file's own unit
    uv: np.ndarray  # (U, 2) float64, origin at the picture's bottom left
    triangles: np.ndarray  # (F, 3) int64 into vertices
    corners: np.ndarray  # (F, 3) int64 into uv
    material_of: np.ndarray  # (F,) int64 into materials
    materials: tuple[str, ...]


def read_vertices(path: Path) -> np.ndarray:
    """The vertices alone, (V, 3) float64. Raises BadInput for what is no OBJ, LimitExceeded above 64 MB."""
    data = _bytes(path)
    block = data[max(data.find(b"v "), 0) : data.rfind(b"\nv ") + 1000]  # the faces need not be looked at
    return _numbers(path, [line for line in block.splitlines() if line.startswith(b"v ")], 3)


def read_obj(path: Path) -> Obj:
    """Everything: polygons are cut into fans of triangles. Raises as ``read_vertices`` does."""
    lines = _lines(path)
    vertices = _numbers(path, [line for line in lines if line.startswith(b"v ")], 3)
    uv = _numbers(path, [line for line in lines if line.startswith(b"vt ")], 2)
    triangles: list[tuple[int, int, int]] = []
    corners: list[tuple[int, int, int]] = []
    material_of: list[int] = []
    materials: dict[str, int] = {}
    current = 0
    for line in lines:
        if line.startswith(b"usemtl "):
            name = line[7:].strip().decode("ascii", "replace")[:80]
            current = materials.setdefault(name, len(materials))
        elif line.startswith(b"f "):
            points, coordinates = _polygon(path, line)
            for k in range(1, len(points) - 1):
                triangles.append((points[0], points[k], points[k + 1]))
                corners.append((coordinates[0], coordinates[k], coordinates[k + 1]))
                material_of.append(current)
    if not triangles:
        raise BadInput(f"{path} holds no polygons; expected a mesh as OBJ")
    faces = _indices(path, triangles, len(vertices), "vertices")
    places = _indices(path, corners, len(uv), "texture coordinates") if len(uv) else np.zeros_like(faces)
    return Obj(
        vertices,
        uv if len(uv) else np.zeros((1, 2)),
        faces,
        places,
        np.array(material_of, np.int64),
        tuple(materials) or ("",),
    )


def _lines(path: Path) -> list[bytes]:
    return _bytes(path).splitlines()


def _bytes(path: Path) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    if len(data) > MAX_BYTES or data.count(b"\n") > MAX_LINES:
        raise LimitExceeded(f"{path} is larger than {MAX_BYTES >> 20} MB or {MAX_LINES} lines")
    return data.replace(b"\t", b" ")


def _numbers(path: Path, lines: list[bytes], width: int) -> np.ndarray:
    """(N, width) float64 of the first ``width`` numbers after each line's keyword."""
    text = b" ".join(line.partition(b" ")[2] for line in lines)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy only warns of text that is no number
            values = np.fromstring(text.decode("ascii"), sep=" ")
        if lines and len(values) % len(lines) == 0 and len(values) // len(lines) >= width:
            table = values.reshape(len(lines), -1)[:, :width]  # further numbers are weights or colours
        else:
            table = np.array([line.split()[1 : 1 + width] for line in lines], np.float64)
        table = table.reshape(len(lines), width)
    except (ValueError, DeprecationWarning) as error:
        raise BadInput(f"{path}: a line of numbers was not understood; expected {width} a line") from error
    if not np.isfinite(table).all():
        raise BadInput(f"{path} holds coordinates that are not finite")
    return table


def _polygon(path: Path, line: bytes) -> tuple[list[int], list[int]]:
    words = line.split()[1:]
    if not 3 <= len(words) <= MAX_CORNERS:
        raise BadInput(f"{path}: a polygon has {len(words)} corners; expected 3 to {MAX_CORNERS}")
    try:
        pairs = [word.split(b"/") for word in words]
        points = [int(pair[0]) for pair in pairs]
        coordinates = [int(pair[1]) if len(pair) > 1 and pair[1] else 1 for pair in pairs]
    except ValueError as error:
        raise BadInput(f"{path}: the polygon {line[:40]!r} was not understood") from error
    return points, coordinates


def _indices(path: Path, table: list[tuple[int, int, int]], count: int, what: str) -> np.ndarray:
    """(F, 3) from 0; negative ones count from the end, as the format says."""
    try:
        index = np.array(table, np.int64)
    except OverflowError:
        index = np.zeros((1, 3), np.int64)  # refused below
    index = np.where(index > 0, index - 1, np.where(index < 0, index + count, -1))
    if index.min() < 0 or index.max() >= count:
        raise BadInput(f"{path}: its polygons name {what} beyond its {count}")
    return index
