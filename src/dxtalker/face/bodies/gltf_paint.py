"""Pictures of a glTF's materials -> one atlas, and the texture coordinates in it."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from .gltf_file import Document
from .gltf_scene import Piece

LARGEST = 4096  # pixels a side of the atlas
MAX_PIXELS = 8192 * 8192  # of one picture
FLAT = 8  # pixels a side of a colour without picture
MARGIN = 2  # pixels
TILES = 4  # how often a picture may repeat in one cell, each way


def paint_materials(
    document: Document, pieces: list[Piece], plain: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Texture coordinates (V, 2) of all pieces in one atlas (H, W, 4) uint8.

    ``plain`` leaves out the materials' colour factors. Pictures that cannot be read become grey.
    """
    decoded: dict[int, np.ndarray | None] = {}
    cells, boxes, order = (
        [],
        [],
        sorted({piece.material for piece in pieces}, key=lambda m: -1 if m is None else m),
    )
    for material in order:
        mine = [piece.uv for piece in pieces if piece.material == material]
        cell, box = _cell(document, material, np.concatenate(mine), decoded, plain)
        cells.append(cell)
        boxes.append(box)
    scale = 1.0
    while True:  # at most a dozen rounds: the areas shrink by a third each time
        sizes = [_size(cell, scale) for cell in cells]
        placed = _shelves(sizes)
        if placed is not None:
            break
        scale *= 0.8
    places, (width, height) = placed
    atlas = np.full((height, width, 4), 255, np.uint8)
    for cell, (left, top), (w, h) in zip(cells, places, sizes, strict=True):
        atlas[top : top + h, left : left + w] = _resized(cell, (w, h))
    uv = [_moved(piece, order, boxes, places, sizes) / (width, height) for piece in pieces]
    return np.concatenate(uv), atlas


def _cell(
    document: Document,
    material: int | None,
    uv: np.ndarray,
    decoded: dict[int, np.ndarray | None],
    plain: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """The picture (h, w, 4) uint8 that a material's triangles show, and its box left, top, right, bottom in uv."""
    entry = document.entry("materials", material) if material is not None else {}
    shading = document.part(entry, "pbrMetallicRoughness", dict)
    factor = np.ones(4) if plain else document.floats(shading, "baseColorFactor", 4, (1, 1, 1, 1))
    factor = np.clip(factor, 0, 1)
    factor[:3] **= 1 / 2.2  # the factor is linear light, the picture sRGB
    picture = _picture(document, shading, decoded)
    if picture is None:
        grey = (200, 200, 200, 255) if "baseColorTexture" in shading else (255, 255, 255, 255)
        flat = np.full((FLAT, FLAT, 4), grey, np.uint8) * factor
        return flat.astype(np.uint8), np.array([0.0, 0.0, 1.0, 1.0])
    height, width = picture.shape[:2]
    uv = np.clip(uv, -1e3, 1e3)
    low, high = uv.min(0), uv.max(0)
    if (high - low > TILES).any():
        low, high = np.zeros(2), np.ones(2)  # a carpet: its corners are wrapped, not its triangles
    size = np.array([width, height])
    first, last = np.floor(low * size).astype(int) - MARGIN, np.ceil(high * size).astype(int) + MARGIN
    step = max(1, int(np.ceil(((last - first) / LARGEST).max())))
    columns, rows = np.arange(first[0], last[0], step), np.arange(first[1], last[1], step)
    if low.min() >= 0 and high.max() <= 1:
        columns, rows = np.clip(columns, 0, width - 1), np.clip(rows, 0, height - 1)
    cell = picture[np.ix_(rows % height, columns % width)]
    if (factor != 1).any():
        cell = (cell * factor).astype(np.uint8)
    if str(entry.get("alphaMode", "OPAQUE")) == "OPAQUE":
        cell = cell.copy()
        cell[..., 3] = 255
    span = np.array([len(columns), len(rows)]) * step
    return cell, np.concatenate([first / size, (first + span) / size])


def _picture(
    document: Document, shading: dict[str, Any], decoded: dict[int, np.ndarray | None]
) -> np.ndarray | None:
    """(H, W, 4) uint8 of the base colour; None without one, or in a form that is not read (KTX2)."""
    texture = document.part(shading, "baseColorTexture", dict)
    if "index" not in texture:
        return None
    source = document.entry("textures", texture["index"]).get("source")
    if source is None:
        return None
    image = document.entry("images", source)
    if source not in decoded:
        if "bufferView" in image:
            data = bytes(document.view_bytes(image["bufferView"]))
        else:
            data = document.resource(image.get("uri"))
        decoded[source] = _decoded(data)
    return decoded[source]


def _decoded(data: bytes) -> np.ndarray | None:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                picture.draft("RGB", (2048, 2048))
                if max(picture.size) > 2048:
                    picture.thumbnail((2048, 2048))
                return np.array(picture.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _size(cell: np.ndarray, scale: float) -> tuple[int, int]:
    height, width = cell.shape[:2]
    return max(4, round(width * scale)), max(4, round(height * scale))


def _resized(cell: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    if cell.shape[1::-1] == size:
        return cell
    return np.array(Image.fromarray(np.ascontiguousarray(cell)).resize(size, Image.Resampling.BOX))


def _shelves(
    sizes: list[tuple[int, int]],
) -> tuple[list[tuple[int, int]], tuple[int, int]] | None:
    """Places of rectangles (width, height) in rows, and the size of it all; None when it is too large."""
    area = sum(w * h for w, h in sizes)
    width = max(max(w for w, _ in sizes), 1 << int(np.ceil(np.log2(max(area, 1)) / 2)))
    places: list[tuple[int, int]] = [(0, 0)] * len(sizes)
    left = top = tallest = 0
    for number in sorted(range(len(sizes)), key=lambda i: -sizes[i][1]):
        w, h = sizes[number]
        if left + w > width:
            left, top, tallest = 0, top + tallest, 0
        places[number] = (left, top)
        left, tallest = left + w, max(tallest, h)
    height = top + tallest
    return (places, (width, height)) if max(width, height) <= LARGEST else None


def _moved(
    piece: Piece,
    order: list[int | None],
    boxes: list[np.ndarray],
    places: list[tuple[int, int]],
    sizes: list[tuple[int, int]],
) -> np.ndarray:
    """(V, 2) pixels of the atlas."""
    number = order.index(piece.material)
    left, top, right, bottom = boxes[number]
    uv = np.clip(piece.uv, -1e3, 1e3)
    share = (uv - (left, top)) / (right - left, bottom - top)
    if ((share < -0.01) | (share > 1.01)).any():
        share = share % 1.0
    return np.array(places[number]) + np.clip(share, 0, 1) * np.array(sizes[number])
