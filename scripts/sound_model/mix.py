"""Recordings as they could be in a video, with what is in them known: voices, noise, music, a second voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .sounds import (
    FRAME,
    Player,
    active,
    babble,
    coloured,
    excerpt,
    hum,
    lowpass,
    music,
    play,
    power,
    room,
    voice_power,
)

KINDS = ("clean", "white", "pink", "brown", "hum", "babble", "music", "second", "only music", "only noise")


@dataclass(frozen=True)
class Mixture:
    """A recording of T frames of 40 ms."""

    samples: np.ndarray  # (640 T,) float32
    kind: str
    snr: float  # dB of the added sound: voice where it is active over everything else; inf where nothing was added
    speech: np.ndarray  # (T,) bool, the voice is active
    music: np.ndarray  # (T,) bool, there is music
    second: np.ndarray  # (T,) bool, two voices are active at once


def noise(
    rng: np.random.Generator, kind: str, count: int, voices: Sequence[np.ndarray], player: Player
) -> np.ndarray:
    """(count,) of what is to be added for ``kind``."""
    if kind == "hum":
        return hum(rng, count)
    if kind == "babble":
        return babble(rng, count, voices)
    if "music" in kind:
        return music(rng, count, player)
    return coloured(rng, count, {"white": 0.0, "pink": 1.0, "brown": 2.0}[kind])


def mix(
    rng: np.random.Generator,
    kind: str,
    voice: np.ndarray,
    others: Sequence[np.ndarray],
    snr: float,
    player: Player = play,
    altered: bool = True,
    seconds: float = 6.0,
) -> Mixture:
    """``voice`` with ``kind`` at ``snr`` dB, of random gain; ``altered`` puts some in a room or behind a codec."""
    count = int(seconds * 25) * FRAME
    voice = excerpt(rng, voice, count)
    heard = active(voice)
    frames = len(heard)
    nothing = np.zeros(frames, bool)
    if altered and rng.uniform() < 0.35:
        voice = room(rng, voice, rng.uniform(0.15, 0.7))
    level = voice_power(voice)
    musical, second, total = nothing, nothing, voice
    if kind == "second":
        other = others[rng.integers(len(others))]
        other = excerpt(rng, other, count)
        begin, length = rng.uniform(0, 0.5), rng.uniform(0.4, 1.0)
        at = np.arange(frames) / frames
        here = active(other) & (at >= begin) & (at < begin + length)
        total = voice + other * np.repeat(here, FRAME) * (level / voice_power(other)) ** 0.5 * 10 ** (
            -snr / 20
        )
        second = heard & here
        heard = heard | here
    elif kind.startswith("only"):
        total = noise(
            rng,
            "music" if "music" in kind else str(rng.choice(["white", "pink", "brown", "hum"])),
            count,
            others,
            player,
        )
        musical = nothing if "noise" in kind else ~nothing
        heard = nothing
    elif kind != "clean":
        added = noise(rng, kind, count, others, player)
        if altered and kind == "music" and rng.uniform() < 0.3:
            added = room(rng, added, 0.4)
        total = voice + added * (level / power(added)) ** 0.5 * 10 ** (-snr / 20)
        musical = ~nothing if kind == "music" else nothing
    if altered and rng.uniform() < 0.3:
        total = lowpass(total, rng.uniform(3200, 7000))
    total = total / (np.abs(total).max() + 1e-9) * 10 ** (rng.uniform(-26, -0.5) / 20)
    return Mixture(total.astype(np.float32), kind, snr if kind != "clean" else np.inf, heard, musical, second)
