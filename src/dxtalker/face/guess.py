"""Who it is at first sight: a face in a picture -> identity codes, as the fit expects them before it looks closer.

A small network (scripts/make_identity_guess.py) reads the face's crop, what the mesh network makes of it inside, and the
landmarks. It was trained on people drawn with random shapes, colours, lights, lenses and expressions, several
pictures a person, so that it does not take a smile for a face; as Tuan Tran et al. 2017 regress the shape of a
face whatever the picture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files import asset
from .align import similarity
from .fit import Guess
from .landmarks import Appearance, Landmarks
from .view import TO_PICTURE

UNIT = 0.003  # metres that the network takes as one


class Guesser:
    """Loads the network once; then answers for one face at a time."""

    def __init__(self, mean: np.ndarray, path: Path | None = None) -> None:
        """``mean`` (478, 3) metres: the landmarks on the mean adult, as the network's training saw them."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._mean = mean
        self._network = onnxruntime.InferenceSession(
            str(path or asset("identity_guess.onnx")), options, providers=["CPUExecutionProvider"]
        )

    def guess(self, seen: Appearance, face: Landmarks, size: tuple[int, int]) -> Guess:
        """Who ``face`` is, in a picture of ``size`` = (width, height) pixels that shows it as ``seen``."""
        inputs = {
            "crop": seen.crop[None],
            "fine": seen.fine[None],
            "coarse": seen.coarse[None],
            "marks": describe(face, size, self._mean)[None],
        }
        code, precision = self._network.run(["code", "precision"], inputs)
        return Guess(np.asarray(code, np.float64)[0], np.asarray(precision, np.float64))


def describe(face: Landmarks, size: tuple[int, int], mean: np.ndarray) -> np.ndarray:
    """(1489,) float32: the landmarks' distances from ``mean`` (478, 3) once laid on it, the pose, and the scores."""
    centred = np.column_stack([face.points - np.array(size) / 2, face.depth]) * TO_PICTURE
    way = similarity(centred, mean)
    away = (way.apply(centred) - mean) / UNIT
    pose = way.rotation[[0, 1, 0], [2, 2, 1]]
    return np.concatenate([away.ravel(), 3 * pose, 2 * face.scores]).astype(np.float32)
