"""A contact sheet: every shape of a head at weight 1, and the visemes, labelled, from the front and the side."""

from __future__ import annotations

from collections.abc import Iterator
from math import atan, cos, sin

import numpy as np

from ..errors import BadInput
from ..face.head import Head
from ..face.visemes import OCULUS, composed
from ..records import ARKIT_INDEX, ARKIT_NAMES
from .camera import Camera
from .look import Background
from .renderer import Kind, make_renderer

TILE = (176, 196)  # pixels, width and height of one picture
LABEL = 16  # pixels of the line above each pair of pictures
SIDE = 0.75  # radians, the second view
DISTANCE = 0.95  # metres from the face
PAPER, INK, DIM = (28, 30, 34), (235, 235, 230), (150, 158, 168)
# Shapes that only mean something on a mouth that another one opens.
WITH = {
    "mouthClose": {"jawOpen": 1.0},
    "tongueOut": {"jawOpen": 0.3},
    "tongueUp": {"jawOpen": 0.25},
    "tongueCurl": {"jawOpen": 0.25},
    "tongueBack": {"jawOpen": 0.25},
}


def contact_sheet(
    head: Head, columns: int = 12, yaw: tuple[float, ...] = (0.0, SIDE), kind: Kind = "auto"
) -> np.ndarray:
    """(H, W, 3) uint8 sRGB: the resting face, the 52 ARKit shapes, the head's extras and the 15 visemes.

    Each entry shows the face from every angle of ``yaw`` (radians, towards the head's own left), one above the
    other; ``columns`` entries stand in a row. Raises BadInput unless there is a column and an angle.
    """
    if not 1 <= columns <= 80 or not 1 <= len(yaw) <= 4:
        raise BadInput(f"{columns} columns and {len(yaw)} views; expected 1 to 80 columns and 1 to 4 views")
    shapes = list(_shapes(head))
    pictures = np.stack([_views(head, [shape for _, shape in shapes], angle, kind) for angle in yaw], axis=1)
    width, height = TILE[0], LABEL + TILE[1] * len(yaw)
    rows = -(-len(shapes) // columns)
    page = np.empty((rows * height, min(columns, len(shapes)) * width, 3), np.uint8)
    page[:] = PAPER
    for i in range(len(shapes)):
        top, left = i // columns * height, i % columns * width
        page[top + LABEL : top + height, left : left + width] = pictures[i].reshape(-1, width, 3)
    return _labelled(page, [name for name, _ in shapes], columns, (width, height))


def _shapes(head: Head) -> Iterator[tuple[str, np.ndarray]]:
    """Labels and vertices (V, 3), in the sheet's order."""
    yield "rest", head.vertices
    for name in (*ARKIT_NAMES, *head.extras):
        delta = head.deltas[ARKIT_INDEX[name]] if name in ARKIT_INDEX else head.extras[name]
        also, label = head.vertices, name
        for other, weight in WITH.get(name, {}).items():
            also = also + np.float32(weight) * head.deltas[ARKIT_INDEX[other]]
            label += f" +{other} {weight:g}"
        yield label, also + delta
    for name in OCULUS:
        yield f"viseme_{name}", head.vertices + composed(head, name)


def _views(head: Head, shapes: list[np.ndarray], yaw: float, kind: Kind) -> np.ndarray:
    """(S, h, w, 3) uint8, one picture a shape."""
    renderer = make_renderer(head, _close_up(head, yaw), Background(), kind)
    try:
        return np.stack([renderer.draw(shape, head.smooth_normals(shape))[..., :3] for shape in shapes])
    finally:
        renderer.close()


def _close_up(head: Head, yaw: float) -> Camera:
    """From the brows to below the chin of an opened mouth."""
    chin = head.vertices[head.landmarks["chin"], 1]
    top = float(head.eyes[:, 1].mean()) + 0.32 * (float(head.eyes[:, 1].mean()) - float(chin))
    bottom = float(chin) - 0.3 * (top - float(chin))
    nose = float(head.vertices[head.landmarks["nose_tip"], 2])
    target = np.array([0.0, (top + bottom) / 2, nose - 0.04])
    position = target + DISTANCE * np.array([sin(yaw), 0.0, cos(yaw)])
    fov = 2 * atan((top - bottom) / 2 / (DISTANCE - 0.04))
    return Camera(tuple(position.tolist()), tuple(target.tolist()), fov, TILE)


def _labelled(page: np.ndarray, names: list[str], columns: int, cell: tuple[int, int]) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(page)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(11)
    for i, name in enumerate(names):
        plain, _, added = name.partition(" ")
        at = i % columns * cell[0] + 4, i // columns * cell[1] + 1
        draw.text(at, plain, fill=INK, font=font)
        draw.text((at[0] + draw.textlength(plain + " ", font=font), at[1]), added, fill=DIM, font=font)
    return np.asarray(picture)
