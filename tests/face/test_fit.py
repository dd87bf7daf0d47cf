"""The fit finds who made the landmarks, and keeps the expression out of it."""

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.fit import CODES, Fitter, Observation, load_landmark_model
from dxtalker.face.head import rotation_matrix
from dxtalker.face.identity import load_identity_space
from dxtalker.face.view import View
from dxtalker.records import ARKIT_INDEX

SIZE = (640, 480)


@pytest.fixture(scope="module")
def fitter() -> Fitter:
    """With scores that mean what they say: here it is the landmarks that are put to the test."""
    honest = np.vstack([np.zeros(52), np.eye(52)])
    return Fitter(load_identity_space(), replace(load_landmark_model(), expected=honest))


def seen(
    fitter: Fitter, code: np.ndarray, yaw: float = 0.0, distance: float = 0.8, **shapes: float
) -> tuple[Observation, View]:
    """What the landmarker would see of the person of ``code`` if it erred by habit only, not by chance."""
    expression = np.zeros(52, np.float32)
    for name, value in shapes.items():
        expression[[i for other, i in ARKIT_INDEX.items() if other.startswith(name)]] = value
    view = View(
        SIZE,
        1100.0,
        rotation_matrix(np.array([0.05, yaw, -0.1])),
        np.array([0.02, 0.03, -distance]),
        expression,
    )
    points = fitter.mean + np.tensordot(code, fitter.codes, 1) + np.tensordot(expression, fitter.shapes, 1)
    habit = fitter.model.bias + np.concatenate([code, view.turned()]) @ fitter.model.answer  # mm, upright
    pixels = view.project(points) + habit.reshape(-1, 2) @ view.upright() * 1100 / distance / 1000
    depth = -view.place(points)[:, 2] * 1100 / distance
    return Observation(pixels, depth - depth.mean(), expression, SIZE), view


def face(fitter: Fitter, code: np.ndarray) -> np.ndarray:
    """(478, 3) mm of the resting face, centred: where it stands is not who it is."""
    points = (fitter.mean + np.tensordot(code, fitter.codes, 1)) * 1000
    return points - points.mean(0)


def away(fitter: Fitter, found: np.ndarray, true: np.ndarray) -> float:
    """RMS mm between two faces after scaling: one view tells no size."""
    a, b = face(fitter, found), face(fitter, true)
    return float(np.sqrt(((a * ((a * b).sum() / (a * a).sum()) - b) ** 2).sum(1).mean()))


def test_the_person_is_found(fitter: Fitter) -> None:
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(6):
        code = rng.standard_normal(CODES)
        fit = fitter.fit([seen(fitter, code)[0]])
        ratios.append(away(fitter, fit.code, code) / away(fitter, 0 * code, code))
        assert fit.error[0] < 2.0
    assert np.mean(ratios) < 0.6


def test_the_view_is_found(fitter: Fitter) -> None:
    code = np.random.default_rng(4).standard_normal(CODES)
    observation, view = seen(fitter, code, yaw=0.4, jawOpen=0.5)
    found = fitter.fit([observation]).views[0]
    turn = found.rotation @ view.rotation.T
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 5
    assert found.expression[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.5, abs=0.15)
    assert 0 <= found.expression.min() <= found.expression.max() <= 1


def test_a_smile_stays_out_of_the_identity(fitter: Fitter) -> None:
    code = np.random.default_rng(5).standard_normal(CODES)
    calm = fitter.fit([seen(fitter, code)[0]]).code
    smiling = fitter.fit([seen(fitter, code, mouthSmile=0.8, jawOpen=0.2)[0]]).code
    moved = (
        np.sqrt(
            (
                (0.8 * fitter.shapes[[ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]].sum(0))
                ** 2
            )
            .sum(1)
            .mean()
        )
        * 1000
    )
    assert away(fitter, smiling, calm) < 0.35 * moved


def test_more_photos_tell_more(fitter: Fitter) -> None:
    rng = np.random.default_rng(6)
    one, three = [], []
    for _ in range(4):
        code = rng.standard_normal(CODES)
        views = [seen(fitter, code, yaw)[0] for yaw in (0.0, 0.6, -0.6)]
        one.append(away(fitter, fitter.fit(views[:1]).code, code))
        three.append(away(fitter, fitter.fit(views).code, code))
    assert np.mean(three) < 0.9 * np.mean(one)


def test_following_keeps_the_camera(fitter: Fitter) -> None:
    code = np.random.default_rng(7).standard_normal(CODES)
    first = fitter.fit([seen(fitter, code)[0]])
    observation, truth = seen(fitter, code, yaw=0.05, jawOpen=0.3)
    view = fitter.follow(first.code, observation, first.views[0])
    assert view.focal == pytest.approx(first.views[0].focal, rel=1e-6)
    assert view.expression[ARKIT_INDEX["jawOpen"]] == pytest.approx(
        truth.expression[ARKIT_INDEX["jawOpen"]], abs=0.12
    )


def test_no_picture_is_refused(fitter: Fitter) -> None:
    with pytest.raises(BadInput, match="at least one"):
        fitter.fit([])
