"""Clips of noise and waves, for what keeps and reads them: no face was ever in them."""

from __future__ import annotations

import numpy as np

from dxtalker.data.clip import Clip, ClipRecord, FlameTrack
from dxtalker.records import Motion, Waveform


def made_up_clip(
    name: str, seed: int = 0, frames: int = 30, flame: bool = False, licence: str = "CC0"
) -> Clip:
    """A clip whose every number comes from ``seed``; its sound is whole steps of 16 bits."""
    rng = np.random.default_rng(seed)
    sound = (rng.normal(0, 900, 640 * frames).round() / 32768).astype(np.float32)
    walk = np.cumsum(rng.normal(0, 0.002, (frames, 478, 3)), axis=0)
    return Clip(
        record=ClipRecord(
            name=name, source="videos/ä.mp4", sha256="0" * 64, start=1.5, frames=frames, speaker="one",
            licence=licence, attribution="nobody", offset=0.04, scores={"sound.snr": 21.5},
        ),
        sound=Waveform(sound, notes=("2 channels were mixed to one",)),
        motion=Motion(
            rng.random((frames, 52), np.float32),
            rng.normal(0, 0.1, (frames, 3)).astype(np.float32),
            rng.normal(0, 0.01, (frames, 3)).astype(np.float32),
            info={"tracker": "made up"},
        ),
        code=rng.normal(size=60).astype(np.float32),
        scores=rng.random((frames, 52)).astype(np.float16),
        landmarks=(0.5 + walk).astype(np.float16),
        present=rng.random(frames) > 0.1,
        crop=rng.bytes(700),
        thumbnail=rng.bytes(90),
        flame=made_up_flame(frames, seed) if flame else None,
    )  # fmt: skip


def made_up_flame(frames: int, seed: int) -> FlameTrack:
    rng = np.random.default_rng(seed)
    widths = (50, 6, 100, 128, 50, 27, 3)
    return FlameTrack(*(rng.normal(0, 0.1, (frames, width)).astype(np.float32) for width in widths))
