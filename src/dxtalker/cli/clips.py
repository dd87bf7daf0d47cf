"""curate, clips: videos become clips, and what can be done with these."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import OmitSubcommandPrefixes, Positional, arg, subcommand

from .progress import say

if TYPE_CHECKING:
    from ..curate.command import Progress


EVERY = 300.0  # seconds between two lines of progress where there is no terminal


def curate(
    videos: Positional[Path],
    output: Annotated[Path, arg(aliases=["-o"])],
    preset: str = "default",
    languages: tuple[str, ...] = (),
    processes: int = 0,
    tracker: str = "",
    ray: str = "",
    retry: bool = False,
    quiet: bool = False,
) -> None:
    """Curate videos: synchronised, filtered clips of one speaking face each, tracked in 3D (docs/curation.md).

    Interrupt it at any time; the same command goes on where it was. Whoever is seen must have agreed to it.

    Args:
        videos: a folder, with all folders in it, or one video
        output: folder of the clips
        preset: thresholds and sizes: default, or 3dxtalker for those of the paper's scripts
        languages: keep these alone, as in: en de; default: those of the preset
        processes: at once; 0: one a core
        tracker: another tracker in the place of ours, as module:Class; its code is run
        ray: work on a Ray cluster: auto, or its address; needs pip install "dxtalker[ray]"
        retry: try again the videos that the program failed on before
        quiet: no progress
    """
    from ..curate.command import curate as run
    from ..curate.command import summary_lines
    from ..curate.follow import tracker_name
    from ..curate.report import write_report
    from ..curate.settings import preset as settings_of
    from ..curate.stages import joint, load_stages, missing_tools

    settings = settings_of(preset)
    settings = replace(settings, tracker=tracker, languages=languages or settings.languages)
    if tracker:
        tracker_name(tracker)
    notes = missing_tools(settings)
    try:
        with _Line(quiet) as line:

            def told(text: str) -> None:
                """The run has begun: what it goes without is of interest from then on."""
                for words in (text, *notes):
                    line.say(words)
                notes.clear()

            summary = run(
                videos, output, settings, load_stages, joint(), processes, ray, retry, told, line.show
            )
    except KeyboardInterrupt:
        say("what is done is kept; the same command goes on where it was")
        raise
    for text in summary_lines(summary):
        say(text)
    say(f"report: {write_report(output)}")
    print(output)


def report(folder: Positional[Path]) -> None:
    """What was kept, what was dropped and why: one page of HTML with pictures.

    Args:
        folder: that dxtalker curate made
    """
    from ..curate.report import write_report

    print(write_report(folder))


def import_clips(
    dataset: Positional[Path], output: Annotated[Path, arg(aliases=["-o"])], flame: Path | None = None
) -> None:
    """Read the published 3DTalkingDataset layout (folders, HDF5 or archives) into clips; nothing in it is executed.

    Args:
        dataset: its folder, .h5, .zip or .tar
        output: folder of the clips
        flame: your own FLAME file, with which its parameters become ARKit curves
    """
    from ..curate.command import collection_lines
    from ..data.published import import_published

    for text in collection_lines(import_published(dataset, output, flame, say)):
        say(text)
    print(output)


def clips(
    do: OmitSubcommandPrefixes[
        Annotated[Any, subcommand("report", constructor=report)]
        | Annotated[Any, subcommand("import", constructor=import_clips)]
    ],
) -> None:
    """Folders of clips: report, import."""


class _Line:
    """A bar on standard error that is not in the way of what is said; where that is no terminal a line now and then."""

    def __init__(self, quiet: bool) -> None:
        self.off, self.plain = quiet, not sys.stderr.isatty()
        self.bar, self.told = None, 0.0  # seconds since the start at which the last line was written

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def say(self, text: str) -> None:
        if self.bar is None:
            say(text)
        else:
            self.bar.write(text, file=sys.stderr)

    def show(self, progress: Progress) -> None:
        if self.off:
            return
        told = f"{progress.seconds:.0f} s of video, {progress.speed:.1f} s a second, {progress.clips} clips"
        if progress.stage:
            told = f"{progress.stage} {progress.share:.0%}"
        if self.plain:
            if progress.elapsed - self.told >= EVERY:
                self.told = progress.elapsed
                say(f"{progress.videos} of {progress.of} videos, {progress.elapsed / 60:.0f} min: {told}")
            return
        from tqdm import tqdm

        if self.bar is None:
            form = "{l_bar}{bar}| {n_fmt}/{total_fmt} videos, {elapsed}{postfix}"
            self.bar = tqdm(total=progress.of, initial=progress.videos, bar_format=form, desc="curate")
        self.bar.update(progress.videos - self.bar.n)
        self.bar.set_postfix_str(told, refresh=False)
        self.bar.refresh()
