"""Errors in millimetres on the rig's vertices. Head pose is removed: curves are compared on the same still head.

Numbers of different masks, rigs or corpora do not compare; within one table they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .regions import Regions

CHUNK = 128  # frames held as vertices at a time


@dataclass(frozen=True)
class VertexErrors:
    """One clip's."""

    lip_max_mm: np.ndarray  # (T,) float32, of the worst vertex of the lips
    face_mm: np.ndarray  # (T,) float32, mean over the face: its mean is MVE
    upper_mm: np.ndarray  # (T,) float32, mean over the upper face: its mean is UFVE
    fdd_mm2: float  # |mean over the upper face of (deviation over time of the squared way: truth - guess)|


def vertex_errors(guess: np.ndarray, truth: np.ndarray, where: Regions) -> VertexErrors:
    """Errors between curves (T, 52) of a guess and of the truth.

    MVE and the upper face's error are those of ScanTalk (2024) and 3DXTalker (2602.10516); FDD is CodeTalker's (CVPR 2023)
    with its sign removed clip by clip, since over clips too lively and too stiff ones would cancel.
    """
    lips, face, upper = [], [], []
    swing = np.zeros((2, 2, len(where.upper)))  # guess or truth; sum or sum of squares of the squared way
    for ours, theirs in _chunks(guess, truth):
        way = np.linalg.norm(((ours - theirs) @ where.moves).reshape(len(ours), -1, 3), axis=2)
        lips.append(way[:, where.lips].max(axis=1))
        face.append(way.mean(axis=1))
        upper.append(way[:, where.upper].mean(axis=1))
        columns = (where.upper[:, None] * 3 + np.arange(3)).ravel()
        for i, curves in enumerate((ours, theirs)):
            squared = ((curves @ where.moves[:, columns]).reshape(len(curves), -1, 3) ** 2).sum(axis=2)
            swing[i] += squared.sum(axis=0), (squared.astype(np.float64) ** 2).sum(axis=0)
    mean, square = swing[:, 0] / len(guess), swing[:, 1] / len(guess)
    deviation = np.sqrt(np.maximum(square - mean**2, 0)).mean(axis=1)
    joined = (np.concatenate(parts) for parts in (lips, face, upper))
    return VertexErrors(*joined, fdd_mm2=float(abs(deviation[1] - deviation[0])))


def _chunks(*curves: np.ndarray) -> Iterator[list[np.ndarray]]:
    for at in range(0, len(curves[0]), CHUNK):
        yield [c[at : at + CHUNK].astype(np.float32) for c in curves]


def lve_mean_of_max_squared_mm2(lip_max_mm: np.ndarray) -> float:
    """Lip vertex error as MeshTalk (ICCV 2021), FaceFormer and CodeTalker report it: squared, not a distance."""
    return float((lip_max_mm.astype(np.float64) ** 2).mean())


def lve_mean_of_max_mm(lip_max_mm: np.ndarray) -> float:
    """Lip vertex error as a distance (3DXTalker reports this form too)."""
    return float(lip_max_mm.astype(np.float64).mean())


def lve_rms_of_max_mm(lip_max_mm: np.ndarray) -> float:
    """Lip vertex error as ARTalk (2025) and UniLS (2026) report it: the root of the mean of squares."""
    return lve_mean_of_max_squared_mm2(lip_max_mm) ** 0.5
