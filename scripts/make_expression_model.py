"""Makes ``src/dxtalker/assets/expression_model.npz``: how the Face Landmarker answers to every ARKit shape, measured on
random people drawn by our own renderer, 32 pictures each. Takes about 15 minutes on two free cores.

    python scripts/make_expression_model.py [--people 150] [--workers 2] [--keep people.npz] [-o expression_model.npz]

``--keep`` saves what was drawn; where that file exists already it is read instead.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np

from dxtalker.face.fit import Fitter, load_landmark_model
from dxtalker.face.head_file import write_arrays
from dxtalker.face.identity import load_identity_space
from expression_model.draw import Shown, people
from expression_model.learn import learn

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/expression_model.npz"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    if given.keep and given.keep.exists():
        drawn = read_people(given.keep)
    else:
        drawn = draw_people(given.people, given.workers)
        if given.keep:
            write_people(given.keep, drawn)
    mean_face = Fitter(load_identity_space(), load_landmark_model()).mean * 1000
    write_arrays(given.output, learn(drawn, mean_face), level=9)
    print(f"{given.output.name}: {given.output.stat().st_size / 1e3:.0f} kB")


def draw_people(count: int, workers: int) -> list[Shown]:
    """``count`` people; the same ones for the same number of workers."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # of the software renderer: each worker has a core
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(workers) as pool:
        parts = list(pool.map(_draw, [-(-count // workers)] * workers, range(1, workers + 1)))
    return [person for row in zip(*parts, strict=True) for person in row][:count]


def _draw(count: int, seed: int) -> list[Shown]:
    drawn = []
    for person in people(load_identity_space(), count, seed):
        drawn.append(person)
        if len(drawn) % 10 == 0:
            print(f"worker {seed}: {len(drawn)} of {count}", flush=True)
    return drawn


def write_people(path: Path, drawn: list[Shown]) -> None:
    names = [field.name for field in fields(Shown)]
    table = {f"{name}{i}": getattr(one, name) for i, one in enumerate(drawn) for name in names}
    np.savez_compressed(path, count=len(drawn), **table)


def read_people(path: Path) -> list[Shown]:
    names = [field.name for field in fields(Shown)]
    with np.load(path, allow_pickle=False) as data:
        return [Shown(*(data[f"{name}{i}"] for name in names)) for i in range(int(data["count"]))]


if __name__ == "__main__":
    main()
