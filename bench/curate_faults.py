"""Plant faults in good videos, let ``dxtalker curate`` find them, and count what it found, missed and dropped for nothing.

    python bench/curate_faults.py ../shared/data/raw_video ../shared/data/grid_unseen -o faults/ --seed 4 --count 6

Videos of 8 s and more are cut into scenes of 6 s. A folder of videos is made for each folder that is given (and for
each long video), with every fault in ``count`` videos of it beside untouched ones; and folders in which all pictures are
late by one number of milliseconds. Prints a table; ``faults/found.json`` has it too. Nothing of it may be published.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

import plant
from dxtalker.curate.sources import VIDEO_SUFFIXES
from dxtalker.data.clip import ClipRecord
from dxtalker.data.reader import read_dropped, read_records
from plant import Fault, Scene, read_scene, write_scene

LONG, SCENE = 8.0, 6.0  # seconds
LATE, FEW = 2, 8  # folders in which all pictures are late, for each that is given, and videos in them
# Faults, and the reasons that would name them; without any, the video is to be kept.
FAULTS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "control": (plant.control, ()),
    "rotated": (plant.rotated, ()),
    "lost frames": (plant.lost, ()),
    "sound of another": (plant.swapped, ("sync",)),
    "odd one out": (plant.odd_one_out, ("sync",)),
    "drift": (plant.drift, ("sync",)),
    "cuts": (plant.cut, ()),
    "frozen 1 s": (plant.frozen(1.0), ("picture.frozen", "picture.short")),
    "frozen": (plant.frozen(0.0), ("picture.frozen",)),
    "stutter": (plant.stutter, ("picture.slow", "picture.frozen")),
    "second face": (plant.second_face, ("picture.several",)),
    "blurred": (plant.blurred, ("picture.blurred",)),
    "dark": (plant.dark, ("picture.dark",)),
    "covered, 2/5": (plant.covered(False), ("picture.hidden", "picture.no_face", "picture.short")),
    "mouth covered": (plant.covered(True), ("picture.hidden", "picture.no_face", "track", "sync")),
    "noise 0 dB": (plant.noise(0.0), ("sound.noisy",)),
    "noise 5 dB": (plant.noise(5.0), ("sound.noisy",)),
    "clipped": (plant.clipped("pcm"), ("sound.clipped",)),
    "clipped, AAC": (plant.clipped("aac"), ("sound.clipped",)),
    "music 0 dB": (plant.music(0.0), ("sound.music", "sound.noisy")),
    "music 10 dB": (plant.music(10.0), ("sound.music", "sound.noisy")),
    "second voice": (plant.second_voice(3.0), ("sound.second_voice", "sound.noisy")),
}


@dataclass(frozen=True)
class Planted:
    """What is known of a video that was made."""

    file: str  # relative to the folder of videos
    fault: str
    bad: list[tuple[float, float]]
    cuts: list[float]
    late: float


def gather(folders: list[Path]) -> dict[str, list[Scene]]:
    """Scenes by folder; each long video is one of its own, for it has an offset of its own."""
    found: dict[str, list[Scene]] = {}
    long: dict[str, list[Scene]] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix not in VIDEO_SUFFIXES:
                continue
            whole = read_scene(path)
            if whole.seconds < LONG:
                found.setdefault(folder.name, []).append(whole)
                continue
            parts = [read_scene(path, at, SCENE) for at in np.arange(0, whole.seconds - SCENE, SCENE)]
            long[f"{folder.name}_{path.stem}"] = parts
    return found | long


def make(
    scenes: dict[str, list[Scene]], folder: Path, seed: int, count: int, controls: int
) -> Iterator[Planted]:
    """Write the videos, those that are not there, and say what is in each. Every video has random numbers of its own."""
    everybody = [scene for group in scenes.values() for scene in group]

    def add(group: str, number: int, name: str, fault: Fault, members: list[Scene], i: int) -> Planted:
        rng = np.random.default_rng([seed, crc32(f"{group} {name} {i}".encode())])
        result = fault(members[i], rng, everybody)
        file = f"{group}/{number:03d}{'.mkv' if result.how == 'pcm' else '.mp4'}"
        (folder / group).mkdir(parents=True, exist_ok=True)
        if not (folder / file).is_file():
            write_scene(result, folder / file)
        return Planted(file, name, list(result.bad), list(result.cuts), result.late)

    for group, members in scenes.items():
        rng = np.random.default_rng([seed, crc32(group.encode())])
        for kind, (name, (fault, _)) in enumerate(FAULTS.items()):
            chosen = rng.permutation(len(members))[: controls if name == "control" else count]
            for n, i in enumerate(chosen.tolist()):
                yield add(group, 100 * kind + n, name, fault, members, i)
        for milliseconds in rng.integers(-400, 401, LATE).tolist():
            fault = plant.late(milliseconds / 1000)
            for n, i in enumerate(rng.permutation(len(members))[:FEW].tolist()):
                yield add(f"{group}_late{milliseconds:+d}", n, "late", fault, members, i)


def spans(record: ClipRecord, planted: Planted) -> bool:
    """Whether a clip holds what it must not: a cut, or more than a fifth of a second of what is bad."""
    first = record.start + record.offset  # of its pictures
    stop = first + record.duration
    if planted.cuts:
        return any(first + 0.1 < at < stop - 0.1 for at in planted.cuts)
    return not planted.bad or any(min(stop, b) - max(first, a) > 0.2 for a, b in planted.bad)


def score(made: list[Planted], output: Path) -> dict[str, dict[str, object]]:
    """By fault: videos, how many were found (kept, where there is none), and by which reasons.

    A clip that was dropped as a duplicate came through: the same scenes are used for several faults.
    """
    records: dict[str, list[ClipRecord]] = {}
    for record in [*read_records(output), *read_dropped(output)]:
        records.setdefault(record.source, []).append(record)
    table: dict[str, dict[str, object]] = {}
    for fault, (_, wanted) in FAULTS.items():
        for group in sorted({one.file.partition("/")[0] for one in made if one.fault == fault}):
            here = [one for one in made if one.fault == fault and one.file.startswith(f"{group}/")]
            found, named, reasons = 0, 0, Counter[str]()
            for one in here:
                parts = records.get(one.file, [])
                passed = [r for r in parts if r.dropped in ("", "duplicate")]
                told = [r.dropped for r in parts if r.dropped not in ("", "duplicate")]
                harmless = not wanted and fault != "cuts"
                good = bool(passed) if harmless else not any(spans(r, one) for r in passed)
                found += good
                named += good and any(reason.startswith(wanted) for reason in told) if wanted else 0
                reasons.update(set(told) or ({"kept"} if passed else {"nothing"}))
            table[f"{fault} | {group}"] = {
                "videos": len(here), "found": found, "named": named, "reasons": dict(reasons.most_common()),
            }  # fmt: skip
    return table


def offsets(made: list[Planted], output: Path) -> dict[str, dict[str, float | int]]:
    """By folder in which all pictures are late: what was planted, what was found, beside that folder's controls."""
    found: dict[str, list[float]] = {}
    errors: dict[str, list[float]] = {}
    kept: Counter[str] = Counter()
    for record in [*read_records(output), *read_dropped(output)]:
        if "sync.offset" in record.scores:
            folder = record.source.partition("/")[0]
            found.setdefault(folder, []).append(1000 * record.scores["sync.offset"])
            errors.setdefault(folder, []).append(1000 * record.scores.get("sync.offset_error", np.nan))
            kept[folder] += record.dropped in ("", "duplicate")
    table: dict[str, dict[str, float | int]] = {}
    for folder in sorted({one.file.partition("/")[0] for one in made if one.fault == "late"}):
        base = folder.partition("_late")[0]
        planted = 1000 * next(one.late for one in made if one.file.startswith(f"{folder}/"))
        own = float(np.median(found.get(folder, [np.nan])))
        usual = float(np.median(found.get(base, [np.nan])))
        table[folder] = {
            "planted_ms": round(planted), "found_ms": round(own, 1), "controls_ms": round(usual, 1),
            "off_by_ms": round(own - usual - planted, 1), "said_error_ms": round(float(np.median(errors.get(folder, [np.nan]))), 1),
            "clips": len(found.get(folder, [])), "kept": kept[folder],
        }  # fmt: skip
    return table


def show(table: dict[str, dict[str, object]], late: dict[str, dict[str, float | int]]) -> None:
    print(f"{'fault':18} {'folder':16} {'found':>9} {'named':>6}  reasons (videos)")
    for key, row in table.items():
        fault, _, group = key.partition(" | ")
        reasons = ", ".join(f"{reason} {count}" for reason, count in row["reasons"].items())  # type: ignore[attr-defined]
        print(
            f"{fault:18} {group:16} {row['found']:>4}/{row['videos']:<4} {row['named'] or '':>6}  {reasons}"
        )
    for folder, row in late.items():
        print(folder, " ".join(f"{name} {value}" for name, value in row.items()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="good videos")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder for videos, clips and the table"
    )
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--count", type=int, default=6, help="videos of each fault in each folder")
    parser.add_argument("--controls", type=int, default=12, help="videos without a fault in each folder")
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--score", action="store_true", help="only count what an earlier run left")
    asked = parser.parse_args()
    videos, clips, known = asked.output / "videos", asked.output / "clips", asked.output / "planted.json"
    if not asked.score:
        if not known.is_file():
            made = list(make(gather(asked.folders), videos, asked.seed, asked.count, asked.controls))
            known.write_text(json.dumps([asdict(one) for one in made], indent=1), encoding="utf-8")
        begin = time.monotonic()
        command = [sys.executable, "-m", "dxtalker.cli", "curate", str(videos), "-o", str(clips)]
        subprocess.run([*command, "--processes", str(asked.processes)], check=True)
        print(f"curated in {time.monotonic() - begin:.0f} s")
    made = [Planted(**one) for one in json.loads(known.read_text(encoding="utf-8"))]
    table, late = score(made, clips), offsets(made, clips)
    show(table, late)
    told = {"seed": asked.seed, "count": asked.count, "faults": table, "late": late}
    (asked.output / "found.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
