"""Least squares with bounds, for many right-hand sides at once."""

from __future__ import annotations

import numpy as np

from ...errors import BadInput


def bounded_least_squares(
    normal: np.ndarray,
    right: np.ndarray,
    low: np.ndarray | float,
    high: np.ndarray | float,
    rounds: int = 400,
    tolerance: float = 1e-7,
) -> np.ndarray:
    """(N, K) minimisers x of x·normal·x/2 - right·x with low <= x <= high, one for each row of ``right`` (N, K).

    ``normal`` (K, K) is symmetric with a positive diagonal. Cyclic coordinate descent over all rows
    together: each coordinate's exact minimiser, clipped (Hildreth 1957; converges for definite matrices).
    Raises BadInput when the diagonal is not positive.
    """
    diagonal = np.diag(normal)
    if not (diagonal > 0).all():
        raise BadInput("bounded least squares needs a positive diagonal; add a little ridge")
    low, high = np.broadcast_to(low, right.shape[1:]), np.broadcast_to(high, right.shape[1:])
    x = np.clip(np.linalg.solve(normal, right.T).T, low, high)
    gradient = x @ normal - right
    for _ in range(rounds):
        moved = 0.0
        for k in range(len(diagonal)):
            fresh = np.clip(x[:, k] - gradient[:, k] / diagonal[k], low[k], high[k])
            step = fresh - x[:, k]
            if step.any():
                gradient += step[:, None] * normal[k]
                x[:, k] = fresh
                moved = max(moved, float(np.abs(step).max()))
        if moved < tolerance:
            break
    return x
