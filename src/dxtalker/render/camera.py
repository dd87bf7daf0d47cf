"""Where the viewer stands: a pinhole camera and the portrait framing of a head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import atan, cos, sin, tan

import numpy as np

from ..errors import BadInput
from ..face.head import Head

SMALLEST, LARGEST = 16, 4096  # pixels a side
DISTANCE = 1.15  # metres from the head: the perspective of an 85 mm portrait lens
NEAR, FAR = 0.05, 10.0  # metres


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera (up is +Y). Raises BadInput for sizes outside 16 to 4096 pixels a side."""

    position: tuple[float, float, float]  # metres
    target: tuple[float, float, float]  # metres, the point in the picture's middle
    fov: float  # radians, vertical
    size: tuple[int, int]  # pixels: width, height

    def __post_init__(self) -> None:
        check_size(self.size)

    @cached_property
    def axes(self) -> np.ndarray:
        """(3, 3) float64, unit rows in world space: right, up, towards the viewer."""
        back = np.subtract(self.position, self.target)
        back = back / np.linalg.norm(back)
        right = np.cross((0.0, 1.0, 0.0), back)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(back, right), back])

    @cached_property
    def focal(self) -> float:
        """Pixels per unit of tangent."""
        return self.size[1] / 2 / tan(self.fov / 2)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (V, 3) metres to x, y in pixels (origin top left) and depth w in metres, each (V,) float32."""
        seen = (points - np.array(self.position, np.float32)) @ self.axes.T.astype(np.float32)
        depth = np.maximum(-seen[:, 2], NEAR)
        scale = np.float32(self.focal) / depth
        return self.size[0] / 2 + seen[:, 0] * scale, self.size[1] / 2 - seen[:, 1] * scale, depth

    def towards(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(3, N) float32 unit vectors in world space towards the camera, from what is seen at x, y (N,) pixels."""
        scale = np.float32(1 / self.focal)
        across, down = (x - np.float32(self.size[0] / 2)) * scale, (y - np.float32(self.size[1] / 2)) * scale
        inverse = 1 / np.sqrt(across * across + down * down + 1)
        right, up, back = self.axes.astype(np.float32)
        return np.stack([(back[i] - across * right[i] + down * up[i]) * inverse for i in range(3)])

    def clip_matrix(self) -> np.ndarray:
        """(4, 4) float32, world to OpenGL clip space; multiply column vectors from the left."""
        view = np.eye(4)
        view[:3, :3] = self.axes
        view[:3, 3] = -self.axes @ np.array(self.position)
        cotangent = 1 / tan(self.fov / 2)
        lens = np.zeros((4, 4))
        lens[0, 0] = cotangent * self.size[1] / self.size[0]
        lens[1, 1] = cotangent
        lens[2, 2:] = (FAR + NEAR) / (NEAR - FAR), 2 * FAR * NEAR / (NEAR - FAR)
        lens[3, 2] = -1
        return (lens @ view).astype(np.float32)


def check_size(size: tuple[int, int]) -> None:
    """Raise BadInput unless both sides lie between 16 and 4096 pixels."""
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise BadInput(
            f"picture size {size[0]}x{size[1]} is out of range; expected {SMALLEST} to {LARGEST} pixels a side"
        )


def parse_size(text: str) -> tuple[int, int]:
    """'720x1280' to (720, 1280): width, height in pixels. Raises BadInput for anything else."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*[xX×]\s*(\d{1,6})\s*", text)
    if found is None:
        raise BadInput(f"picture size {text!r} was not understood; expected width x height, such as 720x1280")
    size = int(found[1]), int(found[2])
    check_size(size)
    return size


def portrait(head: Head, size: tuple[int, int], yaw: float = 0.0) -> Camera:
    """A camera that frames the head and the upper neck, with room to turn and nod.

    ``size`` is (width, height) in pixels; ``yaw`` in radians walks the camera around the head towards its
    own left. Where the picture is taller than the head needs, the spare room goes above and below alike,
    but the neck's lower end stays out of sight as far as that is possible.
    """
    check_size(size)
    right = np.array([cos(yaw), 0.0, -sin(yaw)])
    back = np.array([sin(yaw), 0.0, cos(yaw)])
    moving = head.vertices[head.head_weight > 0.5]
    points = moving if len(moving) else head.vertices
    centre = (points.min(0) + points.max(0)) / 2
    across, depth = (points - centre) @ right, (points - centre) @ back
    nearer = 1 - float(np.quantile(depth, 0.9)) / DISTANCE  # perspective enlarges what is in front
    crown, chin = float(points[:, 1].max()), float(head.vertices[head.landmarks["chin"], 1])
    tall = crown - chin
    top, bottom = crown + 0.13 * tall, max(chin - 0.26 * tall, float(head.vertices[:, 1].min()))
    wide = float(np.ptp(across)) * 1.16
    height = max(top - bottom, wide * size[1] / size[0]) / nearer
    middle = (top + bottom) / 2
    middle = max(middle, min(bottom + height * nearer / 2, crown - 0.2 * tall))
    target = centre + right * (across.min() + across.max()) / 2
    target[1] = middle
    position = target + back * DISTANCE
    return Camera(
        tuple(position.tolist()), tuple(target.tolist()), 2 * atan(height / 2 / DISTANCE), (size[0], size[1])
    )
