"""FLAME parameters as a network of that space gave them, as .npz in the published names: no solve, nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..face.bodies.npz_file import read_arrays
from ..face.head_file import write_arrays
from ..files import atomic_path
from ..motion.paper import DETAIL, EXPRESSION, HEAD, JAW, PARAMETERS, SHAPE, FlameCodes
from ..records import frame_rate
from .limits import MAX_FILE_BYTES, read_limited

NAMES = {
    "shapecode": SHAPE,
    "expcode": EXPRESSION,
    "posecode": slice(HEAD.start, JAW.stop),
    "detailcode": DETAIL,
}


def write_flame_codes(path: Path, codes: FlameCodes) -> None:
    """Write shapecode (T, 100), expcode (T, 50), posecode (T, 6), detailcode (T, 128), fps and start.

    ``read_flame_npz`` reads it as well. Raises BadInput when the folder cannot be written.
    """
    arrays = {name: codes.values[:, place] for name, place in NAMES.items()}
    rate = f"{codes.fps.numerator}/{codes.fps.denominator}"
    told = {"fps": np.array(rate), "start": np.array(codes.start, np.float64)}
    with atomic_path(Path(path)) as temporary:
        write_arrays(temporary, arrays | told)


def read_flame_codes(path: Path) -> FlameCodes:
    """Read what ``write_flame_codes`` wrote, or a sequence of the dataset as .npz; missing codes are 0.

    Raises BadInput when it has no expcode and posecode, or they do not fit each other.
    """
    path = Path(path)
    found = read_arrays(path, read_limited(path), MAX_FILE_BYTES)
    values = np.zeros((0, 0), np.float32)
    for name in ("expcode", "posecode", "shapecode", "detailcode"):
        if name not in found:
            if name in ("expcode", "posecode"):
                raise BadInput(f"{path} has no {name}; expected FLAME motion in the published names")
            continue
        part, place = found[name], NAMES[name]
        wide = place.stop - place.start
        values = values if values.size else np.zeros((len(part), PARAMETERS), np.float32)
        if part.ndim != 2 or part.dtype.kind not in "fiu" or part.shape != (len(values), wide):
            raise BadInput(f"{path}: {name} has shape {part.shape}; expected ({len(values)}, {wide})")
        values[:, place] = part
    rate = frame_rate(str(found["fps"].item())) if found.get("fps", values).size == 1 else FlameCodes.fps
    start = float(found["start"].item()) if found.get("start", values).size == 1 else 0.0
    return FlameCodes(values, rate, start)
