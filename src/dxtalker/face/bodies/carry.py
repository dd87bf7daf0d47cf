"""The open head's 52 shapes and colours, carried to another face's surface."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...records import ARKIT_INDEX
from ..head import Head
from ..head_file import load_head
from .bare import part_vertices
from .match import Placed, Sitter, place_landmarks
from .warp import Followers, Surface, Warp, fit_warp, follow, vertex_normals

SLOPE_STIFF = 100.0  # millimetres, see ``warp.fit_warp``: for how motion is turned and stretched
OPEN = 0.5  # of jawOpen, when the open head is looked at with its mouth open


@cache
def open_head() -> Head:
    """The packaged head, read once."""
    return load_head()


@cache
def open_landmarks() -> Placed | None:
    """Where the landmarks lie on the packaged head."""
    return place_landmarks(open_sitter())


@cache
def open_sitter() -> Sitter:
    """The packaged head as it is looked at: its opaque parts, in the colours of its texture."""
    head = open_head()
    shown = np.concatenate(
        [np.arange(p.first, p.first + p.count) for p in head.parts if not p.blend and p.name != "hair"]
    )
    eye = np.zeros(len(head.triangles), bool)
    for part in head.parts:
        eye[part.first : part.first + part.count] = part.name == "eyes"
    weights = np.zeros(52, np.float32)
    weights[ARKIT_INDEX["jawOpen"]] = OPEN
    return Sitter(
        vertices=head.vertices.astype(np.float64),
        opened=head.shape(weights).astype(np.float64),
        triangles=head.triangles[shown].astype(np.int64),
        eyes=head.eyes.astype(np.float64),
        eye_triangle=eye[shown],
        colours=vertex_colours(head),
    )


def vertex_colours(head: Head) -> np.ndarray:
    """(V, 3) sRGB 0..255: the texture at each vertex, a small square's mean."""
    height, width = head.albedo.shape[:2]
    column = np.clip((head.uv[:, 0] * width).astype(int), 2, width - 3)
    row = np.clip((head.uv[:, 1] * height).astype(int), 2, height - 3)
    around = [
        head.albedo[row + dy, column + dx, :3].astype(np.float64) for dy in (-2, 0, 2) for dx in (-2, 0, 2)
    ]
    return np.mean(around, axis=0)


def open_skin() -> np.ndarray:
    """Vertices of the packaged head's skin, one for each point of the surface."""
    head = open_head()
    skin = part_vertices(head.triangles, head.parts, ("skin",))
    return skin[np.unique(head.weld[skin], return_index=True)[1]]


class Carrier:
    """Takes what lies on the open head's skin to another face's vertices.

    ``ours`` and ``theirs`` (N, 3) metres are the same places on the open head and on the other face.
    """

    def __init__(self, target: Surface, ours: np.ndarray, theirs: np.ndarray, reach: float) -> None:
        head, self._skin = open_head(), open_skin()
        self.warp: Warp = fit_warp(ours, theirs)
        rest = head.vertices[self._skin].astype(np.float64)
        # Landmarks are off by half a millimetre: places bear that, slopes between neighbours do not.
        self._turn = fit_warp(ours, theirs, SLOPE_STIFF).turn(rest)
        normals = np.einsum("vij,vj->vi", self._turn, head.smooth_normals(head.vertices)[self._skin])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        drop = -head.deltas[ARKIT_INDEX["jawOpen"], self._skin, 1].astype(np.float64)
        jaw = np.clip(drop / np.quantile(drop, 0.995), 0, 1)
        lips = self.warp(head.vertices[head.lip_pairs].mean(1).astype(np.float64))
        self.followers: Followers = follow(Surface(self.warp(rest), normals, jaw), target, lips, reach)

    def motion(self, delta: np.ndarray) -> np.ndarray:
        """(V, 3) metres from a shape (all of the open head's vertices, 3), turned and stretched as the face is."""
        turned = np.einsum("vij,vj->vi", self._turn, delta[self._skin].astype(np.float64))
        return self.followers.carry(turned)

    def colours(self, colours: np.ndarray) -> np.ndarray:
        """(V, 3) of colours of the open head's vertices; NaN far from its skin."""
        known = self.followers.shares.sum(1)
        carried = self.followers.carry(colours[self._skin])
        return np.where(known[:, None] > 0.3, carried / np.maximum(known[:, None], 1e-6), np.nan)


def jaw_normals(vertices: np.ndarray, triangles: np.ndarray, jaw: np.ndarray) -> Surface:
    """A Surface of ``vertices`` (V, 3) with ``jaw`` (V,) 0..1."""
    return Surface(vertices, vertex_normals(vertices, triangles), np.clip(jaw / max(jaw.max(), 1e-9), 0, 1))
