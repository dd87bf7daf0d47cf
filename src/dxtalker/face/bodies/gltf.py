"""A .glb, .gltf or .vrm whose face has ARKit's morph targets, visemes or VRM's vowels -> a Head."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BadInput
from ...records import ARKIT_INDEX, ARKIT_NAMES
from ..head import Head
from .bare import Bare, eye_centres, to_head
from .gltf_file import Document
from .gltf_paint import paint_materials
from .gltf_scene import Nodes, Piece, read_nodes, read_pieces, target_names
from .names import arkit_mixing

Control = list[tuple[int, int, float]]  # mesh, morph target, weight
_KINDS = (
    ("lashes", r"lash"),
    ("brows", r"brow"),
    ("teeth", r"teeth|tooth|dent"),
    ("tongue", r"tongue"),
    ("mouth", r"gum|mouth(?!less)|oral"),
    ("glass", r"cornea|occlusion|tear|lacrimal|glass|highlight|eye_?blend|eye_?shadow"),
    ("eyes", r"eye(?!lid|lin|extra|fac)|iris|sclera|pupil"),
    ("hair", r"hair|scalp|beard|mous"),
    ("clothes", r"cloth|outfit|shirt|top|bottom|shoe|footwear|dress|suit|jacket|pants|hat|access"),
)  # fmt: skip
SPECK = 3  # triangles: a mesh without shapes that has no more is a helper, as the ground under an avatar
LOOK_ANGLE = 0.50  # radians that an eye bone turns at weight 1 of an eyeLook shape


def gltf_face(path: Path) -> Head:
    """Read ``path``. Units become metres, the face looks along +Z, the eyes' middle is the origin.

    Raises BadInput for a damaged file or one without a face that moves, Unsupported for Draco, meshopt and
    glTF 1, LimitExceeded above the limits of ``gltf_file`` and ``gltf_scene``.
    """
    document = Document(path)
    nodes = read_nodes(document)
    controls = _controls(document)
    names = list(controls)
    found = arkit_mixing(names)
    if found is None:
        shown = ", ".join(names[:5]) or "none"
        raise BadInput(
            f"{path} has no face that speaks: expected ARKit morph targets, Oculus visemes or VRM vowels; it has {shown}"
        )
    mixing, direct = found
    used = np.flatnonzero(mixing.any(0))
    wanted: dict[int, set[int]] = {}
    for column in used:
        for mesh, target, _ in controls[names[column]]:
            wanted.setdefault(mesh, set()).add(target)
    pieces = read_pieces(document, nodes, wanted)
    faces = [piece for piece in pieces if piece.targets]
    if not faces:
        raise BadInput(f"{path}: its morph targets {', '.join(names[:3])} belong to no mesh that is shown")
    own = str(document.part(document.root, "asset", dict).get("generator", "")).startswith("dxtalker")
    bare = _joined(document, nodes, pieces, mixing, names, controls, own)
    if not own:
        bare = _upright(bare, "VRM" in document.part(document.root, "extensions", dict))
    return to_head(bare if direct else replace(bare, name=f"{bare.name} (visemes)"))


def _controls(document: Document) -> dict[str, Control]:
    """Everything that can be turned: VRM expressions first, then morph targets of the same name together."""
    controls: dict[str, Control] = {}
    extensions = document.part(document.root, "extensions", dict)
    meshes = len(document.part(document.root, "meshes", list))
    master = document.part(document.part(extensions, "VRM", dict), "blendShapeMaster", dict)
    for group in document.part(master, "blendShapeGroups", list):
        preset = document.part(group, "presetName", str, "")
        name = document.part(group, "name", str) if preset in ("", "unknown") else preset
        binds = [(b, 0.01) for b in document.part(group, "binds", list)]
        _bind(document, controls, name, binds, meshes)
    expressions = document.part(document.part(extensions, "VRMC_vrm", dict), "expressions", dict)
    for kind in ("custom", "preset"):
        for name, expression in document.part(expressions, kind, dict).items():
            binds = [(b, 1.0) for b in document.part(expression, "morphTargetBinds", list)]
            _bind(document, controls, name, binds, meshes)
    for mesh in range(meshes):
        for target, name in enumerate(target_names(document, mesh)):
            entry = controls.setdefault(name or f"target {target}", [])
            if not any(bound[:2] == (mesh, target) for bound in entry):
                entry.append((mesh, target, 1.0))
        if len(controls) > 5_000:
            raise document.bad("it has more than 5000 morph targets")
    return controls


def _bind(
    document: Document, controls: dict[str, Control], name: str, binds: list[tuple[Any, float]], meshes: int
) -> None:
    control: Control = []
    for bind, scale in binds:
        mesh = bind.get("mesh") if isinstance(bind, dict) else None
        if mesh is None and isinstance(bind, dict):
            mesh = document.entry("nodes", bind.get("node")).get("mesh")
        if not isinstance(mesh, int) or not 0 <= mesh < meshes:
            continue  # an expression of a mesh that was removed does nothing
        weight = bind.get("weight")
        if isinstance(weight, int | float) and abs(weight) <= 100:
            control.append((mesh, document.whole(bind, "index"), float(weight) * scale))
    if name and control:
        controls.setdefault(name[:120], control)


def _joined(
    document: Document,
    nodes: Nodes,
    pieces: list[Piece],
    mixing: np.ndarray,
    names: list[str],
    controls: dict[str, Control],
    own: bool,
) -> Bare:
    kinds = [_kind(document, piece, own) for piece in pieces]
    shown = [
        (piece, kind)
        for piece, kind in zip(pieces, kinds, strict=True)
        if kind != "glass" and (piece.targets or len(piece.triangles) > SPECK)
    ]
    first = np.cumsum([0, *(len(piece.vertices) for piece, _ in shown)])
    triangles = np.concatenate([piece.triangles + at for (piece, _), at in zip(shown, first, strict=False)])
    kind_of = np.repeat(np.arange(len(shown)), [len(piece.triangles) for piece, _ in shown])
    deltas = np.zeros((len(ARKIT_NAMES), int(first[-1]), 3), np.float32)
    for (piece, _), at in zip(shown, first, strict=False):
        for column in np.flatnonzero(mixing.any(0)):
            for mesh, target, weight in controls[names[column]]:
                if mesh == piece.mesh and target in piece.targets:
                    rows = np.flatnonzero(mixing[:, column])
                    amount = (mixing[rows, column] * weight).astype(np.float32)
                    deltas[rows, at : at + len(piece.vertices)] += (
                        amount[:, None, None] * piece.targets[target]
                    )
    head = head_node(document, nodes)
    eyes = [eye_node(document, nodes, side) for side in ("left", "right")]
    vertices = np.concatenate([piece.vertices for piece, _ in shown])
    for eye, side in zip(eyes, ("Left", "Right"), strict=True):
        if eye is not None:
            share = np.concatenate([_follow(nodes, piece, eye) for piece, _ in shown])
            _add_gaze(deltas, vertices - nodes.places[eye][:3, 3], share, side)
    uv, albedo = paint_materials(document, [piece for piece, _ in shown], plain=own)
    weight = None
    if head is not None:
        weight = np.concatenate([_follow(nodes, piece, head) for piece, _ in shown])
    return Bare(
        name=document.path.stem[:60],
        vertices=vertices,
        triangles=triangles,
        kinds=tuple(kind for _, kind in shown),
        kind_of=kind_of,
        uv=uv,
        albedo=albedo,
        deltas=deltas,
        head_weight=weight,
        pivot=None if head is None else nodes.places[head][:3, 3],
        eyes=np.stack([nodes.places[e][:3, 3] for e in eyes if e is not None]) if None not in eyes else None,
        centred=own,
    )


def _kind(document: Document, piece: Piece, own: bool) -> str:
    material = document.entry("materials", piece.material) if piece.material is not None else {}
    name = str(material.get("name", "")).lower()
    if own and name in (
        "skin",
        "hair",
        "eyes",
        "teeth",
        "tongue",
        "brows",
        "lashes",
        "strands",
        "mouth",
        "clothes",
    ):
        return name
    see_through = str(material.get("alphaMode", "OPAQUE")) in ("BLEND", "MASK")
    for text in (name, piece.name.lower()):
        for kind, pattern in _KINDS:
            if re.search(pattern, text):
                if kind == "glass" and not see_through:
                    continue
                return "strands" if kind == "hair" and see_through else kind
    return "skin"


def head_node(document: Document, nodes: Nodes) -> int | None:
    """The head's bone: VRM's humanoid says, else the highest in the tree that is named so."""
    return _bone(document, nodes, "head", r"(^|[^a-z])head$")


def eye_node(document: Document, nodes: Nodes, side: str) -> int | None:
    """The bone of the ``side``'s eyeball, if there is one."""
    letter = side[0]
    names = rf"(^|[^a-z])({side}_?eye|eye_?{side}|eye[._]{letter}|{letter}_eye|faceeye_?{letter})$"
    return _bone(document, nodes, f"{side}Eye", names)


def _bone(document: Document, nodes: Nodes, humanoid: str, pattern: str) -> int | None:
    extensions = document.part(document.root, "extensions", dict)
    bones = document.part(document.part(extensions, "VRM", dict), "humanoid", dict)
    for bone in document.part(bones, "humanBones", list):
        if isinstance(bone, dict) and bone.get("bone") == humanoid:
            document.entry("nodes", bone.get("node"))
            return int(bone["node"])
    newer = document.part(document.part(extensions, "VRMC_vrm", dict), "humanoid", dict)
    bone = document.part(document.part(newer, "humanBones", dict), humanoid, dict)
    if "node" in bone:
        document.entry("nodes", bone["node"])
        return int(bone["node"])
    for number, name in enumerate(nodes.names):
        if re.search(pattern, name.lower()) and "mesh" not in document.entry("nodes", number):
            return number
    return None


def _follow(nodes: Nodes, piece: Piece, root: int) -> np.ndarray:
    """(V,) how far a piece's vertices follow a bone and those below it."""
    under = nodes.under(root)
    if not piece.joints.shape[1]:
        return np.full(len(piece.vertices), float(under[piece.node]))
    return (piece.weights * under[piece.joints]).sum(1)


def _add_gaze(deltas: np.ndarray, around: np.ndarray, share: np.ndarray, side: str) -> None:
    """Turn an eye by its bone where no morph target does: ``around`` (V, 3) its centre, ``share`` (V,)."""
    outward = 1 if side == "Left" else -1
    turns = {"Up": (-1, 0), "Down": (1, 0), "Out": (0, outward), "In": (0, -outward)}
    ball = share > 0.5
    for name, (pitch, yaw) in turns.items():
        row = ARKIT_INDEX[f"eyeLook{name}{side}"]
        if not ball.any() or np.abs(deltas[row, ball]).max() > 1e-5:
            continue
        angle = LOOK_ANGLE
        x, y, z = around.T
        sine, cosine = np.sin(angle), np.cos(angle) - 1
        if yaw:
            moved = np.stack(
                [cosine * x + yaw * sine * z, np.zeros_like(y), -yaw * sine * x + cosine * z], axis=1
            )
        else:
            moved = np.stack(
                [np.zeros_like(x), cosine * y - pitch * sine * z, pitch * sine * y + cosine * z], axis=1
            )
        deltas[row] += (moved * share[:, None]).astype(np.float32)


def _upright(bare: Bare, backwards: bool) -> Bare:
    """``bare`` in metres and looking along +Z, which ``backwards`` files, those of VRM 0, do not.

    Where left and right blinks move different sides, these say it.
    """
    eyes = eye_centres(bare) if bare.eyes is None else bare.eyes
    lids = [np.abs(bare.deltas[ARKIT_INDEX[f"eyeBlink{side}"]]).sum(1) for side in ("Left", "Right")]
    turned = backwards
    if all(lid.max() > 0 for lid in lids):
        left, right = (np.average(bare.vertices, axis=0, weights=lid) for lid in lids)
        if abs(left[0] - right[0]) > 0.1 * np.linalg.norm(eyes[0] - eyes[1]):
            turned = bool(left[0] < right[0])
    apart = float(np.linalg.norm(eyes[0] - eyes[1]))
    if not apart > 0:
        raise BadInput(f"{bare.name}: its two eyes are at one place")
    scale = 10.0 ** -np.round(np.log10(apart / 0.065))
    axes = np.array([-scale, scale, -scale]) if turned else np.full(3, scale)
    given = None if bare.eyes is None else bare.eyes * axes
    if given is not None and given[0][0] < given[1][0]:
        given = given[::-1]
    return replace(
        bare,
        vertices=bare.vertices * axes,
        deltas=bare.deltas * axes.astype(np.float32),
        pivot=None if bare.pivot is None else bare.pivot * axes,
        eyes=given,
        extras={name: delta * axes for name, delta in bare.extras.items()},
    )
