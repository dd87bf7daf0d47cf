"""One clip <-> the members that it has in a shard: JSON, arrays, sound and pictures.

A clip ``n`` is ``n.json`` (its record), ``n.npz`` (arrays), ``n.wav`` (16-bit mono), ``n.mp4`` and ``n.jpg`` where it
has pictures. Arrays lie with time as the fastest axis, which deflates a fifth better. Samples are rounded to the
nearest of 65536 steps without dither: a recording's own noise is louder than a step, and equal clips stay equal bytes.
Sound is not compressed: FLAC halves it, but an encoder and a decoder as child processes cost more than the clip's
whole writing and reading.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import fields
from fractions import Fraction

import numpy as np

from ..audio.wav import parse_wav, read_frames
from ..errors import BadInput, LimitExceeded
from ..face.bodies.npz_file import plain_array
from ..records import ARKIT_NAMES, FEATURE_FPS, SAMPLE_RATE, Motion, Waveform
from .clip import Clip, FlameTrack
from .record_file import read_record, record_json

LANDMARKS, CODES = 478, 4096
SAMPLES_PER_FRAME = SAMPLE_RATE // int(FEATURE_FPS)
LEVEL = 1  # zlib: 6 takes three times as long and saves three per cent
STEP = 32768  # samples of full scale
MAX_FRAMES = 25 * 3600
# Bytes of a member; a frame has 6 kB of arrays, and an hour is the longest clip.
LIMITS = {".json": 1 << 20, ".npz": 700 << 20, ".wav": 128 << 20, ".mp4": 1 << 30, ".jpg": 4 << 20}
# What a reader may ask for, and the member that has it.
FIELDS = {
    "sound": ".wav",
    "motion": ".npz",
    "code": ".npz",
    "scores": ".npz",
    "landmarks": ".npz",
    "present": ".npz",
    "flame": ".npz",
    "crop": ".mp4",
    "thumbnail": ".jpg",
}
MOTION = {"curves": len(ARKIT_NAMES), "rotation": 3, "translation": 3}
FLAME = {"expression": 100, "pose": 6, "shape": 300, "detail": 256, "texture": 256, "light": 27, "camera": 3}


def to_members(clip: Clip) -> dict[str, bytes]:
    """Extension -> bytes; the same clip gives the same bytes.

    Raises BadInput when its parts do not fit each other: frames, rates, widths, or numbers that are not finite.
    """
    arrays = _arrays(clip)
    members = {
        ".json": record_json(clip.record, clip.motion.info, clip.sound.notes),
        ".npz": _npz(arrays),
        ".wav": wav_bytes(clip.sound.samples),
    }
    members |= {".mp4": clip.crop} if clip.crop else {}
    members |= {".jpg": clip.thumbnail} if clip.thumbnail else {}
    for suffix, data in members.items():
        if len(data) > LIMITS[suffix]:
            raise LimitExceeded(f"{clip.record.name}{suffix} has more than {LIMITS[suffix] >> 20} MB")
    return members


def from_members(members: Mapping[str, bytes], wanted: Collection[str] = tuple(FIELDS)) -> Clip:
    """The clip, with the parts ``wanted`` (names of ``FIELDS``); others are empty or at rest.

    Raises BadInput when a member that is needed is missing, damaged, or does not fit the record.
    """
    if ".json" not in members:
        raise BadInput("its record (.json) is missing")
    record, info, notes = read_record(members[".json"])
    found: dict[str, np.ndarray] = {}
    count = record.frames
    if any(FIELDS[name] == ".npz" for name in wanted):
        found = _read_npz(_member(members, ".npz"), count, wanted)
    samples = _samples(_member(members, ".wav"), count) if "sound" in wanted else np.zeros(0, np.float32)
    motion = {name: found.get(name, np.zeros((count, width), np.float32)) for name, width in MOTION.items()}
    return Clip(
        record=record,
        sound=Waveform(samples, SAMPLE_RATE, notes),
        motion=Motion(motion["curves"], motion["rotation"], motion["translation"], FEATURE_FPS, info=info),
        code=found.get("code", np.zeros(0, np.float32)),
        scores=found.get("scores", np.zeros((0, len(ARKIT_NAMES)), np.float16)),
        landmarks=found.get("landmarks", np.zeros((0, LANDMARKS, 3), np.float16)),
        present=found.get("present", np.ones(count, bool)),
        crop=members.get(".mp4", b"") if "crop" in wanted else b"",
        thumbnail=members.get(".jpg", b"") if "thumbnail" in wanted else b"",
        flame=_flame(found),
    )


def _member(members: Mapping[str, bytes], suffix: str) -> bytes:
    if suffix not in members:
        raise BadInput(f"its {suffix} is missing")
    return members[suffix]


def _arrays(clip: Clip) -> dict[str, np.ndarray]:
    """What the .npz holds, checked."""
    count, name = clip.record.frames, clip.record.name
    if not 1 <= count <= MAX_FRAMES or len(clip.motion) != count:
        raise BadInput(f"clip {name}: {len(clip.motion)} frames of motion, {count} in its record")
    if clip.motion.fps != Fraction(FEATURE_FPS) or clip.motion.start or clip.sound.rate != SAMPLE_RATE:
        raise BadInput(f"clip {name}: expected motion from 0 s at 25 a second and sound at {SAMPLE_RATE} Hz")
    if clip.sound.samples.shape != (count * SAMPLES_PER_FRAME,) or not np.isfinite(clip.sound.samples).all():
        raise BadInput(
            f"clip {name}: sound of shape {clip.sound.samples.shape}; expected {count * SAMPLES_PER_FRAME}"
        )
    arrays: dict[str, np.ndarray] = {n: getattr(clip.motion, n).astype(np.float32) for n in MOTION}
    arrays["code"] = clip.code.astype(np.float32)
    arrays["present"] = clip.present.astype(bool)
    if len(clip.scores):
        arrays["scores"] = clip.scores.astype(np.float16)
    if len(clip.landmarks):
        arrays["landmarks"] = clip.landmarks.astype(np.float16)
    if clip.flame is not None:
        for field in fields(FlameTrack):
            arrays[f"flame_{field.name}"] = getattr(clip.flame, field.name).astype(np.float32)
    for key, array in arrays.items():
        _check(key, array, count)
    return arrays


def _check(key: str, array: np.ndarray, count: int) -> None:
    """Raise BadInput unless the array called ``key`` suits a clip of ``count`` frames."""
    shape, kind = array.shape, array.dtype
    if key == "code":
        good = array.ndim == 1 and shape[0] <= CODES and kind == np.float32
    elif key == "present":
        good = shape == (count,) and kind.kind == "b"
    elif key.startswith("flame_"):
        widest = FLAME[key.removeprefix("flame_")]
        good = array.ndim == 2 and shape[0] == count and shape[1] <= widest and kind == np.float32
    elif key in MOTION:
        good = shape == (count, MOTION[key]) and kind == np.float32
    else:
        width = (len(ARKIT_NAMES),) if key == "scores" else (LANDMARKS, 3)
        good = shape == (count, *width) and kind == np.float16
    if not good or not np.isfinite(array).all():
        raise BadInput(
            f"{key} has shape {shape} of {kind} or is not finite, which does not fit {count} frames"
        )


def _bytes_at_most(key: str, count: int) -> int:
    """Bytes of the array called ``key`` with its header."""
    if key == "code":
        return 4 * CODES + 1024
    width = {"scores": 104, "landmarks": 6 * LANDMARKS, "present": 1}.get(key)
    if width is None:
        width = 4 * (MOTION[key] if key in MOTION else FLAME[key.removeprefix("flame_")])
    return width * count + 1024


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """As numpy.savez_compressed, with fixed dates and time as the fastest axis."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for key, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asfortranarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, stream.getvalue(), compresslevel=LEVEL)
    return whole.getvalue()


def _read_npz(data: bytes, count: int, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays that ``wanted`` needs; nothing larger than ``count`` frames need is inflated."""
    keys = [*(MOTION if "motion" in wanted else ()), *(n for n in ("code", "present") if n in wanted)]
    optional = [n for n in ("scores", "landmarks") if n in wanted]
    optional += [f"flame_{n}" for n in FLAME] if "flame" in wanted else []
    found: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            there = set(archive.namelist())
            for key in [*keys, *(n for n in optional if f"{n}.npy" in there)]:
                limit = _bytes_at_most(key, count)
                with archive.open(f"{key}.npy") as stream:
                    content = stream.read(limit + 1)
                if len(content) > limit:
                    raise BadInput(f"its {key} is larger than {count} frames need")
                found[key] = np.array(plain_array(content), order="C")  # its own, to be written to
                _check(key, found[key], count)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"its arrays are damaged ({error})") from None
    except (NotImplementedError, RuntimeError, struct.error) as error:  # encrypted, or by an unknown method
        raise BadInput(f"its arrays are packed in a way that is not read ({error})") from None
    return found


def _flame(found: Mapping[str, np.ndarray]) -> FlameTrack | None:
    parts = {name: found[f"flame_{name}"] for name in FLAME if f"flame_{name}" in found}
    return FlameTrack(**parts) if len(parts) == len(FLAME) else None


def wav_bytes(samples: np.ndarray) -> bytes:
    """A WAV file of (N,) samples in -1..1, which are rounded to 16 bits without dither."""
    coded = np.clip(np.rint(samples.astype(np.float64) * STEP), -STEP, STEP - 1).astype("<i2").tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", len(coded) + 36, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16,
        b"data", len(coded),
    )  # fmt: skip
    return header + coded


def _samples(data: bytes, count: int) -> np.ndarray:
    """(640 count,) float32 of a WAV file that has just these."""
    stream = io.BytesIO(data)
    wav = parse_wav(stream, len(data))
    if (wav.kind, wav.rate, wav.channels, wav.width) != ("int", SAMPLE_RATE, 1, 2):
        raise BadInput(f"its sound is not 16-bit mono at {SAMPLE_RATE} Hz")
    if wav.frames != count * SAMPLES_PER_FRAME:
        raise BadInput(f"its sound has {wav.frames} samples; {count} frames have {count * SAMPLES_PER_FRAME}")
    return np.concatenate([block[:, 0] for block in read_frames(stream, wav)])
