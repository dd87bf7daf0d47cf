"""Whether two faces are one person, by the proportions of what does not move: enough to notice a change within a video.

Landmarks of a mesh network are no face recognition: two people of like build are not told apart (figures in
docs/curation.md). Distances between rigid points, as in Kelly, "Visual Identification of People by Computer" (1970).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..face.landmarks import OUTER_EYES
from ..face.seen import STEP, Seen

# Pairs of landmarks on bone: eye corners, nose bridge and tip, brow line, temples, cheek bones, jaw's corners.
PAIRS = np.array([
    (33, 133), (263, 362), (133, 362), (168, 6), (168, 4), (6, 4), (98, 327), (127, 356), (234, 454), (132, 361),
    (33, 168), (263, 168), (33, 4), (263, 4), (10, 168), (10, 151), (151, 168), (93, 323), (33, 127), (263, 356),
    (168, 2), (4, 2), (50, 280), (116, 345), (50, 4), (280, 4),
])  # fmt: skip
FRONT = 0.45  # radians of yaw and pitch up to which proportions are read
SIDE = 20  # frames to either side of a change of person that are compared
FEWEST = 8  # readable frames on either side
# Root mean square of the differences of the proportions' logarithms. Between two windows of one shot of one person it
# stays below 0.031 in 99 of 100, between two people it is above 0.037 in three of four.
CHANGED, SAME = 0.04, 0.035


def readings(seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """(n, K) float32 logarithms of proportions, and the (n,) frames they are of: those seen from the front."""
    use = np.flatnonzero((np.abs(seen.pose) < FRONT).all(axis=1))
    marks = seen.points[use].astype(np.float32) * STEP
    spans = np.linalg.norm(marks[:, PAIRS[:, 0]] - marks[:, PAIRS[:, 1]], axis=2)
    unit = np.linalg.norm(marks[:, OUTER_EYES[0]] - marks[:, OUTER_EYES[1]], axis=1)
    found = np.log(np.maximum(spans, 0.1) / np.maximum(unit, 1.0)[:, None])
    return found.astype(np.float32), np.flatnonzero(seen.present)[use]


def proportions(seen: Seen) -> np.ndarray:
    """(K,) float32 median logarithms of a face's proportions; empty where it is hardly seen from the front."""
    found, _ = readings(seen)
    return np.median(found, axis=0) if len(found) >= FEWEST else np.zeros(0, np.float32)


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """How far two faces' ``proportions`` are apart, root mean square; 0 where one is not known."""
    return float(np.sqrt(((a - b) ** 2).mean())) if len(a) and len(b) else 0.0


def speakers(likenesses: Sequence[np.ndarray]) -> list[int]:
    """For each of several ``proportions`` of one video the number of its person, 0, 1, ... in the order of appearance.

    One that is not known belongs to the person before.
    """
    known: list[list[np.ndarray]] = []
    found: list[int] = []
    for one in likenesses:
        far = [apart(one, np.mean(group, axis=0)) for group in known]
        if not len(one):
            found.append(found[-1] if found else 0)
            continue
        nearest = int(np.argmin(far)) if far else -1
        if not far or far[nearest] > SAME:
            known.append([])
            nearest = len(known) - 1
        known[nearest].append(one)
        found.append(nearest)
    return found


def turning_points(seen: Seen) -> tuple[int, ...]:
    """Frames at which another person is seen than before, in one shot."""
    found, frames = readings(seen)
    steps = np.zeros(len(found))
    for i in range(FEWEST, len(found) - FEWEST):
        steps[i] = apart(*(part.mean(axis=0) for part in (found[max(0, i - SIDE) : i], found[i : i + SIDE])))
    changes = []
    while len(steps) and steps.max() > CHANGED:
        i = int(steps.argmax())
        changes.append(int(frames[i]))
        steps[max(0, i - SIDE) : i + SIDE] = 0
    return tuple(sorted(changes))
