"""Projection, framing, and the sizes that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.render.camera import Camera, parse_size, portrait


@pytest.fixture(scope="module")
def real() -> Head:
    return load_head()


def test_a_known_projection() -> None:
    camera = Camera(
        (0, 1, 2), (0, 1, 0), 2 * np.arctan(0.5), (400, 200)
    )  # 1 m of height fills 1 m of distance
    x, y, depth = camera.project(np.array([[0, 1, 0], [0.5, 1.5, 0], [0.25, 1, 1]], np.float32))
    assert np.allclose(x, [200, 250, 250], atol=1e-3)
    assert np.allclose(y, [100, 50, 100], atol=1e-3)
    assert np.allclose(depth, [2, 2, 1])
    towards = camera.towards(np.array([200, 400], np.float32), np.array([100, 100], np.float32))
    assert np.allclose(towards.T, [(0, 0, 1), (-np.sqrt(0.5), 0, np.sqrt(0.5))], atol=1e-6)


def test_clip_space_agrees_with_pixels(head: Head) -> None:
    camera = portrait(head, (320, 200), yaw=0.7)
    clip = np.c_[head.vertices, np.ones(len(head.vertices))] @ camera.clip_matrix().T
    x, y, depth = camera.project(head.vertices)
    assert np.allclose((clip[:, 0] / clip[:, 3] + 1) * 160, x, atol=0.01)
    assert np.allclose((1 - clip[:, 1] / clip[:, 3]) * 100, y, atol=0.01)
    assert np.allclose(clip[:, 3], depth, atol=1e-5)


@pytest.mark.parametrize("size", [(512, 512), (720, 1280), (1920, 1080)])
@pytest.mark.parametrize("yaw", [0.0, 0.8, -1.57])
def test_the_whole_head_is_inside_and_large(real: Head, size: tuple[int, int], yaw: float) -> None:
    camera = portrait(real, size, yaw)
    skull = real.head_weight > 0.5
    for turn in ((0, 0, 0), (0.15, 0.3, 0.1), (-0.15, -0.3, -0.1)):
        posed = real.pose(real.vertices, np.array(turn), np.zeros(3))[skull]
        x, y, _ = camera.project(posed)
        assert x.min() >= 0 and x.max() <= size[0]
        assert y.min() >= 0 and y.max() <= size[1]
    x, y, _ = camera.project(real.vertices[skull])
    assert np.ptp(x) / size[0] > 0.55 or np.ptp(y) / size[1] > 0.55


@pytest.mark.parametrize(("text", "size"), [("720x1280", (720, 1280)), (" 64 X 64 ", (64, 64))])
def test_sizes_are_read(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "720", "axb", "15x64", "64x4097", "-64x64", "64x64x3"])
def test_sizes_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="picture size"):
        parse_size(text)
