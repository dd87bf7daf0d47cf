"""A head -> one self-contained .glb: textured, rigged, with the morph targets that engines look for, and a clip.

glTF's skinning with the weights of ``skeleton.binding`` computes exactly what ``Head.pose`` does; the first 52
morph targets are those of ``Head.shape``.

What lets TalkingHead (npm @met4citizen/talkinghead 1.7.0) load the file as it is: a full skeleton; the scene
bears the root's name, since it looks for meshes below an object called Armature, where the glTF validator does
not want skinned ones; and ``Ground``, a speck between the eyes that hangs on no bone: TalkingHead lifts the
hips to 1 m and then sets the lowest point of all meshes on the floor, which without a body would be the bust.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..face.head import Head, Part
from ..face.tangents import tangents
from ..files import atomic_path
from ..records import Motion
from .gltf import INDICES, VERTICES, Gltf
from .idling import idle_motion
from .pictures import Picture, make_pictures, picture_of
from .rotations import quaternion_of, quaternions
from .skeleton import Skeleton, binding, make_skeleton
from .targets import Targets, make_targets

ROOT = "Armature"
MESH = "HeadMesh"
TALK, IDLE = "Talk", "Idle"  # names of clips
MOUTH_SHADE = 0.62  # teeth and tongue are in the lips' shadow, which most viewers do not cast
OPEN_HEAD = "open head"
OPEN_LICENCE = "CC0 1.0; shapes and rig weights by the MakeHuman project"
_SPECK = np.array([[0, 0, 0], [1e-5, 0, 0], [0, 1e-5, 0]], np.float32)  # metres
_LINEAR_REPEAT = {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497}


def write_glb(path: Path, motion: Motion, head: Head) -> None:
    """Write ``head`` with ``motion`` as the clip Talk, whose time 0 is the motion's first frame.

    Raises BadInput when the folder cannot be written, LimitExceeded above 1 GB.
    """
    write_gltf(path, build_glb(head, motion, TALK))


def write_avatar(path: Path, head: Head, idle: Motion | None = None) -> None:
    """Write ``head`` for an engine to drive, with a clip Idle that loops: ``idle``, or blinks, gaze and a
    slightly moving head.

    Raises as ``write_glb`` does.
    """
    write_gltf(path, build_glb(head, idle or idle_motion(head), IDLE))


def write_gltf(path: Path, gltf: Gltf) -> None:
    """The bytes of a document under ``path``, whole or not at all."""
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as stream:
        stream.writelines(gltf.chunks())


def build_glb(head: Head, motion: Motion, clip: str) -> Gltf:
    """The document: nodes are the root, the joints in the order of ``make_skeleton``, mesh and Ground."""
    gltf = Gltf("dxtalker")
    skeleton, targets = make_skeleton(head), make_targets(head)
    joints = len(skeleton.names)
    gltf.root |= {
        "extensionsUsed": ["KHR_materials_specular"],
        "scene": 0,
        "scenes": [{"name": ROOT, "nodes": [0, joints + 1]}],
        "nodes": _nodes(skeleton),
    }
    if head.name == OPEN_HEAD:
        gltf.root["asset"]["copyright"] = OPEN_LICENCE
    gltf.root["skins"] = [_skin(gltf, skeleton)]
    _add_surface(gltf, head, skeleton, targets)
    _add_animation(gltf, motion, skeleton, targets, clip)
    return gltf


def _nodes(skeleton: Skeleton) -> list[dict[str, Any]]:
    """Root, joints, mesh, Ground; joint j is node j + 1."""
    count = len(skeleton.names)
    root = {"name": ROOT, "children": [1, count + 2]}
    joints = []
    for name, local in zip(skeleton.names, skeleton.local, strict=True):
        node: dict[str, Any] = {"name": name, "translation": local[:3, 3].tolist()}
        if not np.allclose(local[:3, :3], np.eye(3)):
            node["rotation"] = quaternion_of(local[:3, :3]).tolist()
        joints.append(node)
    for i, parent in enumerate(skeleton.parents):
        if parent >= 0:
            joints[parent].setdefault("children", []).append(i + 1)
    # The mesh is a root: a skinned mesh ignores its parents anyway.
    return [root, *joints, {"name": MESH, "mesh": 0, "skin": 0}, {"name": "Ground", "mesh": 1}]


def _skin(gltf: Gltf, skeleton: Skeleton) -> dict[str, Any]:
    columns = skeleton.inverse.transpose(0, 2, 1).astype(np.float32)  # glTF stores columns
    columns[:, :, 3] = (0, 0, 0, 1)
    return {
        "name": ROOT,
        "joints": list(range(1, len(skeleton.names) + 1)),
        "skeleton": 1,
        "inverseBindMatrices": gltf.accessor(columns),
    }


def _add_surface(gltf: Gltf, head: Head, skeleton: Skeleton, targets: Targets) -> None:
    """Meshes, materials and pictures: one primitive a part, each with its own compact vertices."""
    normals = head.smooth_normals(head.vertices)
    normals[np.abs(normals).max(axis=1) == 0] = (0, 0, 1)
    pictures = make_pictures(head)
    gltf.root["images"] = [
        {"name": p.name, "mimeType": f"image/{p.kind}", "bufferView": gltf.view(p.data)}
        for p in pictures.values()
    ]
    gltf.root["samplers"] = [_LINEAR_REPEAT]
    gltf.root["textures"] = [{"source": i, "sampler": 0} for i in range(len(pictures))]
    gltf.root["materials"] = [_material(part, list(pictures)) for part in head.parts]
    bound = binding(head, skeleton)
    primitives = [
        _primitive(gltf, head, normals, part, material, pictures[picture_of(part)], bound, targets)
        for material, part in enumerate(head.parts)
    ]
    if "normal" in pictures:
        _add_tangents(gltf, head, tangents(head, normals), primitives)
    gltf.root["meshes"] = [
        {
            "name": MESH,
            "primitives": primitives,
            "weights": [0.0] * len(targets.names),
            "extras": {"targetNames": list(targets.names)},
        },
        {
            "name": "Ground",
            "primitives": [{"attributes": {"POSITION": gltf.accessor(_SPECK, VERTICES, True)}}],
        },
    ]


def _primitive(
    gltf: Gltf,
    head: Head,
    normals: np.ndarray,
    part: Part,
    material: int,
    picture: Picture,
    bound: tuple[np.ndarray, np.ndarray],
    targets: Targets,
) -> dict[str, Any]:
    corners = head.triangles[part.first : part.first + part.count].ravel()
    used, indices = np.unique(corners, return_inverse=True)
    joints, weights = bound
    small = len(used) <= 65_535
    return {
        "attributes": {
            "POSITION": gltf.accessor(head.vertices[used], VERTICES, bounds=True),
            "NORMAL": gltf.accessor(normals[used], VERTICES),
            "TEXCOORD_0": gltf.accessor(picture.uv(head.uv[used]), VERTICES),
            "JOINTS_0": gltf.accessor(joints[used], VERTICES),
            "WEIGHTS_0": gltf.accessor(weights[used], VERTICES),
        },
        "indices": gltf.accessor(indices.ravel().astype(np.uint16 if small else np.uint32), INDICES),
        "material": material,
        "targets": [
            {"POSITION": place, "NORMAL": turn}
            for place, turn in zip(
                gltf.displacements(targets.deltas[:, used], bounds=True),
                gltf.displacements(targets.normals[:, used]),
                strict=True,
            )
        ],
    }


def _add_tangents(gltf: Gltf, head: Head, values: np.ndarray, primitives: list[dict[str, Any]]) -> None:
    """Only opaque parts have relief; ``values`` (V, 4)."""
    for part, primitive in zip(head.parts, primitives, strict=True):
        if not part.blend:
            used = np.unique(head.triangles[part.first : part.first + part.count])
            primitive["attributes"]["TANGENT"] = gltf.accessor(values[used], VERTICES)


def _material(part: Part, pictures: list[str]) -> dict[str, Any]:
    material: dict[str, Any] = {
        "name": part.name,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": pictures.index(picture_of(part))},
            "metallicFactor": 0.0,
            "roughnessFactor": part.roughness,
        },
        "extensions": {"KHR_materials_specular": {"specularFactor": part.specular}},
    }
    if part.name in ("teeth", "tongue"):
        material["pbrMetallicRoughness"]["baseColorFactor"] = [MOUTH_SHADE] * 3 + [1.0]
    if part.blend:
        material |= {"alphaMode": "BLEND", "doubleSided": True}
    elif "normal" in pictures:
        material["normalTexture"] = {"index": pictures.index("normal")}
    return material


def _add_animation(gltf: Gltf, motion: Motion, skeleton: Skeleton, targets: Targets, clip: str) -> None:
    """Weights of all targets, rotation and translation of the head joint."""
    instants = np.arange(len(motion)) * float(1 / motion.fps)
    times = gltf.accessor(instants.astype(np.float32), bounds=True)
    joint = skeleton.index("Head")
    rest = skeleton.local[joint, :3, 3]
    outputs = {
        (len(skeleton.names) + 1, "weights"): targets.curves(motion.curves).ravel(),
        (joint + 1, "rotation"): quaternions(motion.rotation.astype(np.float64)),
        (joint + 1, "translation"): (motion.translation + rest).astype(np.float32),
    }
    gltf.root["animations"] = [
        {
            "name": clip,
            "samplers": [
                {"input": times, "output": gltf.accessor(values), "interpolation": "LINEAR"}
                for values in outputs.values()
            ],
            "channels": [
                {"sampler": i, "target": {"node": node, "path": path}}
                for i, (node, path) in enumerate(outputs)
            ],
            "extras": {"fps": str(motion.fps), "start": motion.start, **motion.info},
        }
    ]
