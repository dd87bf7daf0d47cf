"""What a face does, read from its landmarks against the same face at rest -> ARKit weights, frame by frame.

The landmarker moves its points otherwise than the skin below them moves: a raised brow comes out small, a funnel
looks like a pucker. How it answers to every shape was measured on drawn people whose expressions are known
(``scripts/make_expression_model.py``): first a linear reading of all weights at once, then how that reading errs.
Weights are the most probable ones between 0 and 1 under that error and a prior that keeps the two sides alike;
the lips are then matched to their measured gap (``lips.py``). One face, one clip: what it does at rest is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..files import asset
from ..records import ARKIT_INDEX, ARKIT_NAMES, BLINK, BROWS, GAZE, channels
from .head import Head
from .lips import bounded_descent, lip_gaps, match_lips, openings, rest_gaps
from .steady import runs, smooth

EYE_MM = 90.0  # millimetres between the outer eye corners: the measure of every face
EYES = (33, 263)  # landmarks, outer corners, right and left
UPRIGHT = np.array([1, -1, -1])  # picture axes to the face's
# Landmarks that expressions hardly move: eye corners, bridge of the nose, forehead, temples, ears.
STEADY = (33, 133, 362, 263, 168, 6, 195, 10, 127, 162, 21, 356, 389, 251, 234, 454)
MOVERS = (13, 14, 61, 291, 0, 17, 152)  # landmarks that tell whether the mouth is still
SCORE_MM = 10.0  # what a whole score counts beside a millimetre of a landmark
TRUST = (
    2.0  # factor on the reading's variance: photos differ from our pictures more than these from each other
)
ALIKE = 0.9  # correlation of a shape's left and right weight
LEAST_REST = 5  # frames that say what rest is
REST_SHARE = 10  # per cent of the clip, at most
STILL = 2.0  # what a mm a frame of movement counts at that, beside a mm of parted lips
BUSY = 4.0  # and a whole score of brows or lids, squared
SLOW = 0.08  # seconds to either side over which readings of the slower shapes are smoothed
# Expected size of a weight; the shapes not named have USUAL. Rare ones must not explain what common ones do.
USUAL = 0.25
EXPECTED = {
    "jawOpen": 0.3, "mouthClose": 0.3, "mouthPucker": 0.3, "brow": 0.3, "eyeBlink": 0.4, "mouthFrown": 0.15,
    "noseSneer": 0.3, "cheekSquint": 0.3, "mouthRoll": 0.3, "mouthPress": 0.2, "mouthShrug": 0.15, "eyeLook": 0.15,
    "mouthDimple": 0.12, "mouthLeft": 0.1, "mouthRight": 0.1, "cheekPuff": 0.08,
    "jawForward": 0.08, "jawLeft": 0.08, "jawRight": 0.08, "tongueOut": 0.02,
}  # fmt: skip
# Scores that tell real faces better than the reading does, which was learned on drawn ones: (score a whole weight
# gives, standard deviation of the score about that). /u w o/ of GRID against spread vowels: docs/tracking.md.
SAID = {"mouthPucker": (1.0, 0.1)}
FAST = np.concatenate([channels("jawOpen", "mouthClose", "mouthLowerDown", "mouthUpperUp"), BLINK])


@dataclass(frozen=True)
class ExpressionModel:
    """How the landmarker answers to expressions; made by scripts/make_expression_model.py."""

    landmarks: np.ndarray  # (L,) int, which of the 478, ascending
    template: np.ndarray  # (L, 3) float64 mm, the mean face: +X to its left, +Y up, +Z to the viewer
    pose: np.ndarray  # (6, 3 L + 52) float64, what turning the head does to the features (``pose_terms``)
    reading: np.ndarray  # (3 L + 52, 52) float64, features -> reading
    answer: np.ndarray  # (52, 52) float64, weights @ answer is the reading to be expected
    error: np.ndarray  # (52, 52) float64, covariance of the reading about that

    def places(self, numbers: tuple[int, ...]) -> np.ndarray:
        """Where landmarks of the 478 stand among ours."""
        return np.searchsorted(self.landmarks, numbers)


@cache
def load_expression_model(path: Path | None = None) -> ExpressionModel:
    """The packaged model."""
    with np.load(path or asset("expression_model.npz"), allow_pickle=False) as data:
        table = {name: data[name] for name in data.files}
    numbers = table.pop("landmarks").astype(np.int64)
    return ExpressionModel(numbers, **{name: array.astype(np.float64) for name, array in table.items()})


@dataclass(frozen=True)
class Aligned:
    """A clip's landmarks in the face's own frame."""

    points: np.ndarray  # (T, L, 3) mm at EYE_MM, +X to the person's left, +Y up, +Z to the viewer
    angles: np.ndarray  # (T, 3) radians yaw, pitch, roll before the camera


@dataclass(frozen=True)
class Rest:
    """A face that does nothing: what its expressions are measured from."""

    own: np.ndarray  # (L, 3) mm at EYE_MM, the face's landmarks in its own frame
    features: np.ndarray  # (3 L + 52,) as ``features_of``
    terms: np.ndarray  # (6,) of the pose in which it was seen, as ``pose_terms``
    gaps: np.ndarray  # (3,) mm at EYE_MM between the landmarks of closed lips


def learn_rest(points: np.ndarray, scores: np.ndarray) -> Rest:
    """What rest is for a face that was seen in P frames; ``points`` and ``scores`` as for ``read_expression``."""
    model = load_expression_model()
    face = align(points, model)
    rest = resting(face.points, lip_gaps(face.points, model.places), scores, model)
    own = own_face(points[rest], model)
    face = align(points, model, own)
    features = np.median(features_of(face, scores)[rest], axis=0)
    gaps = rest_gaps(lip_gaps(face.points, model.places))
    return Rest(own, features, pose_terms(face.angles)[rest].mean(0), gaps)


def read_expression(
    points: np.ndarray,
    scores: np.ndarray,
    head: Head,
    fps: float,
    present: np.ndarray | None = None,
    rest: Rest | None = None,
) -> np.ndarray:
    """(P, 52) weights of ``head`` for landmarks (P, L, 3) in picture axes (x right, y down, z away; any scale).

    The L landmarks are the model's; ``scores`` (P, 52) are the landmarker's. The P frames are those of a clip in
    which ``present`` (T,) is True, all of one face; None: they follow each other. ``rest`` is the face's own, by
    default learned from these frames. Gaze is not read and stays 0.
    """
    model = load_expression_model()
    rest = rest or learn_rest(points, scores)
    face = align(points, model, rest.own)
    features, terms = features_of(face, scores), pose_terms(face.angles) - rest.terms
    reading = (features - rest.features - terms @ model.pose) @ model.reading
    slow = np.setdiff1d(np.arange(len(ARKIT_NAMES)), FAST)
    for part in _stretches(present, len(points)):
        reading[part, slow] = smooth(reading[part][:, slow], SLOW, fps)
    said = scores - rest.features[-len(ARKIT_NAMES) :] / SCORE_MM
    curves = most_probable(reading, model, said)
    curves[:, GAZE] = 0
    parted = openings(lip_gaps(face.points, model.places), rest.gaps) * (head.eye_distance / EYE_MM)
    return match_lips(curves, parted, head)


def most_probable(reading: np.ndarray, model: ExpressionModel, said: np.ndarray | None = None) -> np.ndarray:
    """(T, 52) weights 0..1 under the reading's error and the prior.

    ``said`` (T, 52) are the scores above rest: those of SAID count beside the reading.
    """
    weighted = np.linalg.solve(model.error * TRUST, model.answer.T)  # (52, 52)
    gram, pull = model.answer @ weighted + np.linalg.inv(prior()), reading @ weighted
    if said is not None:
        for name, (gain, error) in SAID.items():
            i = ARKIT_INDEX[name]
            gram[i, i] += (gain / error) ** 2
            pull[:, i] += said[:, i] * gain / error**2
    return bounded_descent(gram, pull, 0.0, 1.0)


def prior() -> np.ndarray:
    """(52, 52) covariance of weights about 0: EXPECTED sizes, the two sides of a face alike."""
    size = np.full(len(ARKIT_NAMES), USUAL)
    for prefix, value in EXPECTED.items():
        size[channels(prefix)] = value
    covariance = np.diag(size**2)
    for name, i in ARKIT_INDEX.items():
        j = ARKIT_INDEX.get(name.removesuffix("Left") + "Right", i)
        if name.endswith("Left") and not name.startswith(("jaw", "mouthLeft")):
            covariance[i, j] = covariance[j, i] = ALIKE * size[i] * size[j]
    return covariance


def resting(points: np.ndarray, gaps: np.ndarray, scores: np.ndarray, model: ExpressionModel) -> np.ndarray:
    """Frames (N,) in which the face is at rest: lips together, mouth still, brows and lids calm."""
    parted = np.maximum(gaps[:, 0] - rest_gaps(gaps)[0] - 0.3, 0)
    steps = np.linalg.norm(np.diff(points[:, model.places(MOVERS)], axis=0), axis=2).mean(1)
    speed = np.maximum(np.append(steps, 0), np.append(0, steps))
    upper = scores[:, np.concatenate([BROWS, BLINK])]
    busy = (np.maximum(upper - np.percentile(upper, 20, axis=0), 0) ** 2).sum(1)
    count = min(max(LEAST_REST, len(points) * REST_SHARE // 100), len(points))
    return np.argsort(parted + STILL * speed + BUSY * busy, kind="stable")[:count]


def align(points: np.ndarray, model: ExpressionModel, own: np.ndarray | None = None) -> Aligned:
    """Every frame's landmarks laid on the face's ``own`` (L, 3), by default that of all these frames."""
    own = own_face(points, model) if own is None else own
    laid, turn = _lay(points.astype(np.float64) * UPRIGHT, own, model.places(STEADY))
    angles = np.stack(
        [np.arctan2(turn[:, 0, 2], turn[:, 2, 2]), -np.arcsin(np.clip(turn[:, 1, 2], -1, 1)),
         np.arctan2(turn[:, 1, 0], turn[:, 1, 1])], axis=1,
    )  # fmt: skip
    return Aligned(laid, angles)


def own_face(points: np.ndarray, model: ExpressionModel) -> np.ndarray:
    """(L, 3) mm at EYE_MM: the template turned into the person of these frames (T, L, 3).

    Similarity alignment by the steady landmarks (Umeyama 1991), and the median.
    """
    steady = model.places(STEADY)
    own = np.median(_lay(points.astype(np.float64) * UPRIGHT, model.template, steady)[0], axis=0)
    own = _lay(own[None], model.template, steady)[0][0]
    eyes = own[model.places(EYES)]
    return own * (EYE_MM / np.linalg.norm(eyes[0] - eyes[1]))


def _lay(points: np.ndarray, target: np.ndarray, steady: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, L, 3) points laid on ``target`` (L, 3), and the rotations (T, 3, 3) from its axes to theirs."""
    there, middle = target[steady].mean(0), points[:, steady].mean(1, keepdims=True)
    a, b = target[steady] - there, points[:, steady] - middle
    u, s, vt = np.linalg.svd(np.einsum("tai,aj->tij", b, a))
    flip = np.ones_like(s)
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    turn = u * flip[:, None] @ vt
    scale = (s * flip).sum(1) / (b**2).sum((1, 2))
    return (points - middle) @ turn * scale[:, None, None] + there, turn


def features_of(face: Aligned, scores: np.ndarray) -> np.ndarray:
    """(T, 3 L + 52): what the reading is from."""
    return np.concatenate([face.points.reshape(len(scores), -1), scores * SCORE_MM], axis=1)


def pose_terms(angles: np.ndarray) -> np.ndarray:
    """(T, 6) of yaw, pitch, roll (T, 3)."""
    yaw, pitch, roll = angles.T
    return np.stack([yaw, pitch, roll, yaw * yaw, pitch * pitch, yaw * pitch], axis=1)


def _stretches(present: np.ndarray | None, count: int) -> list[slice]:
    """Which of the ``count`` frames follow each other."""
    if present is None:
        return [slice(0, count)]
    number = np.cumsum(present)
    return [slice(int(number[part.start]) - 1, int(number[part.stop - 1])) for part in runs(present)]
