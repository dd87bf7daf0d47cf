"""Clip names as they are given on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import BadInput


def listed(names: Sequence[str]) -> frozenset[str]:
    """Clip names and patterns; an entry that ends in .txt is a file and stands for the names in it."""
    found: list[str] = []
    for name in names:
        path = Path(name)
        if path.suffix != ".txt":
            found.append(name)
        elif path.is_file():
            found += path.read_text().split()
        else:
            raise BadInput(f"the list of clips {name} does not exist; expected a text file of names")
    return frozenset(found)


def is_listed(name: str, names: Iterable[str]) -> bool:
    """Whether ``name`` is among ``names``, which may hold patterns such as ``533-*``."""
    return any(fnmatchcase(name, pattern) for pattern in names)
