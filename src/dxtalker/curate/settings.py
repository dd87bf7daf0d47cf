"""What is asked of a clip: thresholds with their reasons, and the presets."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadInput


@dataclass(frozen=True)
class Settings:
    """Limits of the stages. A limit of 0 (or an empty tuple) is not asked for, unless the line says otherwise."""

    # Length of clips, seconds. Shorter ones carry too little to judge their sync by.
    shortest: float = 2.0
    longest: float = 20.0
    # The picture.
    eye_distance: float = 48.0  # pixels, least
    yaw: float = 40.0  # degrees, most
    seen: float = 0.95  # share of frames, least
    others: float = 0.2  # share of looks with another large face, most
    frozen: float = (
        0.3  # share of repeated frames, most; videos of 15 fps at 30 repeat half of theirs on purpose
    )
    level: tuple[float, float] = (35.0, 235.0)  # median brightness of the face, 0..255
    sharpness: float = 0.025  # least: strong blur has .022 at most, soft clean video .044
    # The sound.
    snr: float = 10.0  # dB, least
    speech: float = 0.25  # share of frames, least
    clipped: float = 0.001  # share of samples, most
    music: float = 0.6  # most
    second_voice: float = 0.16  # share of the speech, most
    languages: tuple[str, ...] = ()  # ISO 639-1 codes that are kept; () keeps all
    # Sound and picture.
    offset: float = 0.4  # seconds that can be corrected, most
    sync_confidence: float = 0.5  # least
    # The track.
    track_error: float = 2.5  # pixels at 60 between the eyes, most
    jumps: float = 0.006  # share of frames, most; a single frame is never too much
    identity: float = 1.4  # mm, most
    # Another tracker in the place of ours, as module:Class (docs/curation.md); "" is ours.
    tracker: str = ""
    # What is written.
    crop_side: int = 256  # pixels; 0 writes no pictures
    fit_whole_picture: bool = False  # the paper's centre crop of the picture instead of a face crop


PRESETS: dict[str, Settings] = {
    "default": Settings(),
    # 3DXTalker's released scripts: 10 s and longer, "SNR" 8 dB of amplitudes (16 dB of power) between the 80th and
    # 20th percentile, English with Whisper's word for it, SyncNet's confidence 5, 512 x 512 centre crop.
    "3dxtalker": Settings(
        shortest=10.0, longest=3600.0, snr=16.0, languages=("en",), crop_side=512, fit_whole_picture=True
    ),
}


def preset(name: str) -> Settings:
    """The settings called ``name``. Raises BadInput for a name that is none."""
    if name not in PRESETS:
        raise BadInput(f"preset {name!r} is not known; expected one of {', '.join(PRESETS)}")
    return PRESETS[name]
