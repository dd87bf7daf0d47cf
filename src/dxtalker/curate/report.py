"""``dxtalker clips report``: one page about a collection, with plots and faces; whole in one file, without scripts.

The same collection gives the same bytes: faces are drawn by their names' sums, and no clock is asked.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..data import page as html
from ..data.clip import ClipRecord
from ..data.manifest import Manifest, is_collection, read_manifest
from ..data.reader import ClipReader, read_dropped
from ..files import write_atomically
from .faces import dropped_faces, kept_faces
from .plots import Limit, histogram, shares_bar
from .reasons import REASONS
from .scores import SCORES
from .settings import PRESETS
from .tally import FILES, KEPT, Share, Tally, hours, tally

FILE = "report.html"
FOLDERS = 12  # whose offsets have a plot of their own
SHARDS = 100  # listed
# Which setting limits a score, and from which side. "both": a pair of limits; "around": the same on both sides of 0.
LIMITED = {
    "clip.seconds": (("shortest", "least"), ("longest", "most")),
    "picture.eye_distance": (("eye_distance", "least"),),
    "picture.yaw": (("yaw", "most"),),
    "picture.seen": (("seen", "least"),),
    "picture.others": (("others", "most"),),
    "picture.frozen": (("frozen", "most"),),
    "picture.level": (("level", "both"),),
    "picture.sharpness": (("sharpness", "least"),),
    "sound.snr": (("snr", "least"),),
    "sound.speech": (("speech", "least"),),
    "sound.clipped": (("clipped", "most"),),
    "sound.music": (("music", "most"),),
    "sound.second_voice": (("second_voice", "most"),),
    "sync.offset": (("offset", "around"),),
    "sync.confidence": (("sync_confidence", "least"),),
    "track.error": (("track_error", "most"),),
    "track.jumps": (("jumps", "most"),),
    "track.identity": (("identity", "most"),),
}
STAGES = {
    "": "kept", "file": "the file", "picture": "the picture", "sound": "the sound", "sync": "sound and picture",
    "track": "the track", "duplicate": "there twice",
}  # fmt: skip


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into the collection ``folder`` and say where it is.

    One pass over the records, whatever their number; faces are a draw of a bounded number. Raises BadInput for a
    folder that is no collection, or that cannot be written.
    """
    folder = Path(folder)
    manifest = read_manifest(folder) if is_collection(folder) else Manifest()
    problems: list[str] = []
    empty = manifest.finished and not manifest.shards
    reader = None if empty else ClipReader(folder, ("thumbnail",), check=False)

    def records() -> Iterator[ClipRecord]:
        if reader is not None:
            yield from reader.records()
            problems.extend(reader.problems)
        yield from read_dropped(folder, problems.append)

    counted = tally(records())
    faces = (
        {}
        if reader is None
        else kept_faces(reader, counted.draws[KEPT].records if KEPT in counted.draws else [])
    )
    for reason in counted.reasons:
        if reason in counted.draws:
            faces |= dropped_faces(folder, counted.draws[reason].records)
    path = folder / FILE
    title = folder.resolve().name
    page = report_html(title, counted, manifest, faces, problems)
    write_atomically(path, page.encode("utf-8", "backslashreplace"))
    return path


def report_html(
    title: str,
    counted: Tally,
    manifest: Manifest,
    faces: Mapping[str, bytes],  # name of a clip, kept or dropped -> JPEG
    problems: Iterable[str] = (),
) -> str:
    """The page."""
    return html.page(
        f"Clips: {title}",
        [
            f"<h1>{html.name(title)}</h1>",
            f'<p class="dim">{_standing(manifest)}</p>',
            html.tiles(_figures(counted)),
            *_problems(list(problems)),
            *_counts(counted),
            *_scores(counted, manifest.settings),
            *_offsets(counted, manifest.settings),
            *_licences(counted),
            *_faces(counted, faces),
            *_files(counted),
            *_origin(counted, manifest),
        ],
    )


def _standing(manifest: Manifest) -> str:
    if not manifest.finished:
        return "This collection was not finished, or has no manifest: what is there so far."
    return "Talking faces, followed through video: what was kept, what was dropped, and why."


def _figures(counted: Tally) -> list[tuple[str, str]]:
    kept, whole = counted.kept, counted.kept.seconds + counted.dropped.seconds
    return [
        (hours(kept.seconds), "kept"),
        (f"{kept.clips:,}", "clips kept"),
        (f"{kept.seconds / whole:.0%}" if whole else "–", "of the time in stretches"),
        (f"{len(kept.videos):,} of {counted.videos:,}", "videos gave clips"),
        (f"{len(counted.speakers):,}", "speakers"),
        (f"{counted.dropped.clips:,}", "clips dropped"),
        (f"{counted.dropped.files:,}", "files without any clip"),
    ]


def _problems(problems: list[str]) -> Iterator[str]:
    if problems:
        yield "<h2>What could not be read</h2>"
        yield "<ul>" + "".join(f"<li>{html.text(problem)}</li>" for problem in problems[:50]) + "</ul>"
        if len(problems) > 50:
            yield f"<p>and {len(problems) - 50} more.</p>"


def _counts(counted: Tally) -> Iterator[str]:
    yield "<h2>What became of it</h2>"
    if not counted.shares:
        yield "<p>There are no records: nothing was kept and nothing was dropped.</p>"
        return
    stages: dict[str, float] = dict.fromkeys(STAGES, 0.0)
    for reason, share in counted.shares.items():
        stage = reason.partition(".")[0]
        stages[stage] = stages.get(stage, 0.0) + share.seconds
    colours = {stage: f"s{min(i, 6)}" for i, stage in enumerate(stages)}
    shown = [stage for stage, seconds in stages.items() if seconds]
    if shown:
        yield "<p>Of the time in stretches that show a face; whole files that gave none have no part in it.</p>"
        bar = shares_bar([(STAGES.get(s, s), stages[s], colours[s]) for s in shown])
        yield f'<div class="whole">{bar}</div>'
        yield html.key((colours[s], f"{STAGES.get(s, s)} {hours(stages[s])}") for s in shown)
    most = max(share.clips + share.files for share in counted.shares.values())
    reasons = [KEPT, *counted.reasons] if KEPT in counted.shares else counted.reasons
    yield html.table(
        ("", "", "videos", "clips", "whole files", "time", ""),
        (_count_row(reason, counted.shares[reason], most) for reason in reasons),
        numbers=(2, 3, 4, 5),
    )


def _count_row(reason: str, share: Share, most: int) -> tuple[str, ...]:
    label = f"<code>{html.text(reason, 60)}</code>" if reason else "<b>kept</b>"
    said = html.text(REASONS.get(reason, "") if reason else "it is in the collection")
    count = share.clips + share.files
    numbers = (f"{len(share.videos):,}", f"{share.clips:,}", f"{share.files:,}" if share.files else "")
    return (
        label,
        said,
        *numbers,
        hours(share.seconds) if share.seconds else "",
        html.bar(count / most, not reason),
    )


def _scores(counted: Tally, settings: Mapping[str, object]) -> Iterator[str]:
    yield "<h2>Scores</h2>"
    yield (
        "<p>Of clips that came far enough to be given them. The dashed line is the threshold, the shaded part what is"
        " not allowed; the outermost bars hold what lies beyond the axis. Figures are the median and, in brackets, what"
        " nine in ten lie between.</p>"
    )
    yield html.key((("kept", "kept"), ("dropped", "dropped, for whatever reason"), ("beyond", "not allowed")))
    cards, absent = [], []
    for score, meaning in {"clip.seconds": "seconds, length of the clip", **SCORES}.items():
        if score not in counted.values:
            absent.append(score)
            continue
        kept, dropped = (np.asarray(part, np.float64) for part in counted.values[score])
        unit = re.split(r",| (?:in which|that|whose|by which|between|with|of the|at full) ", meaning)[0]
        plot = histogram(kept, dropped, unit, _limits(score, settings))
        cards.append(
            html.card(score, f"{meaning}. {_spread(kept, 'Kept')}{_spread(dropped, 'Dropped')}", plot)
        )
    yield f'<div class="cards">{"".join(cards)}</div>'
    if absent:
        yield f"<p>No clip has {html.text(', '.join(absent), 1000)}.</p>"


def _spread(values: np.ndarray, kind: str) -> str:
    if not len(values):
        return ""
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{kind}: {middle:.3g} ({low:.3g} to {high:.3g}). "


def _limits(score: str, settings: Mapping[str, object]) -> list[Limit]:
    """The thresholds of a score with these settings; those that were not asked for are left out."""
    found: list[Limit] = []
    for field, side in LIMITED.get(score, ()):
        value = settings.get(field)
        if side == "both" and isinstance(value, list | tuple) and len(value) == 2:
            found += [Limit(float(value[0]), "least"), Limit(float(value[1]), "most")]
        elif isinstance(value, int | float) and value and side == "around":
            found += [Limit(-float(value), "least"), Limit(float(value), "most")]
        elif isinstance(value, int | float) and value and side in ("least", "most"):
            found.append(Limit(float(value), side))
    return found


def _offsets(counted: Tally, settings: Mapping[str, object]) -> Iterator[str]:
    yield "<h2>How late the pictures are</h2>"
    if not counted.offsets:
        yield "<p>No offset was measured.</p>"
        return
    yield (
        "<p>Milliseconds by which the pictures of a video come after its sound, as measured before correction, a"
        " histogram of videos for each folder. Short videos of one folder that are made alike share one figure.</p>"
    )
    folders = sorted(counted.offsets.items(), key=lambda item: (-len(item[1]), item[0]))
    shown, rest = folders[:FOLDERS], folders[FOLDERS:]
    if rest:
        shown.append((f"{len(rest)} more folders", {k: v for _, found in rest for k, v in found.items()}))
    limits = [Limit(1000 * limit.value, limit.side) for limit in _limits("sync.offset", settings)]
    cards = []
    for folder, found in shown:
        late = 1000 * np.array(list(found.values()))
        plot = histogram(late, np.zeros(0), "ms by which the pictures are late", limits, ("videos", ""))
        head = "the folder itself" if folder == "." else folder
        cards.append(html.card(head, f"{len(late):,} videos. {_spread(late, 'Median')}", plot))
    yield f'<div class="cards">{"".join(cards)}</div>'


def _licences(counted: Tally) -> Iterator[str]:
    yield "<h2>Licences of what was kept</h2>"
    if not counted.licences:
        yield "<p>Nothing was kept.</p>"
        return
    rows = sorted(counted.licences.items(), key=lambda item: (-item[1].share.seconds, item[0]))

    def named(attributions: Mapping[str, int]) -> str:
        told = [html.name(who) for who in sorted(attributions) if who]
        return "; ".join([*told[:8], *(["and others"] if len(told) > 8 else [])]) or "–"

    yield html.table(
        ("licence", "videos", "clips", "time", "to be named"),
        (
            (
                html.name(licence), f"{len(found.share.videos):,}", f"{found.share.clips:,}",
                hours(found.share.seconds), named(found.attributions),
            )
            for licence, found in rows[:100]
        ),
        numbers=(1, 2, 3),
    )  # fmt: skip
    if len(rows) > 100:
        yield f"<p>and {len(rows) - 100} more.</p>"


def _faces(counted: Tally, faces: Mapping[str, bytes]) -> Iterator[str]:
    yield "<h2>Faces</h2>"
    yield "<p>A draw by chance that is the same each time: the middle frame of a clip, with what is said of it.</p>"
    for reason in (KEPT, *counted.reasons):
        if reason not in counted.draws:
            continue
        records = counted.draws[reason].records
        figures = [_figure(record, faces[record.name]) for record in records if record.name in faces]
        count = counted.shares[reason].clips
        head = (
            f"<code>{html.text(reason, 60)}</code> {html.text(REASONS.get(reason, ''))}" if reason else "Kept"
        )
        yield f"<h3>{head} <small>{len(figures)} of {count:,}</small></h3>"
        if figures:
            yield f'<div class="faces">{"".join(figures)}</div>'
        else:
            yield '<p class="dim">No pictures: none were made, or the drafts of the run are not there any more.</p>'


def _figure(record: ClipRecord, picture: bytes) -> str:
    told = record.remark if record.dropped and record.remark else record.name
    whole = f"{record.source} at {record.start:.2f} s, {record.duration:.2f} s long; {record.remark or record.name}"
    return (
        f'<figure title="{html.text(whole)}"><img loading="lazy" alt="" src="data:image/jpeg;base64,'
        f'{b64encode(picture).decode()}"><figcaption>{html.name(told, 70)}</figcaption></figure>'
    )


def _files(counted: Tally) -> Iterator[str]:
    if not counted.files:
        return
    yield "<h2>Files that gave nothing</h2>"
    yield html.table(
        ("file", "reason", "what was found"),
        (
            (html.name(r.source), f"<code>{html.text(r.dropped, 60)}</code>", html.text(r.remark))
            for r in sorted(counted.files, key=lambda record: (record.source, record.name))
        ),
    )
    if counted.dropped.files > FILES:
        yield f"<p>and {counted.dropped.files - FILES:,} more; <code>dropped.jsonl</code> lists all.</p>"


def _origin(counted: Tally, manifest: Manifest) -> Iterator[str]:
    yield "<h2>Settings and provenance</h2>"
    usual = asdict(PRESETS["default"])
    fits = [
        name for name, known in PRESETS.items() if _plain(asdict(known)).items() <= manifest.settings.items()
    ]
    if fits:
        yield f"<p>These are the settings of the preset <code>{html.text(fits[0])}</code>.</p>"
    if manifest.settings:
        rows = (
            (
                f"<code>{html.text(field, 60)}</code>", html.text(_value(value)),
                html.text(_value(usual[field])) if field in usual and _plain(usual)[field] != value else "",
            )
            for field, value in sorted(manifest.settings.items())
        )  # fmt: skip
        yield html.table(("setting", "value", "usually"), rows)
    else:
        yield "<p>The settings are not known.</p>"
    yield "<h3>Shards</h3>"
    yield html.table(
        ("file", "clips", "time", "MB", "sha256"),
        (
            (
                html.name(shard.file), f"{shard.clips:,}", hours(shard.seconds), f"{shard.bytes / 1e6:,.1f}",
                f"<code>{html.text(shard.sha256)}</code>",
            )
            for shard in manifest.shards[:SHARDS]
        ),
        numbers=(1, 2, 3),
    )  # fmt: skip
    if len(manifest.shards) > SHARDS:
        yield f"<p>and {len(manifest.shards) - SHARDS:,} more; <code>manifest.json</code> lists all.</p>"


def _plain(settings: Mapping[str, object]) -> dict[str, object]:
    """As JSON gives them back."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return str(value)
