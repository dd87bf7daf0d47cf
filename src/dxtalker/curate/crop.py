"""The face of a clip as a small steady video: a square of every picture, at 25 frames a second, H.264 in MP4."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..face.steady import bridge
from ..records import FEATURE_FPS
from ..render.video import encoder, encoding

GROW = 1.5  # the square's side over that of the landmarks' box
# Standard deviations, seconds, of the Gaussian over which the square is steadied. A spoken jaw moves the box's lower
# edge four times a second: it must not rock the picture; a nod of a second is followed.
CENTRE_SECONDS, SIDE_SECONDS = 0.3, 1.0
CRF = 20  # x264's quality: 40 to 80 kB a second at 256 pixels
THUMBNAIL, JPEG_QUALITY = 96, 85  # pixels


@dataclass(frozen=True)
class Window:
    """A square of a picture, in its pixels; it may reach beyond the picture, where it is black."""

    left: float
    top: float
    side: float


def steady_windows(marks: np.ndarray, present: np.ndarray) -> list[Window]:
    """A square around the face for each of T frames, from landmarks (T, 478, 3) pixels; it moves without jitter.

    The centre is that of the landmarks' box, the side follows their spread in space, which turning the head does
    not change; both are smoothed over time. Where ``present`` (T,) is False it moves on along a straight line.
    """
    low, high = marks[..., :2].min(1), marks[..., :2].max(1)
    spread = np.sqrt(((marks - marks.mean(1, keepdims=True)) ** 2).sum(2).mean(1))
    here = present if present.any() else np.ones(len(marks), bool)
    factor = GROW * float(np.median((high - low).max(1)[here] / spread[here]))
    centre = _gaussian(bridge((low + high) / 2, here), CENTRE_SECONDS)
    side = factor * _gaussian(bridge(spread[:, None], here), SIDE_SECONDS)[:, 0]
    corner = centre - side[:, None] / 2
    return [Window(float(x), float(y), float(s)) for (x, y), s in zip(corner, side, strict=True)]


def whole_windows(size: tuple[int, int], count: int) -> list[Window]:
    """The square in the middle of pictures of ``size``, as 3DXTalker's scripts crop them, for ``count`` frames."""
    width, height = size
    side = float(min(size))
    return [Window((width - side) / 2, (height - side) / 2, side)] * count


def _gaussian(values: np.ndarray, seconds: float) -> np.ndarray:
    """(T, C) smoothed with a standard deviation of ``seconds`` at 25 frames a second; ends go on turned about."""
    sigma = seconds * float(FEATURE_FPS)
    reach = min(int(3 * sigma), len(values) - 1)
    if reach < 1:
        return values.copy()
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    before, after = 2 * values[0] - values[reach:0:-1], 2 * values[-1] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, values, after])
    return np.stack([np.convolve(column, weights, "valid") for column in padded.T], axis=1)


@dataclass(frozen=True)
class CropJob:
    """What is to be cut for one clip."""

    numbers: np.ndarray  # (T,) int, never falling: which frame of the video each of the clip's frames shows
    windows: list[Window]  # T squares of these pictures
    faces: list[Window]  # T squares around the face, for the thumbnail


@dataclass(frozen=True)
class Cut:
    """What was cut for one clip."""

    crop: bytes  # MP4; empty where a side of 0 was asked for
    thumbnail: bytes  # JPEG


def cut_crops(pictures: Iterable[np.ndarray], jobs: list[CropJob], side: int) -> Iterator[tuple[int, Cut]]:
    """The crops of ``jobs``, each (its number, what was cut) once it is whole, from one pass over a video.

    ``pictures`` are the video's frames (H, W, 3) uint8 RGB from its first; they are read up to the last that is
    needed. ``side`` pixels, even; 0 makes thumbnails alone. One picture is held and one encoder runs for each clip
    that shows it. The same pictures give the same bytes with the same ffmpeg. Raises NotReady without ffmpeg,
    VideoFailed when it fails; a video that ends too early gives no more than the clips that were whole.
    """
    waiting = sorted(range(len(jobs)), key=lambda i: int(jobs[i].numbers[0]))
    active: list[tuple[int, _Cutting]] = []
    with ExitStack() as stack:
        for number, picture in enumerate(pictures):
            while waiting and jobs[waiting[0]].numbers[0] <= number:
                job = waiting.pop(0)
                active.append((job, stack.enter_context(_Cutting(jobs[job], side))))
            for job, cutting in list(active):
                if cutting.add(number, picture):
                    active.remove((job, cutting))
                    yield job, cutting.result()
            if not waiting and not active:
                return


class _Cutting:
    """One clip while it is cut."""

    def __init__(self, job: CropJob, side: int) -> None:
        self._job, self._side = job, side
        self._done = 0  # of its frames
        self._thumbnail = b""
        self._stack = ExitStack()
        self._pipe: IO[bytes] | None = None
        self._file = Path()

    def __enter__(self) -> _Cutting:
        if self._side:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="dxtalker-"))
            self._file = Path(folder) / "crop.mp4"
            command = encoding(self._file, FEATURE_FPS, (self._side, self._side), None, CRF, exact=True)
            self._running = ExitStack()
            self._pipe = self._running.enter_context(encoder(command))
            self._stack.push(self._running)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def add(self, number: int, picture: np.ndarray) -> bool:
        """Take what the clip shows of the video's frame ``number``; True when it was the last."""
        job = self._job
        while self._done < len(job.numbers) and job.numbers[self._done] <= number:
            if self._pipe is not None:
                frame = cut_square(picture, job.windows[self._done], self._side)
                opaque = np.full((*frame.shape[:2], 1), 255, np.uint8)
                self._pipe.write(np.concatenate([frame, opaque], axis=2).data)
            if self._done == len(job.numbers) // 2:
                self._thumbnail = _jpeg(cut_square(picture, job.faces[self._done], THUMBNAIL))
            self._done += 1
        return self._done == len(job.numbers)

    def result(self) -> Cut:
        if self._pipe is None:
            return Cut(b"", self._thumbnail)
        self._running.close()  # ends the encoder and raises if it failed
        made = self._file.read_bytes()
        self._stack.close()
        return Cut(made, self._thumbnail)


def cut_square(picture: np.ndarray, window: Window, side: int) -> np.ndarray:
    """``window`` of ``picture`` (H, W, 3) uint8 as (side, side, 3) uint8: averaged down, or interpolated up."""
    from PIL import Image

    height, width = picture.shape[:2]
    left, right = _reach(window.left, window.side, width)
    top, bottom = _reach(window.top, window.side, height)
    region = np.zeros((bottom - top, right - left, 3), np.uint8)
    x0, x1, y0, y1 = max(left, 0), min(right, width), max(top, 0), min(bottom, height)
    if x1 > x0 and y1 > y0:
        region[y0 - top : y1 - top, x0 - left : x1 - left] = picture[y0:y1, x0:x1]
    x, y = window.left - left, window.top - top
    box = (x, y, x + window.side, y + window.side)
    return np.asarray(
        Image.fromarray(region).resize((side, side), Image.Resampling.BICUBIC, box, reducing_gap=None)
    )


def _reach(start: float, length: float, size: int) -> tuple[int, int]:
    """First and stop of the pixels that are mixed; beyond the picture only where the window itself is."""
    first, stop = int(np.floor(start)) - 2, int(np.ceil(start + length)) + 2
    return max(first, 0) if start >= 0 else first, min(stop, size) if start + length <= size else stop


def _jpeg(picture: np.ndarray) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(picture).save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()
