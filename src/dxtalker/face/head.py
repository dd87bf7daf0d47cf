"""A head at rest, its 52 ARKit shapes and its texture; curves and head rotation in, vertices out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .margins import Margin


@dataclass(frozen=True)
class Part:
    """A run of triangles drawn with one material, in drawing order (opaque parts first)."""

    name: str  # skin, hair (on the scalp), eyes, teeth, tongue, brows, lashes, strands (locks over the scalp)
    first: int  # index of its first triangle
    count: int  # number of triangles
    roughness: float  # 0 mirror .. 1 matt
    specular: float  # 0..1, strength of the highlight
    blend: bool  # True: the texture's alpha is opacity; False: opaque


@dataclass(frozen=True)
class Head:
    """A rigged head. Vertices are render vertices: UV seams duplicate them, ``weld`` joins them again."""

    name: str
    vertices: np.ndarray  # (V, 3) float32 metres, neutral, +Y up, +Z towards the viewer
    triangles: np.ndarray  # (F, 3) int32, counter-clockwise from outside
    uv: np.ndarray  # (V, 2) float32, 0..1, origin at the picture's top left
    weld: np.ndarray  # (V,) int32, vertices with one number are one point of the surface
    deltas: np.ndarray  # (52, V, 3) float32 metres at weight 1, rows as ARKIT_NAMES
    head_weight: np.ndarray  # (V,) float32 0..1, how far a vertex follows the head joint (neck: between)
    pivot: np.ndarray  # (3,) float32 metres, the head joint
    lip_pairs: np.ndarray  # (K, 2) int32, facing vertices of the upper and lower inner lip, the middle first
    landmarks: dict[
        str, int
    ]  # named vertices: eye_outer_left, eye_outer_right, mouth_left, mouth_right, chin, nose_tip
    parts: tuple[Part, ...]
    albedo: np.ndarray  # (H, W, 4) uint8 sRGB with alpha
    eyes: np.ndarray  # (2, 3) float32 metres, the left and the right eyeball's centre
    extras: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # shapes beyond ARKit's, by name: (V, 3) float32 metres at weight 1
    lips: Margin | None = None  # the line where the lips meet; None: the head cannot be settled
    lids: tuple[Margin, Margin] | None = None  # the left and the right eye's lids
    normal_map: np.ndarray | None = None  # (H, W, 3) uint8, tangent space, +Y up the picture, as in glTF

    def shape(self, weights: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) metres for ARKit ``weights`` (52,), before head motion."""
        active = np.flatnonzero(weights)
        if active.size == 0:
            return self.vertices.copy()
        moved = np.tensordot(weights[active].astype(np.float32), self.deltas[active], axes=1)
        return self.vertices + moved

    def pose(self, vertices: np.ndarray, rotation: np.ndarray, translation: np.ndarray) -> np.ndarray:
        """Turn the head about its joint; the neck follows by linear blend skinning.

        ``rotation`` (3,) radians pitch, yaw, roll; ``translation`` (3,) metres. Returns (V, 3).
        """
        turned = (vertices - self.pivot) @ rotation_matrix(rotation).T + self.pivot + translation
        weight = self.head_weight[:, None]
        return vertices * (1 - weight) + turned.astype(np.float32) * weight

    def opening(self, weights: np.ndarray) -> np.ndarray:
        """Inner-lip gap (T,) in mm at the lips' middle, minus the gap at rest, for curves (T, 52).

        Signed along the rest pose's vertical: lips that cross count as negative.
        """
        return np.asarray(weights, np.float32) @ self.lip_gap

    @property
    def lip_gap(self) -> np.ndarray:
        """(52,) float32 mm that each shape at weight 1 adds to ``opening``."""
        upper, lower = self.lip_pairs[0]
        return (self.deltas[:, upper, 1] - self.deltas[:, lower, 1]) * 1000

    @property
    def eye_distance(self) -> float:
        """Millimetres between the outer corners of the eyes, at rest."""
        left, right = (self.vertices[self.landmarks[f"eye_outer_{side}"]] for side in ("left", "right"))
        return float(np.linalg.norm(left - right)) * 1000

    def smooth_normals(self, vertices: np.ndarray) -> np.ndarray:
        """Unit normals (V, 3), area weighted, continuous across UV seams."""
        a, b, c = (vertices[self.triangles[:, i]] for i in range(3))
        face = np.cross(b - a, c - a)
        points = self.weld.max() + 1
        total = np.zeros((points, 3), np.float64)
        for corner in range(3):
            index = self.weld[self.triangles[:, corner]]
            for axis in range(3):
                total[:, axis] += np.bincount(index, face[:, axis], points)
        normals = total[self.weld]
        return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)).astype(
            np.float32
        )


def rotation_matrix(angles: np.ndarray) -> np.ndarray:
    """(3, 3) for ``angles`` (3,) = pitch, yaw, roll in radians: R = Ry(yaw) · Rx(pitch) · Rz(roll).

    Positive pitch nods down, positive yaw turns to the head's own left (+X), positive roll tilts the
    crown towards its own right shoulder (counter-clockwise as the viewer sees it).
    """
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    pitch = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    roll = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return yaw @ pitch @ roll


def rodrigues(rotation: np.ndarray) -> np.ndarray:
    """(..., 3, 3) matrices for axis-angle vectors (..., 3) in radians (Rodrigues 1840)."""
    angle = np.linalg.norm(rotation, axis=-1, keepdims=True)
    axis = rotation / np.maximum(angle, 1e-12)
    x, y, z = np.moveaxis(axis, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*rotation.shape[:-1], 3, 3)
    sine, cosine = np.sin(angle)[..., None], np.cos(angle)[..., None]
    return np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)
