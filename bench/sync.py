"""How well sound and lips are brought together: offsets, planted shifts, swapped sounds, closures, calibration.

    python bench/sync.py offsets ../shared/data/grid_s1 ../shared/data/us_gov --cache features
    python bench/sync.py planted ../shared/data/us_gov --cache features [--learn]
    python bench/sync.py closures phones.json ../shared/data/grid_s1    # phones as in data/phones.py
    python bench/sync.py calibrate ../shared/data/grid_unseen ../shared/data/facegood --voices librispeech --cache features

A folder of clips under 15 s is one source, a longer clip is one of its own. Of a folder with clips that
are named in ``--hold-out`` (names, or files of names) only those are taken: nothing was learned from them. Features are computed once and kept in ``--cache``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dxtalker.curate import sync
from dxtalker.curate.sync import TOGETHER, Offset, SyncEvidence, clip_confidence, evidence, source_offset
from dxtalker.curate.sync_learn import learn
from dxtalker.curate.sync_reference import SyncReference, load_sync_reference
from dxtalker.data.clips import FaceTrack, find_tracks, read_track
from dxtalker.data.labels import facegood_curves
from dxtalker.data.measure import measure
from dxtalker.data.phones import LIPS_MEET, PAUSES, Phone, read_phones
from dxtalker.data.prepare import cached_features
from dxtalker.face.head_file import load_head
from dxtalker.records import SpeechFeatures
from dxtalker.speech import Encoder

OWN_SOURCE = 15.0  # seconds, from which a clip is a source of its own
SHIFTS = np.arange(-0.2, 0.201, 0.05)  # seconds, planted into sources
LENGTHS = (3, 10, 20)  # seconds of stretches
AWAY = (0.12, 0.4)  # seconds by which shifted stretches are off


@dataclass(frozen=True)
class Take:
    """One tracked clip."""

    name: str
    features: SpeechFeatures
    opening: np.ndarray  # (T,) mm
    fps: float

    @property
    def seconds(self) -> float:
        return min(len(self.features) / 25, len(self.opening) / self.fps)

    def stretch(
        self, start: float, seconds: float, late: float = 0.0, sound: SpeechFeatures | None = None
    ) -> SyncEvidence:
        """Evidence of a part of it, its pictures made ``late``, with its own or another ``sound``."""
        count = round(seconds * 25)
        first = round(start * 25)
        at = (first + np.arange(count)) / 25 - late
        times = np.arange(len(self.opening)) / self.fps
        shown = np.interp(at, times, self.opening, left=np.nan, right=np.nan)
        return evidence(sound.cut(0, count) if sound else self.features.cut(first, first + count), shown)


Source = list[Take]


def read_sources(folder: Path, kept: Path, held_out: frozenset[str] = frozenset()) -> dict[str, Source]:
    """The sources in a folder of tracks, by name."""
    kept.mkdir(parents=True, exist_ok=True)
    encoder, head, short = Encoder(), load_head(), []
    sources: dict[str, Source] = {}
    paths = find_tracks(folder)
    for path in [p for p in paths if p.stem in held_out] or paths:
        track = read_track(path)
        heard = cached_features(kept / f"{track.corpus}__{track.name}.npz", track.sound, encoder)
        opening = (
            measure(track, head.eye_distance)[:, 0]
            if isinstance(track, FaceTrack)
            else head.opening(facegood_curves(track))
        )
        take = Take(track.name, heard, opening.astype(np.float64), track.fps)
        if take.seconds > OWN_SOURCE:
            sources[f"{folder.name}/{take.name}"] = [take]
        else:
            short.append(take)
    return sources | ({folder.name: short} if short else {})


def whole(source: Source) -> list[SyncEvidence]:
    return [evidence(take.features, take.opening, take.fps) for take in source]


def show_offsets(sources: dict[str, Source]) -> None:
    """Offsets by the packaged reference, and by the one learned on these sources of one folder."""
    sums = {name: whole(source) for name, source in sources.items()}
    taught = learn(list(sums.values()))
    print(f"learned on {taught.seconds:.0f} s in {taught.rounds} rounds")
    print("source                     seconds  offset ms  error  R     | learned: offset  error  R")
    for name, clips in sums.items():
        a, b = source_offset(clips), source_offset(clips, taught.reference)
        seconds = sum(c.seconds for c in clips)
        print(
            f"{name:26} {seconds:7.0f} {1000 * a.seconds:9.0f} {1000 * a.error:7.0f}  {a.correlation:.2f}"
            f"           {1000 * b.seconds:7.0f} {1000 * b.error:7.0f}  {b.correlation:.2f}   confidence {a.confidence:.3f}"
        )


def planted(sources: dict[str, Source], own: bool, seed: int) -> None:
    """Shifts and swaps that are planted and found again."""
    reference = learn([whole(s) for s in sources.values()]).reference if own else load_sync_reference()
    rng = np.random.default_rng(seed)
    offsets = {name: source_offset(whole(source), reference) for name, source in sources.items()}
    for count in (10, 30, 100):
        show_pooled(sources, offsets, reference, count, rng)
    for length in LENGTHS:
        show_stretches(sources, offsets, reference, length, rng)


def cuts(source: Source, length: float) -> list[tuple[Take, float]]:
    return [(take, i * length) for take in source for i in range(int((take.seconds + 0.2) // length))]


def show_pooled(
    sources: dict[str, Source],
    offsets: dict[str, Offset],
    reference: SyncReference,
    count: int,
    rng: np.random.Generator,
) -> None:
    """Sources of ``count`` pieces of 3 s, shifted by -200 to 200 ms."""
    wrong, said = [], []
    for name, source in sources.items():
        pieces = cuts(source, 2.92)
        if len(pieces) < count:
            continue
        for late in SHIFTS:
            picked = [pieces[i] for i in rng.choice(len(pieces), count, replace=False)]
            found = source_offset([take.stretch(start, 2.92, late) for take, start in picked], reference)
            wrong.append(found.seconds - late - offsets[name].seconds)
            said.append(found.error)
    if wrong:
        off = 1000 * np.abs(wrong)
        print(
            f"pooled {count:3d} x 3 s: {len(off)} shifts, error ms median {np.median(off):.0f}, 90 % {np.percentile(off, 90):.0f},"
            f" most {off.max():.0f}; stated {1000 * np.median(said):.0f}"
        )


def show_stretches(
    sources: dict[str, Source],
    offsets: dict[str, Offset],
    reference: SyncReference,
    length: float,
    rng: np.random.Generator,
) -> None:
    """Single stretches: their own lag; how many right, shifted and swapped ones are kept."""
    lag, stated = [], []
    everything = [
        piece
        for source in sources.values()
        for piece in cuts(source, min(length, 2.92 if source[0].seconds < 3.1 else length))
    ]
    kept: dict[str, list[float]] = {"right": [], "shifted": [], "swapped": []}
    for name, source in sources.items():
        joined = max(1, round(length / 3)) if source[0].seconds < OWN_SOURCE else 1
        pieces = cuts(source, 2.92 if joined > 1 or source[0].seconds < 3.1 else length)
        groups = [pieces[i : i + joined] for i in range(0, len(pieces) - joined + 1, joined)]
        part = 2.92 if joined > 1 or source[0].seconds < 3.1 else length
        for group in groups:
            late = rng.uniform(-0.2, 0.2)
            one = _join([take.stretch(start, part, late) for take, start in group])
            lag.append(source_offset([one], reference).seconds - late - offsets[name].seconds)
            stated.append(clip_confidence(one, offsets[name], reference).error)
            away = rng.choice([-1, 1]) * rng.uniform(*AWAY)
            other = _elsewhere(everything, group, part, rng)
            for kind, one in (
                ("right", _join([take.stretch(start, part, rng.uniform(-0.04, 0.04)) for take, start in group])),
                ("shifted", _join([take.stretch(start, part, away) for take, start in group])),
                ("swapped", _join([take.stretch(start, part, 0.0, t.features.cut(round(s * 25), len(t.features)))
                                   for (take, start), (t, s) in zip(group, other, strict=True)])),
            ):  # fmt: skip
                kept[kind].append(clip_confidence(one, offsets[name], reference).confidence)
    if not lag:
        return
    off, shares = 1000 * np.abs(lag), {kind: np.mean(np.array(c) >= 0.5) for kind, c in kept.items()}
    print(
        f"{length:2.0f} s: {len(off)} stretches, own lag's error ms median {np.median(off):.0f}, 90 % {np.percentile(off, 90):.0f},"
        f" beyond 80: {np.mean(off > 80):.1%} (stated {1000 * np.median(stated):.0f}); kept at 0.5: right {shares['right']:.1%},"
        f" shifted {shares['shifted']:.1%}, swapped {shares['swapped']:.1%}; area under the curve right against shifted"
        f" {area(kept['right'], kept['shifted']):.3f}, swapped {area(kept['right'], kept['swapped']):.3f}"
    )


def _join(parts: Sequence[SyncEvidence]) -> SyncEvidence:
    return SyncEvidence(np.concatenate([part.sums for part in parts]))


def _elsewhere(
    pieces: list[tuple[Take, float]],
    group: list[tuple[Take, float]],
    seconds: float,
    rng: np.random.Generator,
) -> list[tuple[Take, float]]:
    """As many other pieces, each at least ``seconds`` away."""
    others = [
        p for p in pieces if all(p[0] is not take or abs(p[1] - start) >= seconds for take, start in group)
    ]
    return [others[i] for i in rng.choice(len(others), len(group))]


def area(high: Sequence[float], low: Sequence[float]) -> float:
    """Probability that one of ``high`` is above one of ``low`` (ties half)."""
    a, b = np.array(high)[:, None], np.array(low)[None]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def closures(phones: Path, folder: Path) -> None:
    """How well a narrow gap tells /p b m/ from other phones, at each delay of the pictures."""
    by_name, head = read_phones(phones), load_head()
    found: dict[str, list[tuple[tuple[Phone, ...], np.ndarray, float]]] = {}
    for path in find_tracks(folder):
        track = read_track(path) if path.stem in by_name else None
        if isinstance(track, FaceTrack):
            name = f"{folder.name}/{path.stem}" if track.duration > OWN_SOURCE else folder.name
            gap = measure(track, head.eye_distance)[:, 0]
            found.setdefault(name, []).append((by_name[path.stem], gap, track.fps))
    for name, clips in found.items():
        shown = " ".join(f"{1000 * d:.0f}:{_told(clips, d):.2f}" for d in np.arange(-0.22, 0.161, 0.02))
        print(f"{name}: {len(clips)} clips; {shown}")


def _told(clips: list[tuple[tuple[Phone, ...], np.ndarray, float]], delay: float) -> float:
    """Area under the curve of a narrow gap, seen ``delay`` seconds later, as a sign of /p b m/."""
    gaps: dict[bool, list[float]] = {True: [], False: []}
    for spoken, gap, fps in clips:
        for phone in spoken:
            if phone.name in PAUSES:
                continue
            meet = phone.name in LIPS_MEET
            # An aligner begins the first stop of a sentence in the pause before it.
            start = max(phone.start, phone.end - 0.12) if meet else phone.start
            at = np.arange(start + 0.01, phone.end, 0.02) + delay
            gaps[meet] += list(np.interp(at, np.arange(len(gap)) / fps, gap))
    return area(gaps[False], gaps[True])


def calibrate(folders: Sequence[dict[str, Source]], voices: Path, kept: Path, seed: int) -> None:
    """``CLIP_ODDS`` by logistic regression: right stretches against shifted ones and ones with another sound, half of
    them of another voice, half from elsewhere in the folder. Folders and lengths count alike.
    """
    encoder, rng, reference = Encoder(), np.random.default_rng(seed), load_sync_reference()
    others = [
        cached_features(kept / f"voices__{p.stem}.npz", p, encoder) for p in sorted(voices.iterdir())[:60]
    ]
    others = [other for other in others if len(other) >= 250]
    signs, right, weight = [], [], []
    for sources in folders:
        offsets = {name: source_offset(whole(source)) for name, source in sources.items()}
        for length in (2.92, 5.0, 10.0):
            pieces = [(name, piece) for name, source in sources.items() for piece in cuts(source, length)]
            for name, (take, start) in pieces:
                away = rng.choice([-1, 1]) * rng.uniform(*AWAY)
                if rng.random() < 0.5:
                    ((t, s),) = _elsewhere([p for _, p in pieces], [(take, start)], length, rng)
                    swapped = t.features.cut(round(s * 25), len(t.features))
                else:
                    swapped = others[rng.integers(len(others))]
                for late, sound in ((rng.uniform(-0.04, 0.04), None), (away, None), (0.0, swapped)):
                    signs.append(
                        sync.clip_signs(take.stretch(start, length, late, sound), offsets[name], reference)
                    )
                    right.append(abs(late) < TOGETHER and sound is None)
                    weight.append((1.0 if right[-1] else 0.5) / len(pieces))
    y, w = np.array(right, float), 100 * np.array(weight)
    columns, odds = np.insert(np.array(signs), 0, 1.0, axis=1), np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-columns @ odds))
        odds += 0.7 * np.linalg.solve(
            columns.T @ (columns * (w * p * (1 - p))[:, None]) + 1e-3 * np.eye(3), columns.T @ (w * (y - p))
        )
    p = 1 / (1 + np.exp(-columns @ odds))
    print(f"CLIP_ODDS = {tuple(odds.round(2).tolist())}")
    for low in np.arange(0, 1, 0.2):
        here = (p >= low) & (p < low + 0.2)
        if here.any():
            print(
                f"  said {low:.1f} to {low + 0.2:.1f}: {np.average(y[here], weights=w[here]):.2f} right ({here.sum()})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("offsets", "planted", "closures", "calibrate"))
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("features"))
    parser.add_argument("--hold-out", nargs="+", default=[])
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.what == "closures":
        return closures(*given.paths)
    names = [
        name for g in given.hold_out for name in (Path(g).read_text().split() if Path(g).is_file() else [g])
    ]
    held_out = frozenset(names)
    folders = [read_sources(f, given.cache, held_out) for f in given.paths]
    if given.what == "calibrate":
        return calibrate(folders, given.voices, given.cache, given.seed)
    for folder, sources in zip(given.paths, folders, strict=True):
        print(f"--- {folder.name}")
        if given.what == "offsets":
            show_offsets(sources)
        else:
            planted(sources, given.learn, given.seed)


if __name__ == "__main__":
    main()
