"""What videos of other rates than 25 cost in time and in lips: real lips, filmed at several rates.

    python bench/rates.py ../shared/data/grid_unseen

The lips' gap of each tracked clip of 25 pictures a second, made dense without a preference (Fourier), is the truth. It
is filmed at a rate from several instants on, and brought to 25 a second as curation does and by picking the nearest picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dxtalker.curate.rates import sight
from dxtalker.curate.repeats import distinct
from dxtalker.data.clips import FaceTrack, find_tracks, read_track
from dxtalker.data.measure import measure
from dxtalker.face.head_file import load_head
from dxtalker.motion.resample import sample_values

DENSE = 40  # instants a frame: milliseconds
CLOSED = 1.0  # mm: lips so near are closed
# Name, pictures of the file a second, of the camera a second (fewer: the file repeats some).
FILMS = (("25", 25, 25), ("30", 30, 30), ("29.97", 30000 / 1001, 30000 / 1001), ("60", 60, 60), ("24", 24, 24),
         ("20", 20, 20), ("15", 15, 15), ("24 made 30", 30, 24), ("25 made 30", 30, 25))  # fmt: skip
LAGS = np.arange(-30, 31)  # milliseconds


def dense(gap: np.ndarray) -> np.ndarray:
    """(DENSE * T,) of (T,): the band-limited curve through all, its end mirrored."""
    spectrum = np.fft.rfft(np.concatenate([gap, gap[::-1]]))
    return np.fft.irfft(spectrum, 2 * len(gap) * DENSE)[: len(gap) * DENSE] * DENSE


def filmed(curve: np.ndarray, file: float, camera: float, begin: float) -> tuple[np.ndarray, np.ndarray]:
    """Instants of the file's pictures, seconds, and the gap that each shows."""
    times = begin + np.arange(int((len(curve) / 1000 - begin - 0.1) * file)) / file
    taken = begin + np.floor((times - begin) * camera + 1e-6) / camera
    return times, curve[np.rint(taken * 1000).astype(int)]


def interpolated(times: np.ndarray, gap: np.ndarray, at: np.ndarray) -> np.ndarray:
    own = sight(times)
    if own is None:
        return picked(times, gap, at)
    which = own.shown(round(times[0] * own.fps), int((times[-1] - times[0]) * own.fps))
    which = np.unique(which)
    change = np.abs(np.diff(gap[which], prepend=gap[0])) + 0.5 * (
        np.diff(gap[which], prepend=gap[0] - 1) != 0
    )
    kept, taken = distinct(change, times[which])  # of pictures that also move elsewhere
    return sample_values(gap[which][kept][:, None], np.interp(at, taken, np.arange(len(taken))))[:, 0]


def picked(times: np.ndarray, gap: np.ndarray, at: np.ndarray) -> np.ndarray:
    """As ffmpeg's fps filter does: of the pictures up to half a frame later the last."""
    return gap[np.maximum(np.searchsorted(np.floor(times * 25 + 0.5), np.rint(at * 25), side="right") - 1, 0)]


def compared(
    found: list[np.ndarray], truth: list[np.ndarray], curves: list[np.ndarray], ats: list[np.ndarray]
) -> str:
    off = [
        np.mean(
            [
                ((f - c[np.rint(1000 * at).astype(int) - d]) ** 2).mean()
                for f, c, at in zip(found, curves, ats, strict=True)
            ]
        )
        for d in LAGS
    ]
    best = int(np.clip(np.argmin(off), 1, len(off) - 2))
    a, b, c = off[best - 1 : best + 2]
    lag = LAGS[best] + (a - c) / (2 * (a - 2 * b + c))
    mine, true = np.concatenate(found), np.concatenate(truth)
    closed = true < CLOSED
    jerk = np.abs(np.diff(mine, 2)).mean() / np.abs(np.diff(true, 2)).mean()
    rms = np.sqrt(((mine - true) ** 2).mean())
    late = f"{lag:+.0f}" if abs(lag) > 0.5 else "0"
    return f"{late} | {rms:.2f} | {(mine - true)[closed].mean():+.2f} | {(mine[closed] < CLOSED).mean():.0%} | {jerk:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    eyes = load_head().eye_distance
    curves = []
    for path in find_tracks(parser.parse_args().folder):
        track = read_track(path)
        if isinstance(track, FaceTrack) and abs(track.fps - 25) < 0.01:
            gap = measure(track, eyes)[:, 0].astype(np.float64)
            if np.isfinite(gap).all() and len(gap) > 50:
                curves.append(dense(gap))
    print(
        f"{len(curves)} clips\n| film | how | late, ms | RMS, mm | closed lips, mm | still closed | jerk |\n"
        + "|---" * 7
        + "|"
    )
    for name, file, camera in FILMS:
        for how in (interpolated, picked):
            found, truth, used, ats = [], [], [], []
            for curve in curves:
                for begin in (0.003, 0.011, 0.017, 0.029):
                    times, gap = filmed(curve, file, camera, begin)
                    at = np.arange(10, int(times[-1] * 25) - 10) / 25
                    found.append(how(times, gap, at))
                    truth.append(curve[np.rint(at * 1000).astype(int)])
                    used.append(curve)
                    ats.append(at)
            print(f"| {name} | {how.__name__} | {compared(found, truth, used, ats)} |", flush=True)


if __name__ == "__main__":
    main()
