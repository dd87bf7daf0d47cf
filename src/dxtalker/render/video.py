"""Frames to an mp4 (H.264 and AAC) through ffmpeg, or to a folder of PNG pictures."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import BadInput, DxtalkerError
from ..ffmpeg import ffmpeg_path
from ..files import atomic_path
from ..records import Waveform
from .camera import check_size

AUDIO_RATE = 48_000  # Hz in the mp4: some players refuse AAC at 16 kHz
PRESET = "veryfast"  # x264: encodes several times faster than we draw, at a size close to the default's


class VideoFailed(DxtalkerError):
    """ffmpeg could not write the video; the message holds its last line."""


def write_video(
    frames: Iterable[np.ndarray],
    path: Path,
    fps: Fraction,
    size: tuple[int, int],
    audio: Waveform | None = None,
    crf: int = 18,
) -> int:
    """Write ``frames`` (H, W, 4) uint8 to an mp4 and return their number; memory does not grow with it.

    H.264 4:2:0 with BT.709 colours at exactly ``fps``; ``size`` is (width, height) in pixels, both even.
    The first sample of ``audio`` sounds as frame 0 appears. ``crf`` is x264's quality: 0 lossless, 18
    looks lossless, 51 worst. The file appears under ``path`` only when it is whole.

    Raises BadInput for odd sizes, transparent or wrongly shaped frames, no frames, and a path that cannot
    be written; NotReady without ffmpeg; VideoFailed when ffmpeg fails.
    """
    check_size(size)
    if size[0] % 2 or size[1] % 2:
        even = f"{size[0] + size[0] % 2}x{size[1] + size[1] % 2}"
        raise BadInput(
            f"video size {size[0]}x{size[1]} is odd; H.264 needs even width and height, such as {even}"
        )
    if not 0 <= crf <= 51:
        raise BadInput(f"crf {crf} is out of range; expected 0 (lossless) to 51 (worst)")
    if path.suffix.lower() != ".mp4":
        raise BadInput(f"video path {path} does not end in .mp4; only mp4 video is written")
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory(prefix="dxtalker-") as folder:
        command = encoding(temporary, fps, size, _spill(audio, Path(folder)), crf)
        with encoder(command) as pipe:
            return _send(frames, pipe, size)


def write_frames(frames: Iterable[np.ndarray], folder: Path) -> int:
    """Write ``frames`` (H, W, 4) uint8 as frame_000001.png … and return their number; alpha is kept.

    The folder appears only when it is whole; one with earlier frames is replaced. Raises BadInput when
    ``folder`` holds anything else, and for no frames.
    """
    from PIL import Image

    if folder.exists() and not (
        folder.is_dir() and all(re.fullmatch(r"frame_\d{6,}\.png", entry.name) for entry in folder.iterdir())
    ):
        raise BadInput(f"{folder} exists and holds other things than frames; choose a new folder")
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        count = 0
        for count, frame in enumerate(frames, start=1):
            Image.fromarray(frame).save(temporary / f"frame_{count:06d}.png", compress_level=3)
        if count == 0:
            raise BadInput("there are no frames to write; expected at least one")
    return count


def _spill(audio: Waveform | None, folder: Path) -> tuple[Path, int] | None:
    """The samples as raw float32 in a file, with their rate: ffmpeg reads frames and sound at its own pace."""
    if audio is None or not len(audio.samples):
        return None
    target = folder / "audio.f32"
    audio.samples.astype("<f4").tofile(target)
    return target, audio.rate


def encoding(
    target: Path,
    fps: Fraction,
    size: tuple[int, int],
    audio: tuple[Path, int] | None,
    crf: int,
    exact: bool = False,
) -> list[str]:
    """ffmpeg's arguments: raw RGBA on its standard input, sound from a file (its path and rate).

    ``exact`` gives the same bytes for the same pictures on every machine with that ffmpeg: one thread, no versions.
    """
    command = [str(ffmpeg_path()), "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
    command += ["-f", "rawvideo", "-pixel_format", "rgba", "-video_size", f"{size[0]}x{size[1]}"]
    command += ["-framerate", f"{fps.numerator}/{fps.denominator}", "-i", "pipe:0"]
    if audio is not None:
        command += ["-f", "f32le", "-ar", str(audio[1]), "-ac", "1", "-i", str(audio[0])]
        command += ["-c:a", "aac", "-b:a", "128k", "-ar", str(AUDIO_RATE)]
    command += ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]
    command += ["-c:v", "libx264", "-preset", PRESET, "-crf", str(crf), "-fps_mode", "passthrough"]
    command += [
        "-color_primaries",
        "bt709",
        "-color_trc",
        "bt709",
        "-colorspace",
        "bt709",
        "-color_range",
        "tv",
    ]
    # The exact frame clock, and an edit list that hides the encoders' start-up delays.
    command += ["-video_track_timescale", str(fps.numerator), "-use_editlist", "1", "-movflags", "+faststart"]
    if exact:
        command += ["-threads", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    return [*command, "-f", "mp4", f"file:{target}"]


@contextmanager
def encoder(command: list[str]) -> Iterator[IO[bytes]]:
    """Run ffmpeg and yield its standard input; wait for it at the end, stop it on any exception.

    It runs in its own session, so that Ctrl-C reaches only us, who then stop it.
    """
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=os.name == "posix",
        )
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
            failed = process.wait() != 0
        except BrokenPipeError:
            process.wait()
            failed = True
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with suppress(OSError):
                process.stdin.close()
        if failed:
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise VideoFailed(f"ffmpeg stopped with status {process.returncode}: {lines[-1]}")


def _send(frames: Iterable[np.ndarray], pipe: IO[bytes], size: tuple[int, int]) -> int:
    """Write the frames to the pipe; returns how many."""
    expected = (size[1], size[0], 4)
    count = 0
    for count, frame in enumerate(frames, start=1):
        if frame.shape != expected or frame.dtype != np.uint8:
            raise BadInput(f"frame {count} is {frame.dtype} {frame.shape}; expected uint8 {expected}")
        if count == 1 and frame[..., 3].min() < 255:
            raise BadInput("mp4 video carries no transparency; give a background colour, or write PNG frames")
        pipe.write(np.ascontiguousarray(frame).data)
    if count == 0:
        raise BadInput("there are no frames to write; expected at least one")
    return count
