"""``dxtalker curate``: a folder of videos -> a folder of clips, and what is said of it on the way."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data.manifest import Manifest, is_collection
from ..errors import BadInput
from .collect import Joint, collect
from .drafts import FOLDER, Drafts, Through
from .local import Outcome, run_local
from .reasons import REASONS
from .settings import Settings
from .sources import Found, Video, find_videos
from .tally import hours
from .video import Stages
from .work import Curator, Job, key_of, refused, sha256_of

Say = Callable[[str], None]
LOG = "log.txt"  # in the work folder: traces of what failed
FILES = "files.jsonl"  # there: what is known of files, so that they are not read again to see whether they changed


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    videos: int
    of: int
    seconds: float  # of video that were looked at
    clips: int  # that went through so far
    elapsed: float  # seconds since the start
    stage: str = ""  # of the end, when all videos are through
    share: float = 0.0  # of that stage

    @property
    def speed(self) -> float:
        """Seconds of video a second."""
        return self.seconds / max(self.elapsed, 1e-3)


@dataclass(frozen=True)
class Summary:
    """What came of a run."""

    manifest: Manifest
    videos: int
    done_before: int  # of them, in an earlier run
    seconds: float  # of video that were looked at in this run
    elapsed: float  # seconds


def curate(
    given: Path,
    output: Path,
    settings: Settings,
    make: Callable[[Settings], Stages],
    joint: Joint,
    processes: int = 0,
    ray: str = "",
    retry: bool = False,
    say: Say = lambda text: None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Summary:
    """Curate the folder or video ``given`` into ``output``; a run that was stopped goes on where it was.

    ``processes`` 0: one a core (with ``ray``, an address: as many as the cluster has). ``retry`` tries again what
    failed. Raises BadInput where nothing can be done; what is wrong with one video costs that video.
    """
    begin = time.monotonic()
    if processes < 0:
        raise BadInput(f"{processes} processes were asked for; expected 1 or more, or 0 for one a core")
    given, output = given.absolute(), output.absolute()  # a cluster's processes are at home elsewhere
    found = find_videos(given, output)
    if not found.videos:
        raise BadInput(
            f"{given} holds no videos ({_count(found.others, 'other file')}); give a folder of MP4, WebM or the like"
        )
    _check_output(output)
    drafts = Drafts(output)
    drafts.open()
    known = _Known(output / FOLDER / FILES)
    work = Curator(output, settings, make)
    through, todo = _done_before(found.videos, drafts, known, settings, retry)
    say(_beginning(found, len(through)))
    counted = _Counter(len(found.videos), len(through), begin, show)
    for outcome in _outcomes(work, todo, processes, ray, counted.alive):
        done = outcome.result or _failed(outcome, drafts, settings, output, say)
        known.add(outcome.job.path, done.sha256)
        through[outcome.job.path] = done
        counted.through(done)
    videos = [(video, _through_of(video, through)) for video in found.videos]
    manifest = collect(videos, drafts, output, settings, joint, counted.collecting)
    return Summary(
        manifest, len(videos), len(videos) - counted.new, counted.seconds, time.monotonic() - begin
    )


def _check_output(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise BadInput(f"{output} is a file; give a folder for the clips")
    if (
        output.is_dir()
        and not is_collection(output)
        and not (output / FOLDER).is_dir()
        and any(output.iterdir())
    ):
        raise BadInput(f"{output} holds other things; give a new folder, or one that dxtalker curate made")
    try:
        (output / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot write to {output} ({error.strerror}); choose another folder") from None


def _outcomes(
    work: Curator, jobs: Sequence[Job], processes: int, ray: str, alive: Callable[[float], None]
) -> Iterable[Outcome[Job]]:
    if not jobs:
        return ()
    if ray:
        from .on_ray import run_on_ray

        return run_on_ray(work, jobs, ray, processes, alive)
    return run_local(work, jobs, processes or os.cpu_count() or 1, alive)


def _done_before(
    videos: Sequence[Video], drafts: Drafts, known: _Known, settings: Settings, retry: bool
) -> tuple[dict[Path, Through], list[Job]]:
    """What earlier runs left, and the jobs that remain."""
    through: dict[Path, Through] = {}
    todo = []
    for video in videos:
        if video.refused:
            continue
        sha256 = known.sha256(video.path)
        done = drafts.through(key_of(sha256, settings)) if sha256 else None
        if done is not None and retry and done.dropped == "file.failed":
            drafts.forget(done.key)
            done = None
        if done is None:
            todo.append(Job(video.path, sha256))
        else:
            through[video.path] = done
    return through, todo


def _through_of(video: Video, through: dict[Path, Through]) -> Through:
    return refused("", "file.unreadable", video.refused) if video.refused else through[video.path]


def _failed(outcome: Outcome[Job], drafts: Drafts, settings: Settings, output: Path, say: Say) -> Through:
    """A file that the program failed on: it is said, logged, and not tried again."""
    path = outcome.job.path
    say(f"{path.name!r}: {outcome.failure}")
    with (output / FOLDER / LOG).open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"{path}\n{outcome.failure}\n{outcome.trace}\n")
    try:
        sha256 = outcome.job.sha256 or sha256_of(path)
    except OSError:
        return refused("", "file.unreadable", "it cannot be read")
    done = refused(sha256, "file.failed", outcome.failure, key_of(sha256, settings))
    drafts.set_through(done)
    return done


def _beginning(found: Found, before: int) -> str:
    others = f", {_count(found.others, 'other file')} passed by" if found.others else ""
    done = f", {before} are done already" if before else ""
    return f"{_count(len(found.videos), 'video')}{done}{others}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Counter:
    """Adds up what is done."""

    def __init__(self, of: int, before: int, begin: float, show: Callable[[Progress], None]) -> None:
        self.of, self.before, self.begin, self.show = of, before, begin, show
        self.new = self.clips = 0
        self.seconds = 0.0

    def alive(self, seconds: float) -> None:
        self.seconds += seconds
        self._show()

    def through(self, done: Through) -> None:
        self.new += 1
        self.clips += done.takes
        self._show()

    def collecting(self, stage: str, share: float) -> None:
        self._show(stage, share)

    def _show(self, stage: str = "", share: float = 0.0) -> None:
        elapsed = time.monotonic() - self.begin
        self.show(Progress(self.before + self.new, self.of, self.seconds, self.clips, elapsed, stage, share))


class _Known:
    """The sums of files, by name, size and time of change; lines are added as they come, a torn one does no harm."""

    def __init__(self, path: Path) -> None:
        self.path, self._sums = path, {}
        for line in _lines(path):
            try:
                told = json.loads(line)
                self._sums[told["path"]] = (told["size"], told["changed"], told["sha256"])
            except (ValueError, TypeError, KeyError):
                continue

    def sha256(self, path: Path) -> str:
        """The file's sum; "" where it is not known or the file has changed."""
        size, changed, sha256 = self._sums.get(_name(path), (0, 0, ""))
        return sha256 if (size, changed) == _stamp(path) else ""

    def add(self, path: Path, sha256: str) -> None:
        size, changed = _stamp(path)
        if sha256 and self._sums.get(_name(path)) != (size, changed, sha256):
            told = {"path": _name(path), "size": size, "changed": changed, "sha256": sha256}
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(told) + "\n")


def _lines(path: Path) -> Iterator[str]:
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as stream:
            yield from stream


def _name(path: Path) -> str:
    return os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except OSError:
        return 0, 0


def summary_lines(summary: Summary) -> list[str]:
    """What a user reads at the end."""
    first, *lines = collection_lines(summary.manifest)
    lines = [f"{first}, of {_count(summary.videos, 'video')}", *lines]
    if summary.seconds:
        speed = summary.seconds / max(summary.elapsed, 1e-3)
        lines.append(
            f"{hours(summary.seconds)} of video in {hours(summary.elapsed)}: {speed:.1f} times as fast as it plays"
        )
    return lines


def collection_lines(manifest: Manifest) -> list[str]:
    """What is in a collection, and a line for each reason for which something is not, the most frequent first."""
    kept = f"{_count(manifest.clips, 'clip')} kept, {hours(manifest.seconds)}"
    lines = [f"{kept}; {_count(manifest.dropped, 'part')} dropped"]
    for reason, count in Counter(manifest.reasons).most_common():
        lines.append(f"{count:8d}  {reason:20}{REASONS.get(reason, '')}")
    return lines
