"""Training of the guess: pictures of one person shall give one answer, and that the person's."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dxtalker.face.fit import CODES
from dxtalker.face.identity import IdentitySpace

from .network import GuessNet
from .samples import Samples, targets

PEOPLE_A_STEP = 43  # about 128 pictures
RATE, DECAY, DROP = 1e-3, 0.05, 0.2
SAME = 0.5  # weight of how far a person's pictures disagree, against how far they err: keeps expressions out
MODEST = 0.003  # weight of the codes' squares: what the face does not show stays at the mean
SURE = 16.0  # factor on the guess's precision in the fit: it has seen the landmarks too, and these bring expressions in
HELD = 0.04  # share of looks that are not trained on
INPUTS = ("crop", "fine", "coarse", "marks")


def train(
    space: IdentitySpace, samples: Samples, epochs: int, checkpoint: Path
) -> tuple[GuessNet, np.ndarray]:
    """The network, and the inverse covariance (CODES, CODES) of its error on looks it was not trained on.

    Goes on where ``checkpoint`` ended.
    """
    torch.manual_seed(0)
    weights, codes = (torch.from_numpy(table).float() for table in targets(space))
    looks = np.unique(samples.look)
    held = np.isin(samples.look, looks[-max(1, round(HELD * len(looks))) :])
    rows, judged = np.flatnonzero(~held), np.flatnonzero(held)
    goal = torch.from_numpy(samples.weights - space.mean.astype(np.float32)) @ weights
    people = _groups(samples.person, rows)
    net = GuessNet(samples, CODES, DROP)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    a_round = len(people) // PEOPLE_A_STEP
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * a_round, pct_start=0.1)
    first = _resume(checkpoint, net, optimizer, schedule)
    print(f"{len(rows)} pictures of {len(people)} people; {len(judged)} pictures held back", flush=True)
    for epoch in range(first, epochs):
        start, errors, order = time.monotonic(), [], torch.randperm(len(people)).tolist()
        for step in range(a_round):
            chosen = [people[i] for i in order[step * PEOPLE_A_STEP : (step + 1) * PEOPLE_A_STEP]]
            who = torch.repeat_interleave(
                torch.arange(len(chosen)), torch.tensor([len(one) for one in chosen])
            )
            at = np.concatenate(chosen)
            code = net(*_inputs(samples, at))
            seen = code @ codes
            error = _length(seen - goal[at]).mean()
            mean = torch.zeros(len(chosen), seen.shape[1]).index_add_(0, who, seen)
            mean = mean / torch.bincount(who)[:, None]
            loss = error + SAME * _length(seen - mean[who]).mean() + MODEST * code.square().sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            errors.append(float(error.detach()))
        off = _length(predict(net, samples, judged) @ codes - goal[judged]).mean()
        print(
            f"epoch {epoch + 1}: {np.mean(errors):.3f} mm, held back {off:.3f} of"
            f" {_length(goal[judged]).mean():.3f} mm, {time.monotonic() - start:.0f} s",
            flush=True,
        )
        _save(checkpoint, epoch + 1, net, optimizer, schedule)
    return net.eval(), _precision(predict(net, samples, judged), goal[judged], codes)


def predict(net: GuessNet, samples: Samples, at: np.ndarray) -> torch.Tensor:
    """(len(at), CODES)"""
    net.eval()
    with torch.no_grad():
        parts = [net(*_inputs(samples, at[i : i + 256])) for i in range(0, len(at), 256)]
    net.train()
    return torch.cat(parts)


def _inputs(samples: Samples, at: np.ndarray) -> list[torch.Tensor]:
    crop, *rest = (torch.from_numpy(getattr(samples, name)[at]) for name in INPUTS)
    return [crop, *(part.float() for part in rest)]


def _length(rows: torch.Tensor) -> torch.Tensor:
    """(N,) mm of (N, P); smooth at nought."""
    return (rows.square().sum(1) + 0.01).sqrt()


def _groups(person: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """The rows of each person."""
    order = rows[np.argsort(person[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(person[order])) + 1)


def _precision(code: torch.Tensor, goal: torch.Tensor, codes: torch.Tensor) -> np.ndarray:
    """The inverse covariance of true codes about guessed ones, times SURE."""
    left = (goal - code @ codes).double().numpy()
    table = codes.double().numpy()
    noise = 0.01  # mm^2 in each coordinate that no code explains
    off = np.linalg.solve(table @ table.T + noise * np.eye(len(table)), table @ left.T).T
    covariance = off.T @ off / len(off)
    return SURE * np.linalg.inv(covariance + 1e-2 * np.eye(len(covariance)))


def _save(path: Path, epoch: int, net: GuessNet, optimizer: torch.optim.Optimizer, schedule: object) -> None:
    state = {"epoch": epoch, "net": net.state_dict(), "optimizer": optimizer.state_dict()}
    state["schedule"] = schedule.state_dict()  # pyright: ignore[reportAttributeAccessIssue]
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def _resume(path: Path, net: GuessNet, optimizer: torch.optim.Optimizer, schedule: object) -> int:
    """The first epoch that is left to do."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])  # pyright: ignore[reportAttributeAccessIssue]
    return int(state["epoch"])
