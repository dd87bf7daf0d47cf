"""How the landmarker errs on the samples: by habit, in answer to who and how the face is, and by chance."""

from __future__ import annotations

import numpy as np

from dxtalker.face.fit import CODES
from dxtalker.face.identity import IdentitySpace
from dxtalker.records import ARKIT_NAMES
from landmark_model.embed import FIRST_IRIS, pixels_a_metre
from landmark_model.samples import Sample

RIDGE = 30.0  # samples' worth of belief that landmarks follow the surface
KEPT = 160  # directions of the chance error kept in full; the rest is independent noise
CAUTION = 2.0  # factor on the variance: photos differ from our pictures more than these from each other
WIDEST = 0.45  # radians of yaw up to which samples are used
LOST = 12.0  # mm: mean error beyond which the landmarker saw something else
LEAST_SPREAD = 0.03  # of an expression weight


def measure_errors(
    space: IdentitySpace, taken: list[Sample], errors: np.ndarray, base_points: np.ndarray
) -> dict[str, np.ndarray]:
    """The arrays of ``face.fit.LandmarkModel`` that speak of errors.

    ``errors`` (N, 478, 2) mm as ``error_of`` gives them; ``base_points`` (478, 3) the landmarks on the base head.
    """
    to_code = np.linalg.pinv(space.basis)
    causes = np.stack([_causes(sample, (sample.weights - space.mean) @ to_code) for sample in taken])
    kept = (np.abs(causes[:, -2]) < WIDEST) & (np.linalg.norm(errors, axis=2).mean(axis=1) < LOST)
    errors, causes = errors[kept], causes[kept]
    twin = _mirror(base_points)
    habit = errors.mean(axis=0)
    habit = (habit + habit[twin] * [-1, 1]) / 2
    centre = np.concatenate([np.zeros(CODES + len(ARKIT_NAMES)), causes[:, -2:].mean(axis=0)])
    belief = np.repeat([RIDGE, RIDGE * 0.05, RIDGE * 0.02], [CODES, len(ARKIT_NAMES), 2])
    flat = (errors - habit).reshape(len(errors), -1)
    given = causes - centre
    answer = np.linalg.solve(given.T @ given + np.diag(belief), given.T @ flat)
    chance = (flat - given @ answer).reshape(errors.shape)
    # Its answer to expressions is measured so that it is no chance, but not kept: photos show another one, and
    # with it lips came out too open.
    answer = np.delete(answer, np.s_[CODES : CODES + len(ARKIT_NAMES)], axis=0)
    centre = np.delete(centre, np.s_[CODES : CODES + len(ARKIT_NAMES)])
    print(
        f"{len(errors)} of {len(taken)} samples: error {np.sqrt((flat**2).mean()):.2f} mm, of which by chance"
        f" {np.sqrt((chance**2).mean()):.2f}"
    )
    common, own = _spread(np.concatenate([chance, chance[:, twin] * [-1, 1]]))
    return {
        "bias": (habit.ravel() - centre @ answer).astype(np.float32),
        "answer": answer.astype(np.float16),
        "spread_common": common.astype(np.float16),
        "spread_own": own.astype(np.float32),
    }


def expect_expressions(taken: list[Sample]) -> dict[str, np.ndarray]:
    """The rig's weights that scores let expect, and how far off that is: ridge regression."""
    scores = np.stack([np.concatenate([[1.0], sample.scores]) for sample in taken])
    true = np.stack([sample.view.expression for sample in taken]).astype(np.float64)
    belief = np.diag([0.0] + [len(scores) * 2e-3] * len(ARKIT_NAMES))
    expected = np.linalg.solve(scores.T @ scores + belief, scores.T @ true)
    off = true - np.clip(scores @ expected, 0, 1)
    spread = np.maximum(np.sqrt((off**2).mean(axis=0)), LEAST_SPREAD)
    return {"expected": expected.astype(np.float32), "spread": spread.astype(np.float32)}


def _spread(chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of (N, 478, 2) errors as common (956, KEPT) @ its transpose + a diagonal (956,)."""
    flat = chance.reshape(len(chance), -1)
    covariance = flat.T @ flat / len(flat) * CAUTION
    values, vectors = np.linalg.eigh(covariance)
    strongest = vectors[:, ::-1][:, :KEPT]
    signs = np.sign(strongest[np.abs(strongest).argmax(axis=0), np.arange(KEPT)])  # do not hang on the solver
    common = strongest * signs * np.sqrt(values[::-1][:KEPT])
    return common, np.maximum(np.diag(covariance) - (common**2).sum(axis=1), 0.02 * CAUTION)


def error_of(space: IdentitySpace, sample: Sample, vertices: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(478, 2) mm in the upright picture, seen minus true."""
    shape = sample.view.shape(space.head(sample.weights))
    points = sample.view.project(np.einsum("lc,lcd->ld", shares, shape[vertices]))
    return (sample.points - points) @ sample.view.upright().T * 1000 / pixels_a_metre(sample)


def _causes(sample: Sample, code: np.ndarray) -> np.ndarray:
    """(CODES + 52 + 2,)"""
    return np.concatenate([code[:CODES], sample.view.expression, sample.view.turned()])


def _mirror(points: np.ndarray) -> np.ndarray:
    """(478,) the landmark on the other side; irises among themselves."""
    away = ((points[:, None] * [-1, 1, 1] - points[None]) ** 2).sum(axis=2)
    iris = np.arange(len(points)) >= FIRST_IRIS
    away[iris[:, None] != iris[None]] = np.inf
    return away.argmin(axis=1)
