"""Recall and false alarms of the sound checks of curation on sounds planted in recordings of voices.

    python bench/curate_sound.py VOICES MUSIC [--mixtures 400] [--seed 9001]

VOICES and MUSIC are folders of audio files; speakers are told apart by ``--speaker`` first letters of a voice's name.
docs/curation.md has the figures and what they were made of.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio
from dxtalker.curate.settings import Settings
from dxtalker.curate.sound import judge_sound
from dxtalker.records import Waveform

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from sound_model.mix import KINDS, Mixture, mix
from sound_model.sounds import Score, excerpt, power


@dataclass(frozen=True)
class Row:
    made: Mixture
    scores: dict[str, float]
    reason: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voices", type=Path)
    parser.add_argument("music", type=Path)
    parser.add_argument("--mixtures", type=int, default=400)
    parser.add_argument("--seed", type=int, default=9001)
    parser.add_argument("--speaker", type=int, default=4)
    given = parser.parse_args()
    files = sorted(f for f in given.voices.iterdir() if f.suffix in {".opus", ".flac", ".wav", ".ogg"})
    voices = [(f.name[: given.speaker], load_audio(f).samples) for f in files]
    pieces = [load_audio(f).samples for f in sorted(given.music.iterdir())]
    rows = [row([given.seed, i], voices, pieces) for i in range(given.mixtures)]
    for kind in KINDS:
        show(kind, [r for r in rows if r.made.kind == kind])


def row(seed: list[int], voices: list[tuple[str, np.ndarray]], pieces: list[np.ndarray]) -> Row:
    """One mixture and its verdict."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed[1] % len(KINDS)]
    speaker, voice = voices[rng.integers(len(voices))]
    others = [v for s, v in voices if s != speaker]
    others = [others[k] for k in rng.permutation(len(others))[:12]]
    planted = rng.uniform(-12, 15) if kind == "second" else rng.uniform(-5, 35)
    made = mix(rng, kind, voice, others, planted, recorded(pieces), altered=rng.uniform() < 0.3)
    verdict = judge_sound(Waveform(made.samples), Settings())
    return Row(made, verdict.scores, verdict.reason)


def recorded(pieces: list[np.ndarray]) -> Callable[[np.random.Generator, Score, int], np.ndarray]:
    """Plays recordings, whatever the score."""

    def play(rng: np.random.Generator, piece: Score, count: int) -> np.ndarray:
        for _ in range(100):
            part = excerpt(rng, pieces[rng.integers(len(pieces))], count)
            if power(part) > 1e-5:
                break
        return part

    return play


def show(kind: str, rows: list[Row]) -> None:
    for low in (-15, -5, 5, 15, 25, np.inf):
        here = [r for r in rows if low <= r.made.snr < low + 10 or low == r.made.snr]
        if not here:
            continue
        reasons = {r.reason or "kept" for r in here}
        shares = ", ".join(
            f"{name} {sum((r.reason or 'kept') == name for r in here)}" for name in sorted(reasons)
        )
        apart = [r.scores["sound.snr"] - r.made.snr for r in here if "sound.snr" in r.scores]
        error = (
            f"snr {np.mean(apart):+.1f} ± {np.std(apart):.1f} dB"
            if np.isfinite(low) and apart and kind != "second"
            else ""
        )
        print(f"{kind:10} {low:4} dB up: {len(here):3}  {shares}  {error}")


if __name__ == "__main__":
    main()
