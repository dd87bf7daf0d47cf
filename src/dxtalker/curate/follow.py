"""A stretch of video becomes a clip: the face's motion at 25 frames a second from the instant its sound begins."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np

from ..data.clip import Clip, ClipRecord
from ..errors import BadInput
from ..face.fit import Fitter
from ..face.seen import STEP, Seen
from ..face.speaker import Person
from ..face.track import follow_seen
from ..motion.resample import sample_motion
from ..records import FEATURE_FPS, SAMPLE_RATE, Motion, Waveform
from .crop import CropJob, Window, steady_windows, whole_windows

SAMPLES = SAMPLE_RATE // int(FEATURE_FPS)  # of sound in a frame
NEAR = 1e-4  # frames: an instant this close to a picture's is that picture's


@dataclass(frozen=True)
class Footage:
    """What a tracker is given of a stretch: every frame's landmarks, and its pictures if it asks for them."""

    seen: Seen  # of the stretch's T frames
    fps: Fraction
    pictures: Callable[[], Iterator[np.ndarray]]  # starts decoding: T times (H, W, 3) uint8 RGB, upright


@dataclass(frozen=True)
class Followed:
    """What a tracker says of a stretch."""

    motion: (
        Motion  # T frames at the footage's rate: ARKit curves, head motion about the stretch's middle pose
    )
    error: (
        np.ndarray
    )  # (T,) float32 pixels RMS of the landmarks at 60 between the eyes; NaN where it cannot tell


class Tracker(Protocol):
    """Follows a face that is known. An object with this method can be put in the place of our tracker."""

    def follow(self, footage: Footage, person: Person) -> Followed:
        """How ``person`` moves in ``footage``. The same footage must give the same numbers.

        Where ``footage.seen.present`` is False it says what it likes: straight lines are the custom. Raises
        DxtalkerError for a stretch that it cannot follow: the clip is then dropped with that remark.
        """
        ...


class OwnTracker:
    """Our tracker: landmarks explained by the open head (docs/tracking.md)."""

    def __init__(self, fitter: Fitter) -> None:
        self.fitter = fitter

    def follow(self, footage: Footage, person: Person) -> Followed:
        found = follow_seen(footage.seen, self.fitter, footage.fps, known=person)
        return Followed(found.motion, found.error)


def tracker_name(name: str) -> tuple[str, str]:
    """Module and class of ``module:Class``. Raises BadInput for anything else; imports nothing."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise BadInput(f"tracker {name!r} is not of the form module:Class, for example mytracker:Emoca")
    return module, attribute


def load_tracker(name: str) -> Tracker:
    """The tracker called ``module:Class``, made without arguments; its module is imported, which runs its code.

    Raises BadInput when there is none of that name or it has no ``follow``.
    """
    module, attribute = tracker_name(name)
    try:
        tracker = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise BadInput(
            f"tracker {name!r} cannot be loaded ({error}); the module must be importable from here"
            " and the class be made without arguments"
        ) from error
    if not callable(getattr(tracker, "follow", None)):
        raise BadInput(f"tracker {name!r} has no method follow(footage, person); see docs/curation.md")
    return tracker


def span(first: int, stop: int, fps: Fraction, offset: float, seconds: float) -> tuple[float, int]:
    """(start in the sound, frames at 25 a second) of the clip that shows the video's frames ``first`` to ``stop``.

    The pictures are ``offset`` seconds late; the sound lasts ``seconds``. Begins with a picture's own instant,
    so that videos of 25 frames a second are not resampled. 0 frames where nothing is left.
    """
    start, end = first / float(fps) - offset, stop / float(fps) - offset
    if start < 0:
        start += np.ceil(-start * float(FEATURE_FPS) - NEAR) / float(FEATURE_FPS)
    start = max(0.0, round(start * SAMPLE_RATE) / SAMPLE_RATE)
    frames = int(np.floor((min(end, seconds) - start) * float(FEATURE_FPS) + 1e-3))
    return start, max(frames, 0)


@dataclass(frozen=True)
class Clock:
    """Which pictures a clip's frames are."""

    at: np.ndarray  # (T,) float64, fractional numbers of the video's frames
    first: int  # frames of the video that are needed: from this
    stop: int  # up to, not including, this

    @property
    def inside(self) -> np.ndarray:
        """(T,) ``at`` counted from ``first``."""
        return self.at - self.first

    @property
    def nearest(self) -> np.ndarray:
        """(T,) int, the picture shown at each of the clip's frames, counted from ``first``."""
        return np.clip(np.floor(self.inside + 0.5).astype(np.int64), 0, self.stop - self.first - 1)


def clock(record: ClipRecord, fps: Fraction, count: int) -> Clock:
    """The pictures of ``record``'s frames in a video of ``count`` frames at ``fps``.

    Raises BadInput when they lie beyond the video by more than a frame.
    """
    at = (record.start + record.offset + np.arange(record.frames) / float(FEATURE_FPS)) * float(fps)
    whole = np.rint(at)
    at = np.where(np.abs(at - whole) < max(NEAR, float(fps) / SAMPLE_RATE), whole, at)
    if not len(at) or at[0] < -1 or at[-1] > count:
        raise BadInput(
            f"clip {record.name} asks for frames {at[0]:.1f} to {at[-1]:.1f} of a video of {count}"
            if len(at)
            else f"clip {record.name} has no frames"
        )
    at = np.clip(at, 0, count - 1)
    return Clock(at, int(np.floor(at[0])), int(np.ceil(at[-1])) + 1)


@dataclass(frozen=True)
class FollowedClip:
    """A clip without its pictures, and what the checks and the crop need."""

    clip: Clip
    error: np.ndarray  # (T,) float32 pixels RMS of the landmarks at 60 between the eyes; NaN without a face
    job: CropJob  # what is to be cut out of the video for it


def follow(
    record: ClipRecord,
    seen: Seen,
    fps: Fraction,
    sound: Waveform,
    person: Person,
    tracker: Tracker,
    pictures: Callable[[int, int], Iterator[np.ndarray]] | None = None,
    whole: bool = False,
) -> FollowedClip:
    """The clip that ``record`` describes: its ``start``, ``frames`` and ``offset`` say which part of the video.

    ``seen`` and ``sound`` are of the whole video, with ``fps`` the rate of ``seen``. ``pictures(first, stop)`` starts
    decoding these frames, for trackers that look at them. The landmarks are in shares of a steady square around the
    face, or of the ``whole`` picture's middle. The same input gives the same clip. Raises BadInput for parts outside
    the video and parts without a face.
    """
    when = clock(record, fps, len(seen))
    part = seen.cut(when.first, when.stop)
    if not part.present.any():
        raise BadInput(f"clip {record.name} shows no face; expected one in most of its frames")

    def again() -> Iterator[np.ndarray]:
        if pictures is None:
            raise BadInput("this tracker looks at pictures, and the video's are not at hand")
        return pictures(when.first, when.stop)

    found = tracker.follow(Footage(part, fps, again), person)
    _check(found, len(part))
    marks, scores, present = _sampled(part, when)
    faces = steady_windows(marks, present)
    windows = whole_windows(seen.size, record.frames) if whole else faces
    motion = sample_motion(found.motion, when.inside, FEATURE_FPS)
    clip = Clip(
        record=record,
        sound=_cut_sound(sound, round(record.start * SAMPLE_RATE), record.frames * SAMPLES),
        motion=replace(motion, start=0.0, info={"source": "tracked"}),
        code=person.code.astype(np.float32),
        scores=scores.astype(np.float16),
        landmarks=_in_square(marks, windows),
        present=present,
    )
    error = np.where(present, found.error[when.nearest], np.nan).astype(np.float32)
    return FollowedClip(clip, error, CropJob(when.first + when.nearest, windows, faces))


def _check(found: Followed, count: int) -> None:
    """A tracker that someone brings may err: the clip must not."""
    if len(found.motion) != count or found.error.shape != (count,):
        raise BadInput(
            f"the tracker gave {len(found.motion)} frames of motion and {found.error.shape} errors"
            f" for {count} frames; expected one of each a frame"
        )


def _sampled(part: Seen, when: Clock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks (T, 478, 3) pixels, scores (T, 52) and whether there is a face (T,), at the clip's instants.

    Between two frames with a face both are mixed; where there is none, landmarks and scores are those of the
    last frame that had one (of the first, before it), and present is False.
    """
    number = np.clip(np.cumsum(part.present) - 1, 0, None)
    low = np.floor(when.inside).astype(np.int64)
    high = np.minimum(low + 1, len(part.present) - 1)
    share = when.inside - low
    both = part.present[low] & part.present[high]
    share = np.where(both | (share == 0), share, np.where(part.present[high], 1.0, 0.0))
    present = part.present[when.nearest]

    def mix(values: np.ndarray) -> np.ndarray:
        weight = share.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
        return values[number[low]] * (1 - weight) + values[number[high]] * weight

    return mix(part.points * STEP), mix(part.scores), present


def _in_square(marks: np.ndarray, windows: list[Window]) -> np.ndarray:
    """(T, 478, 3) float16 shares of each frame's square: right, down, and away from the camera."""
    corner = np.array([[w.left, w.top, 0.0] for w in windows], np.float32)
    side = np.array([w.side for w in windows], np.float32)
    return ((marks - corner[:, None]) / side[:, None, None]).astype(np.float16)


def _cut_sound(sound: Waveform, begin: int, count: int) -> Waveform:
    """``count`` samples from ``begin``; silence where the recording has ended (less than a frame, by ``span``)."""
    samples = np.zeros(count, np.float32)
    here = sound.samples[begin : begin + count]
    samples[: len(here)] = here
    return Waveform(samples, sound.rate)
