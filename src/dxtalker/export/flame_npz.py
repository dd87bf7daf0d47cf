"""FLAME parameters as .npz, in the names and shapes of the published 3DTalkingDataset; and back.

That dataset stores, frame by frame at 25 fps: shapecode (T, 100), expcode (T, 50) and posecode (T, 6), the
head's rotation and the jaw's as axis-angle in radians. We add what it lacks under names of our own: eyecode
(T, 6) left and right eye, transl (T, 3) metres, fps, start, and vertices (T, V, 3) where they stay small.
A reader of the dataset ignores them.
"""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..face.bodies.flame import JAW, JOINTS, LEFT_EYE, ROOT, axis_angle
from ..face.bodies.flame_head import FlameHead
from ..face.bodies.npz_file import read_arrays
from ..face.bodies.solve import FlameCurves, FlameSolver
from ..face.head import Head, rotation_matrix
from ..face.head_file import write_arrays
from ..files import atomic_path
from ..records import FEATURE_FPS, Motion, frame_rate
from .limits import MAX_FILE_BYTES, read_limited

SHAPE_CODES, EXPRESSION_CODES = 100, 50  # of the dataset
VERTEX_BYTES = 200 << 20  # vertices are written up to this size: about two minutes of FLAME
_NEEDED = ("expcode", "posecode")
_MEMBERS = ("shapecode", "expcode", "posecode", "eyecode", "fps", "start")


def flame_of(path: Path, head: Head) -> tuple[FlameHead, FlameSolver]:
    """``head`` and its solver. Raises BadInput when it was not made from a FLAME file."""
    if not isinstance(head, FlameHead) or head.solver is None:
        raise BadInput(
            f"{path.name} needs FLAME: give your own FLAME file with --face, as in: --face flame2023.pkl"
        )
    return head, head.solver


def write_flame_npz(path: Path, motion: Motion, head: Head) -> None:
    """Write ``motion`` as parameters of ``head``, which must have been made from a FLAME file.

    posecode holds FLAME's root rotation, as in the dataset, and the neck rests; the pictures of ``FlameHead``
    turn its neck instead. ``vertices`` are what these parameters and ``transl`` give in FLAME's own
    coordinates; they are left out above 200 MB. The identity is the head's, at most 100 shape codes.

    Raises BadInput for another head, or when the folder cannot be written.
    """
    head, solver = flame_of(path, head)
    flame = solver.to_flame(motion.curves)
    turns = np.stack([rotation_matrix(angles) for angles in motion.rotation.astype(np.float64)])
    flame.pose[:, 3 * ROOT : 3 * ROOT + 3] = axis_angle(turns)
    arrays = {
        "shapecode": np.tile(_padded(head.shape_code, SHAPE_CODES), (len(motion), 1)),
        "expcode": _padded(flame.expression, EXPRESSION_CODES),
        "posecode": np.concatenate([flame.pose[:, :3], flame.pose[:, 3 * JAW : 3 * JAW + 3]], axis=1),
        "eyecode": flame.pose[:, 3 * LEFT_EYE :],
        "transl": motion.translation,
    }
    arrays = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
    if len(motion) * solver.model.template.size * 4 <= VERTEX_BYTES:
        arrays["vertices"] = flame_vertices(head, flame, motion.translation)
    rate = f"{motion.fps.numerator}/{motion.fps.denominator}"
    with atomic_path(Path(path)) as temporary:
        write_arrays(temporary, arrays | {"fps": np.array(rate), "start": np.array(motion.start, np.float64)})


def flame_vertices(head: FlameHead, flame: FlameCurves, translation: np.ndarray) -> np.ndarray:
    """(T, V, 3) float32 metres in FLAME's own coordinates. Raises BadInput for a head without its solver."""
    if head.solver is None:
        raise BadInput("the head was not made from a FLAME file; load one with load_face")
    result = np.zeros((len(flame), *head.solver.model.template.shape), np.float32)
    for at in range(0, len(flame), 64):
        part = slice(at, at + 64)
        result[part] = head.solver.model.vertices(flame.expression[part], flame.pose[part])
    return result + translation[:, None].astype(np.float32)


def _padded(values: np.ndarray | None, width: int) -> np.ndarray:
    """The first ``width`` columns, filled up with zeros."""
    values = np.zeros(0) if values is None else values
    result = np.zeros((*values.shape[:-1], width), np.float32)
    result[..., : min(width, values.shape[-1])] = values[..., :width]
    return result


def read_flame_npz(path: Path) -> tuple[FlameCurves, np.ndarray, Fraction]:
    """Read our .flame.npz, an .npz of the dataset, or a folder of its .npy files.

    Returns the curves, the shape codes (<= 100,) of the first frame, and the frame rate, 25 where none is
    stated. Raises BadInput when expcode or posecode are missing or do not fit each other.
    """
    path = Path(path)
    found = _folder(path) if path.is_dir() else read_arrays(path, read_limited(path), MAX_FILE_BYTES)
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise BadInput(f"{path} holds no FLAME motion: it has no {', '.join(missing)}")
    expression, codes = _table(path, found, "expcode", 300), _table(path, found, "posecode", 6)
    if len(expression) != len(codes) or codes.shape[1] != 6:
        raise BadInput(
            f"{path}: expcode {expression.shape} and posecode {codes.shape} do not fit; expected (T, 50) and (T, 6)"
        )
    pose = np.zeros((len(codes), JOINTS * 3))
    pose[:, :3], pose[:, 3 * JAW : 3 * JAW + 3] = codes[:, :3], codes[:, 3:]
    if "eyecode" in found:
        eyes = _table(path, found, "eyecode", 6)
        if eyes.shape != (len(codes), 6):
            raise BadInput(f"{path}: eyecode has shape {eyes.shape}; expected ({len(codes)}, 6)")
        pose[:, 3 * LEFT_EYE :] = eyes
    shape = _table(path, found, "shapecode", 300)[0] if "shapecode" in found else np.zeros(0)
    rate = frame_rate(str(found["fps"].item())) if "fps" in found and found["fps"].size == 1 else FEATURE_FPS
    return FlameCurves(expression, pose), shape, rate


def _table(path: Path, found: dict[str, np.ndarray], name: str, widest: int) -> np.ndarray:
    """(T, C) float64, finite; a leading axis of one, as the dataset has in places, is taken away."""
    array = found[name]
    if array.ndim == 3 and 1 in array.shape[:2]:
        array = array.reshape(-1, array.shape[-1])
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.dtype.kind not in "fiu" or not 0 < array.shape[1] <= widest or not len(array):
        raise BadInput(f"{path}: {name} has shape {array.shape}; expected (T, {widest}) or narrower")
    if not np.isfinite(array).all():
        raise BadInput(f"{path}: {name} holds NaN or infinite values")
    return array.astype(np.float64)


def _folder(path: Path) -> dict[str, np.ndarray]:
    """The members that lie in a folder as .npy."""
    found: dict[str, np.ndarray] = {}
    for name in _MEMBERS:
        file = path / f"{name}.npy"
        if file.is_file():
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:  # so that one reader does all the checking
                archive.writestr(f"{name}.npy", read_limited(file))
            found |= read_arrays(file, stream.getvalue(), MAX_FILE_BYTES)
    return found
