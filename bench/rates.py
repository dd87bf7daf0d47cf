"""What videos of other rates than 25 cost in time and in lips: a rendered head of known motion, seen at several rates.

    python bench/rates.py speech.wav [--seconds 5]

The head is drawn at the very instants of each rate, and written with H.264. What the look sees of it is compared with
what it sees of the same motion drawn 25 times a second: interpolated as curation does, and picked (the nearest
picture). Lags are parabolas through the mean squared differences at whole milliseconds of a denser curve.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio
from dxtalker.curate.look import Looked, look, look_at
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.video import open_video
from dxtalker.motion.resample import sample_motion, sample_values
from dxtalker.pipeline import Settings, Speaker
from dxtalker.records import ARKIT_NAMES, Motion, Waveform
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer
from dxtalker.render.video import write_video

FPS = Fraction(25)
RATES = (Fraction(30), Fraction(30000, 1001), Fraction(60), Fraction(24), Fraction(20), Fraction(15))
BEGIN = 0.513  # seconds into the motion: its own frames are those of no rate
EYES, LIPS = (33, 263), (13, 14)
CLOSED = 0.15  # of the widest gap: lips so near are closed
LAGS = np.arange(-40, 41)  # milliseconds


def gap(looked: Looked) -> np.ndarray:
    """(T,) distance of the inner lips in percent of that between the outer eye corners."""
    marks = looked.seen.landmarks()[..., :2]
    lips, eyes = (np.linalg.norm(marks[:, a] - marks[:, b], axis=1) for a, b in (LIPS, EYES))
    return 100 * lips / np.median(eyes)


def lag(values: np.ndarray, truth: np.ndarray) -> float:
    """Milliseconds by which (T,) ``values`` at 25 a second are later than ``truth``."""
    frames = np.arange(3, len(truth) - 3)
    off = [
        ((sample_values(truth[:, None], frames - d / 40)[:, 0] - values[frames]) ** 2).mean() for d in LAGS
    ]
    best = int(np.clip(np.argmin(off), 1, len(off) - 2))
    a, b, c = off[best - 1 : best + 2]
    return float(LAGS[best] + (a - c) / (2 * (a - 2 * b + c)))


def compared(looked: Looked, truth: Looked) -> str:
    count = min(len(looked), len(truth))
    jaw = ARKIT_NAMES.index("jawOpen")
    mine, true = gap(looked)[:count], gap(truth)[:count]
    scores = [one.seen.spread(one.seen.scores)[:count, jaw] for one in (looked, truth)]
    closed = true < CLOSED * np.percentile(true, 98)
    jerk = np.abs(np.diff(mine, 2)).mean() / np.abs(np.diff(true, 2)).mean()
    figures = (
        lag(mine, true), np.sqrt(((mine - true) ** 2).mean()), (mine - true)[closed].mean(),
        (mine - true)[closed].max(), 100 * np.sqrt(((scores[0] - scores[1]) ** 2).mean()), lag(*scores), jerk,
    )  # fmt: skip
    return " | ".join(f"{f:.2f}" for f in figures) + f" | {closed.sum()} of {count}"


def film(
    motion: Motion, rate: Fraction, seconds: float, speaker: Speaker, sound: Waveform, path: Path
) -> Path:
    """``motion`` as it is at the instants ``BEGIN + i / rate``."""
    at = (BEGIN + np.arange(int(seconds * rate)) / float(rate)) * float(motion.fps)
    settings = speaker.settings
    renderer = make_renderer(
        speaker.head, portrait(speaker.head, settings.size), settings.background, settings.renderer
    )
    part = Waveform(sound.samples[round(BEGIN * sound.rate) :][: int(seconds * sound.rate)])
    try:
        write_video(
            draw_motion(speaker.head, sample_motion(motion, at, rate), renderer),
            path,
            rate,
            settings.size,
            part,
        )
    finally:
        renderer.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--size", type=int, default=256)
    given = parser.parse_args()
    speaker = Speaker(Settings(size=(given.size, given.size)))
    sound, landmarker = load_audio(given.speech), Landmarker(threads=1)
    motion = speaker.animate(sound)
    print(
        "| rate | how | lag, ms | gap | closed | most | jaw score | its lag | jerk | frames |\n"
        + "|---" * 10
        + "|"
    )
    with tempfile.TemporaryDirectory() as folder:

        def made(rate: Fraction) -> Path:
            path = Path(folder) / f"{float(rate):.2f}.mp4"
            return film(motion, rate, given.seconds, speaker, sound, path)

        truth = look(made(FPS), landmarker)
        print(f"seen in {truth.seen.present.mean():.0%}", flush=True)
        for rate in RATES:
            path = made(rate)
            print(
                f"| {float(rate):.4g} | interpolated | {compared(look(path, landmarker), truth)} |",
                flush=True,
            )
            with open_video(path, FPS) as video:
                print(f"| | picked | {compared(look_at(video, landmarker), truth)} |", flush=True)


if __name__ == "__main__":
    main()
