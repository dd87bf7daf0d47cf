"""A speaker met once and followed many times: who they are and how their face rests, from all that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BadInput
from ..records import BROWS, MOUTH, channels
from .expression import Rest, learn_rest, load_expression_model
from .fit import Fitter
from .seen import STEP, Seen

# Calm frames that say who a speaker is, spread over all that shows them: one for each EVERY frames.
FEW, MANY, EVERY = 4, 8, 50
# Together they weigh as much as one picture: the network errs alike in all frames of a face. On drawn people every frame
# that was taken for another witness made the likeness worse (docs/tracking.md).
INDEPENDENT = 1.0
TURNS = 2  # more, for how the face looks when it is turned to either side
TURNED, TOO_TURNED = 0.15, 0.6  # radians of yaw: what such a frame has at least and at most
FEWEST = 5  # frames with a face, in all
MOST_REST = 6000  # frames that rest is learned from: 40 MB while it lasts


@dataclass(frozen=True)
class Person:
    """Who a speaker is, and what their face is like when it does nothing."""

    code: np.ndarray  # (CODES,) float64, identity codes of the open head
    weights: np.ndarray  # (D,) float64, of the identity directions: IdentitySpace.head makes the head
    focal: float  # of the camera, in longer sides of the picture
    rest: Rest
    error: tuple[float, ...]  # pixels RMS of the landmarks at EYE_DISTANCE, of each frame in ``basis``
    basis: tuple[tuple[int, int], ...]  # the frames that ``code`` is from: number of the part, frame in it


def meet(parts: Sequence[Seen], fitter: Fitter, count: int | None = None) -> Person:
    """Who is seen in ``parts``: stretches of one or several videos, all of one face and by one kind of camera.

    About ``count`` calm frames and those from the sides are fitted jointly, by default 4 to 8 by what there is; rest
    is learned from all frames. Raises BadInput when there is hardly a face in them.
    """
    counts = np.array([int(part.present.sum()) for part in parts])
    if counts.sum() < FEWEST:
        raise BadInput(f"a face was seen in {counts.sum()} frames; expected at least {FEWEST}")
    basis = _spread(parts, counts, count or int(np.clip(counts.sum() // EVERY, FEW, MANY)))
    fit = fitter.fit([parts[part].observation(frame) for part, frame in basis], INDEPENDENT)
    focal = [
        np.log(view.focal / max(parts[part].size)) for view, (part, _) in zip(fit.views, basis, strict=True)
    ]
    return Person(
        fit.code, fit.weights, float(np.exp(np.mean(focal))), _rest(parts, counts.sum()), fit.error, basis
    )


def _spread(parts: Sequence[Seen], counts: np.ndarray, count: int) -> tuple[tuple[int, int], ...]:
    """(part, frame) of about ``count`` calm frames, each part by its length; where there are many, some of them."""
    shares = np.maximum(np.rint(count * counts / counts.sum()).astype(int), 1)
    found = [
        (number, frame)
        for number, part in enumerate(parts)
        if counts[number]
        for frame in choose(part, int(shares[number]))
    ]
    most = count + TURNS
    if len(found) <= most:
        return tuple(found)
    return tuple(found[i] for i in np.linspace(0, len(found) - 1, most).round().astype(int))


def _rest(parts: Sequence[Seen], total: int) -> Rest:
    """Rest over all parts, or over every n-th frame of them where they are many."""
    every = -(-int(total) // MOST_REST)
    numbers = load_expression_model().landmarks
    points = np.concatenate([part.points[::every, numbers] for part in parts]) * STEP
    return learn_rest(points, np.concatenate([part.scores[::every] for part in parts]))


def choose(seen: Seen, count: int) -> tuple[int, ...]:
    """Frames that tell best who it is: spread over the clip, calm, from the front; and a few turned to the sides."""
    frames = np.flatnonzero(seen.present)
    busy = (seen.scores[:, np.concatenate([MOUTH, BROWS, channels("eyeBlink")])] ** 2).sum(1)
    yaw, pitch = seen.pose.T
    cost = busy + (yaw / 0.4) ** 2 + (pitch / 0.4) ** 2
    chosen = {
        int(part[cost[part].argmin()]) for part in np.array_split(np.arange(len(frames)), count) if len(part)
    }
    for side in (1, -1)[:TURNS]:
        use = np.flatnonzero((side * yaw > TURNED) & (np.abs(yaw) < TOO_TURNED))
        if len(use):
            chosen.add(int(use[(busy[use] - 2 * np.abs(yaw[use])).argmin()]))
    return tuple(int(frames[i]) for i in sorted(chosen))
