"""A head and its motion -> one self-contained .glb: textured, 52 morph targets, a head joint, one clip.

Two joints, Neck (still) and Head (at the head's pivot), with the weights of ``Head.pose`` make glTF's
skinning compute exactly what that function computes; the morph targets are those of ``Head.shape``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..face.head import Head, Part
from ..files import atomic_path
from ..records import ARKIT_NAMES, Motion
from .gltf import INDICES, VERTICES, Gltf

CLIP_NAME = "Talk"
MOUTH_SHADE = 0.62  # teeth and tongue are in the lips' shadow, which most viewers do not cast
_ARMATURE, _NECK, _HEAD, _MESH = range(4)  # nodes
_LINEAR_REPEAT = {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497}


def write_glb(path: Path, motion: Motion, head: Head) -> None:
    """Write ``head`` with ``motion`` as an animation whose time 0 is the motion's first frame.

    Raises BadInput when the folder cannot be written, LimitExceeded above 1 GB.
    """
    gltf = Gltf("dxtalker")
    neck = np.array([head.pivot[0], head.vertices[:, 1].min(), head.pivot[2]], np.float32)
    gltf.root |= {
        "extensionsUsed": ["KHR_materials_specular"],
        "scene": 0,
        "scenes": [{"name": "Scene", "nodes": [_ARMATURE, _MESH]}],
        "nodes": _nodes(head, neck),
        "skins": [_skin(gltf, head, neck)],
    }
    _add_surface(gltf, head)
    _add_animation(gltf, motion, head.pivot - neck)
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as stream:
        stream.writelines(gltf.chunks())


def quaternions(rotation: np.ndarray) -> np.ndarray:
    """(T, 4) float32 x, y, z, w for angles (T, 3) pitch, yaw, roll, as ``rotation_matrix``: Ry · Rx · Rz.

    Neighbours lie in the same hemisphere, so that interpolation takes the short way.
    """
    (sp, sy, sr), (cp, cy, cr) = np.sin(rotation.T / 2.0), np.cos(rotation.T / 2.0)
    x = cy * sp * cr + sy * cp * sr
    y = sy * cp * cr - cy * sp * sr
    z = cy * cp * sr - sy * sp * cr
    w = cy * cp * cr + sy * sp * sr
    result = np.stack([x, y, z, w], axis=1)
    turns = np.sign((result[1:] * result[:-1]).sum(axis=1))
    result[1:] *= np.cumprod(np.where(turns < 0, -1.0, 1.0))[:, None]
    return (result / np.linalg.norm(result, axis=1, keepdims=True)).astype(np.float32)


def _nodes(head: Head, neck: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"name": "Armature", "children": [_NECK]},
        {"name": "Neck", "translation": neck.tolist(), "children": [_HEAD]},
        {"name": "Head", "translation": (head.pivot - neck).tolist()},
        {"name": "HeadMesh", "mesh": 0, "skin": 0},  # a root: a skinned mesh ignores its parents anyway
    ]


def _skin(gltf: Gltf, head: Head, neck: np.ndarray) -> dict[str, Any]:
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    inverse[0, 3, :3], inverse[1, 3, :3] = -neck, -head.pivot  # column-major: translation in the last row
    return {
        "name": "Head",
        "joints": [_NECK, _HEAD],
        "skeleton": _NECK,
        "inverseBindMatrices": gltf.accessor(inverse),
    }


def _add_surface(gltf: Gltf, head: Head) -> None:
    """Mesh, materials and pictures: one primitive a part, each with its own compact vertices."""
    normals = head.smooth_normals(head.vertices)
    normals[np.abs(normals).max(axis=1) == 0] = (0, 0, 1)
    boxes = {blend: _texture_box(head, blend) for blend in (False, True) if _parts(head, blend)}
    gltf.root["images"] = [_image(gltf, head, box, blend) for blend, box in boxes.items()]
    gltf.root["samplers"] = [_LINEAR_REPEAT]
    gltf.root["textures"] = [{"source": i, "sampler": 0} for i in range(len(boxes))]
    gltf.root["materials"] = [_material(part, list(boxes).index(part.blend)) for part in head.parts]
    primitives = [
        _primitive(gltf, head, normals, part, material, boxes[part.blend])
        for material, part in enumerate(head.parts)
    ]
    gltf.root["meshes"] = [
        {
            "name": "HeadMesh",
            "primitives": primitives,
            "weights": [0.0] * len(ARKIT_NAMES),
            "extras": {"targetNames": list(ARKIT_NAMES)},
        }
    ]


def _primitive(
    gltf: Gltf, head: Head, normals: np.ndarray, part: Part, material: int, box: np.ndarray
) -> dict[str, Any]:
    corners = head.triangles[part.first : part.first + part.count].ravel()
    used, indices = np.unique(corners, return_inverse=True)
    left, top, right, bottom = box
    uv = (head.uv[used] - (left, top)) / (right - left, bottom - top)
    joints, weights = _binding(head.head_weight[used])
    small = len(used) <= 65_535
    return {
        "attributes": {
            "POSITION": gltf.accessor(head.vertices[used], VERTICES, bounds=True),
            "NORMAL": gltf.accessor(normals[used], VERTICES),
            "TEXCOORD_0": gltf.accessor(uv.astype(np.float32), VERTICES),
            "JOINTS_0": gltf.accessor(joints, VERTICES),
            "WEIGHTS_0": gltf.accessor(weights, VERTICES),
        },
        "indices": gltf.accessor(indices.ravel().astype(np.uint16 if small else np.uint32), INDICES),
        "material": material,
        "targets": [{"POSITION": i} for i in gltf.displacements(head.deltas[:, used])],
    }


def _binding(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints (N, 4) uint8 and weights (N, 4) float32; a joint of weight 0 is not named."""
    joints, weights = np.zeros((len(weight), 4), np.uint8), np.zeros((len(weight), 4), np.float32)
    weights[:, 0], weights[:, 1] = 1 - weight, weight
    joints[:, 1] = weight > 0
    alone = weight == 1
    joints[alone], weights[alone] = (1, 0, 0, 0), (1, 0, 0, 0)
    return joints, weights


def _material(part: Part, texture: int) -> dict[str, Any]:
    material: dict[str, Any] = {
        "name": part.name,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": texture},
            "metallicFactor": 0.0,
            "roughnessFactor": part.roughness,
        },
        "extensions": {"KHR_materials_specular": {"specularFactor": part.specular}},
    }
    if part.name in ("teeth", "tongue"):
        material["pbrMetallicRoughness"]["baseColorFactor"] = [MOUTH_SHADE] * 3 + [1.0]
    if part.blend:
        material |= {"alphaMode": "BLEND", "doubleSided": True}
    return material


def _parts(head: Head, blend: bool) -> list[Part]:
    return [part for part in head.parts if part.blend == blend]


def _texture_box(head: Head, blend: bool) -> np.ndarray:
    """Left, top, right, bottom in 0..1: the pixels of the albedo these parts show.

    Its sides are powers of two, which old graphics interfaces want, unless the albedo's are not.
    """
    if not blend:
        return np.array([0.0, 0.0, 1.0, 1.0])
    uv = np.concatenate([_uv_bounds(head, part) for part in _parts(head, blend)])
    size = np.array(head.albedo.shape[1::-1])  # width, height
    margin = 4  # pixels, so that smaller mip levels do not wrap round to the other edge
    low = np.floor(uv.min(axis=0) * size) - margin
    needed = np.ceil(uv.max(axis=0) * size) + margin - low
    taken = np.minimum(2 ** np.ceil(np.log2(needed)), size)
    low = np.clip(low, 0, size - taken)
    return np.concatenate([low / size, (low + taken) / size])


def _uv_bounds(head: Head, part: Part) -> np.ndarray:
    """(2, 2): lowest and highest u, v of a part."""
    uv = head.uv[np.unique(head.triangles[part.first : part.first + part.count])]
    return np.stack([uv.min(axis=0), uv.max(axis=0)])


def _image(gltf: Gltf, head: Head, box: np.ndarray, blend: bool) -> dict[str, Any]:
    """JPEG for opaque parts; PNG with alpha, cut to what is shown, for the others."""
    height, width = head.albedo.shape[:2]
    left, top, right, bottom = np.round(box * (width, height, width, height)).astype(int)
    stream = io.BytesIO()
    if blend:
        pixels = _alone(head)[top:bottom, left:right]
        Image.fromarray(pixels).save(stream, "PNG", optimize=True)
    else:
        pixels = np.ascontiguousarray(head.albedo[top:bottom, left:right, :3])
        Image.fromarray(pixels).save(stream, "JPEG", quality=93, subsampling=0)
    return {
        "name": "translucent" if blend else "opaque",
        "mimeType": "image/png" if blend else "image/jpeg",
        "bufferView": gltf.view(stream.getvalue()),
    }


def _alone(head: Head) -> np.ndarray:
    """The albedo, transparent outside the translucent parts, so that smaller mip levels draw no rim."""
    height, width = head.albedo.shape[:2]
    shown = np.zeros((height, width), bool)
    for part in _parts(head, True):
        low, high = _uv_bounds(head, part) * (width, height)
        (left, top), (right, bottom) = np.floor(low).astype(int), np.ceil(high).astype(int)
        shown[top:bottom, left:right] = True
    result = head.albedo.copy()
    result[~shown, 3] = 0
    return result


def _add_animation(gltf: Gltf, motion: Motion, rest: np.ndarray) -> None:
    """Weights, head rotation and head translation (``rest`` is the joint's place in its parent, metres)."""
    instants = np.arange(len(motion)) * float(1 / motion.fps)
    times = gltf.accessor(instants.astype(np.float32), bounds=True)
    outputs = {
        (_MESH, "weights"): motion.curves.astype(np.float32).ravel(),
        (_HEAD, "rotation"): quaternions(motion.rotation.astype(np.float64)),
        (_HEAD, "translation"): (motion.translation + rest).astype(np.float32),
    }
    gltf.root["animations"] = [
        {
            "name": CLIP_NAME,
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
