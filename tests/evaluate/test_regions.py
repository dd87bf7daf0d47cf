"""Masks lie where they should, errors are those that were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.evaluate.regions import Regions, regions
from dxtalker.evaluate.variety import Moments, frechet, spread
from dxtalker.evaluate.vertices import (
    CHUNK,
    lve_mean_of_max_mm,
    lve_mean_of_max_squared_mm2,
    lve_rms_of_max_mm,
    vertex_errors,
)
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX

JAW, BROW, BLINK = (ARKIT_INDEX[n] for n in ("jawOpen", "browInnerUp", "eyeBlinkLeft"))


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="module")
def where(head: Head) -> Regions:
    return regions(head)


def curves(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 0.5, (frames, 52)).astype(np.float32)


def test_masks_lie_on_their_part_of_the_face(head: Head, where: Regions) -> None:
    lips, upper = head.vertices[where.face[where.lips]], head.vertices[where.face[where.upper]]
    mouth = head.vertices[head.lip_pairs[0]].mean(axis=0)
    assert (
        np.abs(lips - mouth).max() < 0.035
        and upper[:, 1].min() > head.vertices[head.landmarks["nose_tip"], 1]
    )
    assert not set(where.lips) & set(where.upper)
    assert abs(lips[:, 0].mean()) < 1e-3 and abs(upper[:, 0].mean()) < 1e-3  # as much left as right
    assert where.lip_gap[JAW] == pytest.approx(head.opening(np.eye(52, dtype=np.float32))[JAW])
    assert where.lid_gap[BLINK] < -3 and where.brow_height[BROW] > 1


def test_the_masks_of_the_packaged_head_are_those_of_the_tables(where: Regions) -> None:
    """Who changes a rule or the head makes older figures incomparable, and has to say so in docs/metrics.md."""
    assert {name: total[:8] for name, total in where.sums.items()} == {
        "lips": "1efe0f81",
        "upper face": "6fd7bf27",
        "face": "a2996f20",
    }


def test_a_head_without_marked_lips_is_refused(head: Head) -> None:
    with pytest.raises(BadInput, match="no marked lips"):
        regions(replace(head, lips=None))


def test_errors_are_those_of_posed_vertices(head: Head, where: Regions) -> None:
    guess, truth = curves(3, 1), curves(3, 2)
    found = vertex_errors(guess, truth, where)
    way = np.stack([head.shape(g) - head.shape(t) for g, t in zip(guess, truth, strict=True)])
    way = np.linalg.norm(way[:, where.face], axis=2) * 1000
    assert found.face_mm == pytest.approx(way.mean(axis=1), rel=1e-3)
    assert found.lip_max_mm == pytest.approx(way[:, where.lips].max(axis=1), rel=1e-3)
    assert found.upper_mm == pytest.approx(way[:, where.upper].mean(axis=1), rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(scale=st.floats(0.1, 2))
def test_errors_grow_with_the_difference_alone(scale: float, where: Regions) -> None:
    base, step = curves(2, 1), curves(2, 2)
    one = vertex_errors(base + step, base, where)
    other = vertex_errors(step * np.float32(scale), np.zeros_like(step), where)
    assert other.face_mm == pytest.approx(scale * one.face_mm, rel=1e-3)


def test_the_mouth_leaves_the_upper_face_alone(where: Regions) -> None:
    truth = np.zeros((CHUNK + 5, 52), np.float32)  # more than one chunk
    guess = truth.copy()
    guess[:, JAW] = 0.3
    found = vertex_errors(guess, truth, where)
    assert len(found.face_mm) == len(truth) and found.lip_max_mm.min() > 5
    assert found.upper_mm.max() < 0.04 and found.fdd_mm2 < 1e-4


def test_fdd_is_the_missing_motion_without_its_sign(where: Regions) -> None:
    moving, still = np.zeros((300, 52), np.float32), np.zeros((300, 52), np.float32)
    moving[::2, BROW] = 1
    squared = (where.moves[BROW].reshape(-1, 3)[where.upper] ** 2).sum(axis=1)
    expected = (squared * 0.5).mean()  # deviation of a value that is 0 and x in turn: x / 2
    assert vertex_errors(still, moving, where).fdd_mm2 == pytest.approx(expected, rel=1e-3)
    assert vertex_errors(moving, still, where).fdd_mm2 == pytest.approx(expected, rel=1e-3)


def test_the_three_forms_of_lve() -> None:
    worst = np.array([3.0, 4.0], np.float32)
    assert lve_mean_of_max_mm(worst) == 3.5
    assert lve_mean_of_max_squared_mm2(worst) == 12.5
    assert lve_rms_of_max_mm(worst) == pytest.approx(12.5**0.5)


def test_spread_of_takes_is_told_region_by_region(where: Regions) -> None:
    takes, turns = np.zeros((2, 10, 52), np.float32), np.zeros((2, 10, 3), np.float32)
    takes[1, :, BROW], turns[1, :, 0] = 0.5, np.radians(4)
    found = spread(takes, turns, where)
    assert found.lips_mm < 0.1 and found.lids_mm < 0.1
    assert found.brows_mm == pytest.approx(0.5 * where.brow_height[BROW] / 2**0.5, rel=1e-4)
    assert found.head_deg == pytest.approx(4 / 2**0.5, rel=1e-4)


def test_frechet_distance_of_known_gaussians() -> None:
    frames = np.random.default_rng(0).normal(size=(4000, 3))
    one = Moments.of(frames)
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, Moments.of(frames + np.array([3, 4, 0]))) == pytest.approx(25)
    # The same points twice as far from their mean: tr S (2 - 1)^2.
    mean = frames.mean(axis=0)
    assert frechet(one, Moments.of(mean + 2 * (frames - mean))) == pytest.approx(frames.var(axis=0).sum())
    assert frechet(one, Moments.of(frames[:1000]) + Moments.of(frames[1000:])) == pytest.approx(0, abs=1e-9)
