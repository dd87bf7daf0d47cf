"""Where the landmarks lie on the head: the mixtures of nearby vertices that explain the samples best."""

from __future__ import annotations

import numpy as np

from dxtalker.face.head import Head
from dxtalker.face.identity import IdentitySpace
from landmark_model.samples import Sample

NEAR = 24  # vertices that a landmark may lie between
FIRST_IRIS = 468
DEEP = 0.13  # metres behind the nearest point: what lies deeper belongs to the back of the head
STEPS = 300  # of projected gradient


def candidates(head: Head) -> np.ndarray:
    """Vertices (N,) of the face's skin, scalp and eyes, each point of the surface once."""
    parts = [part for part in head.parts if part.name in ("skin", "hair", "eyes")]
    ids = np.concatenate([np.unique(head.triangles[p.first : p.first + p.count]) for p in parts])
    ids = ids[np.sort(np.unique(head.weld[ids], return_index=True)[1])]
    return ids[(head.vertices[ids, 2] > -0.11) & (head.vertices[ids, 1] > -0.16)]


def embed(space: IdentitySpace, taken: list[Sample]) -> tuple[np.ndarray, np.ndarray]:
    """(478, NEAR) vertices of the space's base head and their shares, from ``taken`` pictures."""
    head = space.base
    ids = candidates(head)
    part = next(part for part in head.parts if part.name == "eyes")
    on_eye = np.isin(ids, head.triangles[part.first : part.first + part.count])
    shown = np.zeros((len(taken), len(ids), 2), np.float32)
    deep = np.zeros((len(taken), len(ids)), np.float32)
    for i, sample in enumerate(taken):  # one head at a time: each holds shapes of its own
        points = sample.view.shape(space.head(sample.weights))[ids]
        shown[i], deep[i] = sample.view.project(points), -sample.view.place(points)[:, 2]
    behind = np.median(deep - deep.min(axis=1, keepdims=True), axis=0)
    scale = np.array([pixels_a_metre(sample) for sample in taken])
    calm = [i for i, sample in enumerate(taken) if np.abs(sample.view.rotation[:, 2][:2]).max() < 0.22][:120]
    vertices, shares = np.zeros((478, NEAR), np.int64), np.zeros((478, NEAR))
    for mark in range(478):
        seen = np.stack([sample.points[mark] for sample in taken])
        away = np.linalg.norm(shown[calm] - seen[calm][:, None], axis=2) / scale[calm][:, None]
        away = (np.median(away, axis=0) + away.mean(axis=0)) / 2 + 0.2 * np.maximum(behind - DEEP, 0)
        away[on_eye != (mark >= FIRST_IRIS)] = np.inf
        near = np.argsort(away)[:NEAR]
        vertices[mark], shares[mark] = ids[near], _mixture(shown[:, near], seen, scale)
    return vertices, shares


def pixels_a_metre(sample: Sample) -> float:
    """The picture's scale at the head."""
    return -sample.view.focal / float(sample.view.translation[2])


def _mixture(shown: np.ndarray, seen: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(C,) non-negative shares with sum 1 that bring shown (N, C, 2) to seen (N, 2), in mm, slightly even."""
    centre = shown.mean(axis=1)
    mm = 1000 / scale[:, None]
    rows = ((shown - centre[:, None]) * mm[..., None]).transpose(0, 2, 1).reshape(-1, shown.shape[1])
    target = ((seen - centre) * mm).ravel()
    one, even = 300 * np.sqrt(len(rows) / 100), 0.3 * np.sqrt(len(rows) / NEAR)
    gram = rows.T @ rows + one**2 + even**2 * np.eye(rows.shape[1])
    pull = rows.T @ target + one**2
    step, share, momentum = 1 / np.linalg.eigvalsh(gram)[-1], np.full(len(gram), 1 / len(gram)), 1.0
    ahead = share
    for _ in range(STEPS):
        new = np.maximum(ahead - step * (gram @ ahead - pull), 0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, share, momentum = new + (momentum - 1) / following * (new - share), new, following
    return share / share.sum()
