"""The morph targets of an exported head: ARKit's 52, the 15 Oculus visemes, TalkingHead's five, and its own extras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head
from ..face.visemes import AVATAR, OCULUS, composed
from ..records import ARKIT_INDEX, ARKIT_NAMES

_NOISE = 2e-6  # metres: smaller displacements of a composed shape are left out
# Changes of a unit normal (0.05 is 3 degrees) fade out between these: small ones do not show, and they fill the file.
_TURN = (0.05, 0.12)


@dataclass(frozen=True)
class Targets:
    """S shapes; the first 52 are ARKit's, in the order of ``records.ARKIT_NAMES``."""

    names: tuple[str, ...]
    deltas: np.ndarray  # (S, V, 3) float32 metres at weight 1
    normals: np.ndarray  # (S, V, 3) float32, how unit normals turn at weight 1: without it, lids close dark

    def curves(self, curves: np.ndarray) -> np.ndarray:
        """ARKit curves (T, 52) as weights (T, S) float32; shapes beyond ARKit's rest."""
        return np.pad(curves.astype(np.float32), ((0, 0), (0, len(self.names) - len(ARKIT_NAMES))))


def make_targets(head: Head) -> Targets:
    """Every shape that an export of ``head`` carries. An extra of the head's own replaces a composed one."""
    shapes = {name: delta for name, delta in zip(ARKIT_NAMES, head.deltas, strict=True)}
    for name in (*(f"viseme_{sound}" for sound in OCULUS), *AVATAR):
        delta = composed(head, name)
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
