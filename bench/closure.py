"""How often the lips close on /p b m/, and how far they open on open vowels, on recordings with phone times.

    python bench/closure.py tests/data/demo.phone.json src/dxtalker/assets/demo.flac [more pairs …] [--seeds 8] [--model run/model.onnx]

Phone times are pocketsphinx's JSON. A phone counts as closed when a frame within it or 40 ms beside it opens
by less than 1 mm. Every seed is one finished take; nothing here was trained on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from dxtalker import Settings, Speaker, load_audio
from dxtalker.data.phones import LIPS_MEET

OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
BESIDE = 0.04  # seconds
CLOSED_MM = 1.0


def phones(path: Path) -> Iterator[tuple[str, float, float]]:
    """Name, start and end in seconds of each phone."""
    for word in json.loads(path.read_text())["w"]:
        for phone in word["w"]:
            yield phone["t"].rstrip("012"), phone["b"], phone["b"] + phone["d"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="+", type=Path, help="phone times and sound, one after the other")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--model", type=Path, help="a generator; default: the packaged one")
    options = parser.parse_args()
    speaker = Speaker(Settings(model=options.model))
    closed, vowels, missed = [], [], []
    for times, sound in zip(options.pairs[::2], options.pairs[1::2], strict=True):
        wave = load_audio(sound)
        for seed in range(options.seeds):
            speaker.settings = replace(speaker.settings, seed=seed)
            motion = speaker.animate(wave)
            opening = speaker.head.opening(motion.curves)
            for name, start, end in phones(times):
                near = (motion.times >= start - BESIDE) & (motion.times <= end + BESIDE)
                if name in LIPS_MEET:
                    closed.append(opening[near].min() < CLOSED_MM)
                    if not closed[-1] and seed == 0:
                        missed.append(f"{sound.stem} {name} at {start:.2f} s: {opening[near].min():.1f} mm")
                elif name in OPEN_VOWELS:
                    vowels.append(opening[near].max())
    print(f"/p b m/: {len(closed)} in {options.seeds} takes, closed {np.mean(closed):.1%}")
    print(f"open vowels: {len(vowels)}, opening {np.mean(vowels):.1f} mm (median {np.median(vowels):.1f})")
    print("\n".join(["left open in take 0:", *missed]))


if __name__ == "__main__":
    main()
