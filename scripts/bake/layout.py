"""Where each part lies in the texture atlas. Boxes are (left, top, right, bottom), 0..1 of the picture."""

from __future__ import annotations

import numpy as np

# MakeHuman's islands (origin at the top left) and where they go, as boxes of the same proportions.
FACE = (0.640, 0.180, 0.995, 0.853)  # turned a quarter so that the face stands upright
TRUNK = (0.180, 0.022, 0.582, 0.340)
MOUTH = (0.755, 0.860, 0.926, 0.992)
SOCKETS = (0.010, 0.362, 0.154, 0.455)

BOXES = {
    "face": (0.0, 0.0, 1.0, 0.528),
    "trunk": (0.0, 0.53, 0.40, 0.846),
    "mouth": (0.41, 0.53, 0.581, 0.662),
    "sockets": (0.41, 0.67, 0.554, 0.763),
    "eye": (0.59, 0.53, 0.79, 0.73),
    "teeth": (0.80, 0.53, 0.99, 0.60),
    "gums": (0.80, 0.61, 0.99, 0.66),
    "tongue": (0.80, 0.67, 0.99, 0.77),
    "lashes": (0.59, 0.78, 0.690, 0.81),
    "brows": (0.59, 0.83, 0.692, 0.866),
    "strands": (0.70, 0.78, 0.992, 0.992),
}


def place(box: str, uv: np.ndarray) -> np.ndarray:
    """(..., 2) coordinates 0..1 within a box (origin top left) to atlas coordinates."""
    left, top, right, bottom = BOXES[box]
    return np.array([left, top]) + uv * [right - left, bottom - top]


def place_skin(texture: np.ndarray) -> np.ndarray:
    """MakeHuman texture coordinates of quads (Q, 4, 2), origin bottom left, to atlas coordinates."""
    uv = texture * [1, -1] + [0, 1]
    out = np.zeros_like(uv)
    middle = uv.mean(1)
    for box, island, turned in (
        ("face", FACE, True),
        ("trunk", TRUNK, False),
        ("mouth", MOUTH, False),
        ("sockets", SOCKETS, False),
    ):
        low, high = np.array(island[:2]), np.array(island[2:])
        inside = ((middle >= low) & (middle <= high)).all(1)
        within = (uv[inside] - low) / (high - low)
        if turned:  # the face's up is -x in the source
            within = np.stack([within[..., 1], within[..., 0]], axis=-1)
        out[inside] = place(box, within)
    return out


def in_sockets(texture: np.ndarray) -> np.ndarray:
    """Which quads (Q, 4, 2) of MakeHuman's picture line the eye sockets."""
    middle = (texture * [1, -1] + [0, 1]).mean(1)
    return ((middle >= SOCKETS[:2]) & (middle <= SOCKETS[2:])).all(1)


def source_of_face(uv: np.ndarray) -> np.ndarray:
    """The way back for the face's box: atlas (T, 2) to MakeHuman's picture, origin top left."""
    left, top, right, bottom = BOXES["face"]
    within = (uv - [left, top]) / [right - left, bottom - top]
    low, high = np.array(FACE[:2]), np.array(FACE[2:])
    return low + within[:, ::-1] * (high - low)
