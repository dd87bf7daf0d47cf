"""Where to look when the whole picture shows no face at first sight: closer, from further off, and turned.

The detector sees 128 x 128 pixels: a face under about a tenth of the picture is too small for it, one that fills
the picture is too large, and one that lies on its side is not what it was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from .crop import Region, letterbox
from .detect import SIDE, overlap
from .records import Detection, Landmarks

FURTHER = 2.0  # the picture takes half of the detector's input: for a face that fills the frame
TURNS = (1, 3, 2)  # quarter turns, most frequent first: a camera held upright, then upside down
STEP = 0.6  # of a tile from one to the next: a face of up to 0.4 of a tile lies whole in one of them
SMALLEST = 160  # pixels: in such a tile a face of 40 pixels is as large as the detector needs
SURE = 0.6  # least score of a detection in a search: hundreds of looks see more that is none
UPRIGHT = 0.85  # score that upright faces seen from the front reach (0.91..0.96), and turned ones do not (0.5..0.85)
SURER = 0.05  # by how much a turned picture has to be more of a face
SAME = 0.3  # intersection over union from which two finds are one face

Find = TypeVar("Find", Detection, Landmarks)


def looks(width: int, height: int) -> Iterator[list[Region]]:
    """Regions of a picture by stages, cheapest first; a stage that shows a face ends the search."""
    whole = letterbox(width, height)
    far = Region(whole.centre, (whole.size[0] * FURTHER, whole.size[1] * FURTHER))
    # Together, because the surest of several finds in one place is kept: it is the one that is the right way up.
    yield [far, *(turned(region, turn) for turn in TURNS for region in (whole, far))]
    side = max(width, height) / 2
    while side >= SMALLEST:
        yield tiles(width, height, side)
        side /= 2
    closer = tiles(width, height, max(width, height) / 2)
    for turn in TURNS:
        yield [turned(tile, turn) for tile in closer]


def tiles(width: int, height: int, side: float) -> list[Region]:
    """Square regions of ``side`` pixels that cover the picture and overlap."""

    def middles(length: int) -> np.ndarray:
        if length <= side:
            return np.array([length / 2])
        count = int(np.ceil((length - side) / (STEP * side))) + 1
        return np.linspace(side / 2, length - side / 2, count)

    return [Region((float(x), float(y)), (side, side)) for y in middles(height) for x in middles(width)]


def turned(region: Region, turn: int) -> Region:
    """``region`` turned by quarters around its middle: its crop shows a picture that ``np.rot90`` has turned so."""
    return Region(region.centre, region.size, turn * np.pi / 2)


def shrink(image: np.ndarray, times: int) -> np.ndarray:
    """``image`` (H, W, 3) uint8 with each block of ``times`` x ``times`` pixels as their mean."""
    if times <= 1:
        return image
    height, width = (length // times * times for length in image.shape[:2])
    blocks = image[:height, :width].reshape(height // times, times, width // times, times, 3)
    return blocks.mean(axis=(1, 3), dtype=np.float32).round().astype(np.uint8)


def shrink_times(region: Region, image: np.ndarray) -> int:
    """By how much a picture may be shrunk before ``region`` is cut from it for the detector."""
    return max(1, min(int(region.size[0] / SIDE), min(image.shape[:2])))


def scaled(region: Region, by: float) -> Region:
    (x, y), (width, height) = region.centre, region.size
    return Region((x * by, y * by), (width * by, height * by), region.angle)


def scaled_back(detection: Detection, by: float) -> Detection:
    left, top, right, bottom = (value * by for value in detection.box)
    return Detection((left, top, right, bottom), detection.score, detection.points * np.float32(by))


def distinct(finds: list[Find]) -> list[Find]:
    """``finds`` without those that overlap an earlier one: the same face in two tiles."""
    kept: list[Find] = []
    for find in finds:
        box = np.array(find.box).reshape(2, 2)
        if not kept or overlap(box, np.array([k.box for k in kept]).reshape(-1, 2, 2)).max() < SAME:
            kept.append(find)
    return kept
