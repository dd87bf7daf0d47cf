"""A small made-up head for the renderer's tests: balls for skin and eyes, a mouth slit, a brow strip."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.face.head import Head, Part
from dxtalker.records import ARKIT_NAMES


def ball(centre: tuple[float, float, float], radius: float, rows: int) -> tuple[np.ndarray, ...]:
    """Vertices (V, 3), triangles (F, 3), uv (V, 2) of a sphere whose seam is at the back."""
    columns = 2 * rows
    v, u = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij")
    polar, around = v * np.pi, (u - 0.5) * 2 * np.pi
    points = np.stack(
        [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], axis=-1
    )
    vertices = (points * radius + centre).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a = (i * (columns + 1) + j).ravel()
    b, c, d = a + columns + 1, a + columns + 2, a + 1
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return vertices, triangles, np.stack([u.ravel(), v.ravel()], 1)


def make_head(rows: int = 40) -> Head:
    """Skin, eyes and a translucent brow strip; jawOpen pulls the lower half down."""
    pieces = [ball((0, 1.5, 0), 0.1, rows)]
    pieces += [ball((x, 1.52, 0.085), 0.018, max(rows // 3, 6)) for x in (0.035, -0.035)]
    strip = np.array([[-0.07, 1.548, 0.12], [-0.07, 1.56, 0.12], [0.07, 1.548, 0.12], [0.07, 1.56, 0.12]])
    pieces.append((strip, np.array([[0, 2, 1], [1, 2, 3]]), np.array([[0, 1], [0, 0], [1, 1], [1, 0.0]])))
    regions = [(0.0, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 0.5), (0.0, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)]
    vertices, triangles, uv, counts, offset = [], [], [], [], 0
    for (points, faces, texture), (left, top, wide, tall) in zip(pieces, regions, strict=True):
        vertices.append(points)
        triangles.append(faces + offset)
        uv.append(texture * (wide, tall) + (left, top))
        counts.append(len(faces))
        offset += len(points)
    points = np.concatenate(vertices).astype(np.float32)
    _, weld = np.unique(np.round(points, 5), axis=0, return_inverse=True)
    deltas = np.zeros((len(ARKIT_NAMES), len(points), 3), np.float32)
    skin = len(vertices[0])
    deltas[ARKIT_NAMES.index("jawOpen"), :skin, 1] = np.minimum(points[:skin, 1] - 1.46, 0) * 0.5
    front = points[:skin]
    upper = int(np.argmin(np.linalg.norm(front - (0, 1.465, 0.094), axis=1)))
    lower = int(np.argmin(np.linalg.norm(front - (0, 1.455, 0.089), axis=1)))
    parts = (
        Part("skin", 0, counts[0], 0.5, 0.5, False),
        Part("eyes", counts[0], counts[1] + counts[2], 0.15, 0.6, False),
        Part("brows", sum(counts[:3]), counts[3], 0.8, 0.1, True),
    )
    albedo = np.zeros((256, 256, 4), np.uint8)
    albedo[:128] = (205, 150, 128, 255)
    albedo[128:, :128] = (235, 235, 232, 255)
    albedo[176:208, 56:72] = (60, 90, 130, 255)
    albedo[128:, 128:] = (50, 35, 28, 160)
    nearest = {name: int(np.argmin(np.linalg.norm(front - at, axis=1))) for name, at in {
        "chin": (0, 1.4, 0), "nose_tip": (0, 1.5, 0.1), "eye_outer_left": (0.06, 1.52, 0.08),
        "eye_outer_right": (-0.06, 1.52, 0.08), "mouth_left": (0.03, 1.46, 0.08), "mouth_right": (-0.03, 1.46, 0.08),
    }.items()}  # fmt: skip
    return Head(
        name="ball",
        vertices=points,
        triangles=np.concatenate(triangles).astype(np.int32),
        uv=np.concatenate(uv).astype(np.float32),
        weld=weld.ravel().astype(np.int32),
        deltas=deltas,
        head_weight=np.ones(len(points), np.float32),
        pivot=np.array([0, 1.42, -0.02], np.float32),
        eyes=np.array([[0.03, 1.52, 0.06], [-0.03, 1.52, 0.06]], np.float32),
        lip_pairs=np.array([[upper, lower]], np.int32),
        landmarks=nearest,
        parts=parts,
        albedo=albedo,
    )


@pytest.fixture(scope="session")
def head() -> Head:
    """A small head that draws in a few milliseconds."""
    return make_head()
