"""A second hearing of each clip: the same speech, recorded otherwise in a way drawn for that clip.

What is seen stays; what is heard has noise under it, or comes through a room or a telephone. Computed once, beside the
plain features; a window of training hears one of the two.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..audio import load_audio
from ..errors import BadInput
from ..motion.condition import prosody
from ..records import SAMPLE_RATE, Waveform
from . import augment, sounds

if TYPE_CHECKING:
    from ..speech import Encoder
    from .prepare import Example

KINDS = ("gain", "noise", "room", "telephone", "opus", "pitch")
SNR_DB = (3.0, 25.0)
GAIN_DB = (-25.0, 10.0)
ROOM_SECONDS = (0.2, 1.0)
DIRECT_DB = (-3.0, 8.0)
KILOBITS = (8, 12, 16)
MOST_SEMITONES = 4.0


@dataclass(frozen=True)
class Augment:
    """In which other recordings clips are heard, and how often."""

    kinds: tuple[str, ...] = ()  # of KINDS
    share: float = 0.3  # of the clips in a batch

    @property
    def drawn(self) -> tuple[str, ...]:
        """Kinds that are worth computing."""
        return self.kinds if self.share > 0 else ()


@dataclass(frozen=True)
class View:
    """What is heard of an example in another recording."""

    content: np.ndarray  # (T, 1024) float16
    prosody: np.ndarray  # (T, 4) float32


def with_view(
    example: Example, kept: Path, sound: Path | Waveform, kinds: tuple[str, ...], encoder: Encoder
) -> Example:
    """``example`` with its view, of one of ``kinds`` that its name decides; none without kinds.

    ``kept`` is the file of its plain features: those of the view lie beside it. Raises BadInput for an unknown kind.
    """
    check_kinds(kinds)
    if not kinds:
        return example
    from .prepare import cached_features

    seed = zlib.crc32(f"{example.corpus}/{example.name}".encode())
    kind = kinds[seed % len(kinds)]

    def recorded() -> Waveform:
        samples = (sound if isinstance(sound, Waveform) else load_audio(sound)).samples
        return Waveform(otherwise(samples, kind, seed), SAMPLE_RATE)

    heard = cached_features(kept.with_suffix(f".{kind}.npz"), recorded, encoder)
    frames = len(example.motion)
    return replace(example, view=View(heard.content[:frames].astype(np.float16), prosody(heard)[:frames]))


def check_kinds(kinds: tuple[str, ...]) -> None:
    """Raise BadInput unless all are of ``KINDS``."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise BadInput(f"no recording of kind {unknown[0]!r}; expected some of {', '.join(KINDS)}")


def otherwise(samples: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """(N,) float32 of ``samples`` (N,) at 16 kHz, recorded as ``kind`` says, in a way that ``seed`` draws."""
    rng = np.random.default_rng(seed)
    match kind:
        case "gain":
            return augment.gain(samples, rng.uniform(*GAIN_DB))
        case "noise":
            return augment.add_noise(samples, background(samples, rng), rng.uniform(*SNR_DB))
        case "room":
            return augment.room(samples, rng.uniform(*ROOM_SECONDS), rng.uniform(*DIRECT_DB), seed)
        case "telephone":
            return augment.telephone(samples)
        case "opus":
            return augment.opus(samples, int(rng.choice(KILOBITS)))
        case _:
            return augment.pitch(samples, rng.uniform(-MOST_SEMITONES, MOST_SEMITONES))


def background(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) noise, music, or babble, which is the speech itself backwards and five times over."""
    count = len(samples)
    kind = rng.choice(("noise", "noise", "noise", "babble", "music"))
    if kind == "noise":
        return sounds.noise(str(rng.choice(sounds.NOISES)), count, rng)
    return sounds.music(count, rng) if kind == "music" else sounds.babble([samples[::-1]], count, rng)
