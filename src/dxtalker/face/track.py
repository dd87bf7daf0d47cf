"""The same fit over time: a face through a video -> who it is, and how its face and head move.

Passes: the landmarks of every frame; who it is, from a few frames jointly; each frame's pose with the person and the
camera's focal length held; expressions against the clip's rest (``expression.py``). Pictures are read once, not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_NAMES, BROWS, GAZE, MOUTH, Motion, channels
from .expression import Rest, load_expression_model, read_expression
from .fit import EYE_DISTANCE, OUTER_EYES, Fitter
from .head import Head, rotation_matrix
from .landmarks import Landmarker
from .seen import SMALLEST, STEP, Seen, Watch
from .speaker import FEWEST, Person, meet
from .steady import bridge, runs, smooth
from .view import View

if TYPE_CHECKING:
    from .likeness import Sculptor

JOINT = 8  # frames that say who it is

# Seconds of smoothing to either side. Lips and lids are the fastest that faces have (a closure of /p/ lasts 80 ms,
# a blink's closing 70): at 25 and 30 fps they are left as they are.
QUICK, BROW, HEAD = 0.04, 0.08, 0.16
QUICK_CHANNELS = np.concatenate([MOUTH, channels("eye")])

Progress = Callable[[str, float], None]  # name of the stage, share done 0..1


@dataclass(frozen=True)
class Track:
    """A face through a video. Where ``present`` is False the motion is a straight line between its neighbours."""

    motion: Motion  # expression, and the head's pose about the clip's ``rest``
    code: np.ndarray  # (CODES,) float64, who it is
    weights: np.ndarray  # (D,) float64, of the identity directions: IdentitySpace.head makes the head
    rest: View  # the camera, and where the head is in the middle of its motion; its expression is none
    pivot: np.ndarray  # (3,) float64 metres, the joint that motion turns about
    present: np.ndarray  # (T,) bool
    error: np.ndarray  # (T,) float32 pixels RMS of the landmarks at EYE_DISTANCE; NaN where there is no face
    eye_distance: np.ndarray  # (T,) float32 pixels between the outer eye corners; NaN where there is no face
    basis: tuple[int, ...]  # numbers of the frames that ``code`` is from; none where they were met before
    notes: tuple[str, ...] = ()  # what a user should know, one sentence each
    landmarks: np.ndarray | None = (
        None  # (T, 478, 3) float32 pixels as seen, x right, y down, z away; if asked for
    )

    def view(self, frame: int) -> View:
        """How frame ``frame`` sees the head of ``weights``."""
        turn = rotation_matrix(self.motion.rotation[frame])
        moved = self.motion.translation[frame] + self.pivot - turn @ self.pivot
        return View(
            self.rest.size,
            self.rest.focal,
            self.rest.rotation @ turn,
            self.rest.rotation @ moved + self.rest.translation,
            self.motion.curves[frame],
        )

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """(first, stop) of every stretch of frames without a face."""
        return tuple((gap.start, gap.stop) for gap in runs(~self.present))


def track_video(
    path: Path | str, sculptor: Sculptor, fps: Fraction | None = None, progress: Progress | None = None
) -> Track:
    """``track`` of a video file; see ``video.open_video`` for its errors and for ``fps``."""
    from .video import open_video

    with open_video(path, fps) as video:
        found = track(
            video, sculptor.landmarker, sculptor.fitter, video.fps, progress, expected=video.expected
        )
    return Track(**{**found.__dict__, "notes": (*video.notes, *found.notes)})


def track(
    frames: Iterable[np.ndarray],
    landmarker: Landmarker,
    fitter: Fitter,
    fps: Fraction,
    progress: Progress | None = None,
    expected: int | None = None,
    keep_landmarks: bool = False,
) -> Track:
    """Follow the largest face through ``frames`` (H, W, 3) uint8 RGB, all of one size; frame i is at i / fps.

    ``expected`` frames are for ``progress`` alone. Raises BadInput when there is hardly a face anywhere.
    """
    say = progress or (lambda stage, share: None)
    watch = Watch(landmarker)
    for number, frame in enumerate(frames):
        watch.see(frame)
        if expected:
            say("looking", min((number + 1) / expected, 1.0))
    return follow_seen(watch.seen(), fitter, fps, progress, keep_landmarks)


def follow_seen(
    seen: Seen,
    fitter: Fitter,
    fps: Fraction,
    progress: Progress | None = None,
    keep_landmarks: bool = False,
    known: Person | None = None,
) -> Track:
    """``track`` from what was seen of the face, without the pictures: for a cut of a longer video.

    ``known`` says who it is where they were met before, for example in several cuts that show them (``meet``).
    Raises BadInput when there is hardly a face anywhere.
    """
    say = progress or (lambda stage, share: None)
    if seen.present.sum() < (1 if known else FEWEST):
        raise BadInput(
            f"a face was seen in {int(seen.present.sum())} of {len(seen)} frames; expected at least {FEWEST}:"
            f" give a video of one face, {SMALLEST:.0f} pixels or more between the eyes"
        )
    say("who it is", 0.0)
    person = known or meet([seen], fitter, JOINT)
    focal = person.focal * max(seen.size)
    pinned = fitter.pinned(person.code)
    curves = _express(seen, pinned, fitter.space.head(person.weights), float(fps), person.rest)
    poses = _follow(seen, pinned, curves, focal, say)
    pivot = np.asarray(fitter.space.base.pivot, np.float64)
    rest = _rest(poses, seen.present, seen.size, focal, pivot)
    motion = _motion(poses, seen.present, rest, pivot, fps)
    return Track(
        motion, person.code, person.weights, rest, pivot, seen.present, poses.error.astype(np.float32),
        seen.eye_distance, () if known else tuple(frame for _, frame in person.basis),
        _notes(seen, max(person.error)), seen.landmarks() if keep_landmarks else None,
    )  # fmt: skip


@dataclass
class _Poses:
    """Third pass, frame by frame; gaps are NaN."""

    rotation: np.ndarray  # (T, 3, 3) head to camera
    translation: np.ndarray  # (T, 3) metres
    curves: np.ndarray  # (T, 52)
    error: np.ndarray  # (T,) pixels at EYE_DISTANCE


def _express(seen: Seen, known: Fitter, head: Head, fps: float, rest: Rest) -> np.ndarray:
    """(P, 52) what the landmarks say against the face's rest; gaze is what its scores let expect."""
    points = seen.points[:, load_expression_model().landmarks] * STEP
    curves = read_expression(points, seen.scores, head, fps, seen.present, rest)
    gaze = seen.scores @ known.model.expected[1:, GAZE] + known.model.expected[0, GAZE]
    curves[:, GAZE] = np.clip(gaze, 0, 1)
    return curves


def _follow(seen: Seen, known: Fitter, curves: np.ndarray, focal: float, say: Progress) -> _Poses:
    """Where the head is in every frame, given what the face does (P, 52)."""
    count = len(seen.present)
    poses = _Poses(
        np.full((count, 3, 3), np.nan), np.full((count, 3), np.nan),
        np.full((count, len(ARKIT_NAMES)), np.nan), np.full(count, np.nan),
    )  # fmt: skip
    poses.curves[seen.present] = curves
    nobody = np.zeros(0)
    view: View | None = None
    for i in range(count):
        say("following", (i + 1) / count)
        if not seen.present[i]:
            view = None
            continue
        marks = seen.observation(i)
        view = known.place(nobody, marks, view or known.begin(nobody, marks, focal), poses.curves[i])
        poses.rotation[i], poses.translation[i] = view.rotation, view.translation
        off = marks.points - view.project(known.mean + np.tensordot(view.expression, known.shapes, 1))
        eyes = np.linalg.norm(np.subtract(*marks.points[list(OUTER_EYES)]))
        poses.error[i] = np.sqrt((off**2).sum(1).mean()) * EYE_DISTANCE / max(float(eyes), 1e-6)
    return poses


def _rest(poses: _Poses, present: np.ndarray, size: tuple[int, int], focal: float, pivot: np.ndarray) -> View:
    """The clip's middle pose: the mean rotation (nearest to the matrices' mean), the joint's median place."""
    u, _, vt = np.linalg.svd(poses.rotation[present].mean(0))
    rotation = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    joint = np.median(poses.rotation[present] @ pivot + poses.translation[present], axis=0)
    return View(size, focal, rotation, joint - rotation @ pivot, np.zeros(len(ARKIT_NAMES), np.float32))


def _motion(poses: _Poses, present: np.ndarray, rest: View, pivot: np.ndarray, fps: Fraction) -> Motion:
    turn = rest.rotation.T @ poses.rotation  # (T, 3, 3) about the joint, in the head's own axes
    angles = np.stack(
        [-np.arcsin(np.clip(turn[:, 1, 2], -1, 1)), np.arctan2(turn[:, 0, 2], turn[:, 2, 2]),
         np.arctan2(turn[:, 1, 0], turn[:, 1, 1])], axis=1,
    )  # fmt: skip
    joint = poses.rotation @ pivot + poses.translation
    moved = (joint - (rest.rotation @ pivot + rest.translation)) @ rest.rotation
    curves, rate = poses.curves.copy(), float(fps)
    for part in runs(present):
        angles[part] = smooth(np.unwrap(angles[part], axis=0), HEAD, rate)
        moved[part] = smooth(moved[part], HEAD, rate)
        for where, seconds in ((QUICK_CHANNELS, QUICK), (BROWS, BROW)):
            curves[part, where] = smooth(curves[part][:, where], seconds, rate)
    curves, angles, moved = (bridge(values, present) for values in (curves, angles, moved))
    return Motion(
        np.clip(curves, 0, 1).astype(np.float32), angles.astype(np.float32), moved.astype(np.float32), fps,
        info={"source": "tracked"},
    )  # fmt: skip


def _notes(seen: Seen, error: float) -> tuple[str, ...]:
    said = []
    missing = int((~seen.present).sum())
    if missing:
        said.append(f"{missing} of {len(seen.present)} frames show no face; the motion there is guessed")
    if error > 2.5:
        said.append(
            f"the shape follows the face loosely ({error:.1f} pixels at {EYE_DISTANCE:.0f} between the eyes)"
        )
    return tuple(said)
