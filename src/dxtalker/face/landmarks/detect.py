"""BlazeFace's raw output -> detections: anchors, decoding, weighted suppression.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019); the short range model.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .crop import Region
from .records import Detection

SIDE = 128  # pixels of the network's input
ENOUGH = 0.5  # least score of a detection
OVERLAP = 0.3  # intersection over union from which two boxes are one face
LAYERS = ((16, 2), (8, 6))  # (cells a side, anchors a cell)


@cache
def anchors() -> np.ndarray:
    """(896, 2) float32 centres of the anchors as shares of the input; all anchors are as large as the input."""
    parts = []
    for cells, each in LAYERS:
        middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        parts.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(parts)


def decode(raw: np.ndarray, logits: np.ndarray, least: float = ENOUGH) -> tuple[np.ndarray, np.ndarray]:
    """Boxes with their points, (N, 8, 2) shares of the input, and scores (N,), best first.

    ``raw`` (896, 16) holds centre, size and six points relative to the anchors. Of the eight pairs that come out
    the first two are the box's top left and bottom right corners.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))  # clipped to what float32 can hold
    chosen = np.flatnonzero(scores >= least)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    pairs = raw[chosen].reshape(-1, 8, 2) / SIDE
    half = pairs[:, 1] / 2
    pairs = pairs + anchors()[chosen, None]
    centre = pairs[:, 0].copy()
    pairs[:, 0], pairs[:, 1] = centre - half, centre + half
    return pairs, scores[chosen]


def merge(pairs: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Weighted suppression: each group of overlapping boxes becomes its mean by score. Input as from ``decode``."""
    kept = []
    while len(scores):
        same = overlap(pairs[0, :2], pairs[:, :2]) > OVERLAP
        same[0] = True
        weight = scores[same, None, None]
        kept.append(((pairs[same] * weight).sum(axis=0) / weight.sum(), float(scores[0])))
        pairs, scores = pairs[~same], scores[~same]
    return kept


def overlap(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """(N,) intersection over union of the box ``one`` (2, 2) with ``many`` (N, 2, 2): top left, bottom right."""
    low, high = np.maximum(one[0], many[:, 0]), np.minimum(one[1], many[:, 1])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(np.clip(many[:, 1] - many[:, 0], 0, None), axis=1)
    return shared / np.maximum(np.prod(one[1] - one[0]) + areas - shared, 1e-12)


def detections(
    raw: np.ndarray, logits: np.ndarray, region: Region, least: float = ENOUGH
) -> tuple[Detection, ...]:
    """The faces that the network saw in ``region`` (turned by quarters at most) of a picture, best first."""
    found = []
    for pairs, score in merge(*decode(raw, logits, least)):
        pixels = region.to_picture(pairs).astype(np.float32)
        # A region turned by quarters gives the corners in another order.
        (left, top), (right, bottom) = pixels[:2].min(axis=0).tolist(), pixels[:2].max(axis=0).tolist()
        found.append(Detection((left, top, right, bottom), score, pixels[2:]))
    return tuple(found)
