"""Makes ``src/dxtalker/assets/landmark_model.npz``: where the Face Landmarker's points lie on the open head, and how
they err, measured on random people drawn by our own renderer. Takes about 15 minutes on two cores.

    python scripts/make_landmark_model.py [--samples 5000] [--workers 2] [--keep samples.npz] [-o landmark_model.npz]

``--keep`` saves the samples; where that file exists already they are read instead of drawn: after a change of the
head's mesh that leaves its faces alike.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from dxtalker.face.head_file import write_arrays
from dxtalker.face.identity import load_identity_space
from dxtalker.face.view import View
from landmark_model.embed import embed
from landmark_model.errors import error_of, expect_expressions, measure_errors
from landmark_model.samples import Sample, samples

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/landmark_model.npz"
EMBEDDED = 500  # samples that place the landmarks


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    if given.keep and given.keep.exists():
        taken = read_samples(given.keep)
    else:
        taken = draw_samples(given.samples, given.workers)
        if given.keep:
            write_samples(given.keep, taken)
    space = load_identity_space()
    vertices, shares = embed(space, taken[:EMBEDDED])
    with ProcessPoolExecutor(given.workers) as pool:
        share = -(-len(taken) // given.workers)
        parts = [taken[i : i + share] for i in range(0, len(taken), share)]
        errors = np.concatenate(
            list(pool.map(_errors, parts, [vertices] * len(parts), [shares] * len(parts)))
        )
    base_points = np.einsum("lc,lcd->ld", shares, space.base.vertices[vertices])
    arrays = {"vertices": vertices.astype(np.int32), "shares": shares.astype(np.float32)}
    arrays |= measure_errors(space, taken, errors, base_points) | expect_expressions(taken)
    write_arrays(given.output, arrays, level=9)
    print(f"{given.output.name}: {given.output.stat().st_size / 1e6:.2f} MB")


def _errors(taken: list[Sample], vertices: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(N, 478, 2) mm."""
    space = load_identity_space()
    return np.stack([error_of(space, sample, vertices, shares) for sample in taken])


def draw_samples(count: int, workers: int) -> list[Sample]:
    """``count`` samples; the same ones for the same number of workers."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # of the software renderer: each worker has a core
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(workers) as pool:
        parts = pool.map(_draw, [-(-count // workers)] * workers, range(1, workers + 1))
        drawn = list(parts)
    return [sample for row in zip(*drawn, strict=True) for sample in row][:count]


def _draw(count: int, seed: int) -> list[Sample]:
    done = []
    for sample in samples(load_identity_space(), count, seed):
        done.append(sample)
        if len(done) % 250 == 0:
            print(f"worker {seed}: {len(done)} of {count}", flush=True)
    return done


def write_samples(path: Path, taken: list[Sample]) -> None:
    views = [sample.view for sample in taken]
    np.savez_compressed(
        path,
        weights=np.stack([sample.weights for sample in taken]),
        points=np.stack([sample.points for sample in taken]),
        scores=np.stack([sample.scores for sample in taken]),
        size=np.array([view.size for view in views]),
        focal=np.array([view.focal for view in views]),
        rotation=np.stack([view.rotation for view in views]),
        translation=np.stack([view.translation for view in views]),
        expression=np.stack([view.expression for view in views]),
    )


def read_samples(path: Path) -> list[Sample]:
    with np.load(path, allow_pickle=False) as data:
        table = {name: data[name] for name in data.files}
    return [
        Sample(
            table["weights"][i],
            View(
                tuple(table["size"][i].tolist()),
                float(table["focal"][i]),
                table["rotation"][i],
                table["translation"][i],
                table["expression"][i],
            ),
            table["points"][i],
            table["scores"][i],
        )
        for i in range(len(table["focal"]))
    ]


if __name__ == "__main__":
    main()
