"""Expressions are read from landmarks; lips are matched to their gap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.face.expression import (
    SCORE_MM,
    STEADY,
    align,
    learn_rest,
    load_expression_model,
    most_probable,
    prior,
    read_expression,
)
from dxtalker.face.head import rotation_matrix
from dxtalker.face.head_file import load_head
from dxtalker.face.lips import bounded_descent, gap_rows, lip_gaps, match_lips, openings, rest_gaps
from dxtalker.records import ARKIT_INDEX, GAZE

HEAD, MODEL = load_head(), load_expression_model()
NOISE = np.random.default_rng(2).normal(0, 0.05, (60, *MODEL.template.shape))


def seen(parted: np.ndarray) -> np.ndarray:
    """(T, L, 3) picture axes: a calm face whose lower lip hangs ``parted`` (T,) mm lower, seen from the side."""
    points = MODEL.template + NOISE[: len(parted)]
    for upper, lower in ((13, 14), (311, 402), (81, 178)):
        up, low = MODEL.places((upper, lower))
        points[:, low] = points[:, up]
        points[:, low, 1] -= 0.4 + parted
    turned = points @ rotation_matrix(np.array([0.1, 0.3, -0.1])).T
    return 1.7 * turned * [1, -1, -1] + [300, 200, 0]


def test_lips_open_as_far_as_seen_and_close() -> None:
    parted = 12 * np.abs(np.sin(np.arange(60) / 4)) * (np.arange(60) > 20)
    curves = read_expression(seen(parted), np.zeros((60, 52)), HEAD, 25)
    opening = HEAD.opening(curves) * 90 / HEAD.eye_distance
    assert curves.min() >= 0 and curves.max() <= 1 and not curves[:, GAZE].any()
    assert np.abs(opening - parted)[parted > 4].max() < 2.5
    assert np.abs(opening[parted == 0]).max() < 0.5
    assert curves[parted == 0].mean() < 0.02  # a face at rest does nothing


def test_frames_before_and_after_a_gap_are_not_mixed() -> None:
    parted = 10 * np.abs(np.sin(np.arange(40) / 3.0)) * (np.arange(40) > 10)
    whole = read_expression(seen(parted), np.zeros((40, 52)), HEAD, 25)
    present = np.ones(45, bool)
    present[20:25] = False
    apart = read_expression(seen(parted), np.zeros((40, 52)), HEAD, 25, present)
    assert np.allclose(whole[:10], apart[:10]) and not np.allclose(whole[18:22], apart[18:22])


def test_alignment_takes_out_place_size_and_turn() -> None:
    still = align(seen(np.zeros(30)), MODEL)
    assert np.abs(still.points - still.points.mean(0)).max() < 0.4
    assert np.allclose(still.angles.mean(0), [0.3, 0.1, -0.1], atol=0.02)
    assert np.abs((still.points.mean(0) - MODEL.template)[MODEL.places(STEADY)]).max() < 0.5


@pytest.mark.parametrize(
    "name", ["jawOpen", "mouthSmileLeft", "browInnerUp", "browOuterUpRight", "mouthFunnel"]
)
def test_a_reading_gives_back_what_caused_it(name: str) -> None:
    weights = np.zeros((1, 52))
    weights[0, ARKIT_INDEX[name]] = 0.8
    found = most_probable(weights @ MODEL.answer, MODEL)[0]
    assert found.argmax() == ARKIT_INDEX[name] and found.max() > 0.25


def test_the_prior_is_a_covariance_and_the_model_whole() -> None:
    assert np.linalg.eigvalsh(prior()).min() > 0 and np.linalg.eigvalsh(MODEL.error).min() > 0
    assert MODEL.reading.shape == (3 * len(MODEL.landmarks) + 52, 52) and SCORE_MM > 0


def test_closed_lips_are_known_in_a_clip_that_is_seldom_closed() -> None:
    gaps = np.full((100, 3), 9.0)
    assert np.allclose(rest_gaps(gaps), 1.0)  # mm: no mouth that is closed reads more
    gaps[:5] = 0.5
    assert np.allclose(rest_gaps(gaps), 0.5)
    assert np.allclose(openings(gaps)[0], 0) and np.allclose(openings(gaps)[50], 8.5)


def test_matching_changes_little_and_hits_the_gap() -> None:
    curves = np.zeros((3, 52))
    curves[:, ARKIT_INDEX["jawOpen"]] = 0.3
    wanted = np.array([[0.0] * 3, [6.0] * 3, [14.0] * 3])
    matched = match_lips(curves, wanted, HEAD)
    left = np.abs(matched @ gap_rows(HEAD).T - wanted).max(0)
    assert left[0] < 0.5 and left[1:].max() < 4.0  # mm: the middle counts
    assert matched[0, ARKIT_INDEX["mouthClose"]] > 0.1  # the jaw stays down where it is seen to be
    assert np.array_equal(matched[:, ARKIT_INDEX["browInnerUp"]], curves[:, ARKIT_INDEX["browInnerUp"]])
    points = np.zeros((1, len(MODEL.landmarks), 3))
    points[0, MODEL.places((13,))] = 3
    assert np.allclose(lip_gaps(points, MODEL.places), [[np.sqrt(27), 0, 0]])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_bounded_descent_is_no_worse_than_any_point_in_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, pull = rng.normal(size=(12, 9)), rng.normal(size=(5, 9))
    gram = rows.T @ rows + np.eye(9)
    found = bounded_descent(gram, pull, 0.0, 1.0)

    def cost(x: np.ndarray) -> np.ndarray:
        return (x @ gram * x).sum(1) / 2 - (pull * x).sum(1)

    assert found.min() >= 0 and found.max() <= 1
    for _ in range(20):
        assert (cost(found) <= cost(rng.random((5, 9))) + 1e-6).all()


def test_the_pucker_score_is_heard() -> None:
    """A score without any movement of the landmarks counts as a part of what it says."""
    scores = np.zeros((60, 52))
    scores[30:, ARKIT_INDEX["mouthPucker"]] = 0.6
    points = seen(np.zeros(60))
    rest = learn_rest(points[:30], scores[:30])
    curves = read_expression(points, scores, HEAD, 25, rest=rest)
    pucker = curves[:, ARKIT_INDEX["mouthPucker"]]
    assert pucker[:25].max() < 0.05 and 0.2 < pucker[35:].mean() < 0.7


def test_rest_can_be_learned_elsewhere() -> None:
    parted = 10 * np.abs(np.sin(np.arange(60) / 3.0)) * (np.arange(60) > 20)
    points, scores = seen(parted), np.zeros((60, 52))
    rest = learn_rest(points, scores)
    assert np.array_equal(
        read_expression(points, scores, HEAD, 25), read_expression(points, scores, HEAD, 25, rest=rest)
    )
    busy = slice(24, 60)
    whole = read_expression(points, scores, HEAD, 1, rest=rest)[busy]  # at 1 a second nothing is smoothed
    assert np.allclose(read_expression(points[busy], scores[busy], HEAD, 1, rest=rest), whole)
