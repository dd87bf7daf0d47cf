"""Motion as .npz: every value exactly as it is in memory, and back."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import atomic_path
from ..records import ARKIT_NAMES, Motion
from .arkit_json import fraction, text_info
from .limits import MAX_FILE_BYTES, read_limited

_MEMBERS = ("curves", "rotation", "translation", "names", "fps", "start", "info")


def write_npz(path: Path, motion: Motion) -> None:
    """Write ``motion`` bit for bit; ``numpy.load(path)`` opens it without pickle.

    Raises BadInput when the folder cannot be written.
    """
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            curves=motion.curves.astype(np.float32),
            rotation=motion.rotation.astype(np.float32),
            translation=motion.translation.astype(np.float32),
            names=np.array(ARKIT_NAMES),
            fps=np.array(f"{motion.fps.numerator}/{motion.fps.denominator}"),
            start=np.array(motion.start, np.float64),
            info=np.array(json.dumps(motion.info, ensure_ascii=False)),
        )


def read_npz(path: Path) -> Motion:
    """Read a motion written by ``write_npz``.

    Raises BadInput for anything else; a member is decompressed only after its stated size was checked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_limited(path))) as archive:
            found = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            missing = [name for name in _MEMBERS if name not in found]
            if missing:
                raise BadInput(f"{path} holds no motion: it has no {', '.join(missing)}")
            if sum(found[name].file_size for name in _MEMBERS) > MAX_FILE_BYTES:
                raise BadInput(f"{path} unpacks to more than {MAX_FILE_BYTES >> 20} MB")
            arrays = {name: _array(archive.read(found[name])) for name in _MEMBERS}
        if arrays["names"].tolist() != list(ARKIT_NAMES):
            raise BadInput(f"{path}: its curves are not the 52 ARKit shapes in our order")
        return Motion(
            curves=_floats(arrays["curves"]),
            rotation=_floats(arrays["rotation"]),
            translation=_floats(arrays["translation"]),
            fps=fraction(path, arrays["fps"].item()),
            start=float(arrays["start"].item()),
            info=text_info(path, json.loads(arrays["info"].item())),
        )
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"{path} is not a readable .npz file ({error})") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} does not hold a motion ({error})") from None


def _array(data: bytes) -> np.ndarray:
    """One .npy member; its header must agree with the bytes that follow. Raises ValueError."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is not (1, 0)")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or dtype.kind not in "fU" or fortran:
        raise ValueError(f"an array has type {dtype}; expected plain numbers or text")
    count = 1
    for size in shape:  # Python integers: a product that cannot overflow
        count *= size
    if count < 0 or count * dtype.itemsize != len(data) - stream.tell():
        raise ValueError("an array's header does not match its length")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape).copy()


def _floats(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.float32 or array.ndim != 2:
        raise ValueError("curves, rotation and translation must be float32 tables")
    return array
