"""The bones that engines look for: a standing adult in T-pose under the head, in glTF's terms.

Names and axes are those of Mixamo, which Ready Player Me, TalkingHead and humanoid retargeting in Unity and
Unreal know: the trunk's and the head's bones have the axes of the world; those of arms and legs have +Y along
the bone. Only ``Spine2``, ``Neck``, ``Head`` and the eyes carry skin; our own motion turns only ``Head``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head

# Places in metres from the head joint, of an adult of 1.76 m; x of the left side, mirrored for the right one.
_TRUNK = {
    "Hips": ("", (0, -0.620, -0.010)),
    "Spine": ("Hips", (0, -0.520, -0.005)),
    "Spine1": ("Spine", (0, -0.400, -0.010)),
    "Spine2": ("Spine1", (0, -0.270, -0.020)),
    "Neck": ("Spine2", (0, -0.095, -0.015)),
    "Head": ("Neck", (0, 0, 0)),
}
_SIDE = {
    "Shoulder": ("Spine2", (0.020, -0.145, -0.010)),
    "Arm": ("Shoulder", (0.165, -0.160, -0.030)),
    "ForeArm": ("Arm", (0.430, -0.160, -0.030)),
    "Hand": ("ForeArm", (0.680, -0.160, -0.030)),
    "UpLeg": ("Hips", (0.090, -0.660, -0.010)),
    "Leg": ("UpLeg", (0.090, -1.080, -0.005)),
    "Foot": ("Leg", (0.090, -1.510, -0.030)),
    "ToeBase": ("Foot", (0.090, -1.585, 0.090)),
}
# Fingers: where the first of three bones is, and the way to the next one.
_FINGERS = {
    "Thumb": ((0.710, -0.170, 0.005), (0.028, -0.006, 0.018)),
    "Index": ((0.770, -0.160, 0.000), (0.034, 0, 0)),
    "Middle": ((0.772, -0.160, -0.025), (0.036, 0, 0)),
    "Ring": ((0.768, -0.160, -0.048), (0.034, 0, 0)),
    "Pinky": ((0.760, -0.160, -0.068), (0.028, 0, 0)),
}
GROUND = -1.62  # metres from the head joint down to the soles
_NECK_FADES = (-0.145, -0.065)  # metres from the head joint: below, skin follows Spine2; above, Neck


@dataclass(frozen=True)
class Skeleton:
    """J joints, parents before children. A joint's matrix maps its own axes to its parent's."""

    names: tuple[str, ...]
    parents: tuple[int, ...]  # -1: none
    local: np.ndarray  # (J, 4, 4) float64 at rest, metres
    world: np.ndarray  # (J, 4, 4) float64 at rest, metres, in the head's axes

    def index(self, name: str) -> int:
        """Place of a joint."""
        return self.names.index(name)

    @property
    def inverse(self) -> np.ndarray:
        """(J, 4, 4) float64: inverse bind matrices."""
        return np.linalg.inv(self.world)


def make_skeleton(head: Head) -> Skeleton:
    """The bones around ``head``: its joint at ``pivot``, the eyes' at ``eyes``, the rest where an adult has them."""
    bones = {name: (parent, np.array(place), np.eye(3)) for name, (parent, place) in _TRUNK.items()}
    for i, side in enumerate(("Left", "Right")):
        bones[f"{side}Eye"] = ("Head", (head.eyes[i] - head.pivot).astype(np.float64), np.eye(3))
        bones |= _limbs(side)
    names = tuple(bones)
    parents = tuple(names.index(parent) if parent else -1 for parent, _, _ in bones.values())
    world = np.tile(np.eye(4), (len(names), 1, 1))
    for i, (_, place, axes) in enumerate(bones.values()):
        world[i, :3, :3], world[i, :3, 3] = axes, head.pivot + place
    local = np.stack(
        [np.linalg.inv(world[p]) @ w if p >= 0 else w for p, w in zip(parents, world, strict=True)]
    )
    return Skeleton(names, parents, local, world)


def _limbs(side: str) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
    """Arm, hand and leg of one side: parent's name, place from the head joint, axes in the world."""
    mirror = np.array([1 if side == "Left" else -1, 1, 1])
    arm, leg = _axes((mirror[0], 0, 0), (0, -1, 0)), _axes((0, -1, 0), (0, 0, 1))
    bones = {}
    for name, (parent, place) in _SIDE.items():
        trunk = parent in _TRUNK
        axes = leg if name in ("UpLeg", "Leg") else arm
        if name in ("Foot", "ToeBase"):
            axes = _axes((0, -0.53, 0.85), (0, 0.85, 0.53)) if name == "Foot" else _axes((0, 0, 1), (0, 1, 0))
        bones[side + name] = (parent if trunk else side + parent, mirror * place, axes)
    for finger, (first, step) in _FINGERS.items():
        parent = f"{side}Hand"
        for number in (1, 2, 3):
            place = np.array(first) + np.array(step) * (number - 1)
            bones[name := f"{side}Hand{finger}{number}"] = (parent, mirror * place, arm)
            parent = name
    return bones


def _axes(along: tuple[float, float, float], up: tuple[float, float, float]) -> np.ndarray:
    """(3, 3) whose columns are the bone's axes in the world: +Y ``along`` the bone, +Z near ``up``."""
    y = np.array(along) / np.linalg.norm(along)
    x = np.cross(y, up)
    x /= np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def binding(head: Head, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Joints (V, 4) uint8 and weights (V, 4) float32 of each vertex; a joint of weight 0 is 0.

    ``Head`` has the weight of ``Head.pose``; the rest is shared by ``Neck`` and ``Spine2``, which stand still
    in our own motion. Eyeballs hang on their eye's joint, so that an engine may aim it.
    """
    weight = head.head_weight.astype(np.float64)
    low, high = (float(head.pivot[1]) + edge for edge in _NECK_FADES)
    share = np.clip((head.vertices[:, 1] - low) / (high - low), 0, 1)
    share = share**2 * (3 - 2 * share)
    weights = np.stack([weight, (1 - weight) * share, (1 - weight) * (1 - share)], axis=1)
    joints = np.tile([skeleton.index(name) for name in ("Head", "Neck", "Spine2")], (len(weight), 1))
    eyes = eyeballs(head)
    joints[eyes >= 0, 0] = [skeleton.index(f"{('Left', 'Right')[i]}Eye") for i in eyes[eyes >= 0]]
    weights, joints = (np.pad(x, ((0, 0), (0, 1))) for x in (weights, joints))
    return np.where(weights > 0, joints, 0).astype(np.uint8), weights.astype(np.float32)


def eyeballs(head: Head) -> np.ndarray:
    """(V,) int: 0 the left eyeball's vertices, 1 the right one's, -1 all others; all -1 where eyes do not
    follow the head alone."""
    which = np.full(len(head.vertices), -1)
    part = next((part for part in head.parts if part.name == "eyes"), None)
    if part is None:
        return which
    used = np.unique(head.triangles[part.first : part.first + part.count])
    if np.all(head.head_weight[used] == 1):
        away = np.linalg.norm(head.vertices[used, None] - head.eyes, axis=2)
        which[used] = away.argmin(axis=1)
    return which
