"""A motion and a small synthetic head that exercise every branch of the writers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dxtalker.face.head import Head, Part
from dxtalker.records import Motion


def make_motion(frames: int = 40, fps: Fraction = Fraction(25), seed: int = 7) -> Motion:
    rng = np.random.default_rng(seed)
    return Motion(
        curves=rng.random((frames, 52), np.float32),
        rotation=rng.uniform(-0.6, 0.6, (frames, 3)).astype(np.float32),
        translation=rng.uniform(-0.05, 0.05, (frames, 3)).astype(np.float32),
        fps=fps,
        info={"model": "test", "seed": "7"},
    )


def make_head(seed: int = 3) -> Head:
    """Two sheets of triangles: an opaque one with a head weight from 0 to 1, and a transparent one that
    only two shapes move, so that sparse, dense and all-zero targets occur."""
    rng = np.random.default_rng(seed)
    side = 8
    grid = np.stack(np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side)), -1).reshape(-1, 2)
    sheet = np.concatenate([(grid - 0.5) * 0.2, np.zeros((side * side, 1))], axis=1)
    vertices = np.concatenate([sheet + np.array([0, 1.6, 0.1]), sheet * 0.5 + np.array([0, 1.6, 0.12])])
    vertices += rng.normal(0, 0.002, vertices.shape)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    quads = np.stack([corner, corner + 1, corner + side, corner + 1, corner + side + 1, corner + side], 1)
    faces = quads.reshape(-1, 3)
    count = len(sheet)
    deltas = np.zeros((52, 2 * count, 3))
    deltas[:50, :count] = rng.normal(0, 0.004, (50, count, 3)) * (rng.random((50, count, 1)) < 0.2)
    deltas[20, :count] = rng.normal(0, 0.004, (count, 3))
    deltas[:2, count : count + 5] = 0.003
    return Head(
        name="sheet",
        vertices=vertices.astype(np.float32),
        triangles=np.concatenate([faces, faces + count]).astype(np.int32),
        uv=np.concatenate([grid, 0.25 + grid * 0.25]).astype(np.float32),
        weld=np.arange(2 * count, dtype=np.int32),
        deltas=deltas.astype(np.float32),
        head_weight=np.concatenate([grid[:, 1], np.ones(count)]).astype(np.float32),
        pivot=np.array([0, 1.55, 0.02], np.float32),
        eyes=np.array([[0.03, 1.6, 0.1], [-0.03, 1.6, 0.1]], np.float32),
        lip_pairs=np.array([[10, 20]], np.int32),
        landmarks={"chin": 3},
        parts=(
            Part("skin", 0, len(faces), 0.6, 0.4, False),
            Part("lashes", len(faces), len(faces), 0.9, 0.1, True),
        ),
        albedo=rng.integers(0, 256, (64, 64, 4), np.uint8),
    )


def expected_vertices(head: Head, motion: Motion, frame: int) -> np.ndarray:
    """(N, 3) metres as our own rig poses them, part after part, each part's vertices in ascending order."""
    shaped = head.shape(motion.curves[frame])
    posed = head.pose(shaped, motion.rotation[frame], motion.translation[frame])
    used = [np.unique(head.triangles[p.first : p.first + p.count]) for p in head.parts]
    return np.concatenate([posed[part] for part in used])
