"""A made-up model in FLAME's format, whose truth is known: the open head's own skin and eyes, reshaped.

Nothing of FLAME is in it. Its expressions are the principal components of random mixtures of the open head's
shapes, less what its jaw does by turning; its jaw turns by blend skinning.
"""

from __future__ import annotations

import pickle  # noqa: TID251 - writes a file that the reader under test must read without it
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from small_face import part_of

from dxtalker.face.bodies.flame import JAW, JOINTS, LEFT_EYE, NECK, RIGHT_EYE, ROOT, FlameModel
from dxtalker.face.head import Head
from dxtalker.records import ARKIT_INDEX, GAZE

STRETCH = np.array([1.06, 0.95, 1.04])
SHIFT = np.array([0.002, 0.06, -0.03])  # FLAME's origin is in the neck


@dataclass(frozen=True)
class MadeUp:
    model: FlameModel
    points: np.ndarray  # (V,) the open head's vertex that each of the model's was made from
    shapes: np.ndarray  # (52, V, 3) metres: the truth, of every shape on the model's surface


def make_up(head: Head, expressions: int = 40) -> MadeUp:
    used, triangles = part_of(head, "skin", "eyes")
    _, first, point = np.unique(head.weld[used], return_index=True, return_inverse=True)
    points, faces = used[first], point.reshape(-1)[triangles]
    place = head.vertices[points].astype(np.float64)
    template = place * STRETCH + SHIFT
    shapes = head.deltas[:, points].astype(np.float64) * STRETCH
    eyes = np.array([0.0287, 0, 0]) * STRETCH + SHIFT, np.array([-0.0287, 0, 0]) * STRETCH + SHIFT
    bones = [SHIFT + np.array(at) for at in ((0, -0.15, -0.06), (0, -0.036, -0.07), (0, -0.035, -0.012))]
    joints = np.stack([*bones, *eyes])
    weights = _weights(head, points)
    model = FlameModel(
        template=template,
        faces=faces,
        shapes=np.zeros((3 * expressions, *template.shape)),
        expressions=np.zeros((expressions, *template.shape)),
        corrections=np.zeros((36, *template.shape)),
        regressor=_regressor(template, joints),
        weights=weights,
    )
    random = np.random.default_rng(5)
    mixes = random.uniform(0, 1, (300, 52)) ** 4
    mixes[:, GAZE] = 0
    pose = np.zeros((300, JOINTS * 3))
    pose[:, 3 * JAW] = 0.42 * mixes[:, ARKIT_INDEX["jawOpen"]]
    turned = model.vertices(np.zeros((300, 1)), pose) - template
    rest = (np.tensordot(mixes, shapes, axes=1) - turned).reshape(300, -1)
    _, size, axes = np.linalg.svd(rest, full_matrices=False)
    scale = size[:expressions, None] / np.sqrt(300)
    basis = (axes[:expressions] * scale).reshape(expressions, *template.shape)
    return MadeUp(replace(model, expressions=basis), points, shapes)


def _weights(head: Head, points: np.ndarray) -> np.ndarray:
    weights = np.zeros((len(points), JOINTS))
    drop = np.clip(-head.deltas[ARKIT_INDEX["jawOpen"], points, 1], 0, None)
    weights[:, JAW] = np.clip(drop / np.quantile(drop, 0.99), 0, 1)
    eyes = np.isin(points, part_of(head, "eyes")[0])
    for joint, side in ((LEFT_EYE, 1), (RIGHT_EYE, -1)):
        mine = eyes & (head.vertices[points, 0] * side > 0)
        weights[mine] = np.eye(JOINTS)[joint]
    still = 1 - weights.sum(1)
    weights[:, NECK] = still * head.head_weight[points]
    weights[:, ROOT] = still - weights[:, NECK]
    return weights


def _regressor(template: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(5, V) that gives the joints and moves with the template: the smallest that does."""
    plane = np.concatenate([template, np.ones((len(template), 1))], axis=1)
    return np.concatenate([joints, np.ones((len(joints), 1))], axis=1) @ np.linalg.pinv(plane)


def write_pickle(path: Path, model: FlameModel, protocol: int = 2) -> Path:
    """As the published files are: a pickled dictionary of arrays, text of Python 2 aside."""
    directions = np.concatenate([model.shapes, model.expressions])
    table = {
        "v_template": model.template,
        "f": model.faces.astype(np.uint32),
        "shapedirs": np.moveaxis(directions, 0, 2).astype(np.float32),
        "posedirs": np.moveaxis(model.corrections, 0, 2),
        "J_regressor": model.regressor,
        "weights": model.weights,
        "kintree_table": np.array([[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
        "bs_style": "lbs",
    }
    path.write_bytes(pickle.dumps(table, protocol))
    return path
