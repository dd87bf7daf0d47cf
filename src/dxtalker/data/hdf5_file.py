"""Published sequences in an HDF5 file, read by h5py (an extra) with what can reach beyond the file shut off.

Links to other files, data kept in other files, virtual data and filters other than the library's own are refused, as
are types that are no plain numbers. Groups are found by hard links alone, to a small depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput, LimitExceeded, NotReady
from .sequences import NEEDED, PARTS, Part, PublishedSequence

DEPTH = 4  # groups within groups
MAX_LINKS = 200_000  # in one group
MAX_CHUNK = 64 << 20  # bytes that a filter may make at once
FILTERS = {1, 2, 3, 32000}  # deflate, shuffle, Fletcher's checksum, and the LZF that h5py brings


def in_hdf5(path: Path, say: Callable[[str], None]) -> Iterator[PublishedSequence]:
    """Every group with expressions and poses. Raises BadInput for a damaged file, NotReady where h5py is missing."""
    try:
        import h5py

        plugins: Any = import_module("h5py.h5pl")  # compiled: type checkers do not see it
    except ImportError:
        raise NotReady('reading HDF5 needs h5py; install it with: pip install "dxtalker[hdf5]"') from None
    while plugins.size():  # no filter is ever loaded from a folder
        plugins.remove(0)
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield from _below(file, path.stem, 0, say)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise BadInput(f"it is a damaged HDF5 file ({str(error)[:120]}); fetch it again") from None


def _below(group: Any, path: str, depth: int, say: Callable[[str], None]) -> Iterator[PublishedSequence]:
    import h5py

    if len(group) > MAX_LINKS:
        raise LimitExceeded(f"its group {path[:80]!r} has more than {MAX_LINKS:,} entries")
    sets, groups, odd = {}, [], 0
    for key in sorted(group):
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            odd += 1  # soft and external links: not followed
            continue
        kind = group.get(key, getclass=True)
        name = key.partition(".")[0]  # "expcode" or "expcode.npy"
        if kind is h5py.Dataset and name in PARTS:
            sets[name] = key
        elif kind is h5py.Group:
            groups.append(key)
    if odd:
        say(f"{path}: {odd} links to elsewhere were not followed")
    if sets.keys() >= NEEDED:
        yield PublishedSequence(path, lambda: {name: _read(group, key, name) for name, key in sets.items()})
        return
    for key in groups if depth < DEPTH else []:
        yield from _below(group[key], f"{path}/{key}", depth + 1, say)


def _read(group: Any, key: str, name: str) -> Part:
    """One dataset. Raises BadInput for one that is damaged or reaches beyond the file."""
    try:
        return _checked(group[key], name)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise BadInput(f"{name} is damaged ({str(error)[:80]})") from None


def _checked(data: Any, name: str) -> Part:
    """The numbers of a dataset, after its type, size, place and filters were checked."""
    if data.external or data.is_virtual:
        raise BadInput(f"{name} lies in another file, which is not opened")
    plain = data.dtype.kind in "fiub" or (name in ("metadata", "audio") and data.dtype.kind in "SV")
    if not plain or data.dtype.hasobject or data.shape is None or data.dtype.itemsize > PARTS[name]:
        raise BadInput(f"{name} is of the type {str(data.dtype)[:40]}; expected plain numbers")
    if data.nbytes > PARTS[name]:
        raise LimitExceeded(f"{name} has more than {PARTS[name] >> 20} MB")
    plan = data.id.get_create_plist()
    found = {plan.get_filter(i)[0] for i in range(plan.get_nfilters())}
    if not found <= FILTERS:
        raise BadInput(f"{name} is packed by the filters {sorted(found - FILTERS)}, which are not run")
    if data.chunks and int(np.prod(data.chunks, dtype=np.float64)) * data.dtype.itemsize > MAX_CHUNK:
        raise LimitExceeded(f"{name} is packed in pieces of more than {MAX_CHUNK >> 20} MB")
    array = np.asarray(data[()])
    as_bytes = array.dtype.kind in "SV" or (name == "metadata" and array.dtype == np.uint8)
    return array.tobytes() if as_bytes else array
