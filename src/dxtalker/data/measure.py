"""The lips' gap of a track, in mm of our rig."""

from __future__ import annotations

import numpy as np

from ..face.lips import lip_gaps, rest_gaps
from .clips import FaceTrack

# Numbers of Google's 478-point mesh; left and right are the person's own.
EYES = (263, 33)  # outer corners, left and right


def face_points(track: FaceTrack, eye_distance: float) -> np.ndarray:
    """(T, L, 3) mm in the head's frame, +X to the person's left, +Y up; scaled to ``eye_distance`` mm."""
    points = track.landmarks * np.array([1, -1, -1], np.float32)
    local = np.einsum(
        "tlc,tcd->tld", points, track.rotation
    )  # rotation is head to camera: this is its inverse
    left, right = (column(track, i) for i in EYES)
    span = np.linalg.norm(local[:, left] - local[:, right], axis=-1)
    return local * (eye_distance / np.maximum(span, 1e-6))[:, None, None]


def column(track: FaceTrack, number: int) -> int:
    """Where landmark ``number`` of the 478 stands in this track."""
    return int(np.flatnonzero(track.landmark_ids == number)[0])


def measure(track: FaceTrack, eye_distance: float) -> np.ndarray:
    """(T, 3) float32 mm between the lips above the clip's closed lips: middle, left, right."""
    gaps = lip_gaps(
        face_points(track, eye_distance), lambda numbers: np.array([column(track, i) for i in numbers])
    )
    return np.maximum(gaps - rest_gaps(gaps), -1.0).astype(np.float32)
