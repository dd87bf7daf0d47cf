"""The training loop: examples in, a checkpoint with the averaged network out; stops and resumes anywhere."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from ..data.prepare import CLOSED_MM, VOICES, Example
from ..errors import DxtalkerError
from ..face.head import Head
from ..files import atomic_path
from ..records import ARKIT_NAMES, MOUTH
from .batches import Batch, Sampler, Scales, make_scales
from .direct import fit_direct, label_voice
from .network import CHANNELS, Network, NetworkConfig, flow_loss

LAST, BEST = "last.pt", "best.safetensors"  # everything to resume with; the weights that are exported


@dataclass(frozen=True)
class TrainConfig:
    """One training run."""

    steps: int = 2400  # optimiser steps
    batch: int = 12  # windows a step
    window: int = 100  # frames a window, 4 s
    rate: float = 5e-4  # peak learning rate, falling to a tenth as a cosine
    decay: float = 0.05  # weight decay
    average: float = 0.998  # decay of the averaged weights
    gap_weight: float = 0.03  # weight of the lip-gap error, per mm²
    mouth_noise: float = 0.25  # deviation of the noise that the mouth starts from: sound nearly decides it
    drop_sound: float = 0.1  # share of windows that hear nothing, for guidance
    direct_penalty: float = 0.1  # ridge penalty of the direct path
    seed: int = 1
    validate_every: int = 200  # steps
    network: NetworkConfig = field(default_factory=NetworkConfig)


def train(
    examples: Sequence[Example],
    validation: Sequence[Example],
    head: Head,
    config: TrainConfig,
    run: Path,
    progress: Callable[[str], None],
) -> Path:
    """Train into ``run``; returns the checkpoint of the best validation step. Resumes ``run/last.pt``.

    Validation is the mean over the figures of ``validate``: correlation on each corpus of ``validation``, and
    closure on the voices with phones.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    scales = make_scales([e for e in examples if e.corpus != VOICES], head)
    network = Network(config.network)
    fit_direct(network, examples, scales, config.direct_penalty)
    examples = [label_voice(network, e, scales, head.lip_gap) if e.corpus == VOICES else e for e in examples]
    averaged = Network(config.network)
    averaged.load_state_dict(network.state_dict())
    network.direct.requires_grad_(False)
    optimiser = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad],
        config.rate,
        (0.9, 0.98),
        weight_decay=config.decay,
    )
    first, best = 0, -1.0
    if (run / LAST).is_file():
        state = torch.load(run / LAST, weights_only=True)
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        first, best = int(state["step"]), float(state["best"])
        progress(f"resumed at step {first}")
    gap, sampler = opening_row(head, scales), Sampler(examples, scales, config.window)
    validation = [*validation, *(e for e in examples if e.corpus == VOICES and (e.closed == 1).any())]
    for step in range(first, config.steps):
        draw = config.seed * 1_000_003 + step
        torch.manual_seed(draw)  # a resumed run draws what an unbroken one draws
        _set_rate(optimiser, config, step)
        loss, missed = _step(network, sampler.batch(config.batch, draw), optimiser, config, gap, scales)
        if not np.isfinite(loss):
            raise DxtalkerError(f"the loss became {loss} at step {step}; lower the learning rate and resume")
        with torch.no_grad():
            decay = min(config.average, (1 + step) / (10 + step))
            for kept, new in zip(averaged.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
        if (step + 1) % config.validate_every == 0 or step + 1 == config.steps:
            scores = validate(averaged, validation, head, scales)
            mean = float(np.mean(list(scores.values()))) if scores else float(step)
            line = {"step": step + 1, "loss": loss, "gap": missed, "time": time.time(), **scores}
            with (run / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            progress(
                f"step {step + 1}: loss {loss:.3f}, " + ", ".join(f"{k} {v:.3f}" for k, v in scores.items())
            )
            better = mean > best
            best = max(best, mean)
            state = {
                "step": step + 1, "best": best, "network": network.state_dict(),
                "averaged": averaged.state_dict(), "optimiser": optimiser.state_dict(),
            }  # fmt: skip
            with atomic_path(run / LAST) as temporary:
                torch.save(state, temporary)
            if better or not (run / BEST).is_file():
                facts = {
                    "step": str(step + 1),
                    "config": json.dumps(asdict(config)),
                    "scores": json.dumps(scores),
                }
                save_checkpoint(run / BEST, averaged, scales, facts)
    return run / BEST


def _step(
    network: Network,
    batch: Batch,
    optimiser: torch.optim.Optimizer,
    config: TrainConfig,
    gap: Tensor,
    scales: Scales,
) -> tuple[float, float]:
    network.train()
    heard = (torch.rand(config.batch, 1, 1) >= config.drop_sound).float()
    offset = torch.from_numpy(scales.motion_mean / scales.motion_std)
    seen_gap = (batch.clean + offset) @ gap
    loss, missed = flow_loss(
        network, batch.clean, batch.content * heard, batch.prosody * heard, batch.weight, batch.past, batch.known,
        gap, seen_gap, config.gap_weight, noise_spread(config.mouth_noise),
    )  # fmt: skip
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return loss.item(), missed.item()


def _set_rate(optimiser: torch.optim.Optimizer, config: TrainConfig, step: int) -> None:
    warm = min(1.0, (step + 1) / 100)
    factor = warm * (0.55 + 0.45 * math.cos(math.pi * step / config.steps))
    for group in optimiser.param_groups:
        group["lr"] = config.rate * factor


def save_checkpoint(path: Path, network: Network, scales: Scales, facts: dict[str, str]) -> None:
    """The network and its scales as safetensors, with ``facts`` about the run."""
    tensors = {f"network.{name}": value.contiguous() for name, value in network.state_dict().items()}
    tensors |= {
        f"scales.{name}": torch.from_numpy(value).contiguous() for name, value in vars(scales).items()
    }
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, facts)


def noise_spread(mouth_noise: float) -> Tensor:
    """(55,) deviation of the noise that each normalised channel starts from."""
    spread = torch.ones(CHANNELS)
    spread[torch.as_tensor(MOUTH)] = mouth_noise
    return spread


def opening_row(head: Head, scales: Scales) -> Tensor:
    """(55,) mm of lip opening for one standard deviation of each channel."""
    return torch.from_numpy(np.concatenate([head.lip_gap, np.zeros(3, np.float32)]) * scales.motion_std)


@torch.no_grad()
def validate(network: Network, examples: Sequence[Example], head: Head, scales: Scales) -> dict[str, float]:
    """How well the mouth opens and closes: the estimate from no noise, in one step.

    For each tracked corpus the correlation of the opening, weighted by frames; for voices with phones, under
    "closure", the share of frames in /p b m/ with closed lips in them or beside them.
    """
    network.eval()
    found: dict[str, list[tuple[float, int]]] = {}
    for example in examples:
        guess = head.opening(_estimate(network, example, scales))
        if example.corpus == VOICES:
            lowest = np.min([np.append(guess[1:], guess[-1]), guess, np.append(guess[0], guess[:-1])], axis=0)
            must = example.closed == 1
            found.setdefault("closure", []).append(
                (float((lowest[must] < CLOSED_MM).mean()), int(must.sum()))
            )
        else:
            truth = head.opening(example.motion[:, : len(ARKIT_NAMES)])
            found.setdefault(example.corpus, []).append((float(np.corrcoef(guess, truth)[0, 1]), len(truth)))
    return {name: sum(r * n for r, n in rows) / sum(n for _, n in rows) for name, rows in found.items()}


def _estimate(network: Network, example: Example, scales: Scales) -> np.ndarray:
    """(T, 52) the clean curves that the network expects before it has seen any noise or past."""
    content = scales.content(example.content)
    frames = len(content)
    nothing = torch.zeros(1, frames, CHANNELS)
    estimate = network(
        nothing, torch.zeros(1), torch.from_numpy(content)[None], torch.from_numpy(example.prosody)[None],
        nothing, torch.zeros(1, frames, 1),
    )[0].numpy()  # fmt: skip
    return (estimate * scales.motion_std + scales.motion_mean)[:, : len(ARKIT_NAMES)].clip(0, 1)
