"""FLAME's parametric head: shape, expression and pose in, vertices out; our own linear blend skinning.

Li, Bolkart, Black, Li, Romero, "Learning a model of facial shape and expression from 4D scans" (SIGGRAPH
Asia 2017); the skinning with pose-dependent corrections is that of Loper et al., "SMPL" (SIGGRAPH Asia 2015).
The model's file is the user's own: it is not in this package, and its licence is its owners'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BadInput
from ...files import read_at_most
from ..head import rodrigues
from .inert_arrays import as_array
from .pickle_file import read_pickle

MAX_BYTES = 400 << 20
MAX_VERTICES = 50_000
ROOT, NECK, JAW, LEFT_EYE, RIGHT_EYE = range(5)
JOINTS = 5
SHAPES = 300  # of shapedirs, the first are identity; what follows is expression
_KEYS = ("v_template", "f", "shapedirs", "posedirs", "J_regressor", "weights")


@dataclass(frozen=True)
class FlameModel:
    """The arrays of a FLAME file. Axes as ours: +Y up, +Z to the viewer, metres."""

    template: np.ndarray  # (V, 3) metres
    faces: np.ndarray  # (F, 3) int64
    shapes: np.ndarray  # (S, V, 3) metres a unit of shape, S <= 300
    expressions: np.ndarray  # (E, V, 3) metres a unit of expression, E <= 100
    corrections: np.ndarray  # (36, V, 3) metres a unit of (joint rotation - identity), row by row
    regressor: np.ndarray  # (5, V) joints from vertices
    weights: np.ndarray  # (V, 5) skinning
    name: str = "FLAME"

    @cached_property
    def joints(self) -> np.ndarray:
        """(5, 3) metres: root, neck, jaw, left eye, right eye of the mean face."""
        return self.regressor @ self.template

    def shaped(self, shape: np.ndarray) -> FlameModel:
        """The model of one person: ``shape`` (<= S,) moves the template. Raises BadInput for too many."""
        values = np.asarray(shape, np.float64).reshape(-1)
        if len(values) > len(self.shapes) or not np.isfinite(values).all():
            raise BadInput(
                f"{len(values)} shape parameters were given or not all finite; expected at most {len(self.shapes)}"
            )
        moved = np.tensordot(values, self.shapes[: len(values)], axes=1)
        return FlameModel(
            self.template + moved, self.faces, self.shapes, self.expressions, self.corrections,
            self.regressor, self.weights, self.name,
        )  # fmt: skip

    def vertices(
        self, expression: np.ndarray, pose: np.ndarray, which: np.ndarray | None = None
    ) -> np.ndarray:
        """(T, V, 3) metres for ``expression`` (T, E or fewer) and ``pose`` (T, 15), or of the vertices ``which``.

        ``pose`` is five axis-angle rotations in radians: root, neck, jaw, left eye, right eye. As in the
        published model, joints follow the shape and not the expression. Expressions beyond E are left out.
        """
        chosen = slice(None) if which is None else which
        expression, pose = np.atleast_2d(expression)[:, : len(self.expressions)], np.atleast_2d(pose)
        turns = rodrigues(pose.reshape(-1, JOINTS, 3)).astype(self.template.dtype)  # (T, 5, 3, 3)
        feature = (turns[:, 1:] - np.eye(3, dtype=turns.dtype)).reshape(len(pose), -1)  # (T, 36)
        basis = np.concatenate([self.expressions[: expression.shape[1], chosen], self.corrections[:, chosen]])
        amounts = np.concatenate([expression, feature], axis=1)
        rest = self.template[chosen]
        placed = rest + (amounts @ basis.reshape(len(basis), -1)).reshape(len(pose), *rest.shape)
        return self._skinned(placed, turns, chosen)

    def _skinned(self, placed: np.ndarray, turns: np.ndarray, chosen: Any) -> np.ndarray:
        joints = self.joints.astype(placed.dtype)
        parents = (-1, ROOT, NECK, NECK, NECK)
        spin, move = np.empty_like(turns), np.empty((len(turns), JOINTS, 3), placed.dtype)
        for joint, parent in enumerate(parents):
            if parent < 0:
                spin[:, joint], origin = turns[:, joint], np.broadcast_to(joints[joint], (len(turns), 3))
            else:
                spin[:, joint] = spin[:, parent] @ turns[:, joint]
                origin = np.einsum("tij,j->ti", spin[:, parent], joints[joint]) + move[:, parent]
            move[:, joint] = origin - np.einsum("tij,j->ti", spin[:, joint], joints[joint])
        result = np.zeros_like(placed)
        weights = self.weights[chosen]
        for joint in range(JOINTS):
            used = np.flatnonzero(weights[:, joint] > 0)
            if len(used):
                turned = placed[:, used] @ spin[:, joint].transpose(0, 2, 1) + move[:, joint, None]
                result[:, used] += weights[used, joint, None] * turned
        return result

    @cached_property
    def eyeballs(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices that turn with the left and with the right eye joint alone."""
        left, right = (np.flatnonzero(self.weights[:, joint] > 0.5) for joint in (LEFT_EYE, RIGHT_EYE))
        return left, right


def axis_angle(matrix: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle vectors in radians for rotation matrices (..., 3, 3) of less than half a turn."""
    skew = np.stack(
        [
            matrix[..., 2, 1] - matrix[..., 1, 2],
            matrix[..., 0, 2] - matrix[..., 2, 0],
            matrix[..., 1, 0] - matrix[..., 0, 1],
        ],
        -1,
    )
    sine = np.linalg.norm(skew, axis=-1) / 2
    cosine = (np.trace(matrix, axis1=-2, axis2=-1) - 1) / 2
    angle = np.arctan2(sine, cosine)
    factor = np.where(sine > 1e-9, angle / np.maximum(2 * sine, 1e-12), 0.5)
    return skew * factor[..., None]


def read_flame(path: Path) -> FlameModel:
    """Read the official FLAME pickle (2017 to 2023), or an .npz with the same keys.

    No code of the file is run. Raises BadInput for anything that is not such a model, or is damaged or
    hostile; LimitExceeded above 400 MB.
    """
    path = Path(path)
    data = read_at_most(path, MAX_BYTES, "; FLAME's files are not")
    if data[:2] == b"PK":
        from .npz_file import read_arrays

        found: dict[str, Any] = dict(read_arrays(path, data, MAX_BYTES))
    else:
        found = read_pickle(data, str(path))
    if not isinstance(found, dict) or any(key not in found for key in _KEYS):
        named = [str(key)[:20] for key in found][:6] if isinstance(found, dict) else type(found).__name__
        raise BadInput(f"{path} holds {named}; a FLAME model has {', '.join(_KEYS)}")
    arrays = {}
    for key in _KEYS:
        value = found[key]
        try:
            arrays[key] = value if isinstance(value, np.ndarray) else as_array(value)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise BadInput(f"{path}: its {key} is no array that FLAME files have ({error})") from None
    return _model(path, arrays)


def _model(path: Path, arrays: dict[str, np.ndarray]) -> FlameModel:
    """The arrays checked against each other."""
    count = len(arrays["v_template"]) if arrays["v_template"].ndim == 2 else 0
    basis = arrays["shapedirs"]
    last = basis.shape[-1] if basis.ndim == 3 else 0
    expected = {
        "v_template": (count, 3),
        "shapedirs": (count, 3, last),
        "J_regressor": (JOINTS, count),
        "weights": (count, JOINTS),
        "posedirs": (count, 3, 9 * (JOINTS - 1)),
    }
    for key, shape in expected.items():
        array = arrays[key]
        if array.shape != shape or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise BadInput(f"{path}: its {key} has shape {array.shape} or is not finite; expected {shape}")
    faces = arrays["f"]
    if not 4 <= count <= MAX_VERTICES or last < 2 or last > 1000:
        raise BadInput(f"{path} has {count} vertices and {last} directions; a FLAME model has 5023 and 400")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iuf" or not len(faces):
        raise BadInput(f"{path}: its f has shape {faces.shape}; expected (F, 3)")
    faces = faces.astype(np.int64)
    if faces.min() < 0 or faces.max() >= count or len(faces) > 4 * MAX_VERTICES:
        raise BadInput(f"{path}: its f names vertices beyond its {count}")
    # 300 + 100 in FLAME 2020 and 2023; smaller files split in the same proportion.
    identity = SHAPES if last > SHAPES else last * 3 // 4
    directions = np.ascontiguousarray(np.moveaxis(basis, 2, 0), np.float64)
    return FlameModel(
        template=arrays["v_template"].astype(np.float64),
        faces=faces,
        shapes=directions[:identity],
        expressions=directions[identity : identity + 100],
        corrections=np.ascontiguousarray(np.moveaxis(arrays["posedirs"], 2, 0), np.float64),
        regressor=arrays["J_regressor"].astype(np.float64),
        weights=arrays["weights"].astype(np.float64),
        name=f"FLAME ({path.stem[:40]})",
    )
