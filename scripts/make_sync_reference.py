"""Makes ``src/dxtalker/assets/sync_reference.npz``: what lips are expected to do, read from the speech encoder.

    python scripts/make_sync_reference.py grid_s1 facegood librispeech librispeech_phones.json \\
        --hold-out grid_val.txt --cache features [-o sync_reference.npz]

The opening is a ridge on half of GRID's clips, the groups of phones are one on LibriSpeech voices with phone times;
the weights that join them are fitted on the other half of GRID and on FACEGOOD. Both corpora are taken as in time with
their sound: bench/sync.py ``closures`` measures that against acoustic closures, which nobody can make with open lips.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dxtalker.curate.sync_reference import SyncReference
from dxtalker.data.clips import CurveTrack, FaceTrack, Track, find_tracks, read_track
from dxtalker.data.labels import facegood_curves
from dxtalker.data.measure import measure
from dxtalker.data.names import is_listed
from dxtalker.data.phones import Phone, read_phones
from dxtalker.data.prepare import cached_features
from dxtalker.data.ridge import fit_ridge
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head, write_arrays
from dxtalker.records import FEATURE_FPS, SpeechFeatures
from dxtalker.speech import Encoder
from dxtalker.speech.encoder import BLOCK

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/sync_reference.npz"
FPS = float(FEATURE_FPS)
# Phones that look alike; those in none (AH, EH, TH, K, ...) say little about the opening.
GROUPS = (
    "P B M",
    "F V",
    "S Z SH ZH CH JH",
    "T D N L",
    "R ER W",
    "IY IH EY UH Y",
    "UW OW OY AO",
    "AA AE AY AW",
)
CONTEXT, PENALTY = 2, 0.3
FACEGOOD_SHARE = 0.33  # of what the weights are fitted on
WEIGHT_PENALTY = 0.03


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grid", type=Path)
    parser.add_argument("facegood", type=Path)
    parser.add_argument("voices", type=Path)
    parser.add_argument("phones", type=Path)
    parser.add_argument("--hold-out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    encoder, head = Encoder(), load_head()
    held_out = frozenset([*given.hold_out.read_text().split(), "1114_3_15", "1114_3_16"])
    grid = [
        _clip(p, given.cache, encoder, head)
        for p in find_tracks(given.grid)
        if not is_listed(p.stem, held_out)
    ]
    facegood = [
        _clip(p, given.cache, encoder, head)
        for p in find_tracks(given.facegood)
        if not is_listed(p.stem, held_out)
    ]
    voices = [
        (cached_features(given.cache / f"voices__{name}.npz", given.voices / f"{name}.opus", encoder), phones)
        for name, phones in read_phones(given.phones).items()
    ]
    reference = learn(grid[::2], grid[1::2], facegood, voices)
    arrays = {name: getattr(reference, name) for name in ("mean", "std", "scale", "weights")}
    write_arrays(
        given.output,
        {**arrays, "read_outs": reference.read_outs.astype(np.float16), "context": np.array(CONTEXT)},
        level=9,
    )
    print(
        "weights",
        reference.weights.round(2),
        f"{given.output.name}: {given.output.stat().st_size / 1e3:.0f} kB",
    )


def learn(
    first: list[tuple[SpeechFeatures, np.ndarray]],
    second: list[tuple[SpeechFeatures, np.ndarray]],
    other: list[tuple[SpeechFeatures, np.ndarray]],
    voices: list[tuple[SpeechFeatures, tuple[Phone, ...]]],
) -> SyncReference:
    """The opening from ``first``, groups of phones from ``voices``, weights from ``second`` and ``other``."""
    lips = fit_ridge(
        [f.content[:, -BLOCK:] for f, _ in first],
        [y[:, None] for _, y in first],
        [1.0] * len(first),
        CONTEXT,
        PENALTY,
    )
    shares = [_shares(phones, len(f)) for f, phones in voices]
    spoken = fit_ridge(
        [f.content[:, -BLOCK:] for f, _ in voices], shares, [1.0] * len(voices), CONTEXT, PENALTY
    )
    # One standardisation for both: the lips', to which the phones' weights are brought.
    rescaled = spoken.weights * np.tile(lips.std / spoken.std, 2 * CONTEXT + 1)[:, None]
    count = 2 + len(GROUPS)
    raw = SyncReference(
        lips.mean, lips.std, np.concatenate([lips.weights, rescaled], axis=1),
        np.ones(count, np.float32), np.ones(count, np.float32), CONTEXT,
    )  # fmt: skip
    heard = np.concatenate([raw.heard(f) for f, _ in second])
    scaled = replace(raw, scale=heard.std(axis=0).astype(np.float32))
    gram, pull = np.zeros((count, count)), np.zeros(count)
    for clips, share in ((second, 1 - FACEGOOD_SHARE), (other, FACEGOOD_SHARE)):
        x = np.concatenate([_centred(scaled.heard(f)) for f, _ in clips]).astype(np.float64)
        y = np.concatenate([_centred(y) for _, y in clips]).astype(np.float64)
        y = y / y.std()
        gram, pull = gram + share * x.T @ x / len(x), pull + share * x.T @ y / len(x)
    weights = np.linalg.solve(gram + WEIGHT_PENALTY * np.eye(count), pull)
    return replace(scaled, weights=weights.astype(np.float32))


def _clip(path: Path, cache: Path, encoder: Encoder, head: Head) -> tuple[SpeechFeatures, np.ndarray]:
    """Features and the opening (T,) mm of one clip, cut to the same length."""
    track: Track = read_track(path)
    features = cached_features(cache / f"{track.corpus}__{track.name}.npz", track.sound, encoder)
    opening = opening_of(track, head)
    count = min(len(features), int((len(opening) - 1) / track.fps * FPS) + 1)
    at = np.interp(np.arange(count) / FPS, np.arange(len(opening)) / track.fps, opening)
    return features.cut(0, count), at.astype(np.float32)


def opening_of(track: Track, head: Head) -> np.ndarray:
    """(T,) mm at the track's rate."""
    if isinstance(track, FaceTrack):
        return measure(track, head.eye_distance)[:, 0]
    assert isinstance(track, CurveTrack)
    return head.opening(facegood_curves(track))


def _shares(phones: tuple[Phone, ...], frames: int) -> np.ndarray:
    """(frames, groups) float32: share of each frame's 40 ms that lies in a group of phones."""
    shares = np.zeros((frames, len(GROUPS)), np.float32)
    times, half = np.arange(frames) / FPS, 0.5 / FPS
    for column, group in enumerate(GROUPS):
        for phone in phones:
            if phone.name in group.split():
                begin, end = np.maximum(times - half, phone.start), np.minimum(times + half, phone.end)
                shares[:, column] += np.maximum(end - begin, 0) * FPS
    return shares


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=0)


if __name__ == "__main__":
    main()
