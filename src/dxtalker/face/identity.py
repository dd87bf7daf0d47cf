"""Who a head is: weights of the identity directions, their Gaussian prior, and the head they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ..files import asset
from .bite import seat_teeth
from .head import Head
from .head_file import load_head
from .settle import settle
from .transfer import Transfer


@dataclass(frozen=True)
class IdentitySpace:
    """The people that one base head can become.

    Weights are MakeHuman's: one for each of its targets. Codes are coordinates of the Gaussian that was
    fitted to sampled adults (``people.py``): ``weights = mean + code @ basis``, code ~ N(0, I), in order of
    how much of the face each one moves.
    """

    base: Head
    names: tuple[str, ...]  # of the D directions
    directions: np.ndarray  # (D, S, 3) float32 metres, on source points
    baked: np.ndarray  # (D,) the base head's weights
    mean: np.ndarray  # (D,) weights of the mean adult
    basis: np.ndarray  # (K, D) weights for each code
    follow_point: np.ndarray  # (E,) weld number
    follow_source: np.ndarray  # (E,) source point
    follow_weight: np.ndarray  # (E,)

    def weights(self, code: np.ndarray) -> np.ndarray:
        """(D,) for a code (K,), or its first few entries."""
        return self.mean + np.asarray(code) @ self.basis[: len(code)]

    def displacement(self, weights: np.ndarray) -> np.ndarray:
        """(V, 3) float32 metres from the base head to the head of ``weights`` (D,), eyes kept in place."""
        change = (np.asarray(weights) - self.baked).astype(np.float32)
        used = np.flatnonzero(np.abs(change) > 1e-7)
        moved = np.tensordot(change[used], self.directions[used], axes=1)
        return self._follow(moved)

    def _follow(self, moved: np.ndarray) -> np.ndarray:
        """Displacements (S, 3) of source points to the base's vertices (V, 3), eyes kept in place."""
        points = int(self.base.weld.max()) + 1
        values = self.follow_weight[:, None] * moved[self.follow_source]
        welded = np.stack([np.bincount(self.follow_point, values[:, k], points) for k in range(3)], axis=1)
        vertices = welded[self.base.weld]
        middle = np.mean([vertices[eye].mean(0) for eye in self._eyeballs], axis=0)
        return (vertices - middle).astype(np.float32)

    @cached_property
    def _eyeballs(self) -> list[np.ndarray]:
        """Vertices of the left and of the right eyeball."""
        part = next(part for part in self.base.parts if part.name == "eyes")
        eyes = np.unique(self.base.triangles[part.first : part.first + part.count])
        left = self.base.vertices[eyes, 0] > 0
        return [eyes[left], eyes[~left]]

    def code_displacements(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the mean adult and each code do to some ``vertices`` (N,) of the base: (N, 3), (K, N, 3) metres."""
        wanted = np.concatenate([vertices, *self._eyeballs])
        points, place = np.unique(self.base.weld[wanted], return_inverse=True)
        entries = np.flatnonzero(np.isin(self.follow_point, points))
        entries = entries[np.argsort(self.follow_point[entries], kind="stable")]
        starts = np.flatnonzero(np.diff(self.follow_point[entries], prepend=-1))
        sources, column = np.unique(self.follow_source[entries], return_inverse=True)
        weights = np.vstack([self.mean - self.baked, self.basis]).astype(np.float32)
        moved = np.tensordot(weights, self.directions[:, sources], axes=1)  # (K + 1, S, 3)
        share = self.follow_weight[entries].astype(np.float32)[:, None]
        rows = np.stack([np.add.reduceat(row[column] * share, starts)[place] for row in moved])
        count = len(vertices)
        left = count + len(self._eyeballs[0])
        middle = (rows[:, count:left].mean(axis=1) + rows[:, left:].mean(axis=1)) / 2
        rows = rows[:, :count] - middle[:, None]
        return rows[0], rows[1:]

    def head(self, weights: np.ndarray, name: str = "someone") -> Head:
        """The base head with another face, settled: its lips touch and its shapes fit it; weights (D,)."""
        head = self.raw_head(weights, name)
        return seat_teeth(settle(self._transfer.apply(head)))

    @cached_property
    def _transfer(self) -> Transfer:
        return Transfer(self.base)

    def raw_head(self, weights: np.ndarray, name: str = "someone") -> Head:
        """As ``head``, but linear in ``weights`` (D,) and not settled: for solvers."""
        moved = self.displacement(weights)
        shift = np.stack([moved[eye].mean(0) for eye in self._eyeballs])
        return replace(self.base, name=name, vertices=self.base.vertices + moved, eyes=self.base.eyes + shift)


def load_identity_space(path: Path | None = None) -> IdentitySpace:
    """The packaged head's identity space, or that of another baked head."""
    source = path or asset("head.npz")
    base = load_head(path)
    with np.load(source, allow_pickle=False) as data:
        return IdentitySpace(
            base=base,
            names=tuple(data["identity_names"].tolist()),
            directions=data["identity"].astype(np.float32),
            baked=data["identity_weights"].astype(np.float64),
            mean=data["identity_mean"].astype(np.float64),
            basis=data["identity_basis"].astype(np.float64),
            follow_point=data["follow_point"],
            follow_source=data["follow_source"],
            follow_weight=data["follow_weight"],
        )
