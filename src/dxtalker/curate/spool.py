"""Arrays that are looked at a few times, kept in a file: memory does not grow with them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import BadInput


class Spool:
    """A file without a name, gone with the process, to which arrays are added."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput where ``folder`` cannot be written."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._full(error) from None
        self._end = 0

    def keep(self, arrays: Mapping[str, np.ndarray]) -> Spooled:
        """The same arrays, read from the file whenever they are asked for."""
        places = []
        for name, array in arrays.items():
            data = np.ascontiguousarray(array).tobytes()
            try:
                left = memoryview(data)
                while left:
                    left = left[self.file.write(left) :]
            except OSError as error:
                raise self._full(error) from None
            places.append((name, array.dtype, array.shape, self._end))
            self._end += len(data)
        return Spooled(self.file, tuple(places))

    def _full(self, error: OSError) -> BadInput:
        return BadInput(f"cannot write to {self._folder} ({error.strerror}); make room there, and run again")


class Spooled(Mapping[str, np.ndarray]):
    """Arrays by name; each look reads one anew."""

    __slots__ = ("_file", "_places")

    def __init__(
        self, file: IO[bytes], places: tuple[tuple[str, np.dtype, tuple[int, ...], int], ...]
    ) -> None:
        self._file, self._places = file, places

    def __getitem__(self, name: str) -> np.ndarray:
        for known, dtype, shape, offset in self._places:
            if known == name:
                data = bytearray(int(np.prod(shape)) * dtype.itemsize)
                self._file.seek(offset)
                left = memoryview(data)
                while left and (count := self._file.readinto(left)):  # type: ignore[attr-defined]
                    left = left[count:]
                self._file.seek(0, os.SEEK_END)
                return np.frombuffer(data, dtype).reshape(shape)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, *_ in self._places)

    def __len__(self) -> int:
        return len(self._places)
