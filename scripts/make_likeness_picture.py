"""Makes ``docs/images/strangers.jpg``: people who do not exist, mid-speech in the demo voice.

    python scripts/make_likeness_picture.py [-o docs/images/strangers.jpg]

Above, four strangers (``dxtalker fit --random``) at moments of the demo; below, each from the front and the side.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dxtalker import Motion, Speaker, load_audio
from dxtalker.face.head import Head
from dxtalker.face.stranger import stranger
from dxtalker.files import asset
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer
from make_readme_picture import ROOT, choose

PEOPLE = ((3, 28.0, 0.0), (11, 66.0, 1.0), (5, 38.0, 1.0), (8, 55.0, 0.0))  # seed, years, male
SIZE = (340, 420)  # pixels of a large picture; the small ones are half as wide
SIDE = np.radians(60)
QUALITY = 90  # of the JPEG: skin bands in a palette, and a full PNG is four times as large


def draw(head: Head, motion: Motion, frame: int, yaw: float, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) uint8: one frame of ``motion``."""
    still = slice(frame, frame + 1)
    one = replace(
        motion,
        curves=motion.curves[still],
        rotation=motion.rotation[still],
        translation=motion.translation[still],
    )
    renderer = make_renderer(head, portrait(head, size, yaw))
    try:
        return next(iter(draw_motion(head, one, renderer)))[..., :3]
    finally:
        renderer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs/images/strangers.jpg")
    output = parser.parse_args().output
    speaker = Speaker()
    motion = speaker.animate(load_audio(asset("demo.flac")))
    rest, vowel, closed, spread = choose(motion, speaker.head.opening(motion.curves))
    small = (SIZE[0] // 2, SIZE[1] // 2)
    large, little = [], []
    for (seed, age, male), frame in zip(PEOPLE, (vowel, spread, closed, vowel + 4), strict=True):
        head = stranger(seed, age, male)
        large.append(draw(head, motion, frame, 0.15, SIZE))
        little += [draw(head, motion, rest, yaw, small) for yaw in (0.0, SIDE)]
    sheet = np.concatenate([np.concatenate(large, axis=1), np.concatenate(little, axis=1)])
    output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(output, quality=QUALITY, subsampling=0, optimize=True)
    print(f"{output}: {output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
