"""Where a video cuts from one shot to another, by its thumbnails and by jumps of the face.

Hard cuts: a difference between two frames that is the largest around and several times the second largest (sliding
window of Yeo and Liu, "Rapid Scene Analysis on Compressed Video", 1995, whose reduced pictures are our thumbnails).
Within one scene (a jump cut: same room, same person) little of the picture changes: there the steps of the picture
and of the face's landmarks are weighed together. Dissolves and fades: every frame between two that differ lies on the straight line
from one to the other, which movement does not (the edit model of Hampapur, Jain and Weymouth, "Production Model
Based Digital Video Segmentation", 1995; found by comparing frames some way apart, as the twin comparison of Zhang,
Kankanhalli and Smoliar, "Automatic Partitioning of Full-Motion Video", 1993, does).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..face.seen import STEP, Seen
from .look import Looked

WINDOW = 5  # frames to either side in which a cut is to be the largest change
PICTURE = (9.0, 2.5)  # levels of difference that a cut has at least, and times the largest around it
# A jump cut: levels of difference, and distances between the eyes that the face moves, at least; and by how much the
# two stand out together: the picture's times the largest around it, times the root of the same for the face.
JUMP = (0.8, 0.02)
STANDS_OUT = 2.85
# Of the largest step around: a frame that repeats the one before, so that the step after it is double.
REPEATED = 0.05
SOFT = (6, 12, 25)  # frames that a dissolve or fade takes, about: a quarter of a second to a second
SOFT_LEVELS = 14.0  # of difference between its ends, at least
PURE = 0.04  # of the way: so near to an end a frame shows one shot alone
ON_THE_LINE = 0.16  # of that difference: how far the frames between may lie from the line


def shots(looked: Looked) -> tuple[range, ...]:
    """The frames of every shot, in order; a dissolve's frames belong to none. One range where nothing is cut."""
    count = len(looked)
    if count == 0:
        return ()
    soft = dissolves(looked.thumbnails)
    edges = [(0, 0), *((cut, cut) for cut in cuts(looked)), *soft, (count, count)]
    found, begin = [], 0
    for first, stop in sorted(edges)[1:]:
        if first > begin:
            found.append(range(begin, first))
        begin = max(begin, stop)
    return tuple(found)


def cuts(looked: Looked) -> tuple[int, ...]:
    """Numbers of the frames at which another shot begins."""
    thumbnails = looked.thumbnails.astype(np.float32).reshape(len(looked), -1, 1)
    picture, picture_times = _steps(thumbnails)
    face, face_times = _steps(_marks(looked.seen))
    hard = (picture > PICTURE[0]) & (picture_times > PICTURE[1])
    together = picture_times * np.sqrt(face_times)
    jump = (picture > JUMP[0]) & (face > JUMP[1]) & (together > STANDS_OUT)
    return tuple(int(i) for i in np.flatnonzero(hard | jump) if i > 0)


def dissolves(thumbnails: np.ndarray) -> tuple[tuple[int, int], ...]:
    """(first, stop) frames of every dissolve or fade in thumbnails (T, h, w), as far as can be told."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    found: list[tuple[int, int]] = []
    for length in SOFT:
        for first in range(0, len(flat) - length, max(1, length // 6)):
            if mixed := _mixed(flat[first : first + length + 1]):
                found.append((first + mixed.start, first + mixed.stop))
    return _joined(found)


def _mixed(frames: np.ndarray) -> range | None:
    """Which of frames (n, pixels) mix the first and the last, where they go steadily along the line between them."""
    way = frames[-1] - frames[0]
    long = np.abs(way).mean()
    if long < SOFT_LEVELS:
        return None
    gone = (frames - frames[0]) @ way / (way @ way)  # (n,) share of the way
    steps = np.diff(gone)
    if steps.min() < -0.02 or steps.max() > 3.5 / len(steps) + 0.1:  # back and forth, or all at once
        return None
    off = np.abs(frames - frames[0] - gone[:, None] * way).mean(axis=1)
    if off.max() > ON_THE_LINE * long:
        return None
    between = np.flatnonzero((gone > PURE) & (gone < 1 - PURE))
    return range(int(between[0]), int(between[-1]) + 1)


def _joined(parts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for first, stop in sorted(parts):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((first, stop))
    return tuple(found)


def _marks(seen: Seen) -> np.ndarray:
    """(T, 478, 2) float32 landmarks in distances between the eyes; NaN where there is no face."""
    eyes = np.nanmedian(seen.eye_distance) if seen.present.any() else 1.0
    return seen.spread(seen.points[..., :2] * np.float32(STEP / max(eyes, 1.0)))


def _steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far points (T, n, d) go from the frame before, mean (T,), and how much that stands out, (T,).

    What stands out is a step that the movement before and after does not explain: movement has a speed that lasts
    a few frames, a cut has none. It is held against the largest step of the WINDOW around.
    """
    if len(values) < 4:
        return np.zeros(len(values)), np.zeros(len(values))
    ways = np.nan_to_num(np.diff(values, axis=0, prepend=values[:1]))
    sudden = ways.copy()
    sudden[1:-1] -= (ways[:-2] + ways[2:]) / 2
    steps, sudden = (np.linalg.norm(way, axis=2).mean(axis=1) for way in (ways, sudden))
    around = sliding_window_view(np.pad(steps, WINDOW), 2 * WINDOW + 1).copy()
    around[:, WINDOW] = 0
    largest = np.maximum(around.max(axis=1), 1e-3 + 0.01 * steps.max())
    waited = np.concatenate([[False], steps[:-1] < REPEATED * largest[1:]])
    return steps, sudden / np.where(waited, 2, 1) / largest
