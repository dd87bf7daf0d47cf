"""The 15 Oculus visemes as sums of ARKit shapes."""

from __future__ import annotations

import numpy as np

from ..face.head import Head
from ..records import ARKIT_INDEX

# A name without side stands for both.
RECIPES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"jawOpen": 0.12, "mouthClose": 0.12, "mouthPress": 0.35, "mouthRollLower": 0.25, "mouthRollUpper": 0.15},
    "FF": {"jawOpen": 0.1, "mouthRollLower": 0.75, "mouthUpperUp": 0.35, "mouthShrugLower": 0.2},
    "TH": {"jawOpen": 0.22, "tongueOut": 0.65, "mouthUpperUp": 0.2, "mouthLowerDown": 0.35},
    "DD": {"jawOpen": 0.16, "mouthUpperUp": 0.3, "mouthLowerDown": 0.5, "mouthStretch": 0.2},
    "kk": {"jawOpen": 0.25, "mouthLowerDown": 0.35, "mouthUpperUp": 0.2},
    "CH": {"jawOpen": 0.12, "mouthFunnel": 0.75, "mouthShrugUpper": 0.2},
    "SS": {"jawOpen": 0.05, "mouthStretch": 0.5, "mouthUpperUp": 0.3, "mouthLowerDown": 0.6},
    "nn": {"jawOpen": 0.2, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "RR": {"jawOpen": 0.15, "mouthFunnel": 0.4, "mouthPucker": 0.35},
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.2},
    "E": {"jawOpen": 0.32, "mouthStretch": 0.4, "mouthSmile": 0.15, "mouthLowerDown": 0.3},
    "I": {"jawOpen": 0.18, "mouthSmile": 0.3, "mouthStretch": 0.3, "mouthLowerDown": 0.4},
    "O": {"jawOpen": 0.4, "mouthFunnel": 0.7},
    "U": {"jawOpen": 0.15, "mouthPucker": 0.85, "mouthFunnel": 0.25},
}  # fmt: skip
OCULUS: tuple[str, ...] = tuple(RECIPES)


def viseme_deltas(head: Head) -> np.ndarray:
    """(15, V, 3) float32 metres at weight 1, rows as ``OCULUS``."""
    weights = np.zeros((len(OCULUS), len(ARKIT_INDEX)), np.float32)
    for row, recipe in zip(weights, RECIPES.values(), strict=True):
        for name, weight in recipe.items():
            for shape in [name] if name in ARKIT_INDEX else [f"{name}Left", f"{name}Right"]:
                row[ARKIT_INDEX[shape]] = weight
    return np.tensordot(weights, head.deltas, axes=1)
