"""Speech and a photo in, a 3D talking head out: curves, GLB and video, on an ordinary CPU.

from dxtalker import speak
motion = speak("talk.wav", ["talk.mp4", "talk.glb"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .audio import load_audio
    from .errors import BadInput, DxtalkerError
    from .export import read_motion, write_motion
    from .face.bodies import load_face
    from .face.head import Head
    from .face.head_file import load_head, save_head
    from .face.likeness import Likeness, Sculptor
    from .face.stranger import stranger
    from .face.track import Track, track_video
    from .motion.finish import Finish, finish
    from .motion.perform import generate
    from .motion.sampler import Generator, Sampling
    from .pipeline import Settings, Speaker, save, save_face, speak
    from .records import ARKIT_NAMES, Motion, SpeechFeatures, Waveform
    from .speech import Encoder, listen

# Loaded on first use: ``import dxtalker`` stays well under half a second.
_HOME = {
    "audio": ("load_audio",),
    "errors": ("BadInput", "DxtalkerError"),
    "export": ("read_motion", "write_motion"),
    "face.bodies": ("load_face",),
    "face.head": ("Head",),
    "face.head_file": ("load_head", "save_head"),
    "face.likeness": ("Likeness", "Sculptor"),
    "face.stranger": ("stranger",),
    "face.track": ("Track", "track_video"),
    "motion.finish": ("Finish", "finish"),
    "motion.perform": ("generate",),
    "motion.sampler": ("Generator", "Sampling"),
    "pipeline": ("Settings", "Speaker", "save", "save_face", "speak"),
    "records": ("ARKIT_NAMES", "Motion", "SpeechFeatures", "Waveform"),
    "speech": ("Encoder", "listen"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "ARKIT_NAMES", "BadInput", "DxtalkerError", "Encoder", "Finish", "Generator", "Head", "Likeness",
    "Motion", "Sampling", "Sculptor", "Settings", "Speaker", "SpeechFeatures", "Track", "Waveform",
    "finish", "generate", "listen", "load_audio", "load_face", "load_head", "read_motion", "save",
    "save_face", "save_head", "speak", "stranger", "track_video", "write_motion",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dxtalker' has no attribute {name!r}")
    return getattr(import_module(f".{_WHERE[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
