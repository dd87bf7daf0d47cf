"""Whether a file is a video worth opening, before anything of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..errors import BadInput, DxtalkerError, LimitExceeded, NotReady
from ..face.video.limits import MAX_PIXELS
from ..face.video.probe import probe
from ..ffmpeg import ffmpeg_path
from ..files import check_file, is_text, naming
from .verdict import Verdict

HEAD_BYTES = 512  # looked at to tell text
LONGEST = 12 * 3600  # seconds of video in one file
# What the video door's errors say, and the reason that it is; anything else cannot be decoded.
SAID = (
    ("no video track", "file.no_picture"),
    ("no audio track", "file.no_sound"),
    ("cut short", "file.cut_off"),
)


@dataclass(frozen=True)
class SourceFacts:
    """What a video's container says of it; it may be wrong."""

    seconds: float | None  # length of the longest track; None where the file does not say
    size: tuple[int, int] | None  # pixels, width and height as stored
    fps: Fraction  # its own average rate
    sound: bool  # whether there is a sound track
    hdr: bool  # whether light is coded for a high dynamic range


def open_source(path: Path | str) -> SourceFacts | Verdict:
    """What a file says of itself, or the Verdict against it (reason "file.*").

    A video without sound gives facts with ``sound`` False: the picture side can still look at it. Raises NotReady
    without ffmpeg.
    """
    path = Path(path)
    try:
        with naming(path):
            check_file(path, "video file")
            with path.open("rb") as file:
                if is_text(file.read(HEAD_BYTES)):
                    raise BadInput("it is a text file; expected a video, such as MP4 or WebM")
            facts = probe(ffmpeg_path(), path)
            if facts.size and facts.size[0] * facts.size[1] > MAX_PIXELS:
                raise LimitExceeded(
                    f"its pictures have {facts.size[0]}x{facts.size[1]} pixels; at most {MAX_PIXELS:,} are read"
                )
            if facts.seconds is not None and facts.seconds > LONGEST:
                raise LimitExceeded(f"it is longer than {LONGEST // 3600} hours; split it")
    except DxtalkerError as error:
        if isinstance(error, NotReady):
            raise
        return file_verdict(error)
    return SourceFacts(facts.seconds, facts.size, facts.fps, facts.sound, facts.hdr)


def file_verdict(error: DxtalkerError) -> Verdict:
    """The Verdict for what opening or decoding a file raised."""
    said = str(error)
    if isinstance(error, LimitExceeded):
        return Verdict(reason="file.limits", remark=said)
    reason = next((reason for words, reason in SAID if words in said), "file.unreadable")
    return Verdict(reason=reason, remark=said)


def pieces(seconds: float, longest: float = 120.0) -> list[tuple[float, float]]:
    """(start, seconds) of the parts in which a video of ``seconds`` is looked at: of one length, whole seconds each."""
    count = max(1, -(-int(seconds + 1) // int(longest)))
    each = -(-int(seconds + 1) // count)
    return [(float(i * each), float(each)) for i in range(count)]
