"""A path -> VideoFrames: pictures one at a time, decoded by a watched and limited ffmpeg child."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ...audio.child import PIECE, Child
from ...audio.decode import FORMATS, complaint, is_mpeg_stream, warm_up
from ...errors import BadInput, LimitExceeded
from ...ffmpeg import ffmpeg_path
from ...files import check_file, is_text, naming
from ...records import frame_rate
from .limits import LONGEST_SIDE, MAX_PIXELS, MAX_SECONDS, MEMORY_BYTES, SLOWEST, STALL_SECONDS
from .probe import probe

HEAD_BYTES = 512  # looked at to tell text and MPEG streams
MAX_START = 100 * 3600  # seconds
LEAD, LEAD_UNINDEXED = 1, 15  # seconds that are decoded before the start of a part
START = Fraction(0)
# To linear light at 203 cd/m2 of white (ITU-R BT.2408), Rec. 709 colours, Hable's curve over the highlights.
TONE_MAP = "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,"
TONE_MAPPED = "its high dynamic range was tone mapped"
NOT_TONE_MAPPED = "it has high dynamic range, which this ffmpeg cannot tone map: its pictures are pale"
SHAPES = (0.25, 4.0)  # of a pixel, width by height, that are believed


@dataclass
class VideoFrames:
    """The pictures of an open video; iterate once. Frame ``i`` shows the instant ``i / fps`` of the sound's clock.

    (Of a part: counted from its start; of a video opened with ``shift``: that much later.)

    A video that begins after its sound repeats its first picture until then, so that frame 0 is time 0.
    """

    fps: Fraction
    size: tuple[int, int]  # pixels, width and height, upright
    expected: int | None  # number of frames by the file's word, for a progress bar
    notes: list[str] = field(
        default_factory=list
    )  # what was odd, one sentence each; whole after the last frame
    _frames: Iterator[np.ndarray] = field(default_factory=lambda: iter(()), repr=False)

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 RGB, one at a time; each may be kept.

        Raises LimitExceeded for a video that is too long or too slow to decode, with the file's name.
        """
        return self._frames


@contextmanager
def open_video(
    path: Path | str,
    fps: Fraction | None = None,
    start: float = 0.0,
    seconds: float | None = None,
    shift: float = 0.0,
) -> Iterator[VideoFrames]:
    """Open any video file; ``fps`` is the constant rate to read it at, by default its own average rate.

    Pictures are upright (the file's rotation is applied), with square pixels, and reduced to LONGEST_SIDE; those of
    high dynamic range are tone mapped. A video of more than MAX_SECONDS is read in parts of at most that: ``seconds``
    of it from ``start`` on, which is rounded to a whole frame; at a whole rate
    they are the very pictures that the whole gives, and none, with a note, beyond its end. With ``shift``, seconds of
    less than a frame, each picture is the nearest to an instant that much later: a rate's own pictures need not lie at
    its whole frames.
    Raises BadInput, Unsupported or LimitExceeded with the file's name and the reason, NotReady without ffmpeg.
    """
    path = Path(path)
    with naming(path):
        check_file(path, "video file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if is_text(head):
            raise BadInput("it is a text file; expected a video, such as MP4 or WebM")
        ffmpeg = ffmpeg_path()
        warm_up(ffmpeg)
        facts = probe(ffmpeg, path)
        if facts.size and facts.size[0] * facts.size[1] > MAX_PIXELS:
            raise LimitExceeded(
                f"its pictures have {facts.size[0]}x{facts.size[1]} pixels; at most {MAX_PIXELS:,} are read"
            )
        rate = frame_rate(fps) if fps is not None else facts.fps
        part = _part(start, seconds, rate)
        if part.frames is None and facts.seconds is not None and facts.seconds - start > 2 * MAX_SECONDS:
            raise _too_long()  # by its own word; if that is a lie, counting frames tells
        tone_mapped = facts.hdr and can_tone_map(ffmpeg)
        child = Child(
            command(ffmpeg, path, rate, is_mpeg_stream(head), part.begin, tone_mapped, shift),
            memory_bytes=MEMORY_BYTES,
            stall_seconds=STALL_SECONDS,
        )
    try:
        with naming(path):
            video = _start(child, rate, facts.seconds, path, part)
            if facts.hdr:
                video.notes.append(TONE_MAPPED if tone_mapped else NOT_TONE_MAPPED)
        yield video
    finally:
        child.close()


@dataclass(frozen=True)
class _Part:
    """What is read of a video, in frames."""

    first: int
    frames: int | None  # None: to the end
    begin: Fraction  # seconds at which reading begins, for a whole rate a whole number: clocks round anything else
    passed: int  # frames from there to ``first``


def _part(start: float, seconds: float | None, fps: Fraction) -> _Part:
    if not 0 <= start < MAX_START:
        raise BadInput(
            f"it cannot be read from {start:g} s on; expected a start between 0 s and {MAX_START} s"
        )
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise BadInput(f"{seconds:g} s were asked for; expected more than 0 s and at most {MAX_SECONDS} s")
    frames = max(1, round(seconds * fps)) if seconds is not None else None
    first = round(start * fps)
    passed = first % fps.numerator if fps.denominator == 1 else 0
    return _Part(first, frames, (first - passed) / fps, passed)


def command(
    ffmpeg: Path,
    path: Path,
    fps: Fraction,
    mpeg_stream: bool = False,
    start: Fraction = START,
    tone_mapped: bool = False,
    shift: float = 0.0,
) -> list[str]:
    """Decode the first video track that is no cover picture to PPM pictures on stdout, each with its own size.

    In an MPEG stream ffmpeg's clock starts with the first stream in use: there the sound is passed by, undecoded.
    """
    shape = f"clip(sar,{SHAPES[0]},{SHAPES[1]})"
    less = f"min(1,{LONGEST_SIDE}/max(iw*{shape},ih))"
    sought, lead = seeking(start, fps, mpeg_stream)
    later = f"setpts=PTS-{shift:.9f}/TB," if shift else ""
    filters = (
        f"{later}fps={fps.numerator}/{fps.denominator}:start_time={float(lead):.9g},"
        f"scale=w='max(2,round(iw*{shape}*{less}))':h='max(2,round(ih*{less}))':flags=area,setsar=1,"
        f"{TONE_MAP if tone_mapped else ''}format=rgb24"
    )
    return [
        str(ffmpeg), "-nostdin", "-v", "error", "-threads", "1", "-filter_threads", "1",
        "-max_alloc", str(256 << 20), "-max_pixels", str(MAX_PIXELS),
        "-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, *sought, "-i", f"file:{path}",
        "-map", "0:V:0", "-vf", filters, "-fps_mode", "passthrough", "-c:v", "ppm", "-threads", "1",
        "-flush_packets", "0", "-f", "image2pipe", "pipe:1",
        *passing_by(mpeg_stream),
    ]  # fmt: skip


def seeking(start: Fraction, fps: Fraction, mpeg_stream: bool) -> tuple[list[str], Fraction]:
    """Options that seek in the input, and by how many seconds they end before ``start``: whole frames.

    Seeking goes a little further back: the picture that is shown then may have come before, and in an MPEG stream,
    which has no index, a whole one only comes up to LEAD_UNINDEXED later.
    """
    whole = Fraction(ceil((LEAD_UNINDEXED if mpeg_stream else LEAD) * fps)) / fps
    lead = min(start, whole)
    return (["-ss", f"{float(start - lead):.6f}"] if start > lead else []), lead


def passing_by(mpeg_stream: bool) -> list[str]:
    """A second output that holds an MPEG stream's clock at its begin."""
    return ["-map", "0:a:0?", "-c", "copy", "-f", "null", "-"] if mpeg_stream else []


@lru_cache(maxsize=4)
def can_tone_map(ffmpeg: Path) -> bool:
    """Whether this ffmpeg was built with the filter that knows light as it was (zimg)."""
    child = Child(
        [str(ffmpeg), "-hide_banner", "-v", "error", "-h", "filter=zscale"], stall_seconds=STALL_SECONDS
    )
    try:
        return child.read(6) == b"Filter"
    finally:
        child.close()


def _start(child: Child, fps: Fraction, seconds: float | None, path: Path, part: _Part) -> VideoFrames:
    stream = cast(BinaryIO, io.BufferedReader(child, PIECE))
    with _told(child):
        size = _header(stream)
    if size is None:
        child.finish()
        said = complaint(child)
        if part.first:  # what came before may be sound: a part beyond the end, or beyond damage, is empty
            note = f"it shows no picture from {float(part.first / fps):.1f} s on"
            return VideoFrames(fps, (0, 0), 0, [f"{note} ({said})" if said else note])
        raise BadInput(f"no picture could be decoded ({said or 'it holds none'}); export it again, as MP4")
    expected = max(0, round(seconds * fps) - part.first) if seconds else part.frames
    if expected is not None and part.frames is not None:
        expected = min(expected, part.frames)
    video = VideoFrames(fps, size, expected)
    video._frames = _frames(child, stream, video, path, part)
    return video


def _frames(
    child: Child, stream: BinaryIO, video: VideoFrames, path: Path, part: _Part
) -> Iterator[np.ndarray]:
    width, height = video.size
    count, size, left = 0, video.size, part.passed
    with naming(path), _told(child):
        while size is not None:
            if count == part.frames:
                if said := complaint(child):
                    video.notes.append(f"the decoder found damage: {said}")
                return
            if count >= MAX_SECONDS * video.fps:
                raise _too_long()
            if size != video.size:
                raise BadInput(
                    f"its pictures change size ({width}x{height}, then {size[0]}x{size[1]}); convert it"
                )
            picture = np.empty((height, width, 3), np.uint8)
            if not _fill(stream, picture.data.cast("B")):
                break
            left -= 1
            if left < 0:
                count += 1
                child.decoded_seconds = SLOWEST * (part.passed + count) / float(video.fps)
                yield picture
            size = _header(stream) if count != part.frames else size
        code, said = child.finish(), complaint(child)
        if code != 0 or said:
            video.notes.append(f"the decoder found damage: {said or f'exit code {code}'}")


def _header(stream: BinaryIO) -> tuple[int, int] | None:
    """Width and height from a PPM header; None at the end of the stream."""
    magic, size, _depth = (stream.readline(32) for _ in range(3))
    if magic != b"P6\n":
        return None
    width, height = size.split()
    return int(width), int(height)


def _fill(stream: BinaryIO, target: memoryview) -> bool:
    """Read until ``target`` is full; False when the stream ends before."""
    filled = 0
    while filled < len(target):
        count = stream.readinto(target[filled:])  # type: ignore[attr-defined]
        if not count:
            return False
        filled += count
    return True


@contextmanager
def _told(child: Child) -> Iterator[None]:
    """The decoder's limits in the words of a video."""
    try:
        yield
    except LimitExceeded as error:
        if "decode" not in str(error):
            raise
        raise LimitExceeded(
            "decoding it takes too long and was stopped; convert it to MP4 (H.264) of at most 1080 lines"
        ) from None


def _too_long() -> LimitExceeded:
    return LimitExceeded(f"it is longer than {MAX_SECONDS // 60} minutes; split it into shorter videos")
