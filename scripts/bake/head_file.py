"""Joins the pieces into the arrays of one head."""

from __future__ import annotations

import numpy as np

from bake.mesh import Piece
from dxtalker.records import ARKIT_NAMES


def assemble(pieces: list[Piece]) -> dict[str, np.ndarray]:
    """Render vertices: every point once for each texture coordinate it has."""
    columns: dict[str, list] = {
        key: [] for key in ("vertices", "triangles", "uv", "weld", "deltas", "head_weight", "hairless")
    }
    names, table = [], []
    vertices = points = faces = 0
    for piece in pieces:
        corners = np.column_stack(
            [piece.surface.triangles.ravel(), np.round(piece.surface.uv.reshape(-1, 2) * 65535)]
        ).astype(np.int64)
        rows, index = np.unique(corners, axis=0, return_inverse=True)
        source = rows[:, 0]
        columns["vertices"].append(piece.points[source])
        columns["triangles"].append(index.reshape(-1, 3) + vertices)
        columns["uv"].append(rows[:, 1:] / 65535)
        columns["weld"].append(source + points)
        columns["deltas"].append(piece.deltas[:, source])
        columns["head_weight"].append(piece.head_weight[source])
        bare = np.zeros_like(piece.points) if piece.hairless is None else piece.hairless
        columns["hairless"].append(bare[source])
        names.append(piece.name)
        table.append([faces, len(piece.surface.triangles), piece.roughness, piece.specular, piece.blend])
        vertices, points, faces = vertices + len(rows), points + len(piece.points), faces + len(index) // 3
    joined = {key: np.concatenate(parts, axis=int(key == "deltas")) for key, parts in columns.items()}
    if len(np.unique(joined["weld"])) != points:
        raise SystemExit("some points of a piece belong to no triangle")
    return {
        "vertices": joined["vertices"].astype(np.float32),
        "triangles": joined["triangles"].astype(np.int32),
        "uv": joined["uv"].astype(np.float32),
        "weld": joined["weld"].astype(np.int32),
        "deltas": joined["deltas"].astype(np.float16),
        "head_weight": joined["head_weight"].astype(np.float32),
        "extra_names": np.array(["hairless"]),
        "extra_deltas": joined["hairless"][None].astype(np.float16),
        "shape_names": np.array(ARKIT_NAMES),
        "part_names": np.array(names),
        "part_table": np.array(table, np.float64),
    }


def split_part(
    arrays: dict[str, np.ndarray], chosen: np.ndarray, name: str, roughness: float, specular: float
) -> None:
    """Give the ``chosen`` (F,) triangles of the first part a material of their own, in place."""
    first, count, *_ = arrays["part_table"][0]
    assert first == 0
    own = chosen[: int(count)]
    order = np.argsort(own, kind="stable")
    arrays["triangles"][: int(count)] = arrays["triangles"][: int(count)][order]
    rest = count - own.sum()
    row = [rest, own.sum(), roughness, specular, 0]
    arrays["part_table"] = np.vstack([arrays["part_table"][:1], [row], arrays["part_table"][1:]])
    arrays["part_table"][0, 1] = rest
    arrays["part_names"] = np.insert(arrays["part_names"].astype("U16"), 1, name)
