"""Makes ``docs/images/demo.png``: four frames of the demo voice, drawn as any video is.

    python scripts/make_readme_picture.py [-o docs/images/demo.png]

From left to right: before the first word; the widest vowel; the firmest /m/, /b/ or /p/; the most
spread lips, from the side.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dxtalker import Motion, Speaker, load_audio
from dxtalker.files import asset
from dxtalker.records import BLINK, channels
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer

ROOT = Path(__file__).parents[1]
PHONES = ROOT / "tests/data/demo.phone.json"
SIZE = (360, 440)  # pixels of one frame
SIDE = np.radians(32)  # camera's way round the head in the last frame
SPREAD = channels("mouthSmile", "mouthDimple", "cheekSquint")


def closures() -> list[float]:
    """Seconds at the middle of every /p b m/ of the demo."""
    words = json.loads(PHONES.read_text(encoding="utf-8"))["w"]
    return [p["b"] + p["d"] / 2 for word in words for p in word["w"] if p["t"] in ("P", "B", "M")]


def choose(motion: Motion, opening: np.ndarray) -> tuple[int, int, int, int]:
    """Frames of rest, vowel, closure and spread lips, all with open eyes."""
    frames = np.arange(len(motion))
    awake = motion.curves[:, BLINK].max(axis=1) < 0.15
    closing = np.isin(frames, np.round(np.array(closures()) * float(motion.fps)))
    rest = int(frames[awake][0])
    vowel = int(np.argmax(np.where(awake, opening, -np.inf)))
    closed = int(np.argmin(np.where(awake & closing, opening, np.inf)))
    spread = int(np.argmax(np.where(awake & (opening > 1), motion.curves[:, SPREAD].sum(axis=1), -np.inf)))
    return rest, vowel, closed, spread


def draw(speaker: Speaker, motion: Motion, frame: int, yaw: float) -> np.ndarray:
    """(H, W, 3) uint8: one frame of ``motion``."""
    still = slice(frame, frame + 1)
    curves, rotation, translation = motion.curves[still], motion.rotation[still], motion.translation[still]
    one = replace(motion, curves=curves, rotation=rotation, translation=translation)
    renderer = make_renderer(speaker.head, portrait(speaker.head, SIZE, yaw))
    try:
        return next(iter(draw_motion(speaker.head, one, renderer)))[..., :3]
    finally:
        renderer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs/images/demo.png")
    output = parser.parse_args().output
    speaker = Speaker()
    motion = speaker.animate(load_audio(asset("demo.flac")))
    chosen = choose(motion, speaker.head.opening(motion.curves))
    views = [draw(speaker, motion, frame, yaw) for frame, yaw in zip(chosen, (0, 0, 0, SIDE), strict=True)]
    output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(views, axis=1)).save(output, optimize=True)
    told = ", ".join(f"{frame / float(motion.fps):.2f} s" for frame in chosen)
    print(f"{output}: frames at {told}")


if __name__ == "__main__":
    main()
