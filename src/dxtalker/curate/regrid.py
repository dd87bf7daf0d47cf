"""What was seen at a video's own instants, at 25 a second: between two pictures the face is interpolated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..face.seen import Seen
from ..face.steady import runs
from ..motion.resample import sample_values
from ..records import FEATURE_FPS
from .look import Looked

FPS: Fraction = FEATURE_FPS
FARTHEST = 0.21  # seconds between two pictures; in a longer gap the picture stands still
AT_ONCE = 250  # frames that are interpolated at once: memory does not grow with the length


def regrid(looked: Looked, instants: np.ndarray, cuts: Collection[int], first: int, count: int) -> Looked:
    """``count`` frames at 25 a second, the first of them at ``first / 25`` seconds, of a look at other instants.

    ``instants`` (N,) are the seconds of ``looked``'s N pictures, rising; at those numbered ``cuts`` another shot begins.
    Landmarks, scores and pose are interpolated by monotone cubics (Fritsch and Carlson, 1980), which neither overshoot
    nor open a closed lip, between two pictures of one shot that both show the face and are less than FARTHEST apart;
    else they are those of the nearest picture, as are thumbnails, change and level. What is looked for only now and
    then is left out: see ``with_looks``.
    """
    count = count if len(instants) else 0
    times = (first + np.arange(count)) / float(FPS)
    at = np.interp(times, instants, np.arange(len(instants))) if count else np.zeros(0)
    near = np.floor(at + 0.5).astype(np.int64)
    joined = looked.seen.present[:-1] & looked.seen.present[1:] & (np.diff(instants) < FARTHEST)
    joined[[cut - 1 for cut in cuts if cut]] = False
    change = looked.change[near]
    change[np.abs(instants[near] - times) > FARTHEST / 2] = 0  # it is shown, and stands still
    return Looked(
        first / float(FPS), _between(looked.seen, at, near, joined), looked.thumbnails[near], change, looked.level[near],
        np.full(count, -1, np.int8), np.full(count, np.nan, np.float32), looked.notes, instants=instants,
    )  # fmt: skip


def only(looked: Looked, kept: np.ndarray) -> Looked:
    """The pictures ``kept`` (M,) of a look, rising."""
    seen = looked.seen
    rows = seen.place[kept[seen.present[kept]]]
    part = Seen(seen.size, seen.present[kept], seen.points[rows], seen.scores[rows], seen.pose[rows])
    arrays = ("thumbnails", "change", "level", "others", "sharpness")
    return replace(looked, seen=part, **{name: getattr(looked, name)[kept] for name in arrays})


def with_looks(found: Looked, looked: Looked, times: np.ndarray) -> Looked:
    """``found`` with what ``looked``, whose pictures are at ``times``, saw now and then: each at the nearest frame."""
    frames = np.rint((times - found.start) * float(FPS)).astype(np.int64)
    looks = np.flatnonzero((looked.others >= 0) & (frames >= 0) & (frames < len(found)))
    found.others[frames[looks]] = looked.others[looks]
    found.sharpness[frames[looks]] = looked.sharpness[looks]
    return found


def _between(seen: Seen, at: np.ndarray, near: np.ndarray, joined: np.ndarray) -> Seen:
    """``seen`` at the fractional pictures ``at`` (T,); ``near`` (T,) where the pictures around are not ``joined``."""
    present = seen.present[near]
    place = seen.place[near[present]]
    flat = seen.points.reshape(len(seen.points), int(np.prod(seen.points.shape[1:])))
    points, scores, pose = flat[place], seen.scores[place], seen.pose[place]
    frames = np.flatnonzero(present)  # which of the T each row is
    low = np.floor(at[frames]).astype(np.int64)
    for run in runs(joined):  # pictures run.start up to and including run.stop
        rows = np.flatnonzero((low >= run.start) & (low < run.stop))
        for begin in range(0, len(rows), AT_ONCE):
            some = rows[begin : begin + AT_ONCE]
            # Slopes ask for one more picture on either side.
            a, b = max(run.start, low[some[0]] - 1), min(run.stop, low[some[-1]] + 2)
            own, where = slice(seen.place[a], seen.place[b] + 1), at[frames[some]] - a
            points[some] = np.rint(sample_values(flat[own], where))
            scores[some] = np.clip(sample_values(seen.scores[own], where), 0, 1)
            pose[some] = sample_values(seen.pose[own], where)
    return Seen(seen.size, present, points.reshape(-1, *seen.points.shape[1:]), scores, pose)
