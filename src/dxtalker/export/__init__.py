"""Motion and a head into the files other programs read, and motion files back in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput, Unsupported
from ..files import write_atomically
from ..records import Motion, Waveform, frame_rate
from .arkit_json import read_json, write_json
from .livelink import read_livelink, write_livelink
from .motion_npz import read_npz, write_npz
from .sound import wav_bytes

if TYPE_CHECKING:
    from ..face.head import Head

USD = (".usd", ".usda", ".usdc", ".usdz")
AVATARS = (".glb", ".vrm", *USD)  # what holds a head that nobody makes speak yet
WRITABLE = (".csv", ".json", ".npz", *AVATARS)
READABLE = (".csv", ".json", ".npz")

__all__ = [
    "AVATARS",
    "READABLE",
    "USD",
    "WRITABLE",
    "check_body",
    "read_motion",
    "write_avatar",
    "write_motion",
]


def write_motion(
    path: str | Path,
    motion: Motion,
    head: Head | None = None,
    audio: str | Path | None = None,
    wave: Waveform | None = None,
    beside: bool = False,
) -> None:
    """Write ``motion`` in the format that the extension of ``path`` names.

    ``.csv`` Live Link Face table; ``.json`` ARKit curves; ``.npz`` exact motion; ``.flame.npz`` parameters of a ``head`` made
    from FLAME; ``.glb`` and ``.vrm`` ``head``
    (the packaged one if None) with its motion as an animation; ``.usd``, ``.usda``, ``.usdc`` and ``.usdz`` the
    same as USD. ``audio`` is the file that the motion belongs to; its name is noted where a format has room.
    ``wave`` is its sound: USD carries it; other formats get it as .wav beside them when ``beside`` is true,
    unless that would be ``audio`` itself. The file appears whole or not at all.

    Raises Unsupported for another extension, BadInput for a motion without frames or an unwritable folder,
    NotReady for USD without usd-core.
    """
    path = Path(path)
    kind = _kind(path, WRITABLE, "write")
    if len(motion) == 0:
        raise BadInput("the motion has no frames; there is nothing to write")
    if audio is not None:
        motion = replace(motion, info={**motion.info, "audio": Path(audio).name})
    if kind == ".csv":
        write_livelink(path, motion)
    elif kind == ".json":
        write_json(path, motion)
    elif path.name.lower().endswith(".flame.npz"):
        from ..face.head_file import load_head
        from .flame_npz import write_flame_npz

        write_flame_npz(path, motion, head or load_head())
    elif kind == ".npz":
        write_npz(path, motion)
    else:
        _write_head(path, kind, motion, head, wave)
    if beside and wave is not None and kind not in USD:
        _write_beside(path.with_suffix(".wav"), wave, audio)


def write_avatar(path: str | Path, head: Head, idle: Motion | None = None) -> None:
    """Write ``head`` without speech, rigged for an engine, in the format that the extension of ``path`` names:
    ``.glb``, ``.vrm`` or USD. Its clip is ``idle``, or a loop of blinks, glances and slight head motion.

    Raises Unsupported for another extension, BadInput for an unwritable folder, NotReady for USD without usd-core.
    """
    from .glb import IDLE, build_glb, write_gltf
    from .idling import idle_motion
    from .usd import write_usd
    from .vrm import write_vrm

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in AVATARS:
        raise Unsupported(f"cannot write {path.name} as a head; the extension must be {', '.join(AVATARS)}")
    if kind == ".glb":
        write_gltf(path, build_glb(head, idle or idle_motion(head), IDLE))
    elif kind == ".vrm":
        write_vrm(path, head, idle)
    else:
        write_usd(path, idle or idle_motion(head), head)


def check_body(path: Path, head: Head) -> None:
    """Raise BadInput when ``path`` asks for parameters of a model that ``head`` was not made from."""
    if path.name.lower().endswith(".flame.npz"):
        from .flame_npz import flame_of

        flame_of(path, head)


def _write_head(path: Path, kind: str, motion: Motion, head: Head | None, wave: Waveform | None) -> None:
    from ..face.head_file import load_head
    from .glb import TALK, write_glb
    from .usd import write_usd
    from .vrm import write_vrm

    body = head or load_head()
    if kind == ".glb":
        write_glb(path, motion, body)
    elif kind == ".vrm":
        write_vrm(path, body, motion, TALK)
    else:
        write_usd(path, motion, body, wave)


def _write_beside(path: Path, wave: Waveform, audio: str | Path | None) -> None:
    if audio is None or not (path.exists() and path.samefile(audio)):
        write_atomically(path, wav_bytes(wave))


def read_motion(path: str | Path, fps: str | float | Fraction | None = None) -> Motion:
    """Read a motion from ``.csv`` (Live Link Face), ``.json`` or ``.npz``.

    ``fps`` is for tables whose timecodes are missing or wrong: their rows are then frames at that rate.
    The other formats carry their own rate.

    Raises Unsupported for another extension, LimitExceeded above 1 GB, BadInput for what cannot be read.
    """
    path = Path(path)
    kind = _kind(path, READABLE, "read")
    if kind == ".csv":
        return read_livelink(path, None if fps is None else frame_rate(fps))
    motion = read_json(path) if kind == ".json" else read_npz(path)
    if fps is not None and frame_rate(fps) != motion.fps:
        raise BadInput(f"{path} states its own rate, {float(motion.fps):g} fps; leave fps out, then resample")
    return motion


def _kind(path: Path, accepted: tuple[str, ...], verb: str) -> str:
    kind = path.suffix.lower()
    if kind not in accepted:
        raise Unsupported(f"cannot {verb} {path.name} as motion; the extension must be {', '.join(accepted)}")
    return kind
