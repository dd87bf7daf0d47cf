"""One sentence said by several voices, drawn: a row a voice, frames at the same phones.

    python bench/strips.py man.opus woman.opus synthetic.flac --phones phones.json -o strips.png [--yaw 32]

Columns are a rest, then the phones in their order: every voice's own time of the first, second, … closure (P B M), lip on
teeth (F V), open and rounded vowel that all of them have, as many as --columns asks for. phones.json is as
``data/phones.py`` reads it, keys are the files' names. For the eye: what each row shows should be the same.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from dxtalker import Motion, Settings, Speaker, load_audio
from dxtalker.data.phones import Phone, read_phones
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer

DRAWN, SIZE = (480, 600), (240, 260)  # pixels of a whole picture, and of its lower face
SHOWN = {
    **dict.fromkeys("PBM", "closed"),
    **dict.fromkeys("FV", "lip on teeth"),
    **dict.fromkeys(("AA", "AE", "AO", "AY", "AW"), "open"),
    **dict.fromkeys(("UW", "OW", "UH", "W"), "round"),
}


def shared_phones(spoken: Sequence[Sequence[Phone]], most: int) -> list[tuple[str, list[float]]]:
    """(phone, its middle in each voice): those that every voice says, in order of the first voice, spread evenly."""
    found: list[dict[tuple[str, int], float]] = []
    for phones in spoken:
        count, times = Counter[str](), {}
        for phone in phones:
            if phone.name in SHOWN:
                count[phone.name] += 1
                times[phone.name, count[phone.name]] = (phone.start + phone.end) / 2
        found.append(times)
    common = [key for key in found[0] if all(key in times for times in found)]
    chosen = [
        common[i]
        for i in np.unique(np.linspace(0, len(common) - 1, min(most, len(common))).round().astype(int))
    ]
    return [(name, [times[name, number] for times in found]) for name, number in chosen]


def draw(speaker: Speaker, motion: Motion, seconds: Sequence[float], yaw: float) -> list[np.ndarray]:
    """(H, W, 3) uint8 for each of ``seconds``; head and gaze are held still, so that mouths can be compared."""
    frames = np.clip(np.round(np.array(seconds) * float(motion.fps)).astype(int), 0, len(motion) - 1)
    still = np.zeros((len(frames), 3), np.float32)
    few = replace(motion, curves=motion.curves[frames], rotation=still, translation=still)
    renderer = make_renderer(speaker.head, portrait(speaker.head, DRAWN, yaw))
    try:
        left, top = (DRAWN[0] - SIZE[0]) // 2 - round(200 * np.sin(yaw)), DRAWN[1] * 2 // 5
        face = (slice(top, top + SIZE[1]), slice(left, left + SIZE[0]), slice(3))
        return [picture[face].copy() for picture in draw_motion(speaker.head, few, renderer)]
    finally:
        renderer.close()


def strip(sounds: Sequence[Path], phones: Path, columns: int, yaw: float, model: Path | None) -> Image.Image:
    """All rows as one picture."""
    known, speaker = read_phones(phones), Speaker(settings=Settings(model=model))
    shown = shared_phones([known[sound.stem] for sound in sounds], columns)
    rows = []
    for number, sound in enumerate(sounds):
        motion = speaker.animate(load_audio(sound))
        rows.append(
            np.concatenate(draw(speaker, motion, [0.0, *(times[number] for _, times in shown)], yaw), axis=1)
        )
    whole = Image.fromarray(np.concatenate(rows))
    pen = ImageDraw.Draw(whole)
    for column, name in enumerate(["rest", *(f"{name} {SHOWN[name]}" for name, _ in shown)]):
        pen.text((SIZE[0] * column + 6, 4), name, fill="white")
    for row, sound in enumerate(sounds):
        pen.text((6, SIZE[1] * (row + 1) - 16), sound.stem, fill="white")
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sounds", nargs="+", type=Path)
    parser.add_argument("--phones", type=Path, required=True)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--yaw", type=float, default=0.0, help="degrees that the camera goes round the head")
    parser.add_argument("--model", type=Path, help="a generator; default: the packaged one")
    parser.add_argument("-o", "--output", type=Path, default=Path("strips.png"))
    given = parser.parse_args()
    strip(given.sounds, given.phones, given.columns, np.radians(given.yaw), given.model).save(given.output)
    print(given.output)


if __name__ == "__main__":
    main()
