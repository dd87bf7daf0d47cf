"""What the bake knows about MakeHuman's "hm08" mesh: who the head is, which points are what, its shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bake.source import BaseMesh, Wheel
from dxtalker.records import ARKIT_NAMES

# The open head: a young adult between the sexes and between the mesh's three regional macros.
SEXES = {"female": 0.7, "male": 0.3}
RACES = {"caucasian": 0.5, "asian": 0.3, "african": 0.2}

# Points of hm08, found by walking the quad loops.
UPPER_LIP = (520, 7267, 7268, 7261, 7262, 11962, 7263, 7181, 7180, 7196, 10399, 7194, 7195)
LOWER_LIP = (523, 7264, 7265, 7266, 7206, 7205)  # both from the middle to the left corner, where they meet
# Facing points of the two lips, the middle first.
LIP_PAIRS = ((520, 523), (7268, 7264), (7262, 7265), (7181, 7266), (7180, 7206), (10399, 7205))
LANDMARKS = {
    "eye_outer_left": 11473,
    "mouth_left": 7192,
    "chin": 5162,
    "nose_tip": 5054,
    "eye_inner_left": 11487,
}
UPPER_LID = (11466, 11467, 11468, 11469, 11470, 11471, 11465, 11483, 11484, 11485, 11490)  # left eye's margin
LOWER_LID = (11482, 11743, 11481, 11480, 11479, 11478, 11477, 11476, 11475, 11742, 11474)
HELPERS = {
    "eye_left": "helper-l-eye",
    "eye_right": "helper-r-eye",
    "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth",
    "tongue": "helper-tongue",
}
NECK_SHARE = {"neck01": 0.2, "neck02": 0.5, "neck03": 0.85}  # how far each neck bone follows the head joint
TRUNK = ("spine", "clavicle", "shoulder", "upperarm", "breast")


@dataclass(frozen=True)
class Anatomy:
    """The whole source mesh as this head: metres, the point between the eyeballs at the origin."""

    mesh: BaseMesh
    points: np.ndarray  # (19158, 3) metres
    deltas: np.ndarray  # (52, 19158, 3) metres at weight 1
    head_weight: np.ndarray  # (19158,)
    pivot: np.ndarray  # (3,) metres
    mirror: np.ndarray  # (19158,) the point on the other side

    def group(self, helper: str) -> np.ndarray:
        """Points of a helper, ascending."""
        return np.unique(self.mesh.quads[HELPERS[helper]])


def read_anatomy(wheel: Wheel) -> Anatomy:
    mesh = wheel.base()
    points = mesh.points.copy()
    for sex, share in SEXES.items():
        points += share * wheel.macro(f"universal-{sex}-young-averagemuscle-averageweight")
        for race, part in RACES.items():
            points += share * part * wheel.macro(f"{race}-{sex}-young")
    eyes = [points[np.unique(mesh.quads[HELPERS[side]])].mean(0) for side in ("eye_left", "eye_right")]
    points -= np.mean(eyes, axis=0) * [0, 1, 1]
    points *= 0.1
    deltas = np.stack([wheel.face_unit(name) for name in ARKIT_NAMES]) * 0.1
    mirror = _mirror(mesh.points)
    deltas = keep_sides(points, deltas)
    pivot = points[np.unique(mesh.quads["joint-head"])].mean(0) * [0, 1, 1]
    return Anatomy(mesh, points, deltas, _head_weight(wheel), pivot, mirror)


def _mirror(points: np.ndarray) -> np.ndarray:
    """Nearest point of the mirrored mesh, by rounding to 0.1 mm and searching in slices of height."""
    order = np.argsort(points[:, 1], kind="stable")
    heights = points[order, 1]
    twin = np.empty(len(points), int)
    for i, (x, y, z) in enumerate(points):
        low, high = np.searchsorted(heights, [y - 0.004, y + 0.004])
        near = order[low:high]
        distance = np.abs(points[near] - (-x, y, z)).sum(1)
        twin[i] = near[np.argmin(distance)]
    return twin


def _head_weight(wheel: Wheel) -> np.ndarray:
    """0 on the trunk, 1 on the head, between along the neck."""
    weights = wheel.rig_weights()
    total = sum(weights.values())
    share = np.zeros_like(total)
    for bone, weight in weights.items():
        follows = 0.0 if bone.startswith(TRUNK) else NECK_SHARE.get(bone, 1.0)
        share += follows * weight
    return np.divide(share, total, out=np.ones_like(share), where=total > 0)


def keep_sides(points: np.ndarray, deltas: np.ndarray) -> np.ndarray:
    """Shapes of one eye move one half of the face: raw, they also stir hidden points beyond the middle."""
    deltas = deltas.copy()
    for i, name in enumerate(ARKIT_NAMES):
        if name.startswith("eye"):
            side = 1 if name.endswith("Left") else -1
            deltas[i] *= np.clip(side * points[:, 0, None] / 0.004, 0, 1)
    return deltas
