"""Sequences in the layout of the published 3DTalkingDataset, of made-up numbers."""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - writes files that the reader under test must read without it
from pathlib import Path

import numpy as np

from dxtalker.data.clip_file import wav_bytes

WIDTHS = {"expcode": (50,), "posecode": (6,), "shapecode": (100,), "detailcode": (128,), "texcode": (50,),
          "lightcode": (9, 3), "cam": (3,)}  # fmt: skip


class Runs:
    """Unpickling this writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.write_text, (self.target, "it ran")


def made_up_arrays(seed: int, frames: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(0, 0.1, (frames, *width)).astype(np.float32) for name, width in WIDTHS.items()}
    arrays["refimg"] = rng.random((3, 224, 224), np.float32)
    arrays["audio"] = (rng.normal(0, 900, 640 * frames + 100).round() / 32768).astype(np.float32)
    arrays["envelope"] = np.abs(arrays["audio"])
    return arrays


def made_up_files(seed: int, frames: int, metadata: object = 376) -> dict[str, bytes]:
    """The eleven files of a sequence."""
    arrays = made_up_arrays(seed, frames)
    files = {"audio.wav": wav_bytes(arrays.pop("audio")), "metadata.pkl": pickle.dumps(metadata)}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.save(stream, array)
        files[f"{name}.npy"] = stream.getvalue()
    return files


def write_sequence(folder: Path, seed: int, frames: int = 20, metadata: object = 376) -> None:
    folder.mkdir(parents=True)
    for name, data in made_up_files(seed, frames, metadata).items():
        (folder / name).write_bytes(data)
