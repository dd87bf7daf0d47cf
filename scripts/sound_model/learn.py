"""Learns the small network of ``curate/hearing.py`` from features of mixtures. Needs torch."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

HIDDEN = 48
CLEAREST = 20.0  # dB: music fainter than this under a voice is neither taught as music nor as none
WITH_SNR = ("clean", "white", "pink", "brown", "hum", "babble", "music")
BATCH = 16
EVERY = 3  # of the frames one is learned from: neighbours say the same
SHORTEST = 17  # such frames of the piece that is heard at once, 2 s


def learn(
    content: np.ndarray,
    labels: np.ndarray,
    kinds: np.ndarray,
    snr: np.ndarray,
    planted: np.ndarray,
    steps: int = 2500,
) -> dict[str, np.ndarray]:
    """Weights from ``content`` (n, T, 512), ``labels`` (n, T, 3) of speech, music and second voice, and (n,) each of
    ``kinds``, ``snr`` (dB, of everything) and ``planted`` (dB, of what was added).

    Every frame is seen beside the mean of a random piece of 2 to 6 s around it, as it will be in clips.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    content, labels = content[:, ::EVERY].astype(np.float32), labels[:, ::EVERY].astype(np.float32)
    mean, spread = content.mean(axis=(0, 1)), content.std(axis=(0, 1)) + np.float32(1e-3)
    content = (content - mean) / spread
    weight = np.ones((len(content), 3), np.float32)
    weight[(kinds == "music") & (planted > CLEAREST), 1] = 0
    told = np.isin(kinds, WITH_SNR) & np.isfinite(snr) & (snr <= 45)
    target = np.where(told, snr, 0).astype(np.float32)
    net = torch.nn.Sequential(
        torch.nn.Dropout(0.1),
        torch.nn.Linear(1024, HIDDEN),
        torch.nn.GELU(approximate="tanh"),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(HIDDEN, 4),
    )
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(steps):
        rows = rng.choice(len(content), BATCH, replace=False)
        length = rng.integers(SHORTEST, content.shape[1] + 1)
        first = rng.integers(0, content.shape[1] - length + 1)
        x = content[rows, first : first + length]
        x = np.concatenate([x, np.repeat(x.mean(axis=1, keepdims=True), length, axis=1)], axis=2)
        y = torch.from_numpy(labels[rows, first : first + length])
        out = net(torch.from_numpy(x))
        loss = functional.binary_cross_entropy_with_logits(
            out[..., :3], y, weight=torch.from_numpy(weight[rows])[:, None].expand_as(y)
        )
        apart = functional.smooth_l1_loss(
            out[..., 3] * 10,
            torch.from_numpy(target[rows])[:, None].expand(out.shape[:2]),
            reduction="none",
            beta=3.0,
        )
        loss = loss + 0.1 * (apart * torch.from_numpy(told[rows].astype(np.float32))[:, None]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return _folded(net, np.concatenate([mean, mean]), np.concatenate([spread, spread]))


def _folded(net: torch.nn.Sequential, mean: np.ndarray, spread: np.ndarray) -> dict[str, np.ndarray]:
    """The weights for features that are not normalised."""
    first, last = net[1], net[4]
    w1 = first.weight.detach().numpy().astype(np.float64) / spread
    b1 = first.bias.detach().numpy() - w1 @ mean
    return {
        "w1": w1.T.astype(np.float16),
        "b1": b1.astype(np.float32),
        "w2": last.weight.detach().numpy().T.copy(),
        "b2": last.bias.detach().numpy(),
    }
