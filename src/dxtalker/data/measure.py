"""Landmarks measured in the face's own frame: lip gaps, mouth width and lip heights in mm of our rig."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .clips import FaceTrack

# Numbers of Google's 478-point mesh; left and right are the person's own.
EYES = (263, 33)  # outer corners, left and right
GAPS = ((13, 14), (311, 402), (81, 178))  # inner lips: middle, left, right
CORNERS = (291, 61)  # of the mouth, left and right
NOSE, CHIN = 2, 152
REST_SHARE = 10  # per cent: the narrowest lip gaps of a clip are taken for its rest


@dataclass(frozen=True)
class MouthMeasures:
    """Changes against the clip's own rest, in mm of a head whose outer eye corners are as far apart as our rig's."""

    gaps: np.ndarray  # (T, 3) float32 mm: middle, left, right; 0 at rest
    width: np.ndarray  # (T,) float32 mm
    upper: np.ndarray  # (T,) float32 mm, height of the upper inner lip above rest
    chin: np.ndarray  # (T,) float32 mm, height of the chin above rest
    corners: np.ndarray  # (T, 2) float32 mm, heights of the left and right corner above rest
    shift: np.ndarray  # (T,) float32 mm, mouth's middle towards the person's left


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


def measure(track: FaceTrack, eye_distance: float) -> MouthMeasures:
    """Mouth measures of every frame."""
    points = face_points(track, eye_distance)

    def at(number: int) -> np.ndarray:
        return points[:, column(track, number)]

    gaps = np.stack([np.linalg.norm(at(a) - at(b), axis=-1) for a, b in GAPS], axis=1)
    resting = gaps[:, 0] <= np.percentile(gaps[:, 0], REST_SHARE)

    def change(value: np.ndarray) -> np.ndarray:
        return (value - np.median(value[resting], axis=0)).astype(np.float32)

    nose = at(NOSE)
    left, right = at(CORNERS[0]) - nose, at(CORNERS[1]) - nose
    return MouthMeasures(
        gaps=np.maximum(change(gaps), -1.0),
        width=change(np.linalg.norm(left - right, axis=-1)),
        upper=change((at(GAPS[0][0]) - nose)[:, 1]),
        chin=change((at(CHIN) - nose)[:, 1]),
        corners=change(np.stack([left[:, 1], right[:, 1]], axis=1)),
        shift=change((left + right)[:, 0] / 2),
    )
