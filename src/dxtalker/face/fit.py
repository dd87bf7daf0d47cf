"""Landmarks of one or several photos of a person -> who it is, and each photo's camera, pose and expression.

A maximum a posteriori estimate by Gauss-Newton steps: landmarks are explained by the camera, the identity codes
(prior N(0, I), see ``people.py``) and the 52 expression weights (prior: what the landmarker's scores say), under
the error that the landmarker was measured to make. The model is the usual one of photo fitting (Blanz and
Vetter 1999; Bas et al. 2016 fit landmarks so); the errors' covariance is what keeps a smile out of the identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import asset
from ..records import ARKIT_NAMES
from .align import similarity
from .head import rodrigues
from .identity import IdentitySpace
from .view import TO_PICTURE, View

STEPS = 12  # Gauss-Newton steps at most
FOLLOW_STEPS = 2  # for each picture of a video
PLACE_STEPS = 2  # of those, where the expression is known
BEGIN_ROUNDS = 4  # of those, where the face has been lost
CODES = 120  # identity codes used
DISTANCE = 0.8  # metres from the camera to the head, the median of portraits
DISTANCE_SPREAD = 0.6  # of its logarithm
PIXEL_ERROR = 0.5  # pixels by which a landmark is off for want of resolution alone
EYE_DISTANCE = 60.0  # pixels between the outer eye corners, to which errors are referred in reports
OUTER_EYES = (33, 263)  # landmarks, of the right and the left eye
_POSE = 7  # rotation vector, translation, log focal


@dataclass(frozen=True)
class LandmarkModel:
    """Where the 478 landmarks lie on the head, and how the landmarker errs; made by scripts/make_landmark_model.py."""

    vertices: np.ndarray  # (478, C) int32, vertices of the head near each landmark
    shares: np.ndarray  # (478, C) float64, non-negative, sum 1
    # The error in mm in the upright picture's plane (+x right, +y down), landmark by landmark: a habit, an answer
    # to who the face is (a network draws unusual faces towards usual ones) and to its pose, and chance.
    bias: np.ndarray  # (956,) float64
    answer: (
        np.ndarray
    )  # (CODES + 52 + 2, 956) float64, for each unit of code, expression, and radian of yaw and pitch
    spread_common: (
        np.ndarray
    )  # (956, M) float64, covariance of chance = spread_common @ its transpose + diagonal
    spread_own: np.ndarray  # (956,) float64, that diagonal, mm^2
    expected: np.ndarray  # (53, 52) float64, ARKIT weights of the rig from (1, scores)
    spread: np.ndarray  # (52,) float64, standard deviation about them

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """(478, 3) landmarks on ``vertices`` (V, 3)."""
        return np.einsum("lc,lcd->ld", self.shares, vertices[self.vertices])


@dataclass(frozen=True)
class Guess:
    """Who somebody is at first sight (``guess.py``)."""

    code: np.ndarray  # (CODES,) float64
    precision: np.ndarray  # (CODES, CODES) float64, inverse covariance of the true code about this one


@dataclass(frozen=True)
class Observation:
    """What the landmarker found in one picture."""

    points: np.ndarray  # (478, 2) pixels, origin top left
    depth: np.ndarray  # (478,) pixels, smaller is nearer
    scores: np.ndarray  # (52,) 0..1
    size: tuple[int, int]  # pixels, width and height of the picture
    guess: Guess | None = None


@dataclass(frozen=True)
class Fit:
    """One person, and the views that showed them."""

    code: np.ndarray  # (CODES,) float64
    weights: np.ndarray  # (D,) float64, of the identity directions
    views: tuple[View, ...]
    error: tuple[float, ...]  # pixels RMS of each view's landmarks, referred to EYE_DISTANCE


def load_landmark_model(path: Path | None = None) -> LandmarkModel:
    """The packaged landmark model."""
    with np.load(path or asset("landmark_model.npz"), allow_pickle=False) as data:
        return LandmarkModel(
            vertices=data["vertices"],
            shares=data["shares"].astype(np.float64),
            bias=data["bias"].astype(np.float64),
            answer=data["answer"].astype(np.float64),
            spread_common=data["spread_common"].astype(np.float64),
            spread_own=data["spread_own"].astype(np.float64),
            expected=data["expected"].astype(np.float64),
            spread=data["spread"].astype(np.float64),
        )


class Fitter:
    """Prepared once for an identity space; fits people."""

    def __init__(self, space: IdentitySpace, model: LandmarkModel) -> None:
        self.space, self.model = space, model
        used, index = np.unique(model.vertices, return_inverse=True)
        index = index.reshape(model.vertices.shape)

        def carry(values: np.ndarray) -> np.ndarray:
            return np.einsum("lc,...lcd->...ld", model.shares, values[..., index, :])

        shift, codes = space.code_displacements(used)
        self.mean = carry(space.base.vertices[used] + shift).astype(np.float64)  # (478, 3)
        self.codes = carry(codes[:CODES].astype(np.float64))  # (K, 478, 3)
        self.shapes = carry(space.base.deltas[:, used].astype(np.float64))  # (52, 478, 3)
        self._precision: dict[int, np.ndarray] = {}

    def fit(self, seen: Sequence[Observation], independent: float | None = None) -> Fit:
        """The person in ``seen``, one or several pictures. Raises BadInput when there is none.

        ``independent`` says how many pictures' worth of landmarks they are, by default as many as they are. The frames
        of a video share the network's habit with that face: taken for independent, they draw the fit after it.
        """
        if not seen:
            raise BadInput("there is no picture to fit; expected at least one")
        sights = [_Sight(self, one) for one in seen]
        expected, belief = self._expect(seen)
        belief = belief * max(1.0, len(seen) / independent if independent else 1.0)
        code = expected.copy()
        for _ in range(STEPS):
            step = self._step(code, sights, expected, belief)
            code = code + step
            if np.abs(step).max() < 1e-3:
                break
        error = tuple(sight.error(code) for sight in sights)
        return Fit(code, self.space.weights(code), tuple(s.view() for s in sights), error)

    def follow(self, code: np.ndarray, seen: Observation, previous: View) -> View:
        """A known person in the next picture of a video: the camera stays, the face begins where it was."""
        sight = _Sight(self, seen, previous)
        for _ in range(FOLLOW_STEPS):
            gram, pull = sight.normal_equations(code)
            own = slice(len(code), None)
            low, high = np.full(len(pull) - len(code), -np.inf), np.full(len(pull) - len(code), np.inf)
            low[_POSE:], high[_POSE:] = -sight.expression, 1 - sight.expression
            sight.move(bounded_solve(gram[own, own], pull[own], low, high))
        return sight.view()

    def place(self, code: np.ndarray, seen: Observation, previous: View, expression: np.ndarray) -> View:
        """Where a known person with a known ``expression`` (52,) stands; the camera stays, the pose begins as it was."""
        sight = _Sight(self, seen, replace(previous, expression=expression))
        for _ in range(PLACE_STEPS):
            gram, pull = sight.normal_equations(code, expressive=False)
            own = slice(len(code), None)
            sight.move(np.append(np.linalg.solve(gram[own, own], pull[own]), np.zeros(len(ARKIT_NAMES))))
        return sight.view()

    def pinned(self, code: np.ndarray) -> Fitter:
        """A fitter for which everyone is the person of ``code``: follows a video several times as fast.

        Its own codes are none: give ``follow`` and ``begin`` an empty code (0,).
        """
        known = copy(self)
        model = self.model
        known.mean = self.mean + np.tensordot(code, self.codes, 1)
        known.codes = self.codes[:0]
        known.model = replace(
            model, bias=model.bias + code @ model.answer[: len(code)], answer=model.answer[len(code) :]
        )
        return known

    def begin(self, code: np.ndarray, seen: Observation, focal: float) -> View:
        """A known person in the first picture after they were lost; ``focal`` in pixels is the camera's."""
        start = _Sight(self, seen).view()
        depth = focal / start.focal * start.translation[2]
        view = replace(start, focal=focal, translation=np.array([*start.translation[:2], depth]))
        for _ in range(BEGIN_ROUNDS):
            view = self.follow(code, seen, view)
        return view

    def precision(self, scale: float) -> np.ndarray:
        """(956, 956) inverse covariance of the landmarks' errors, mm^-2, at ``scale`` pixels a metre.

        Rounded to steps of a quarter in scale, so that a video needs it once.
        """
        step = round(4 * np.log(scale))
        if step not in self._precision:
            noise = (PIXEL_ERROR * 1000 / np.exp(step / 4)) ** 2
            common, own = self.model.spread_common, 1 / (self.model.spread_own + noise)
            # Woodbury's identity: the inverse needs a solve as small as the common directions are few.
            inner = np.eye(common.shape[1]) + common.T @ (own[:, None] * common)
            scaled = own[:, None] * common
            self._precision[step] = np.diag(own) - scaled @ np.linalg.solve(inner, scaled.T)
        return self._precision[step]

    def _expect(self, seen: Sequence[Observation]) -> tuple[np.ndarray, np.ndarray]:
        """Mean (K,) and inverse covariance (K, K) of the codes before landmarks are asked."""
        guesses = [one.guess for one in seen if one.guess is not None]
        if not guesses:
            return np.zeros(len(self.codes)), np.eye(len(self.codes))
        return np.mean([guess.code for guess in guesses], axis=0), guesses[0].precision

    def _step(
        self, code: np.ndarray, sights: list[_Sight], expected: np.ndarray, belief: np.ndarray
    ) -> np.ndarray:
        """One Gauss-Newton step: moves the sights in place, returns the change of the code."""
        count = len(code)
        own = _POSE + len(ARKIT_NAMES)
        total = count + own * len(sights)
        gram, pull = np.zeros((total, total)), np.zeros(total)
        gram[:count, :count] += belief
        pull[:count] += belief @ (expected - code)
        low, high = np.full(total, -np.inf), np.full(total, np.inf)
        for i, sight in enumerate(sights):
            places = np.r_[:count, count + own * i : count + own * (i + 1)]
            block, force = sight.normal_equations(code)
            gram[np.ix_(places, places)] += block
            pull[places] += force
            weights = slice(count + own * i + _POSE, count + own * (i + 1))
            low[weights], high[weights] = -sight.expression, 1 - sight.expression
        step = bounded_solve(gram, pull, low, high)
        for i, sight in enumerate(sights):
            sight.move(step[count + own * i : count + own * (i + 1)])
        return step[:count]


class _Sight:
    """One picture during the fit: its unknowns and its equations."""

    def __init__(self, fitter: Fitter, seen: Observation, previous: View | None = None) -> None:
        self.fitter, self.seen = fitter, seen
        wanted = np.concatenate([[1.0], seen.scores]) @ fitter.model.expected
        self.wanted = np.clip(wanted, 0, 1)
        self.expression = self.wanted.copy()
        self.fixed_lens = previous is not None
        if previous is None:
            self._start()
        else:
            self.rotation, self.translation = previous.rotation, previous.translation
            self.expression = previous.expression.astype(np.float64)
            self.log_focal = float(np.log(previous.focal))

    def _start(self) -> None:
        """Pose and scale by aligning the mean face with the landmarks in space."""
        seen = (
            np.column_stack([self.seen.points - np.array(self.seen.size) / 2, self.seen.depth]) * TO_PICTURE
        )
        way = similarity(self._points(np.zeros(len(self.fitter.codes))), seen)
        self.rotation = way.rotation
        self.log_focal = float(np.log(way.scale * DISTANCE))  # the scale is in pixels a metre
        self.translation = np.array([*way.shift[:2] / way.scale, -DISTANCE])

    @property
    def scale(self) -> float:
        """Pixels a metre at the head."""
        return float(np.exp(self.log_focal) / -self.translation[2])

    def _points(self, code: np.ndarray) -> np.ndarray:
        f = self.fitter
        return f.mean + np.tensordot(code, f.codes, 1) + np.tensordot(self.expression, f.shapes, 1)

    def _residual(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(478, 2) mm in the upright picture, what is left to explain; and the points in camera axes."""
        placed = self._points(code) @ self.rotation.T + self.translation
        shown = np.exp(self.log_focal) * (placed[:, :2] * [1, -1]) / -placed[:, 2:]
        off = self.seen.points - np.array(self.seen.size) / 2 - shown
        model, view = self.fitter.model, self.view()
        expected = model.bias + np.concatenate([code, view.turned()]) @ model.answer
        return (off @ view.upright().T / self.scale * 1000) - expected.reshape(-1, 2), placed

    def normal_equations(self, code: np.ndarray, expressive: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Gauss-Newton's matrix and right side over (code, pose, expression), priors of this view included.

        Without the expression's rows and columns where it is not ``expressive``.
        """
        residual, placed = self._residual(code)
        upright = self.view().upright()
        focal, depth = np.exp(self.log_focal), -placed[:, 2]
        # how a point in camera axes moves its picture, in upright mm: (478, 2, 3)
        lens = np.zeros((len(placed), 2, 3))
        lens[:, 0, 0] = lens[:, 1, 1] = focal / depth
        lens[:, 1, 1] *= -1
        lens[:, :, 2] = focal * placed[:, :2] * [1, -1] / depth[:, None] ** 2
        lens = np.einsum("ij,njk->nik", upright / self.scale * 1000, lens)
        turned = np.einsum("nij,jk->nik", lens, self.rotation)
        around = placed - self.translation
        columns = [
            np.einsum("nij,knj->nik", turned, self.fitter.codes),
            np.cross(np.eye(3)[None], around[:, None]).transpose(0, 2, 1),
        ]
        columns[1] = np.einsum("nij,njk->nik", lens, columns[1])
        columns.append(lens)
        shown = focal * (placed[:, :2] * [1, -1]) / depth[:, None]
        columns.append((shown @ upright.T / self.scale * 1000)[:, :, None])
        if expressive:
            columns.append(np.einsum("nij,knj->nik", turned, self.fitter.shapes))
        jacobian = np.concatenate(columns, axis=2).reshape(2 * len(placed), -1)
        jacobian[:, : len(code)] += self.fitter.model.answer[: len(code)].T
        weighted = self.fitter.precision(self.scale) @ jacobian
        gram, pull = jacobian.T @ weighted, weighted.T @ residual.ravel()
        self._add_priors(gram, pull, len(code), expressive)
        return gram, pull

    def _add_priors(self, gram: np.ndarray, pull: np.ndarray, start: int, expressive: bool) -> None:
        away = start + 5  # along the line of sight
        slope = 1 / self.translation[2]
        gram[away, away] += (slope / DISTANCE_SPREAD) ** 2
        pull[away] -= slope * np.log(-self.translation[2] / DISTANCE) / DISTANCE_SPREAD**2
        if self.fixed_lens:
            gram[start + 6, start + 6] += 1e12
        if not expressive:
            return
        own = np.arange(start + _POSE, start + _POSE + len(ARKIT_NAMES))
        gram[own, own] += 1 / self.fitter.model.spread**2
        pull[own] += (self.wanted - self.expression) / self.fitter.model.spread**2

    def move(self, step: np.ndarray) -> None:
        angle = float(np.linalg.norm(step[:3]))
        if angle > 0.3:
            step = step * (0.3 / angle)
        self.rotation = rodrigues(step[:3]) @ self.rotation
        self.translation = self.translation + step[3:6]
        self.translation[2] = min(self.translation[2], -0.15)
        self.log_focal += float(step[6])
        self.expression = np.clip(self.expression + step[_POSE:], 0, 1)

    def error(self, code: np.ndarray) -> float:
        view = self.view()
        off = self.seen.points - view.project(self._points(code))
        eyes = np.linalg.norm(np.subtract(*self.seen.points[list(OUTER_EYES)]))
        return float(np.sqrt((off**2).sum(1).mean()) * EYE_DISTANCE / max(float(eyes), 1e-6))

    def view(self) -> View:
        return View(
            self.seen.size,
            float(np.exp(self.log_focal)),
            self.rotation,
            self.translation,
            self.expression.astype(np.float32),
        )


def bounded_solve(gram: np.ndarray, pull: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """argmin ½ x·G·x - pull·x with low <= x <= high, by an active set: bounds that are hit are kept."""
    x = np.zeros(len(pull))
    free = np.ones(len(pull), bool)
    for _ in range(6):
        rest = pull - gram[:, ~free] @ x[~free]
        x[free] = np.linalg.solve(gram[np.ix_(free, free)], rest[free])
        outside = free & ((x < low - 1e-9) | (x > high + 1e-9))
        if not outside.any():
            break
        x = np.clip(x, low, high)
        free &= ~outside
    return np.clip(x, low, high)
