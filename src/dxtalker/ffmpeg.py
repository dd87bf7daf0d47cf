"""Where the ffmpeg program is: decoding sound and writing video both run it as a child process."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from pathlib import Path

from .errors import NotReady

ENVIRONMENT = "DXTALKER_FFMPEG"


def ffmpeg_path() -> Path:
    """The ffmpeg to run: ``$DXTALKER_FFMPEG``, else the one that imageio-ffmpeg brings, else the system's.

    Raises NotReady when none is found, or when the variable names something that cannot be run.
    """
    return _find(os.environ.get(ENVIRONMENT, ""))


@lru_cache(maxsize=8)
def _find(chosen: str) -> Path:
    if chosen:
        program = shutil.which(chosen)
        if program is None:
            raise NotReady(
                f"{ENVIRONMENT} is set to {chosen!r}, which is not a program that can be run; correct or unset it"
            )
        return Path(program)
    program = _bundled() or shutil.which("ffmpeg")
    if program is None:
        raise NotReady(
            f"ffmpeg was not found; install it with: pip install imageio-ffmpeg (or set {ENVIRONMENT} to its path)"
        )
    return Path(program)


def _bundled() -> str | None:
    """The binary inside the imageio-ffmpeg wheel; None where that package or its binary is missing."""
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    try:
        return shutil.which(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # installed from source, without a binary
        return None
