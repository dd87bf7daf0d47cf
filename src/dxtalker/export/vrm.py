"""A head as VRM 1.0: the .glb of ``glb.py``, standing on the floor, with the names VTubing programs look for.

Expressions: the presets, and ARKit's 52 as custom ones under their own names ("Perfect Sync").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..face.head import Head
from ..records import ARKIT_NAMES, Motion
from .glb import IDLE, OPEN_HEAD, build_glb, write_gltf
from .gltf import Gltf
from .idling import idle_motion
from .skeleton import GROUND
from .targets import make_targets

_BONES = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "upperChest": "Spine2", "neck": "Neck", "head": "Head",
    "leftEye": "LeftEye", "rightEye": "RightEye",
}  # fmt: skip
_SIDED = {
    "Shoulder": "Shoulder", "UpperArm": "Arm", "LowerArm": "ForeArm", "Hand": "Hand",
    "UpperLeg": "UpLeg", "LowerLeg": "Leg", "Foot": "Foot", "Toes": "ToeBase",
    "ThumbMetacarpal": "HandThumb1", "ThumbProximal": "HandThumb2", "ThumbDistal": "HandThumb3",
} | {
    f"{finger if finger != 'Pinky' else 'Little'}{joint}": f"Hand{finger}{number}"
    for finger in ("Index", "Middle", "Ring", "Pinky")
    for number, joint in enumerate(("Proximal", "Intermediate", "Distal"), start=1)
}  # fmt: skip

# Presets as weights of our targets; a name without side stands for both.
PRESETS: dict[str, dict[str, float]] = {
    "neutral": {},
    "aa": {"viseme_aa": 1},
    "ih": {"viseme_I": 1},
    "ou": {"viseme_U": 1},
    "ee": {"viseme_E": 1},
    "oh": {"viseme_O": 1},
    "blink": {"eyesClosed": 1},
    "blinkLeft": {"eyeBlinkLeft": 1},
    "blinkRight": {"eyeBlinkRight": 1},
    "lookUp": {"eyesLookUp": 1},
    "lookDown": {"eyesLookDown": 1},
    "lookLeft": {"eyeLookOutLeft": 1, "eyeLookInRight": 1},
    "lookRight": {"eyeLookInLeft": 1, "eyeLookOutRight": 1},
    "happy": {"mouthSmile": 0.8, "cheekSquint": 0.6, "eyeSquint": 0.2},
    "angry": {"browDown": 0.9, "eyeSquint": 0.4, "noseSneer": 0.35, "mouthPress": 0.4, "mouthFrown": 0.25},
    "sad": {
        "browInnerUp": 0.8,
        "mouthFrown": 0.7,
        "mouthShrugLower": 0.3,
        "eyeSquint": 0.2,
        "eyesLookDown": 0.2,
    },
    "relaxed": {"mouthSmile": 0.3, "eyesClosed": 0.15},
    "surprised": {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.7, "jawOpen": 0.22},
}
EYE_RANGE = 30.0  # degrees of gaze at which a look shape is at weight 1


def write_vrm(path: Path, head: Head, motion: Motion | None = None, clip: str = IDLE) -> None:
    """Write ``head`` as .vrm, with ``motion`` as ``clip``, or a loop that idles; many viewers ignore clips.

    Raises BadInput when the folder cannot be written, LimitExceeded above 1 GB.
    """
    write_gltf(path, _add_vrm(build_glb(head, motion or idle_motion(head), clip), head))


def _add_vrm(gltf: Gltf, head: Head) -> Gltf:
    names = make_targets(head).names
    nodes = gltf.root["nodes"]
    nodes[0]["translation"] = [0.0, -(float(head.pivot[1]) + GROUND), 0.0]  # soles on the floor
    mesh = next(i for i, node in enumerate(nodes) if "skin" in node)
    gltf.root["extensionsUsed"].append("VRMC_vrm")
    gltf.root["extensions"] = {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "meta": _meta(head),
            "humanoid": {"humanBones": _human_bones(gltf)},
            "expressions": {
                "preset": {name: _expression(name, recipe, names, mesh) for name, recipe in PRESETS.items()},
                "custom": {name: _expression(name, {name: 1}, names, mesh) for name in ARKIT_NAMES},
            },
            "lookAt": _look_at(head),
        }
    }
    return gltf


def _meta(head: Head) -> dict[str, Any]:
    """Who may do what: all for the open head; the strictest for others, since they may look like somebody."""
    ours = head.name == OPEN_HEAD
    meta: dict[str, Any] = {
        "name": head.name,
        "authors": ["MakeHuman project", "dxtalker"],
        "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "avatarPermission": "everyone" if ours else "onlyAuthor",
        "allowExcessivelyViolentUsage": ours,
        "allowExcessivelySexualUsage": ours,
        "commercialUsage": "corporation" if ours else "personalNonProfit",
        "allowPoliticalOrReligiousUsage": ours,
        "allowAntisocialOrHateUsage": False,
        "creditNotation": "unnecessary",
        "allowRedistribution": ours,
        "modification": "allowModificationRedistribution" if ours else "allowModification",
    }
    if ours:
        meta["otherLicenseUrl"] = "https://creativecommons.org/publicdomain/zero/1.0/"
    return meta


def _human_bones(gltf: Gltf) -> dict[str, dict[str, int]]:
    place = {node["name"]: i for i, node in enumerate(gltf.root["nodes"])}
    bones = dict(_BONES)
    for side in ("left", "right"):
        bones |= {side + bone: side.title() + ours for bone, ours in _SIDED.items()}
    return {bone: {"node": place[ours]} for bone, ours in bones.items()}


def _expression(name: str, recipe: dict[str, float], names: tuple[str, ...], mesh: int) -> dict[str, Any]:
    binds = []
    for shape, weight in recipe.items():
        sides = [shape] if shape in names else [f"{shape}Left", f"{shape}Right"]
        binds += [{"node": mesh, "index": names.index(side), "weight": weight} for side in sides]
    expression: dict[str, Any] = {"isBinary": False}
    if binds:
        expression["morphTargetBinds"] = binds
    if name == "surprised":
        expression["overrideMouth"] = "blend"  # speech decides how far the mouth opens
    return expression


def _look_at(head: Head) -> dict[str, Any]:
    offset = head.eyes.mean(axis=0) - head.pivot
    reach = {"inputMaxValue": EYE_RANGE, "outputScale": 1.0}
    ways = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    return {
        "type": "expression",
        "offsetFromHeadBone": [round(float(x), 6) for x in offset],
        **{f"rangeMap{way}": reach for way in ways},
    }
