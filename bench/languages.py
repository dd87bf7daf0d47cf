"""Lips against phones in several languages: closures on /p b m/, their timing, f/v, open vowels, on voices with phone times.

    python scripts/voices/speak.py … -o voices        # sound and phones.json, docs/voices.md
    python bench/languages.py voices [--model run/model.onnx] [--seeds 2] [--most 24]

For each language and engine, of finished takes: the share of /p b m/ that a frame within them or 40 ms beside them
closes (opening below 1 mm, and the lips' vertices apart by less than that); the lag of the lips' shut time against
the phone's (ms, negative: lips are early; by the least mean opening over all closures at that lag); the opening at
the most open frame of open vowels; the ratio of the opening in /f v/ to that in all speech, and how far the
lower lip is rolled in or tucked under the teeth beside its mean in speech. Nothing here was trained on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dxtalker import Settings, Speaker, load_audio
from dxtalker.data.clips import SOUND_SUFFIXES
from dxtalker.data.phones import LIPS_MEET, PAUSES, Phone, read_phones
from dxtalker.records import ARKIT_INDEX, Motion

OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
BESIDE = 0.04  # seconds
CLOSED_MM = 1.0
LAGS = np.arange(-12, 13) * 0.01  # seconds
EARLY = 0.02  # seconds by which lips of real speakers lead the middle of the phone: they meet before it


@dataclass
class Tally:
    """What was seen of one language and engine."""

    closed: list[bool] = field(default_factory=list)
    by_lag: list[np.ndarray] = field(default_factory=list)  # (25,) mm at each of LAGS, one a closure
    vowels: list[float] = field(default_factory=list)  # mm
    teeth: list[float] = field(default_factory=list)  # mm in the middle of f and v
    tucked: list[float] = field(default_factory=list)  # weight of the rolled lower lip there, less its mean
    speech: list[float] = field(default_factory=list)  # mean mm in speech, one a take
    voices: set[str] = field(default_factory=set)

    def row(self) -> str:
        if not self.closed:
            return "no /p b m/"
        curve = np.mean(self.by_lag, axis=0)
        lag = 1000 * LAGS[np.argmin(curve)]
        return (
            f"{len(self.voices):6d} {len(self.closed):6d} {np.mean(self.closed):7.1%} {lag:+7.0f}"
            f" {np.mean(self.vowels) if self.vowels else np.nan:7.1f} {np.mean(self.speech):7.1f}"
            f" {np.mean(self.teeth) / np.mean(self.speech) if self.teeth else np.nan:7.2f}"
            f" {np.mean(self.tucked) if self.tucked else np.nan:+7.3f}"
        )


def add(tally: Tally, motion: Motion, opening: np.ndarray, phones: tuple[Phone, ...]) -> None:
    """Measure one take. ``opening`` (T,) mm at the motion's frames."""
    times = motion.times
    rolled = motion.curves[:, ARKIT_INDEX["mouthRollLower"]]
    spoken = np.zeros(len(times), bool)
    for phone in phones:
        if phone.name not in PAUSES:
            spoken |= (times >= phone.start) & (times < phone.end)
    tally.speech.append(float(opening[spoken].mean()))
    for phone in phones:
        middle = (phone.start + phone.end) / 2
        near = (times >= phone.start - BESIDE) & (times <= phone.end + BESIDE)
        if not near.any():
            continue
        if phone.name in LIPS_MEET:
            tally.closed.append(bool(opening[near].min() < CLOSED_MM))
            tally.by_lag.append(np.interp(middle - EARLY + LAGS, times, opening))
        elif phone.name in OPEN_VOWELS:
            tally.vowels.append(float(opening[near].max()))
        elif phone.name in {"F", "V"}:
            tally.teeth.append(float(np.interp(middle, times, opening)))
            tally.tucked.append(float(np.interp(middle, times, rolled) - rolled[spoken].mean()))


def sound_of(folder: Path, name: str) -> Path:
    for suffix in SOUND_SUFFIXES:
        if (folder / f"{name}{suffix}").is_file():
            return folder / f"{name}{suffix}"
    raise SystemExit(f"{folder} has phone times of {name} but no sound")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voices", type=Path, help="folder with phones.json and the sound files it names")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--most", type=int, default=24, help="sentences of a language and engine")
    parser.add_argument("--model", type=Path, help="a generator; default: the packaged one")
    options = parser.parse_args()
    index = options.voices / "phones.json"
    about, phones = json.loads(index.read_text(encoding="utf-8")), read_phones(index)
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted(about):
        groups[about[name]["language"], about[name]["voice"].split()[0]].append(name)
    speaker = Speaker(Settings(model=options.model))
    print(
        f"{'':12s} {'voices':>6s} {'p b m':>6s} {'closed':>7s} {'lag ms':>7s} {'open mm':>7s} {'speech':>7s} {'f v':>7s} {'tucked':>7s}"
    )
    for (language, engine), names in sorted(groups.items()):
        tally = Tally()
        for name in np.random.default_rng(0).permutation(names)[: options.most]:
            tally.voices.add(about[name]["voice"])
            wave = load_audio(sound_of(options.voices, name))
            for seed in range(options.seeds):
                speaker.settings = replace(speaker.settings, seed=seed)
                motion = speaker.animate(wave)
                add(tally, motion, speaker.head.opening(motion.curves), phones[name])
        print(f"{language:3s} {engine:8s} {tally.row()}", flush=True)


if __name__ == "__main__":
    main()
