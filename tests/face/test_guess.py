"""At first sight: nearer to the person than the mean adult, whatever face they make and however the picture lies."""

from dataclasses import replace
from math import atan

import numpy as np
import pytest

from dxtalker.face.align import similarity
from dxtalker.face.fit import Guess, Observation
from dxtalker.face.guess import describe
from dxtalker.face.head import Head
from dxtalker.face.landmarks import Landmarks
from dxtalker.face.likeness import Sculptor
from dxtalker.face.people import random_person, random_weights
from dxtalker.records import channels
from dxtalker.render.camera import Camera
from dxtalker.render.look import Background
from dxtalker.render.raster import NumpyRenderer

SIDE = 320


@pytest.fixture(scope="module")
def sculptor() -> Sculptor:
    return Sculptor()


def picture(head: Head, expression: np.ndarray) -> np.ndarray:
    camera = Camera((0.0, 0.0, 0.9), (0.0, -0.03, 0.0), 2 * atan(0.15 / 0.9), (SIDE, SIDE))
    renderer = NumpyRenderer(head, camera, Background((120, 125, 130), False))
    vertices = head.shape(expression)
    return np.ascontiguousarray(renderer.draw(vertices, head.smooth_normals(vertices))[..., :3])


def guessed(sculptor: Sculptor, pixels: np.ndarray) -> Guess:
    face = sculptor.landmarker.faces(pixels)[0]
    return sculptor.guesser.guess(sculptor.landmarker.appearance(pixels, face), face, (SIDE, SIDE))


def away(sculptor: Sculptor, weights: np.ndarray, true: np.ndarray) -> float:
    """RMS mm over the landmarks' places after laying one face on the other."""
    ids = np.unique(sculptor.fitter.model.vertices)
    a, b = (sculptor.space.raw_head(one).vertices[ids].astype(float) for one in (weights, true))
    return float(np.sqrt(((similarity(a, b).apply(a) - b) ** 2).sum(1).mean()) * 1000)


def test_nearer_than_the_mean_and_not_moved_by_a_smile(sculptor: Sculptor) -> None:
    rng, space = np.random.default_rng(21), sculptor.space
    smile = np.zeros(52, np.float32)
    smile[channels("mouthSmile", "cheekSquint")] = 0.7
    ratios, leaks = [], []
    for _ in range(4):
        true = random_weights(rng, space.names, random_person(rng))
        head = space.head(true)
        calm = space.weights(guessed(sculptor, picture(head, 0 * smile)).code)
        smiling = space.weights(guessed(sculptor, picture(head, smile)).code)
        ratios.append(away(sculptor, calm, true) / away(sculptor, space.mean, true))
        moved = np.sqrt(
            (((head.shape(smile) - head.vertices)[sculptor.fitter.model.vertices]) ** 2).sum(-1).mean()
        )
        leaks.append(away(sculptor, smiling, calm) / (moved * 1000))
    assert np.mean(ratios) < 0.75
    assert np.mean(leaks) < 0.3


def test_where_and_how_large_the_face_is_does_not_matter(sculptor: Sculptor) -> None:
    rng = np.random.default_rng(3)
    points, depth = (
        rng.uniform(100, 300, (478, 2)).astype(np.float32),
        rng.normal(0, 40, 478).astype(np.float32),
    )
    face = Landmarks(points, depth, rng.random(52).astype(np.float32), 1.0, (0, 0, 1, 1))
    moved = replace(face, points=points * 2 + [50, -20], depth=depth * 2)
    mean = sculptor.fitter.mean
    np.testing.assert_allclose(describe(face, (400, 400), mean), describe(moved, (900, 700), mean), atol=1e-3)


def test_the_fit_begins_with_the_guess(sculptor: Sculptor) -> None:
    """Landmarks that say nothing (a face so small that they are off by much) leave the mean of the guesses."""
    codes = np.random.default_rng(5).normal(0, 0.5, (2, len(sculptor.fitter.codes)))
    strong = 1e6 * np.eye(codes.shape[1])
    points = sculptor.fitter.mean[:, :2] * [300, -300] + 200
    seen = [
        Observation(
            points,
            -300 * sculptor.fitter.mean[:, 2],
            np.zeros(52, np.float32),
            (400, 400),
            Guess(code, strong),
        )
        for code in codes
    ]
    np.testing.assert_allclose(sculptor.fitter.fit(seen).code, codes.mean(0), atol=0.05)
