"""The morph targets of an exported head: ARKit's 52, the 15 Oculus visemes, TalkingHead's five, and its own extras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head
from ..records import ARKIT_INDEX, ARKIT_NAMES
from .visemes import OCULUS, viseme_deltas

# What Ready Player Me's avatars carry beyond ARKit and Oculus, as sums of ARKit shapes.
COMBINED: dict[str, dict[str, float]] = {
    "mouthOpen": {"jawOpen": 0.5},
    "mouthSmile": {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8},
    "eyesClosed": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "eyesLookUp": {"eyeLookUpLeft": 1, "eyeLookUpRight": 1},
    "eyesLookDown": {"eyeLookDownLeft": 1, "eyeLookDownRight": 1},
}
_NOISE = 2e-6  # metres: smaller displacements of a composed shape are left out
# Changes of a unit normal (0.05 is 3 degrees) fade out between these: small ones do not show, and they fill the file.
_TURN = (0.05, 0.12)


@dataclass(frozen=True)
class Targets:
    """S shapes; the first 52 are ARKit's, in the order of ``records.ARKIT_NAMES``."""

    names: tuple[str, ...]
    deltas: np.ndarray  # (S, V, 3) float32 metres at weight 1
    normals: (
        np.ndarray
    )  # (S, V, 3) float32, change of the unit normals at weight 1; without it, lids close dark

    def curves(self, curves: np.ndarray) -> np.ndarray:
        """ARKit curves (T, 52) as weights (T, S) float32; shapes beyond ARKit's rest."""
        return np.pad(curves.astype(np.float32), ((0, 0), (0, len(self.names) - len(ARKIT_NAMES))))


def make_targets(head: Head) -> Targets:
    """Every shape that an export of ``head`` carries. An extra of the head's own replaces a composed one."""
    shapes = {name: delta for name, delta in zip(ARKIT_NAMES, head.deltas, strict=True)}
    composed = {f"viseme_{n}": d for n, d in zip(OCULUS, viseme_deltas(head), strict=True)}
    for name, recipe in COMBINED.items():
        rows = [ARKIT_INDEX[shape] for shape in recipe]
        composed[name] = np.tensordot(np.array(list(recipe.values()), np.float32), head.deltas[rows], axes=1)
    for name, delta in composed.items():
        still = np.abs(delta).max(axis=1) < _NOISE
        shapes[name] = np.where(still[:, None], np.float32(0), delta)
    shapes |= {name: delta for name, delta in head.extras.items() if name not in ARKIT_INDEX}
    deltas = np.stack(list(shapes.values())).astype(np.float32)
    return Targets(tuple(shapes), deltas, _normal_deltas(head, deltas))


def _normal_deltas(head: Head, deltas: np.ndarray) -> np.ndarray:
    """(S, V, 3) float32: how each shape alone turns the unit normals."""
    rest = head.smooth_normals(head.vertices)
    change = np.zeros_like(deltas)
    for row, delta in zip(change, deltas, strict=True):
        if delta.any():
            turn = head.smooth_normals(head.vertices + delta) - rest
            size = np.linalg.norm(turn, axis=1, keepdims=True)
            row[:] = turn * np.clip((size - _TURN[0]) / (_TURN[1] - _TURN[0]), 0, 1)
    return change
