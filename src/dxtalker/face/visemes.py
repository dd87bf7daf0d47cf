"""The fifteen Oculus visemes and five shapes of web avatars, composed from the ARKit shapes and the tongue's.

Weights are those of ordinary talk, not of a demonstration: jaws open half as far as one would draw them.
"""

from __future__ import annotations

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_INDEX
from .head import Head

# A name without side stands for both. tongueUp, tongueCurl and tongueBack are extras: a head without them
# makes the same sounds with a still tongue.
VISEMES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"jawOpen": 0.1, "mouthClose": 0.1025, "mouthPress": 0.25, "mouthRollLower": 0.15, "mouthRollUpper": 0.12},
    "FF": {"jawOpen": 0.08, "mouthRollLower": 1.0, "mouthUpperUp": 0.35},
    "TH": {"jawOpen": 0.17, "tongueOut": 0.4, "tongueUp": 0.3, "mouthUpperUp": 0.15, "mouthLowerDown": 0.25},
    "DD": {"jawOpen": 0.1, "mouthUpperUp": 0.2, "mouthLowerDown": 0.4, "mouthStretch": 0.1, "tongueUp": 1.0},
    "kk": {"jawOpen": 0.15, "mouthUpperUp": 0.15, "mouthLowerDown": 0.3, "tongueBack": 1.0},
    "CH": {"jawOpen": 0.07, "mouthFunnel": 0.55, "mouthShrugUpper": 0.1, "tongueUp": 0.4},
    "SS": {"jawOpen": 0.03, "mouthStretch": 0.35, "mouthUpperUp": 0.25, "mouthLowerDown": 0.5, "tongueUp": 0.3},
    "nn": {"jawOpen": 0.11, "mouthUpperUp": 0.1, "mouthLowerDown": 0.25, "tongueUp": 1.0},
    "RR": {"jawOpen": 0.1, "mouthFunnel": 0.3, "mouthPucker": 0.3, "tongueCurl": 0.9},
    "aa": {"jawOpen": 0.35, "mouthUpperUp": 0.1, "mouthLowerDown": 0.2},
    "E": {"jawOpen": 0.18, "mouthStretch": 0.3, "mouthSmile": 0.15, "mouthUpperUp": 0.1, "mouthLowerDown": 0.3},
    "I": {"jawOpen": 0.09, "mouthStretch": 0.25, "mouthSmile": 0.3, "mouthUpperUp": 0.1, "mouthLowerDown": 0.3},
    "O": {"jawOpen": 0.22, "mouthFunnel": 0.5, "mouthPucker": 0.3},
    "U": {"jawOpen": 0.07, "mouthFunnel": 0.2, "mouthPucker": 0.8},
}  # fmt: skip
OCULUS: tuple[str, ...] = tuple(VISEMES)
# What TalkingHead and other users of Ready Player Me's avatars expect beside ARKit and Oculus.
AVATAR: dict[str, dict[str, float]] = {
    "mouthOpen": {"jawOpen": 0.5},
    "mouthSmile": {"mouthSmile": 0.8},
    "eyesClosed": {"eyeBlink": 1.0},
    "eyesLookUp": {"eyeLookUp": 1.0},
    "eyesLookDown": {"eyeLookDown": 1.0},
}


def recipe(name: str) -> dict[str, float]:
    """Weights by shape, sides apart, of a viseme ("PP" or "viseme_PP") or an avatar's shape ("mouthOpen").

    Raises BadInput for another name.
    """
    short = name.removeprefix("viseme_")
    found = VISEMES.get(short, AVATAR.get(name))
    if found is None:
        raise BadInput(f"{name!r} is no composed shape; expected one of {', '.join([*OCULUS, *AVATAR])}")
    weights = {}
    for shape, weight in found.items():
        sided = shape not in ARKIT_INDEX and f"{shape}Left" in ARKIT_INDEX
        weights |= {f"{shape}{side}": weight for side in (("Left", "Right") if sided else ("",))}
    return weights


def composed(head: Head, name: str) -> np.ndarray:
    """(V, 3) float32 metres at weight 1: the shape that ``recipe(name)`` makes on ``head``."""
    total = np.zeros(head.vertices.shape, np.float32)
    for shape, weight in recipe(name).items():
        delta = head.deltas[ARKIT_INDEX[shape]] if shape in ARKIT_INDEX else head.extras.get(shape)
        if delta is not None:
            total += np.float32(weight) * delta
    return total


def viseme_deltas(head: Head) -> np.ndarray:
    """(15, V, 3) float32 metres at weight 1, rows as ``OCULUS``."""
    return np.stack([composed(head, name) for name in OCULUS])
