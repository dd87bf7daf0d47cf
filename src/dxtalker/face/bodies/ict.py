"""A folder of ICT-FaceKit's OBJ files -> a Head.

ICT-FaceKit (Li, Bladin, Zhao et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020;
MIT licence) is a morphable face with 53 expression shapes named after ARKit's, 100 identities, teeth, gums,
tongue, eyes and lashes. Its unit is the centimetre.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import BadInput
from ...records import ARKIT_INDEX, ARKIT_NAMES
from ..head import Head
from .bare import Bare, eye_centres, to_head
from .marks import Marks
from .obj_file import read_obj, read_vertices
from .paint import Cell, paint, to_atlas

NEUTRAL = "generic_neutral_mesh.obj"
CENTIMETRE = 0.01
MAX_IDENTITIES = 200
MAX_VERTICES = 200_000
ATLAS = 2048  # pixels a side
_FURTHER = ("cheekRaiser", "PupilDilate")  # shapes beyond ARKit's
# Material to what it is, and where its square of the atlas is: left, top, side (of 1). What covers the eye
# like glass (sclera, tear line, blend, occlusion) is left out: the iris mesh is a whole eyeball.
_SURFACES = {
    "M_Face": Cell("skin", 0.0, 0.0, 0.5),
    "M_BackHead": Cell("skin", 0.5, 0.0, 0.5),
    "M_GumsTongue": Cell("mouth", 0.0, 0.5, 0.25),
    "M_Teeth": Cell("teeth", 0.25, 0.5, 0.25),
    "M_IrisLeft": Cell("eyes", 0.0, 0.75, 0.25),
    "M_IrisRight": Cell("eyes", 0.25, 0.75, 0.25),
    "M_EyeLashes": Cell("lashes", 0.5, 0.5, 0.25),
}
# Places of the iBUG 68 landmarks in vertex_indices.json that a Head names.
_IBUG = {
    "eye_outer_right": 36, "eye_inner_right": 39, "eye_inner_left": 42, "eye_outer_left": 45,
    "mouth_right": 48, "mouth_left": 54, "chin": 8, "nose_tip": 30,
}  # fmt: skip
_IBUG_LIPS = ((62, 66), (63, 65), (61, 67))


def is_ict(path: Path) -> bool:
    """Whether ``path`` is a folder with ICT-FaceKit's neutral mesh, or holds that folder."""
    return _folder(path) is not None


def ict_identity(path: Path, weights: Sequence[float] | np.ndarray = ()) -> Head:
    """The Head of ICT-FaceKit's folder ``path`` with identity ``weights`` (K,), of identity000.obj and on.

    The published model draws them from a standard normal distribution; none gives the mean face. Shapes
    that the model lacks (tongueOut) do nothing; ``extras`` has those it has beyond ARKit's.

    Raises BadInput when files are missing or do not fit each other.
    """
    folder = _folder(Path(path))
    if folder is None:
        raise BadInput(f"{path} holds no {NEUTRAL}; expected ICT-FaceKit's folder FaceXModel")
    mesh = read_obj(folder / NEUTRAL)
    count = len(mesh.vertices)
    if count > MAX_VERTICES:
        raise BadInput(f"{folder / NEUTRAL} has {count} vertices; expected at most {MAX_VERTICES}")
    neutral = mesh.vertices + _identity(folder, mesh.vertices, weights)
    deltas, extras = _shapes(folder, mesh.vertices)
    shown = [i for i, name in enumerate(mesh.materials) if name in _SURFACES]
    if "M_Face" not in mesh.materials:
        raise BadInput(f"{folder / NEUTRAL} has no material M_Face; expected ICT-FaceKit's own file")
    kept = np.isin(mesh.material_of, shown)
    material = mesh.material_of[kept]
    table = np.stack([mesh.triangles[kept], mesh.corners[kept], np.repeat(material[:, None], 3, 1)], axis=2)
    rows, triangles = np.unique(table.reshape(-1, 3), axis=0, return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    point, place, owner = rows.T
    cells = [_SURFACES.get(name) for name in mesh.materials]
    uv = mesh.uv[place] % 1.0
    uv[:, 1] = 1 - uv[:, 1]
    bare = Bare(
        name="ICT-FaceKit",
        vertices=neutral[point] * CENTIMETRE,
        triangles=triangles,
        kinds=tuple(cell.kind if cell else "skin" for cell in cells),
        kind_of=material,
        uv=to_atlas(uv, owner, cells),
        albedo=np.zeros((1, 1, 4), np.uint8),
        deltas=deltas[:, point],
        weld=point,
        marks=_marks(folder, point, owner == list(mesh.materials).index("M_Face")),
        extras={name: delta[point] for name, delta in extras.items()},
    )
    bare = replace(bare, eyes=eye_centres(bare))
    return to_head(replace(bare, albedo=paint(bare, ATLAS)))


def _folder(path: Path) -> Path | None:
    for folder in (path, path / "FaceXModel"):
        if (folder / NEUTRAL).is_file():
            return folder
    return None


def _identity(folder: Path, neutral: np.ndarray, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """(V, 3) centimetres that identity ``weights`` move the neutral by."""
    values = np.asarray(weights, np.float64).reshape(-1)
    if len(values) > MAX_IDENTITIES or not np.isfinite(values).all():
        raise BadInput(f"{len(values)} identity weights are too many or not finite; expected at most 100")
    moved = np.zeros_like(neutral)
    for number in np.flatnonzero(values):
        moved += values[number] * (_same(folder / f"identity{number:03d}.obj", neutral) - neutral)
    return moved


def _shapes(folder: Path, neutral: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The 52 ARKit shapes (52, V, 3) metres that the folder has, and its further ones by name."""
    deltas = np.zeros((len(ARKIT_NAMES), *neutral.shape), np.float32)
    extras: dict[str, np.ndarray] = {}
    found = set()
    for path in sorted(folder.glob("*.obj"))[: 2 * MAX_IDENTITIES]:
        if path.name == NEUTRAL or path.stem.startswith("identity"):
            continue
        name = path.stem.replace("_L", "Left").replace("_R", "Right")
        whole = name.removesuffix("Left").removesuffix("Right")
        target = name if name in ARKIT_INDEX else whole  # ARKit has one browInnerUp and one cheekPuff
        if target not in ARKIT_INDEX and whole not in _FURTHER:
            continue
        moved = ((_same(path, neutral) - neutral) * CENTIMETRE).astype(np.float32)
        if target in ARKIT_INDEX:
            deltas[ARKIT_INDEX[target]] += moved
            found.add(target)
        else:
            extras[name] = moved
    missing = [name for name in ARKIT_NAMES if name not in found and name != "tongueOut"]
    if missing:
        raise BadInput(
            f"{folder} lacks the shapes {', '.join(missing[:6])}; expected all of ICT-FaceKit's OBJ files"
        )
    return deltas, extras


def _same(path: Path, neutral: np.ndarray) -> np.ndarray:
    if not path.is_file():
        raise BadInput(f"{path} is missing; expected all of ICT-FaceKit's OBJ files in one folder")
    vertices = read_vertices(path)
    if vertices.shape != neutral.shape:
        raise BadInput(f"{path} has {len(vertices)} vertices; expected the neutral's {len(neutral)}")
    return vertices


def _marks(folder: Path, point: np.ndarray, face: np.ndarray) -> Marks | None:
    """Landmarks from vertex_indices.json; None where it is missing: they are then found in the geometry."""
    path = folder / "vertex_indices.json"
    try:
        if path.stat().st_size > 4 << 20:
            return None
        places = json.loads(path.read_text(encoding="utf-8"))["idx_to_landmark_verts"]
        first = {int(p): i for i, p in reversed(list(enumerate(point))) if face[i]}
        named = {name: first[int(places[k])] for name, k in _IBUG.items()}
        pairs = [(first[int(places[u])], first[int(places[v])]) for u, v in _IBUG_LIPS]
    except (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return Marks(named, np.array(pairs, np.int64))
