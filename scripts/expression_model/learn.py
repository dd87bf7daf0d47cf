"""From drawn people whose expressions are known to the arrays of ``face.expression.ExpressionModel``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dxtalker.face.expression import EYE_MM, EYES, ExpressionModel, align, features_of, pose_terms
from dxtalker.records import ARKIT_NAMES
from expression_model.draw import CALM, Shown

# The landmarks used: lips, eyes, brows, the face's outline, the nose. All 478 read no better.
LANDMARKS = np.array(sorted([
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 146, 91, 181, 84, 17, 314, 405, 321, 375, 78, 191, 80, 81, 82,
    13, 312, 311, 310, 415, 308, 95, 88, 178, 87, 14, 317, 402, 318, 324, 33, 160, 158, 133, 153, 144, 362, 385, 387,
    263, 373, 380, 70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 10, 338, 297, 332, 284, 251, 389, 356, 454, 323,
    361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54,
    103, 67, 109, 1, 2, 98, 327, 168, 4, 6, 195,
]))  # fmt: skip
RIDGE = 0.5  # variance in mm^2 that is added to every feature: the reading may not hang on minute movements
FOLDS = 6  # the reading's error is measured on people it was not learned from
CALM_PART = 0.5  # squared weights at which a sample counts half: talking faces move little


def learn(people: Sequence[Shown], mean_face: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays by name; ``mean_face`` (478, 3) mm is the landmarks on the mean adult."""
    nothing = np.zeros((0, 0))
    start = ExpressionModel(LANDMARKS, _sized(mean_face)[LANDMARKS], nothing, nothing, nothing, nothing)
    features, terms, weights, who = [], [], [], []
    for number, person in enumerate(people):
        rest = np.arange(CALM)
        face = align(person.points[:, LANDMARKS], start, rest)
        values, turned = features_of(face, person.scores), pose_terms(face.angles)
        features.append(values - np.median(values[rest], axis=0))
        terms.append(turned - turned[rest].mean(0))
        weights.append(person.expression)
        who.append(np.full(len(values), number))
    table = [np.concatenate(part).astype(np.float64) for part in (features, terms, weights, who)]
    fixed = {"landmarks": LANDMARKS.astype(np.int32), "template": start.template.astype(np.float32)}
    return fixed | _reading(*table)


def _sized(face: np.ndarray) -> np.ndarray:
    right, left = face[list(EYES)]
    return face * (EYE_MM / np.linalg.norm(left - right))


def _reading(
    features: np.ndarray, terms: np.ndarray, weights: np.ndarray, who: np.ndarray
) -> dict[str, np.ndarray]:
    causes = np.concatenate([weights, terms], axis=1)
    pose = np.linalg.lstsq(causes, features, rcond=None)[0][len(ARKIT_NAMES) :]
    features = features - terms @ pose
    read = np.zeros_like(weights)
    for fold in range(FOLDS):
        apart = who % FOLDS == fold
        read[apart] = features[apart] @ _ridge(features[~apart], weights[~apart])
    share = 1 / (CALM_PART + (weights**2).sum(1, keepdims=True))
    answer = np.linalg.solve(
        (share * weights).T @ weights + np.eye(len(ARKIT_NAMES)), (share * weights).T @ read
    )
    off = read - weights @ answer
    error = (share * off).T @ off / share.sum()
    print(f"{len(who)} pictures of {len(np.unique(who))} people: correlation of reading and weight")
    for i, name in enumerate(ARKIT_NAMES):
        if weights[:, i].std() > 0:
            print(f"  {name:20s} {np.corrcoef(read[:, i], weights[:, i])[0, 1]:.2f}")
    reading = _ridge(features, weights)
    error = error + 1e-6 * np.eye(len(error))
    return {
        "pose": pose.astype(np.float32),
        "reading": reading.astype(np.float32),
        "answer": answer.astype(np.float32),
        "error": error.astype(np.float32),
    }


def _ridge(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    gram = features.T @ features + RIDGE * len(features) * np.eye(features.shape[1])
    return np.linalg.solve(gram, features.T @ weights)
