"""The sound of a stretch: is there speech, how clean is it, and is anything else in it."""

from __future__ import annotations

import numpy as np

from ..records import Waveform
from ..speech import Encoder
from .clipping import clipped_share
from .hearing import FRAME, Heard, hear
from .noise import RANGE, decibels, floor_snr
from .settings import Settings
from .verdict import Verdict

SILENCE = 1e-3  # of full scale: a louder instant there must be, as at the audio door
PAUSE = 8  # frames without speech, 0.32 s, from which pauses show what else is heard


def judge_sound(wave: Waveform, settings: Settings, encoder: Encoder | None = None) -> Verdict:
    """Scores of ``wave`` (16 kHz), and the first reason against it. ``encoder`` may be shared between calls.

    Silence comes first, then clipping, music, noise and a second voice. Raises BadInput for another rate or no samples.
    """
    scores = measure_sound(wave, encoder)
    reason, remark = _objection(scores, settings)
    return Verdict(scores, reason, remark)


def measure_sound(wave: Waveform, encoder: Encoder | None = None) -> dict[str, float]:
    """The scores by name; ``sound.snr`` is absent where nobody speaks."""
    heard = hear(wave, encoder)
    frames = len(heard.speech)
    samples = np.pad(wave.samples, (0, max(0, FRAME - len(wave.samples))))[: frames * FRAME]
    speaks = heard.speech > 0.5
    if float(np.abs(wave.samples).max()) < SILENCE:
        speaks[:] = False
    scores = {
        "sound.speech": float(speaks.mean()),
        "sound.clipped": clipped_share(wave.samples),
        "sound.music": float(heard.music.mean()),
        "sound.second_voice": float(heard.second[speaks].mean()) if speaks.any() else 0.0,
    }
    if speaks.any():
        scores["sound.snr"] = signal_to_noise(samples, heard, speaks)
    return {name: round(value, 5) for name, value in sorted(scores.items())}


def signal_to_noise(samples: np.ndarray, heard: Heard, speaks: np.ndarray) -> float:
    """dB, power of the voice where it speaks over that of everything else, from (640 T,) samples and (T,) bool.

    The middle one of three that fail in different places: power in speech against power in its pauses (wrong where a
    gate shuts the pauses, and absent without them), against the floor between syllables (too high under music and
    babble), and the network's own answer (too low for good recordings). Without pauses, the mean of the other two.
    """
    said = [floor_snr(samples), float(np.clip(heard.snr[speaks].mean(), *RANGE))]
    power = (samples.astype(np.float64) ** 2).reshape(-1, FRAME).mean(axis=1)  # (T,)
    pause = heard.speech < 0.3
    if pause.sum() >= PAUSE:
        rest = float(power[pause].mean())
        said.append(decibels(float(power[speaks].mean()) - rest, rest))
    return float(np.median(said))


def _objection(scores: dict[str, float], settings: Settings) -> tuple[str, str]:
    """The first reason and its remark; two empty strings where there is none."""
    speech, clipped = scores["sound.speech"], scores["sound.clipped"]
    if speech < settings.speech or "sound.snr" not in scores:
        return "sound.silent", f"somebody speaks in {speech:.0%} of it; expected {settings.speech:.0%}"
    if settings.clipped and clipped > settings.clipped:
        return (
            "sound.clipped",
            f"{clipped:.2%} of its samples are cut off; at most {settings.clipped:.2%} are taken",
        )
    music, second, snr = scores["sound.music"], scores["sound.second_voice"], scores["sound.snr"]
    if settings.music and music > settings.music:
        return (
            "sound.music",
            f"it sounds like music by {music:.2f} of 1; at most {settings.music:.2f} is taken",
        )
    if settings.snr and snr < settings.snr:
        return "sound.noisy", f"the voice is {snr:.0f} dB over the noise; expected {settings.snr:.0f} dB"
    if settings.second_voice and second > settings.second_voice:
        return (
            "sound.second_voice",
            f"two voices speak at once by {second:.2f} of 1; at most {settings.second_voice:.2f} is taken",
        )
    return "", ""
