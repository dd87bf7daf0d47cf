"""The paper's motion space: noise that belongs to frames, the sampler's windows, parameters within their joints."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.motion.paper import (
    DETAIL,
    EXPRESSION,
    GROUPS,
    JAW,
    OPEN,
    PARAMETERS,
    SHAPE,
    CodeScales,
    FlameCodes,
    PaperSampling,
    follow,
    keyed_noise,
    loud_jaw,
    to_codes,
)  # fmt: skip
from dxtalker.motion.paper_model import PaperGenerator


def test_groups_are_the_284_parameters_in_order() -> None:
    places = [np.arange(PARAMETERS)[place] for place in GROUPS.values()]
    assert np.array_equal(np.concatenate(places), np.arange(284))
    assert [len(place) for place in places] == [100, 50, 3, 3, 128]


@pytest.mark.parametrize("every", [1, 25, 250])
def test_noise_belongs_to_its_frame(every: int) -> None:
    whole = keyed_noise(3, 0, 600, every)
    assert np.array_equal(keyed_noise(3, 130, 77, every), whole[130:207])
    assert not np.array_equal(keyed_noise(4, 0, 600, every), whole)
    keys = keyed_noise(3, 0, 60 * every, every)[::every]
    assert abs(keys.std() - 1) < 0.02 and abs(keys.mean()) < 0.02
    if every > 1:  # straight between the keys
        assert np.allclose(whole[10], 0.5 * (whole[9] + whole[11]), atol=1e-5)


def test_the_jaws_noise_follows_the_loudness() -> None:
    loud = loud_jaw(keyed_noise(0, 0, 50), np.linspace(0, 1, 50, dtype=np.float32), 2.0)
    assert loud[0, OPEN] == 0 and (loud[:, OPEN] >= 0).all()
    assert np.array_equal(np.delete(loud, OPEN, axis=1), np.delete(keyed_noise(0, 0, 50), OPEN, axis=1))


@pytest.mark.parametrize("frames", [1, 30, 200, 201, 650])
def test_a_straight_flow_arrives_and_windows_carry_the_past(frames: int) -> None:
    goal = np.random.default_rng(1).standard_normal((frames, PARAMETERS)).astype(np.float32)
    asked = []

    def velocity(x: np.ndarray, t: float, begin: int, past: np.ndarray) -> np.ndarray:
        asked.append((begin, len(x), len(past)))
        assert np.allclose(past, goal[begin : begin + len(past)], atol=1e-4)
        return (goal[begin : begin + len(x)] - x) / (1 - t)

    found = follow(velocity, np.ones(frames, np.float32), PaperSampling(steps=4))
    assert np.abs(found - goal).max() < 1e-4
    assert max(count for _, count, _ in asked) <= 250 and asked[0][2] == 0
    assert len(asked) == 4 * -(-frames // 200)


def test_parameters_stay_in_their_joints_and_one_person() -> None:
    changes = np.ones((5, PARAMETERS), np.float32)
    changes[2:, OPEN] = -1
    face = np.zeros(PARAMETERS, np.float32)
    face[SHAPE] = 2
    scales = CodeScales(np.zeros(PARAMETERS, np.float32), np.full(PARAMETERS, 0.3, np.float32))
    held = to_codes(changes, face, scales, PaperSampling(), {})
    assert (held.values[:, SHAPE] == 2).all() and np.allclose(held.values[:, EXPRESSION], 0.3)
    assert held.values[:, JAW].max() <= np.float32(0.3) and held.values[2, OPEN] == 0
    assert held.info["jaw_limited"] == "5" and np.allclose(held.values[:, DETAIL], 0.3)
    free = to_codes(changes, face, scales, PaperSampling(hold_shape=False), {})
    assert np.allclose(free.values[:, SHAPE], 2.3)


def test_refusals(tmp_path) -> None:
    with pytest.raises(BadInput, match=r"expected \(T, 284\)"):
        FlameCodes(np.zeros((3, 283), np.float32))
    with pytest.raises(BadInput, match="NaN"):
        FlameCodes(np.full((3, 284), np.nan, np.float32))
    with pytest.raises(BadInput, match="steps must be"):
        PaperSampling(steps=0)
    with pytest.raises(BadInput, match="keys must be"):
        PaperSampling(every=0)
    (tmp_path / "no.onnx").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="not a network of the FLAME motion space"):
        PaperGenerator(tmp_path / "no.onnx")
