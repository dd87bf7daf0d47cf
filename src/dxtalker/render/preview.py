"""One picture that shows how well a head fits its photo, and how it looks and moves."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan

import numpy as np

from ..face.head import Head, rotation_matrix
from ..face.texture import Shot
from ..records import ARKIT_INDEX
from .camera import LARGEST, SMALLEST, Camera, portrait
from .look import Background
from .renderer import make_renderer

TILE = 320  # pixels a side
GAP = 6  # pixels between tiles
PAPER = (30, 33, 37)  # sRGB between them
MOST = 3  # photos shown
LOOKS: tuple[tuple[float, dict[str, float]], ...] = (
    (0.0, {}),
    (0.62, {}),
    (1.45, {}),
    (0.0, {"mouthSmileLeft": 0.75, "mouthSmileRight": 0.75, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4}),
    (0.0, {"jawOpen": 0.42, "mouthLowerDownLeft": 0.15, "mouthLowerDownRight": 0.15}),
    (-0.4, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0, "mouthPucker": 0.5, "mouthFunnel": 0.2}),
)  # (the camera's yaw about the head in radians, ARKit weights)


def fit_preview(head: Head, shots: Sequence[Shot], tile: int = TILE) -> np.ndarray:
    """(H, W, 3) uint8: for each photo (three at most) its face, the head over it and half of each; then the
    head from the front, three quarters and the side, and smiling, speaking and blinking.

    ``tile`` is the size of one picture in pixels.
    """
    rows = [photo_tiles(head, shot, tile) for shot in shots[:MOST]]
    pictures = _looks(head, tile)
    rows += [pictures[:3], pictures[3:]]
    height, width = (count * (tile + GAP) + GAP for count in (len(rows), 3))
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = GAP + i * (tile + GAP), GAP + j * (tile + GAP)
            sheet[top : top + tile, left : left + tile] = picture
    return sheet


def photo_tiles(head: Head, shot: Shot, tile: int = TILE) -> list[np.ndarray]:
    """The photo's face, the head laid over it at the same view, and the left half of one beside the other's right."""
    corner, side = _square(head, shot)
    photo = _cut(shot.pixels, corner, side, tile)
    drawn = as_seen(head, shot, corner, side, tile).astype(np.float32)
    opacity = drawn[..., 3:] / 255
    laid = (photo * (1 - opacity) + drawn[..., :3] * opacity + 0.5).astype(np.uint8)
    middle = shot.view.project(head.vertices[[head.landmarks["nose_tip"]]].astype(float))[0, 0]
    split = int(np.clip((middle - corner[0]) / side * tile, tile * 0.2, tile * 0.8))
    halves = photo.copy()
    halves[:, split:] = laid[:, split:]
    halves[:, split : split + 1] = 255
    return [photo, laid, halves]


def as_seen(head: Head, shot: Shot, corner: np.ndarray, side: float, tile: int) -> np.ndarray:
    """(tile, tile, 4) uint8: the head as the photo's camera sees it, in the square at ``corner`` (2,) photo pixels."""
    view = shot.view
    vertices = view.place(view.shape(head).astype(np.float64))
    # The square's middle becomes the optical axis: a turn of the camera, not a shift of its lens.
    middle = (corner + side / 2 - np.array(view.size) / 2) / view.focal
    back = np.array([-middle[0], middle[1], 1.0])
    wide = int(np.clip(tile, SMALLEST, LARGEST))
    fov = 2 * atan(side / 2 / view.focal / np.linalg.norm(back))
    camera = Camera((0.0, 0.0, 0.0), tuple((-back).tolist()), fov, (wide, wide))
    renderer = make_renderer(head, camera, Background(None))
    try:
        placed = vertices.astype(np.float32)
        return renderer.draw(placed, head.smooth_normals(placed))
    finally:
        renderer.close()


def _square(head: Head, shot: Shot) -> tuple[np.ndarray, float]:
    """Left and top (2,) and side, photo pixels, of a square about the head and its hair."""
    seen = shot.view.project(head.vertices[head.head_weight > 0.7].astype(np.float64))
    low, high = seen.min(0), seen.max(0)
    side = 1.25 * float((high - low).max())
    return (low + high) / 2 - side / 2, side


def _cut(pixels: np.ndarray, corner: np.ndarray, side: float, tile: int) -> np.ndarray:
    """(tile, tile, 3) uint8: the square of a photo, its edge pixels repeated beyond it."""
    from PIL import Image

    height, width = pixels.shape[:2]
    low, wide = np.round(corner).astype(int), max(round(side), 1)
    rows = np.clip(np.arange(low[1], low[1] + wide), 0, height - 1)
    columns = np.clip(np.arange(low[0], low[0] + wide), 0, width - 1)
    cut = Image.fromarray(np.ascontiguousarray(pixels[rows][:, columns]))
    return np.asarray(cut.resize((tile, tile), Image.Resampling.LANCZOS))


def _looks(head: Head, tile: int) -> list[np.ndarray]:
    """LOOKS, each (tile, tile, 3) uint8, before a plain background. The head is turned: one camera sees all."""
    camera = portrait(head, (tile, tile))
    renderer = make_renderer(head, camera)
    middle = np.array(camera.target, np.float32)
    pictures = []
    try:
        for yaw, shapes in LOOKS:
            weights = np.zeros(len(ARKIT_INDEX), np.float32)
            for name, value in shapes.items():
                weights[ARKIT_INDEX[name]] = value
            turn = rotation_matrix(np.array([0.0, -yaw, 0.0])).astype(np.float32)
            vertices = (head.shape(weights) - middle) @ turn.T + middle
            pictures.append(renderer.draw(vertices, head.smooth_normals(vertices))[..., :3])
    finally:
        renderer.close()
    return pictures
