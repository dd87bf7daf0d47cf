"""Heads at rest in a file: one .npz, read without pickle and written the same bytes each time."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..files import asset, atomic_path
from ..records import ARKIT_NAMES
from .head import Head, Part
from .margins import Margin

MARGINS = ("lips", "lid_left", "lid_right")
HALVES = 6  # zlib level: 9 takes four times as long and saves one per cent


def load_head(path: Path | None = None) -> Head:
    """Read a head written by ``save_head``; without ``path``, the packaged open head.

    Raises BadInput when the file is not such a head, or its parts do not fit each other.
    """
    source = path or asset("head.npz")
    try:
        if source.is_file() and not zipfile.is_zipfile(source):
            raise ValueError("it is no .npz archive, or a torn one")
        with np.load(source, allow_pickle=False) as data:
            head = _from_arrays(data)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{source} is not a dxtalker head ({error}); make one with dxtalker fit") from error
    _check(head, source)
    return head


def save_head(path: Path, head: Head, also: Mapping[str, np.ndarray] | None = None) -> None:
    """Write ``head`` to ``path``; ``also`` are further arrays that ``load_head`` leaves alone."""
    with atomic_path(Path(path)) as temporary:
        write_arrays(temporary, {**to_arrays(head), **(also or {})})


def to_arrays(head: Head) -> dict[str, np.ndarray]:
    """The arrays of the file, by name."""
    table = [[part.first, part.count, part.roughness, part.specular, part.blend] for part in head.parts]
    arrays = {
        "name": np.array(head.name),
        "vertices": head.vertices.astype(np.float32),
        "triangles": head.triangles.astype(np.int32),
        "uv": head.uv.astype(np.float32),
        "weld": head.weld.astype(np.int32),
        "deltas": head.deltas.astype(np.float16),
        "head_weight": head.head_weight.astype(np.float32),
        "shape_names": np.array(ARKIT_NAMES),
        "part_names": np.array([part.name for part in head.parts]),
        "part_table": np.array(table, np.float64),
        "pivot": head.pivot.astype(np.float32),
        "eyes": head.eyes.astype(np.float32),
        "lip_pairs": head.lip_pairs.astype(np.int32),
        "landmark_names": np.array(list(head.landmarks)),
        "landmarks": np.array(list(head.landmarks.values()), np.int32),
        "extra_names": np.array(list(head.extras), dtype=np.str_),
        "extra_deltas": np.array(list(head.extras.values()), np.float16).reshape(-1, len(head.vertices), 3),
        "albedo_png": _png(head.albedo),
    }
    for name, margin in _margins(head).items():
        arrays |= margin.arrays(name)
    if head.normal_map is not None:
        arrays["normal_png"] = _png(head.normal_map)
    return arrays


def _margins(head: Head) -> dict[str, Margin]:
    if head.lips is None or head.lids is None:
        return {}
    return {"lips": head.lips, "lid_left": head.lids[0], "lid_right": head.lids[1]}


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], level: int = HALVES) -> None:
    """Like numpy.savez_compressed, but with fixed dates, so that equal arrays make equal files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array.copy(order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name.endswith("_png") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, stream.getvalue(), compresslevel=level)


def _png(pixels: np.ndarray) -> np.ndarray:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=3)
    return np.frombuffer(stream.getvalue(), np.uint8)


def _picture(data: np.ndarray, mode: str) -> np.ndarray:
    from PIL import Image

    return np.array(Image.open(io.BytesIO(data.tobytes()), formats=("PNG",)).convert(mode))


def _from_arrays(data: Mapping[str, Any]) -> Head:
    names = tuple(data["shape_names"].tolist())
    if names != ARKIT_NAMES:
        raise ValueError("its shapes are not the 52 ARKit shapes in our order")
    table = zip(data["part_names"].tolist(), data["part_table"].tolist(), strict=True)
    lips, left, right = (Margin.of(data, name) if f"{name}_upper" in data else None for name in MARGINS)
    return Head(
        name=str(data["name"]),
        vertices=data["vertices"].astype(np.float32),
        triangles=data["triangles"].astype(np.int32),
        uv=data["uv"].astype(np.float32),
        weld=data["weld"].astype(np.int32),
        deltas=data["deltas"].astype(np.float32),
        head_weight=data["head_weight"].astype(np.float32),
        pivot=data["pivot"].astype(np.float32),
        eyes=data["eyes"].astype(np.float32),
        lip_pairs=data["lip_pairs"].astype(np.int32),
        landmarks=dict(zip(data["landmark_names"].tolist(), data["landmarks"].tolist(), strict=True)),
        parts=tuple(
            Part(name, int(first), int(count), rough, spec, bool(blend))
            for name, (first, count, rough, spec, blend) in table
        ),
        albedo=_picture(data["albedo_png"], "RGBA"),
        extras=dict(zip(data["extra_names"].tolist(), data["extra_deltas"].astype(np.float32), strict=True)),
        lips=lips,
        lids=(left, right) if left and right else None,
        normal_map=_picture(data["normal_png"], "RGB") if "normal_png" in data else None,
    )


def _check(head: Head, source: Path) -> None:
    """Refuse arrays whose shapes or indices do not fit each other."""
    count = len(head.vertices)
    shapes = {
        "vertices": (head.vertices, (count, 3)),
        "uv": (head.uv, (count, 2)),
        "weld": (head.weld, (count,)),
        "deltas": (head.deltas, (len(ARKIT_NAMES), count, 3)),
        "head_weight": (head.head_weight, (count,)),
        "pivot": (head.pivot, (3,)),
        "eyes": (head.eyes, (2, 3)),
        **{f"shape {name}": (delta, (count, 3)) for name, delta in head.extras.items()},
    }
    for name, (array, expected) in shapes.items():
        if array.shape != expected or not np.isfinite(array).all():
            raise BadInput(
                f"{source}: its {name} has shape {array.shape} or is not finite; expected {expected}"
            )
    indices = np.concatenate([head.triangles.ravel(), head.lip_pairs.ravel(), list(head.landmarks.values())])
    for margin in _margins(head).values():
        indices = np.concatenate(
            [indices, *(getattr(margin, name).ravel() for name in ("upper", "lower", "near"))]
        )
    if count == 0 or len(head.triangles) == 0 or indices.min() < 0 or indices.max() >= count:
        raise BadInput(f"{source}: its triangles or landmarks name vertices beyond its {count}")
    if head.weld.min() < 0 or head.weld.max() >= count:
        raise BadInput(f"{source}: its weld names points beyond its {count} vertices")
    if sum(part.count for part in head.parts) != len(head.triangles):
        raise BadInput(f"{source}: its parts do not cover its {len(head.triangles)} triangles")
