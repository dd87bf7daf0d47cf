"""One look at the pictures of a video, or of a part of it: the face that is followed, and what shows cuts and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..face.landmarks import Landmarker, Landmarks
from ..face.landmarks.search import SURE
from ..face.seen import Seen, Watch
from ..face.sharpness import fineness
from ..face.video import MAX_SECONDS, VideoFrames, instants, open_video
from ..records import FEATURE_FPS
from .rates import Sight, sight
from .repeats import distinct

FPS = FEATURE_FPS  # 25 pictures a second, whatever the file's own rate
ROWS, COLUMNS = 36, 48  # of a thumbnail
EVERY = 10  # frames from one look for other faces, and at the sharpness, to the next: 0.4 s
RAREST = 50  # frames between searches where no face is found: a search costs as much as 30 frames
AS_LARGE = 0.5  # of the followed face's side: a smaller one is in the background
AROUND = 7.0  # sides of the face's box: around a small face the detector looks closer
SAMPLES = 96  # of a face's side, for brightness and change
MARGIN = 0.2  # seconds to either side of a part that are looked at to interpolate its ends
TELL = 10  # seconds of video between two signs of life
FRESH = 24.0  # levels that thumbnails change by on average: another shot, so the face is not followed into it


@dataclass(frozen=True)
class Looked:
    """T pictures at FPS; 8 kB each. Frame i shows the instant ``start + i / fps`` of the file's sound."""

    start: float  # seconds
    seen: Seen  # the face that is followed: landmarks, scores
    thumbnails: np.ndarray  # (T, ROWS, COLUMNS) uint8, grey, of the whole picture
    change: (
        np.ndarray
    )  # (T,) float32, 0..255: mean difference of the face (else the picture) from the frame before
    level: np.ndarray  # (T,) float32, 0..255: brightness of the face; NaN where there is none
    others: np.ndarray  # (T,) int8: faces at least AS_LARGE as the followed one; -1 where it was not looked
    sharpness: np.ndarray  # (T,) float32, as face/sharpness.py; NaN where it was not looked
    notes: tuple[str, ...] = ()  # what was odd about the file, one sentence each
    fps: Fraction = FPS
    instants: np.ndarray = field(
        default_factory=lambda: np.zeros(0)
    )  # (N,) float64 seconds of the pictures that the frames were interpolated from; none where they were picked

    def __len__(self) -> int:
        return len(self.change)

    @property
    def size(self) -> tuple[int, int]:
        """Pixels, width and height of the pictures that the landmarks are of."""
        return self.seen.size


def look(
    path: Path | str,
    landmarker: Landmarker,
    start: float = 0.0,
    seconds: float | None = None,
    alive: Callable[[float], None] = lambda seconds: None,
) -> Looked:
    """Decode a video once, from ``start`` on and at most ``seconds`` of it, and follow its largest face.

    Where its pictures do not come 25 times a second, each is looked at as it comes (of more than 34 a second every
    second, third...), those that only repeat the one before are passed by, and what is seen is interpolated. A long
    video is worked off in parts: memory is 8 kB a frame and two pictures. ``start`` is rounded to a frame; ``alive``
    is called with the seconds that were looked at, now and then.
    Raises what ``open_video`` raises: BadInput, Unsupported or LimitExceeded with the file's name.
    """
    own = sight(instants(path, start, seconds))
    if own is not None:
        return _look_by(own, path, landmarker, start, seconds, alive)
    with open_video(path, FPS, start, seconds) as video:
        found = look_at(_told(video, alive), landmarker, round(start * FPS) / float(FPS))
    return replace(found, notes=_notes(video, len(found)))


def _look_by(
    own: Sight,
    path: Path | str,
    landmarker: Landmarker,
    start: float,
    seconds: float | None,
    alive: Callable[[float], None],
) -> Looked:
    """``look`` at a video's own pictures."""
    from .regrid import only, regrid, with_looks  # which know what is looked at, as do cuts
    from .shots import cuts

    begin = max(0.0, start - MARGIN)
    until = None if seconds is None else min(start + seconds + MARGIN - begin, MAX_SECONDS)
    at: list[int] = []  # which picture each one is
    frames = 0

    def anew(video: VideoFrames) -> Iterator[np.ndarray]:
        """Each picture once."""
        nonlocal frames
        for frames, picture in enumerate(_told(video, alive), 1):
            which = int(own.shown(round(begin * own.fps) + frames - 1, 1)[0])
            if not at or which != at[-1]:
                at.append(which)
                yield picture

    with open_video(path, own.fps, begin, until, own.shift) as video:
        found = look_at(anew(video), landmarker)
    times, first = own.times[at], round(start * FPS)
    if not at:  # it ended before
        return replace(found, start=first / float(FPS), notes=_notes(video, frames))
    # A picture is shown until the next would come.
    end = min(times[-1] + 1 / float(own.fps), own.times[-1] + float(np.median(np.diff(own.times))))
    there = max(0, round(end * FPS) - first)
    asked = there if seconds is None else min(there, max(1, round(seconds * FPS)))
    kept, taken = distinct(found.change, times)
    own_pictures = only(found, kept)
    even = regrid(own_pictures, taken, cuts(own_pictures), first, asked)
    return replace(with_looks(even, found, times), notes=_notes(video, frames))


def _notes(video: VideoFrames, frames: int) -> tuple[str, ...]:
    """The video's, after its last picture, and one where it is shorter than it says."""
    expected, fps = min(video.expected or 0, MAX_SECONDS * int(video.fps)), float(video.fps)
    if expected - frames <= fps:
        return tuple(video.notes)
    return (*video.notes, f"it ends early: {frames / fps:.1f} s of {expected / fps:.1f} s are there")


def _told(video: VideoFrames, alive: Callable[[float], None]) -> Iterator[np.ndarray]:
    """Its pictures, and every TELL seconds of them a word that they were worked off."""
    every = round(TELL * video.fps)
    for number, frame in enumerate(video):
        if number and number % every == 0:
            alive(every / float(video.fps))
        yield frame


def look_at(frames: Iterable[np.ndarray], landmarker: Landmarker, start: float = 0.0) -> Looked:
    """``look`` at pictures (H, W, 3) uint8 RGB of one size that come at FPS."""
    watch, eye = Watch(landmarker), _Eye(landmarker)
    thumbnails, change, level, others, sharpness = [], [], [], [], []
    before: np.ndarray | None = None
    face: Landmarks | None = None
    lost = 0  # frames without a face
    for number, frame in enumerate(frames):
        thumbnails.append(thumbnail(frame))
        fresh = number > 0 and _apart(thumbnails[-1], thumbnails[-2]) > FRESH
        lost = 0 if fresh else lost
        last, face = face, watch.see(frame, fresh, lost == 0 or eye.worth_a_search(frame, lost))
        lost = 0 if face is not None else lost + 1
        change.append(0.0 if before is None else _change(before, frame, last or face))
        level.append(np.nan if face is None else float(_face(frame, face).mean()))
        looks = face is not None and number % EVERY == 0
        others.append(eye.others(frame, face) if looks and face else -1)
        sharpness.append(fineness(frame, face) if looks and face else np.nan)
        before = frame
    shape = (-1, ROWS, COLUMNS)
    return Looked(
        start, watch.seen(), np.array(thumbnails, np.uint8).reshape(shape), np.array(change, np.float32),
        np.array(level, np.float32), np.array(others, np.int8), np.array(sharpness, np.float32),
    )  # fmt: skip


@dataclass
class _Eye:
    """Looks for faces beside the one that is followed."""

    landmarker: Landmarker

    def worth_a_search(self, frame: np.ndarray, lost: int) -> bool:
        """Whether a lost face may be found: at first sight, or because a close search is due (rarer and rarer)."""
        if lost in (EVERY, 3 * EVERY) or lost % RAREST == 0:
            return True
        return any(found.score >= SURE for found in self.landmarker.detect(frame))

    def others(self, frame: np.ndarray, face: Landmarks) -> int:
        """Faces besides ``face`` whose boxes are at least AS_LARGE of its own."""
        seen = frame
        side = np.sqrt(face.size)
        if AROUND * side < max(frame.shape[:2]):
            seen, face = _surroundings(frame, face, AROUND * side / 2)
        detections = self.landmarker.detect(seen)
        if not any(found.score >= SURE and not _same(found.box, face.box) for found in detections):
            return 0
        faces = self.landmarker.faces(seen, most=4)
        return sum(
            not _same(other.box, face.box) and np.sqrt(other.size) >= AS_LARGE * side for other in faces
        )


def thumbnail(frame: np.ndarray) -> np.ndarray:
    """(ROWS, COLUMNS) uint8: mean green of at most 16 samples in each cell."""
    height, width = frame.shape[:2]
    rows = np.linspace(0, height - 1, 4 * ROWS).astype(np.intp)
    columns = np.linspace(0, width - 1, 4 * COLUMNS).astype(np.intp)
    samples = frame[rows[:, None], columns, 1].reshape(ROWS, 4, COLUMNS, 4)
    return samples.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of two thumbnails, levels."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def _box(face: Landmarks, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = face.box
    return max(0, int(left)), max(0, int(top)), min(width, int(right) + 1), min(height, int(bottom) + 1)


def _face(frame: np.ndarray, face: Landmarks) -> np.ndarray:
    """Green of the face's box at about SAMPLES a side, (h, w) uint8."""
    left, top, right, bottom = _box(face, frame.shape[1], frame.shape[0])
    step = max(1, (bottom - top) // SAMPLES)
    return frame[top:bottom:step, left:right:step, 1]


def _change(before: np.ndarray, frame: np.ndarray, face: Landmarks | None) -> float:
    """Mean absolute difference of two pictures of one size where the face is, levels."""
    if face is None:
        return _apart(frame[::8, ::8, 1], before[::8, ::8, 1])
    a, b = _face(frame, face), _face(before, face)
    return _apart(a, b) if a.size else 0.0


def _surroundings(frame: np.ndarray, face: Landmarks, reach: float) -> tuple[np.ndarray, Landmarks]:
    """The picture ``reach`` pixels to every side of a face, and the face in it."""
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = np.ascontiguousarray(frame[top : int(y + reach), left : int(x + reach)])
    box = (face.box[0] - left, face.box[1] - top, face.box[2] - left, face.box[3] - top)
    moved = face.points - np.array([left, top], np.float32)
    return part, Landmarks(moved, face.depth, face.scores, face.presence, box)


def _same(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether the middle of one box lies in the other: the detector's boxes differ from the landmarks' in size."""
    x, y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
    return b[0] <= x <= b[2] and b[1] <= y <= b[3]
