"""One file becomes drafts: what a process does, here or on a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..data.clip import ClipRecord
from ..errors import BadInput, NotReady
from ..files import check_file, naming
from ..records import SAMPLE_RATE
from .drafts import Drafts, Piece, Reject, Through, settings_key
from .probe import file_verdict
from .settings import Settings
from .soundtrack import hear
from .video import FRAME, Stages, curate_piece

PIECE_SECONDS = 240.0  # of a video that are held at once
Alive = Callable[[float], None]


@dataclass(frozen=True)
class Job:
    """A file that is to be curated."""

    path: Path
    sha256: str = ""  # where it is known; else it is computed


@dataclass
class Curator:
    """Called with a job it writes the drafts that are missing, and says what it found. Pickled once for a process."""

    output: Path
    settings: Settings
    make: Callable[[Settings], Stages]  # loads the stages; must be found by its name in another process
    piece_seconds: float = PIECE_SECONDS
    _stages: Stages | None = field(default=None, repr=False)

    def prepare(self) -> None:
        self._stages = self.make(self.settings)

    def __call__(self, job: Job, alive: Alive) -> Through:
        drafts = Drafts(self.output)
        with naming(job.path):
            try:
                check_file(job.path, "video file")
                sha256 = job.sha256 or sha256_of(job.path, alive)
            except BadInput as error:
                return refused("", file_verdict(error).reason, str(error))
        key = key_of(sha256, self.settings)
        done = drafts.through(key)
        if done is None:
            done = self._through(job.path, sha256, key, drafts, alive)
            drafts.set_through(done)
        return done

    def _through(self, path: Path, sha256: str, key: str, drafts: Drafts, alive: Alive) -> Through:
        assert self._stages is not None, "prepare() comes first"
        number, takes, seconds, make = 0, 0, 0.0, ""
        try:
            sound = hear(path, self.piece_seconds, self.settings.offset)
            last = False
            while not last:
                heard = sound.piece(round(seconds * SAMPLE_RATE))
                last = heard.last
                if last and number and heard.stop - heard.start < FRAME:
                    break
                if drafts.has_piece(key, number):
                    with drafts.piece(key, number) as there:
                        piece_takes, piece_seconds, make = len(there.takes), there.seconds, make or there.make
                else:
                    piece = curate_piece(path, heard, sha256, self.settings, self._stages, alive)
                    drafts.set_piece(key, number, piece)
                    piece_takes, piece_seconds, make = len(piece.takes), piece.seconds, make or piece.make
                number, takes, seconds = number + 1, takes + piece_takes, seconds + piece_seconds
        except NotReady:
            raise
        except BadInput as error:
            reason = file_verdict(error).reason
            remark = " ".join(str(error).removeprefix(f"{path.name!r}: ").split())  # a draft knows no names
            if number == 0:
                return refused(sha256, reason, remark, key)
            drafts.set_piece(key, number, _rest(sha256, seconds, reason, remark))
            number += 1
        return Through(key, sha256, seconds, number, takes, make)


def _rest(sha256: str, start: float, reason: str, remark: str) -> Piece:
    """What comes after ``start`` cannot be used."""
    record = ClipRecord("r000", "", sha256, start, 0, "", dropped=reason, remark=remark)
    return Piece(0.0, rejects=(Reject(record),))


def refused(sha256: str, reason: str, remark: str, key: str = "") -> Through:
    """What is known of a file of which nothing is used."""
    return Through(key, sha256, 0.0, 0, 0, dropped=reason, remark=" ".join(remark.split()))


def key_of(sha256: str, settings: Settings) -> str:
    return f"{sha256[:32]}-{settings_key(settings)}"


def sha256_of(path: Path, alive: Alive = lambda seconds: None) -> str:
    """Of what is in the file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(16 << 20):
            digest.update(data)
            alive(0.0)
    return digest.hexdigest()
