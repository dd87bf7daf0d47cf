"""Makes ``src/dxtalker/assets/identity_guess.onnx``: who somebody is at first sight, learned from people our renderer draws.

    python scripts/make_identity_guess.py work [--looks 600] [--workers 2] [--epochs 12] [-o identity_guess.onnx]

``work`` is a folder for samples (1.2 MB a look of 42 pictures) and the checkpoint; what is there already is not made
again. About 40 minutes of drawing and 25 of training on two cores. Needs: pip install torch onnx.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/identity_guess.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--looks", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    draw_all(given.work / "samples", given.looks, given.workers)

    from dxtalker.face.identity import load_identity_space
    from identity_guess.export import write_onnx
    from identity_guess.samples import read
    from identity_guess.training import train

    space = load_identity_space()
    net, precision = train(space, read(given.work / "samples"), given.epochs, given.work / "checkpoint.pt")
    write_onnx(given.output, net, precision)
    print(f"{given.output.name}: {given.output.stat().st_size / 1e6:.2f} MB")


def draw_all(folder: Path, looks: int, workers: int) -> None:
    """The samples, by ``workers`` processes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("LP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # a core each
        os.environ[name] = "1"
    from identity_guess.samples import draw

    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(draw, [folder] * workers, [range(i, looks, workers) for i in range(workers)]))


if __name__ == "__main__":
    main()
