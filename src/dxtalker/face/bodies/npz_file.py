"""The arrays of an .npz from outside: no pickle, and no array larger than the file says and the limit allows."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ...errors import BadInput, LimitExceeded

MAX_MEMBERS = 500


def read_arrays(path: Path, data: bytes, limit: int) -> dict[str, np.ndarray]:
    """Plain arrays by name; members that need pickle are left out.

    Raises BadInput when ``data`` is no whole archive, LimitExceeded when it unpacks to more than ``limit`` bytes.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if len(members) > MAX_MEMBERS or sum(info.file_size for info in members) > limit:
                raise LimitExceeded(f"{path} unpacks to more than {limit >> 20} MB or {MAX_MEMBERS} arrays")
            for info in members:
                with archive.open(info) as stream:
                    content = stream.read(info.file_size + 1)
                try:
                    arrays[info.filename.removesuffix(".npy")] = plain_array(content)
                except ValueError:
                    continue
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"{path} is not a readable .npz file ({error})") from None
    return arrays


def plain_array(content: bytes) -> np.ndarray:
    """One .npy; its header must agree with the bytes that follow. Raises ValueError."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise ValueError(f"array format {version}")
    shape, fortran, dtype = read[version](stream)
    size = 1
    for side in shape:
        size *= side
    if dtype.hasobject or size < 0 or size * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("an array's header does not match its length")
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape, order="F" if fortran else "C")
