"""Made-up landmarks of a talking head: what a landmarker without errors would have seen."""

from __future__ import annotations

from functools import cache

import numpy as np

from dxtalker.face.fit import Fitter, load_landmark_model
from dxtalker.face.head import rotation_matrix
from dxtalker.face.identity import load_identity_space
from dxtalker.face.seen import STEP, Seen
from dxtalker.records import ARKIT_INDEX, BLINK

SIZE = (320, 240)
FOCAL, AWAY = 900.0, 0.8  # pixels, metres


@cache
def fitter() -> Fitter:
    return Fitter(load_identity_space(), load_landmark_model())


def talking(count: int, fps: float) -> np.ndarray:
    """(T, 52) a jaw that opens three times a second and now and then a blink; still for the first 0.3 s."""
    at = np.arange(count) / fps
    curves = np.zeros((count, 52), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = 0.4 * np.sin(np.pi * 3 * at) ** 2 * (at > 1 / 3)
    curves[:, BLINK] = np.exp(-(((at % 2.0 - 1.0) / 0.06) ** 2))[:, None]
    return curves


def seen(
    curves: np.ndarray, code: np.ndarray | None = None, fps: float = 25, hidden: slice | None = None
) -> Seen:
    """What is seen of a head that does ``curves`` (T, 52) and sways; ``code`` (CODES,) says whose it is."""
    made = fitter()
    at = np.arange(len(curves)) / fps
    points = made.mean + np.tensordot(np.zeros(len(made.codes)) if code is None else code, made.codes, 1)
    marks = []
    for moved, t in zip(np.tensordot(curves, made.shapes, 1), at, strict=True):
        turn = rotation_matrix(np.array([0.05 * np.sin(2 * t), 0.1 * np.sin(1.5 * t), 0.03 * np.sin(t)]))
        placed = (points + moved) @ turn.T + [0.01 * np.sin(2 * t), 0, -AWAY]
        flat = FOCAL * placed[:, :2] * [1, -1] / -placed[:, 2:] + np.array(SIZE) / 2
        depth = -FOCAL / AWAY * (placed[:, 2] + AWAY)
        marks.append(np.column_stack([flat, depth]) / STEP)
    present = np.ones(len(curves), bool)
    if hidden is not None:
        present[hidden] = False
    yaw = 0.1 * np.sin(1.5 * at)
    return Seen(
        SIZE,
        present,
        np.rint(np.array(marks))[present].astype(np.int16),
        curves[present].astype(np.float32),
        np.stack([yaw, 0.05 * np.sin(2 * at)], 1)[present].astype(np.float32),
    )
