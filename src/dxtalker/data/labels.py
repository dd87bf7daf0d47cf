"""Tracks become training labels: ARKit curves of our rig and head rotation at 25 fps, in time with the sound.

The Landmarker's own scores are coarse, so expressions are read from its landmarks, as when a video is followed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import BadInput
from ..face.expression import load_expression_model, read_expression
from ..face.head import Head
from ..records import ARKIT_INDEX, ARKIT_NAMES, FEATURE_FPS, GAZE, MOUTH
from .clips import CurveTrack, FaceTrack, Track
from .corpora import corpus, delay

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
    seen = np.arange(frames) / float(FEATURE_FPS) + delay(track.corpus, track.name)
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
    """(T, 52) float32 read from the landmarks as in ``face.expression``; gaze is the Landmarker's score against rest.

    Raises BadInput when the track lacks landmarks that are needed.
    """
    wanted = load_expression_model().landmarks
    missing = np.setdiff1d(wanted, track.landmark_ids)
    if len(missing):
        raise BadInput(
            f"{track.name}: {len(missing)} of the {len(wanted)} landmarks that labels are read from are missing"
            f" (the first is {missing[0]}); track the clip again with all 478"
        )
    order = np.argsort(track.landmark_ids)
    order = order[np.searchsorted(track.landmark_ids[order], wanted)]
    curves = read_expression(track.landmarks[:, order], track.scores, head, track.fps)
    gaze = track.scores[:, GAZE]
    curves[:, GAZE] = np.maximum(0, gaze - np.percentile(gaze, 20, axis=0))
    return curves.astype(np.float32)
