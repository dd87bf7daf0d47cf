"""Each part of the loss is zero where nothing is wrong, and grows by what it is named after alone."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch

from dxtalker.motion.sampler import CHANNELS
from dxtalker.motion.style import STYLE
from dxtalker.speech.encoder import WIDTH as CONTENT
from dxtalker.train.batches import Batch
from dxtalker.train.loss import Measures, Weights, flow_loss, gap_error, unrest, velocity_error
from dxtalker.train.network import Network, NetworkConfig
from dxtalker.train.small import noise_spread

pytestmark = pytest.mark.train
GAP = torch.zeros(CHANNELS)
GAP[0] = 10.0  # mm
MEASURES = Measures(GAP, torch.zeros(CHANNELS), noise_spread(0.4), Weights(0.1, 0.1, 0.1))
SEEN = torch.ones(2, 30)


def motion(first: torch.Tensor) -> torch.Tensor:
    """(2, 30, 55) whose channel 0 is ``first`` (30,), the others noise that parts no lips."""
    torch.manual_seed(0)
    made = torch.randn(2, 30, CHANNELS)
    made[..., 0] = first
    return made


OPEN = motion(torch.full((30,), 0.5))


def test_a_perfect_network_loses_nothing() -> None:
    class Oracle(Network):
        def forward(self, *_: torch.Tensor) -> torch.Tensor:
            return OPEN

    batch = Batch(
        OPEN, torch.zeros(2, 30, CONTENT), torch.zeros(2, 30, 4), torch.ones(2, 30, CHANNELS), OPEN * 0,
        torch.zeros(2, 30, 1), torch.full((2, 30), torch.nan),
        *(torch.full((2, 30, n), torch.nan) for n in (10, len(STYLE), 3)),
    )  # fmt: skip
    tiny = NetworkConfig(width=16, layers=1, heads=2)
    loss, parts = flow_loss(Oracle(tiny), batch, MEASURES)
    assert loss == 0 and not any(parts.values()) and set(parts) == {"gap", "velocity", "still"}
    loss, parts = flow_loss(Network(tiny), batch, MEASURES)
    assert loss > 0 and parts["gap"] > 0


def test_closures_count_most() -> None:
    shut = motion(torch.zeros(30))
    off = torch.zeros(CHANNELS)
    off[0] = 0.1  # 1 mm
    assert float(gap_error(shut + off, shut, SEEN, MEASURES)) == pytest.approx(8.0, rel=1e-3)
    assert float(gap_error(OPEN + off, OPEN, SEEN, MEASURES)) == pytest.approx(1.0, rel=0.06)
    assert gap_error(OPEN + off, OPEN, 0 * SEEN, MEASURES) == 0


def test_velocity_is_of_the_lips_and_not_of_where_they_are() -> None:
    off = torch.zeros(CHANNELS)
    off[0], off[5] = 0.1, 3.0
    assert float(velocity_error(OPEN + off, OPEN, SEEN, MEASURES)) == pytest.approx(0, abs=1e-9)
    shaking = OPEN + off * torch.tensor([1.0, -1.0]).repeat(15)[None, :, None]
    assert float(velocity_error(shaking, OPEN, SEEN, MEASURES)) == pytest.approx(4.0, rel=1e-3)


def test_lips_may_move_in_speech_and_not_in_silence() -> None:
    moving = motion(torch.tensor([0.0, 0.1]).repeat(15))
    loudness = torch.zeros(2, 30)
    assert unrest(moving, loudness, SEEN, MEASURES) == 0
    loudness[:, 15:] = -2.5
    assert float(unrest(moving, loudness, SEEN, MEASURES)) == pytest.approx(14 / 29, rel=1e-3)
    assert unrest(OPEN, loudness, SEEN, MEASURES) == 0
