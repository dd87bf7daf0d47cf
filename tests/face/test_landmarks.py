"""The face landmarker on pictures of the packaged head."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.head_file import load_head
from dxtalker.face.landmarks import Landmarker, Landmarks
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES
from dxtalker.render.camera import portrait
from dxtalker.render.renderer import make_renderer

SIZE = (384, 384)  # width, height


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker(threads=1)


def picture(size: tuple[int, int] = SIZE, yaw: float = 0.0, **weights: float) -> np.ndarray:
    """(H, W, 3) uint8: the packaged head from the front, or seen from ``yaw`` radians to the side."""
    head = load_head()
    channels = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, weight in weights.items():
        channels[ARKIT_INDEX[name]] = weight
    vertices = head.shape(channels)
    renderer = make_renderer(head, portrait(head, size, yaw), kind="numpy")
    drawn = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    renderer.close()
    return np.ascontiguousarray(drawn)


@pytest.fixture(scope="module")
def upright() -> np.ndarray:
    return picture()


@pytest.fixture(scope="module")
def face(landmarker: Landmarker, upright: np.ndarray) -> Landmarks:
    (found,) = landmarker.faces(upright)
    return found


def test_the_packaged_head_is_found(face: Landmarks) -> None:
    assert face.presence > 0.9
    assert face.points.shape == (478, 2)
    assert face.depth.shape == (478,)
    assert 60 < face.eye_distance < 200
    assert face.turn == 0
    nose, chin, forehead = face.points[1], face.points[152], face.points[10]
    assert forehead[1] < nose[1] < chin[1]
    assert face.depth[1] < face.depth[[234, 454]].min()  # the tip of the nose is nearer than the ears


def test_a_smile_is_scored_as_one(landmarker: Landmarker, face: Landmarks) -> None:
    (smile,) = landmarker.faces(picture(mouthSmileLeft=1, mouthSmileRight=1))
    channel = ARKIT_INDEX["mouthSmileLeft"]
    assert smile.scores[channel] > face.scores[channel] + 0.3
    assert smile.scores[ARKIT_INDEX["tongueOut"]] == 0


def test_other_arrays_are_refused(landmarker: Landmarker) -> None:
    for wrong in (
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 9, 3), np.uint8),
    ):
        with pytest.raises(BadInput, match="expected uint8"):
            landmarker.faces(wrong)
