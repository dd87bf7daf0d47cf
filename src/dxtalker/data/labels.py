"""Tracks become training labels: ARKit curves of our rig and head rotation at 25 fps, in time with the sound.

The Landmarker's own scores are coarse, so the mouth is fitted: a bounded least squares makes our rig's lip
gaps, mouth width and lip heights those that were measured, and stays near the scores otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.head import Head
from ..records import ARKIT_INDEX, ARKIT_NAMES, FEATURE_FPS, MOUTH, UPPER, channels
from .clips import CurveTrack, FaceTrack, Track
from .corpora import corpus
from .measure import REST_SHARE, MouthMeasures, measure

# Mouth shapes that the measures can tell; the others keep the Landmarker's score.
FITTED = np.setdiff1d(
    channels("jawOpen", "jawLeft", "jawRight", "mouth"), channels("mouthRoll", "mouthPress", "mouthDimple")
)
# Expected error of each measure.
ROWS_MM = {"gaps": 0.4, "width": 1.0, "upper": 1.0, "chin": 2.5, "corners": 1.0, "shift": 1.0}
PRIOR = 0.12  # expected distance of a weight from the Landmarker's score
STEPS = 150  # of projected gradient

# FACEGOOD's rig to ARKit, by the names' meaning: (ARKit shape, FACEGOOD shape, factor). Its rig is not at
# hand, so the factors are set such that the 99th percentile of our rig's opening is about that of GRID, 13.6 mm.
FACEGOOD = (
    ("jawOpen", "mouth_stretch_c", 0.62),
    ("jawOpen", "mouth_oh_c", 0.18),
    ("mouthFunnel", "mouth_oh_c", 0.35),
    ("mouthFunnel", "mouth_funnel_dl", 0.5),
    ("mouthPucker", "mouth_pucker_l", 0.8),
    ("mouthLowerDownLeft", "mouth_lowerLipDepress_l", 0.7),
    ("mouthLowerDownRight", "mouth_lowerLipDepress_r", 0.7),
    ("mouthUpperUpLeft", "mouth_upperLipRaise_l", 0.7),
    ("mouthUpperUpRight", "mouth_upperLipRaise_r", 0.7),
    ("mouthPressLeft", "mouth_press_l", 1.0),
    ("mouthPressRight", "mouth_press_r", 1.0),
    ("mouthRollUpper", "mouth_suck_ul", 0.8),
    ("mouthRollLower", "mouth_suck_dl", 0.8),
    ("mouthStretchLeft", "mouth_lipStretch_l", 0.8),
    ("mouthStretchRight", "mouth_lipStretch_r", 0.8),
    ("mouthSmileLeft", "mouth_lipCornerPull_l", 0.8),
    ("mouthSmileRight", "mouth_lipCornerPull_r", 0.8),
)


@dataclass(frozen=True)
class Labels:
    """Targets of one clip at 25 fps; frame 0 is the sound's first instant."""

    curves: np.ndarray  # (T, 52) float32, 0..1
    rotation: np.ndarray  # (T, 3) float32 radians about the clip's mean pose
    covered: np.ndarray  # (55,) float32, 1 where the corpus tracked the channel


def make_labels(track: Track, head: Head, frames: int) -> Labels:
    """Labels for the first ``frames`` frames of the track's sound."""
    facts = corpus(track.corpus)
    if isinstance(track, CurveTrack):
        curves, rotation = facegood_curves(track), np.zeros((len(track.curves), 3), np.float32)
    else:
        curves, rotation = fitted_curves(track, head), head_angles(track.rotation)
    seen = np.arange(frames) / float(FEATURE_FPS) + facts.delay
    times = np.arange(len(curves)) / track.fps
    covered = np.ones(len(ARKIT_NAMES) + 3, np.float32)
    if not facts.upper_face:
        covered[: len(ARKIT_NAMES)] = np.isin(np.arange(len(ARKIT_NAMES)), MOUTH)
    if not facts.head:
        covered[len(ARKIT_NAMES) :] = 0
    return Labels(_at(curves, times, seen), _at(rotation, times, seen), covered)


def _at(values: np.ndarray, times: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(seen, times, column) for column in values.T], axis=1).astype(np.float32)


def head_angles(rotation: np.ndarray) -> np.ndarray:
    """(T, 3) pitch, yaw, roll in radians, without the clip's mean, from (T, 3, 3) head-to-camera rotations."""
    pitch = -np.arcsin(np.clip(rotation[:, 1, 2], -1, 1))
    yaw = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])
    angles = np.stack([pitch, yaw, roll], axis=1)
    return (angles - angles.mean(axis=0)).astype(np.float32)


def facegood_curves(track: CurveTrack) -> np.ndarray:
    """(T, 52) from FACEGOOD's curves by ``FACEGOOD``."""
    curves = np.zeros((len(track.curves), len(ARKIT_NAMES)), np.float32)
    for ours, theirs, factor in FACEGOOD:
        curves[:, ARKIT_INDEX[ours]] += factor * track.curves[:, track.names.index(theirs)]
    return np.clip(curves, 0, 1)


def fitted_curves(track: FaceTrack, head: Head) -> np.ndarray:
    """(T, 52): the Landmarker's scores against rest, the mouth fitted to the measured landmarks."""
    seen = measure(track, head.eye_distance)
    resting = seen.gaps[:, 0] <= np.percentile(seen.gaps[:, 0], REST_SHARE)
    prior = track.scores.copy()
    prior[:, MOUTH] = np.maximum(0, prior[:, MOUTH] - np.median(prior[resting][:, MOUTH], axis=0))
    prior[:, UPPER] = np.maximum(0, prior[:, UPPER] - np.percentile(prior[:, UPPER], 20, axis=0))
    rows = mouth_rows(head)[:, FITTED]
    scale = np.concatenate([np.full(w, ROWS_MM[k]) for k, w in _widths(seen)])
    target = np.concatenate([getattr(seen, k).reshape(len(prior), -1) for k in ROWS_MM], axis=1)
    prior[:, FITTED] = bounded_fit(rows / scale[:, None], target / scale, prior[:, FITTED], PRIOR)
    return prior


def _widths(seen: MouthMeasures) -> list[tuple[str, int]]:
    return [(k, getattr(seen, k).reshape(len(seen.width), -1).shape[1]) for k in ROWS_MM]


def mouth_rows(head: Head) -> np.ndarray:
    """(9, 52) what each shape at weight 1 adds to each measure of ``ROWS_MM``, in mm on our rig."""
    d = head.deltas * 1000
    pairs, marks = head.lip_pairs, head.landmarks
    at_x = head.vertices[pairs[:, 0], 0]
    corner = abs(float(head.vertices[marks["mouth_left"], 0]))
    sides = [int(np.abs(at_x - x).argmin()) for x in (0.45 * corner, -0.45 * corner)]
    gaps = [d[:, pairs[i, 0], 1] - d[:, pairs[i, 1], 1] for i in (0, *sides)]
    left, right = d[:, marks["mouth_left"]], d[:, marks["mouth_right"]]
    rows = [
        *gaps,
        left[:, 0] - right[:, 0],
        d[:, pairs[0, 0], 1],
        d[:, marks["chin"], 1],
        left[:, 1],
        right[:, 1],
        (left[:, 0] + right[:, 0]) / 2,
    ]
    return np.stack(rows).astype(np.float32)


def bounded_fit(rows: np.ndarray, target: np.ndarray, prior: np.ndarray, spread: float) -> np.ndarray:
    """argmin |rows w - target|^2 + |w - prior|^2 / spread^2 with 0 <= w <= 1, for every frame.

    rows (M, K) and target (T, M) in units of their expected error; prior (T, K). Accelerated projected
    gradient (Beck and Teboulle, 2009).
    """
    gram = rows.T @ rows + np.eye(rows.shape[1]) / spread**2
    pull = target @ rows + prior / spread**2
    step = 1.0 / float(np.linalg.eigvalsh(gram)[-1])
    w = ahead = np.clip(prior, 0, 1)
    momentum = 1.0
    for _ in range(STEPS):
        new = np.clip(ahead - step * (ahead @ gram - pull), 0, 1)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, w, momentum = new + (momentum - 1) / following * (new - w), new, following
    return w.astype(np.float32)
