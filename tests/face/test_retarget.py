from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.retarget import Retarget, load_retarget, mirrored
from dxtalker.records import ARKIT_INDEX, Motion


def random_motion(seed: int, frames: int = 6) -> Motion:
    random = np.random.default_rng(seed)
    return Motion(
        random.uniform(0, 1, (frames, 52)).astype(np.float32),
        random.normal(0, 0.2, (frames, 3)).astype(np.float32),
        random.normal(0, 0.01, (frames, 3)).astype(np.float32),
    )


def retarget(tmp_path: Path, text: str) -> Retarget:
    path = tmp_path / "face.toml"
    path.write_text(text, encoding="utf-8")
    return load_retarget(path)


def test_the_more_particular_table_wins_key_by_key(tmp_path: Path) -> None:
    found = retarget(
        tmp_path,
        """
        [all]
        gain = 0.5
        high = 0.9
        [group.brows]
        gain = 2.0
        [shape.browInnerUp]
        offset = 0.1
        """,
    )
    motion = replace(random_motion(1), curves=np.full((6, 52), 0.3, np.float32))
    curves = found.apply(motion).curves[0]
    assert curves[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.15)
    assert curves[ARKIT_INDEX["browDownLeft"]] == pytest.approx(0.6)
    assert curves[ARKIT_INDEX["browInnerUp"]] == pytest.approx(0.7)
    full = found.apply(replace(motion, curves=np.ones((6, 52), np.float32))).curves[0]
    assert full[ARKIT_INDEX["browInnerUp"]] == pytest.approx(0.9)


def test_head_rotation_is_in_degrees_and_translation_in_millimetres(tmp_path: Path) -> None:
    found = retarget(
        tmp_path, "[rotation.yaw]\noffset = 10\nhigh = 12\n[translation.z]\ngain = 0\noffset = 5\n"
    )
    motion = replace(random_motion(2), rotation=np.tile(np.array([0.3, 0.1, 0.2], np.float32), (6, 1)))
    moved = found.apply(motion)
    np.testing.assert_allclose(moved.rotation[0], [0.3, np.radians(12), 0.2], rtol=1e-6)
    np.testing.assert_allclose(moved.translation[:, 2], 0.005, rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_nothing_said_changes_nothing_and_two_mirrors_give_it_back(seed: int) -> None:
    motion = random_motion(seed)
    for same in (Retarget().apply(motion), mirrored(mirrored(motion))):
        np.testing.assert_array_equal(same.curves, motion.curves)
        np.testing.assert_array_equal(same.rotation, motion.rotation)
        np.testing.assert_array_equal(same.translation, motion.translation)


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def test_swapped_sides_move_the_mirrored_face(head: Head, tmp_path: Path) -> None:
    """Left and right by geometry: each vertex's twin across the middle moves as in a mirror."""
    seam = np.abs(head.vertices[:, 0]) < 0.06
    points = np.flatnonzero(seam & (head.vertices[:, 2] > 0) & (head.vertices[:, 1] > -0.1))
    mirror = np.array([-1, 1, 1], np.float32)
    apart = np.linalg.norm(head.vertices[points, None] * mirror - head.vertices[None, points], axis=2)
    twin, close = points[apart.argmin(1)], apart.min(1) < 1e-5
    assert close.mean() > 0.8
    points, twin = points[close], twin[close]
    frame = np.zeros(52, np.float32)
    for name in ("mouthSmileLeft", "browOuterUpLeft", "noseSneerLeft", "jawLeft"):
        frame[ARKIT_INDEX[name]] = 0.8
    motion = Motion(
        frame[None], np.array([[0.1, 0.3, 0.2]], np.float32), np.array([[0.01, 0.02, 0.03]], np.float32)
    )
    swapped = retarget(tmp_path, "swap_sides = true").apply(motion)

    def posed(m: Motion) -> np.ndarray:
        return head.pose(head.shape(m.curves[0]), m.rotation[0], m.translation[0])

    there, here = posed(swapped)[twin], posed(motion)[points] * mirror
    assert np.abs(posed(motion)[points] - head.vertices[points]).max() > 0.005
    # Within 0.3 mm in the median: the head's own shapes are not exactly symmetric.
    assert np.median(np.linalg.norm(there - here, axis=1)) < 3e-4
    assert np.quantile(np.linalg.norm(there - here, axis=1), 0.95) < 2e-3
    unswapped = np.linalg.norm(posed(motion)[twin] - here, axis=1)
    assert np.median(unswapped) > 5e-3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[shape.jawOpn]\ngain = 1", "did you mean jawOpen"),
        ("[shape.mouthsmileleft]\ngain = 1", "did you mean mouthSmileLeft"),
        ("[group.brow]\ngain = 1", "did you mean brows"),
        ("[rotation.x]\ngain = 1", "did you mean"),
        ("[all]\ngian = 1", "did you mean gain"),
        ("[all]\ngain = nan", "finite"),
        ("[all]\ngain = true", "finite"),
        ("[all]\nlow = 0.8\nhigh = 0.2", "low lies above"),
        ("swap_sides = 1", "true or false"),
        ("shape = 3", "expected tables"),
        ("[shape]\njawOpen = 2", "expected a table"),
        ("[", "not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        retarget(tmp_path, text)


def test_a_missing_a_binary_and_a_deep_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read"):
        load_retarget(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not TOML"):
        load_retarget(tmp_path / "b.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 50_000)
    with pytest.raises(BadInput):
        load_retarget(tmp_path / "deep.toml")
