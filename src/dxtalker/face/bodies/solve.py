"""ARKit curves <-> FLAME parameters, by least squares over the vertices of the face.

Both speak of one surface: FLAME's. On it the 52 ARKit shapes are displacements (carried from the open head),
and FLAME has its expressions and a jaw that turns. To FLAME: Gauss-Newton over expression and jaw with the
derivative at rest, which serves the small range of a jaw. Back: the displacements' bounded least squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...errors import BadInput
from ...records import ARKIT_INDEX, ARKIT_NAMES, GAZE
from .bounded import bounded_least_squares
from .flame import JAW, JOINTS, LEFT_EYE, FlameModel

EXPRESSIONS = 50  # used by default: as many as the published dataset stores
RIDGE = 0.05e-3  # metres: what a unit of expression must be worth
JAW_LOW, JAW_HIGH = np.array([0.0, -0.15, -0.15]), np.array([0.5, 0.15, 0.15])  # radians
MOVING = 0.0004  # metres: a vertex that some shape moves more is the face
ROUNDS = 6
ANCHORS = 1500  # vertices of the face that the solve looks at; reports look at all
BATCH = 64  # frames solved together
GAZE_ANGLE = {
    "Up": 0.44,
    "Down": 0.61,
    "In": 0.61,
    "Out": 0.61,
}  # radians at weight 1, as the app's recordings


@dataclass(frozen=True)
class FlameCurves:
    """FLAME parameters over time."""

    expression: np.ndarray  # (T, E) float64
    pose: np.ndarray  # (T, 15) float64 radians: root, neck, jaw, left eye, right eye

    def __len__(self) -> int:
        return len(self.expression)


@dataclass(frozen=True)
class SolveReport:
    """What FLAME cannot follow: distances in mm between the carried shapes and FLAME's own surface."""

    rms: float  # over frames and the face's vertices
    p95: float  # 95th percentile of the same
    moved: float  # RMS of the wanted motion itself, for scale
    frames: int

    def __str__(self) -> str:
        return (
            f"{self.rms:.2f} mm RMS, {self.p95:.2f} mm at the 95th percentile, of {self.moved:.2f} mm moved"
        )


@dataclass(frozen=True)
class FlameSolver:
    """A FLAME model and the 52 shapes on its surface."""

    model: FlameModel
    shapes: np.ndarray  # (52, V, 3) metres, what is wanted at weight 1
    expressions: int = EXPRESSIONS

    @cached_property
    def face(self) -> np.ndarray:
        """(N,) vertices that are solved for: moved by some shape, eyeballs left out."""
        skin = np.ones(len(self.model.template), bool)
        skin[np.concatenate(self.model.eyeballs)] = False
        reached = np.linalg.norm(self.shapes, axis=2).max(0)
        return np.flatnonzero(skin & (reached > MOVING))

    @cached_property
    def anchors(self) -> np.ndarray:
        """(M,) every so many of ``face``."""
        return self.face[:: len(self.face) // ANCHORS + 1]

    @cached_property
    def _small(self) -> FlameModel:
        """The anchors alone, in single precision, with the joints where they are."""
        model, which, count = self.model, self.anchors, self._count
        kind = np.float32
        corners = np.concatenate([model.joints, np.ones((JOINTS, 1))], axis=1)
        place = np.concatenate([model.template[which], np.ones((len(which), 1))], axis=1)
        return FlameModel(
            template=model.template[which].astype(kind),
            faces=np.zeros((0, 3), np.int64),
            shapes=np.zeros((0, len(which), 3), kind),
            expressions=model.expressions[:count, which].astype(kind),
            corrections=model.corrections[:, which].astype(kind),
            regressor=corners @ np.linalg.pinv(place),  # any that gives these joints at rest
            weights=model.weights[which].astype(kind),
        )

    @cached_property
    def _step(self) -> tuple[np.ndarray, np.ndarray]:
        """(E + 3, 3M) from what is missing at the anchors to expression and jaw; (E + 3, E + 3) the ridge's share."""
        system = self._derivative
        normal = system @ system.T + np.diag(self._penalty)
        step = np.linalg.solve(normal, np.concatenate([system, np.diag(self._penalty)], axis=1))
        width = system.shape[1]
        return step[:, :width].astype(np.float32), step[:, width:].astype(np.float32)

    @cached_property
    def _derivative(self) -> np.ndarray:
        """(E + 3, 3M) metres a unit of expression or a radian of jaw, at rest."""
        count, which = self._count, self.anchors
        moves = self.model.expressions[:count, which].reshape(count, -1)
        turn = 0.1
        pose = np.zeros((6, JOINTS * 3))
        for axis in range(3):
            pose[2 * axis, 3 * JAW + axis], pose[2 * axis + 1, 3 * JAW + axis] = turn, -turn
        posed = self.model.vertices(np.zeros((6, 1)), pose, which).reshape(6, -1)
        return np.concatenate([moves, (posed[::2] - posed[1::2]) / (2 * turn)])

    @property
    def _count(self) -> int:
        return min(self.expressions, len(self.model.expressions))

    @cached_property
    def _penalty(self) -> np.ndarray:
        """(E + 3,) ridge: expression is drawn towards 0, the jaw hardly."""
        strength = len(self.anchors) * RIDGE**2
        return np.concatenate([np.full(self._count, strength), np.full(3, strength * 0.01)])

    def to_flame(self, curves: np.ndarray) -> FlameCurves:
        """Expression and pose for ARKit ``curves`` (T, 52). eyeLook turns the eye joints; root and neck rest.

        Raises BadInput for curves of another width.
        """
        curves = np.atleast_2d(np.asarray(curves, np.float64))
        if curves.shape[1:] != (len(ARKIT_NAMES),):
            raise BadInput(f"the curves have shape {curves.shape}; expected (T, {len(ARKIT_NAMES)})")
        wanted = self.shapes[:, self.anchors].reshape(len(self.shapes), -1).astype(np.float32)
        expression = np.zeros((len(curves), self._count))
        pose = np.zeros((len(curves), JOINTS * 3))
        for at in range(0, len(curves), BATCH):
            part = slice(at, at + BATCH)
            expression[part], pose[part, 3 * JAW : 3 * JAW + 3] = self._solve(
                curves[part].astype(np.float32) @ wanted
            )
        pose[:, 3 * LEFT_EYE :] = gaze_to_eyes(curves)
        return FlameCurves(expression, pose)

    def _solve(self, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Expression (B, E) and jaw (B, 3) for displacements ``goal`` (B, 3M) of the anchors."""
        count, model = self._count, self._small
        rest, (step, shrink) = model.template.reshape(-1), self._step
        found = np.zeros((len(goal), count + 3), np.float32)
        pose = np.zeros((len(goal), JOINTS * 3), np.float32)
        for _ in range(ROUNDS):
            pose[:, 3 * JAW : 3 * JAW + 3] = found[:, count:]
            now = model.vertices(found[:, :count], pose).reshape(len(goal), -1) - rest
            found += (goal - now) @ step.T - found @ shrink.T
            found[:, count:] = np.clip(found[:, count:], JAW_LOW, JAW_HIGH)
        return found[:, :count], found[:, count:]

    def displacement(self, flame: FlameCurves, which: np.ndarray | None = None) -> np.ndarray:
        """(T, V, 3) metres from rest, of all vertices or ``which``."""
        rest = self.model.template if which is None else self.model.template[which]
        return self.model.vertices(flame.expression, flame.pose, which) - rest

    def to_curves(self, flame: FlameCurves) -> np.ndarray:
        """ARKit curves (T, 52) float32, 0..1, whose shapes look most like the FLAME motion; root and neck
        are left alone, eyes become eyeLook."""
        still = flame.pose.copy()
        still[:, :6] = 0
        still[:, 3 * LEFT_EYE :] = 0
        free = np.setdiff1d(np.flatnonzero(np.abs(self.shapes[:, self.face]).max((1, 2)) > 1e-5), GAZE)
        basis = self.shapes[free][:, self.anchors].reshape(len(free), -1)
        normal = basis @ basis.T
        normal += np.diag(np.full(len(free), 2e-4 * np.trace(normal) / len(free)))
        right = np.concatenate(
            [
                self.displacement(
                    FlameCurves(flame.expression[at : at + BATCH], still[at : at + BATCH]), self.anchors
                ).reshape(-1, basis.shape[1])
                @ basis.T
                for at in range(0, len(flame), BATCH)
            ]
        )
        curves = np.zeros((len(flame), len(ARKIT_NAMES)), np.float32)
        curves[:, free] = bounded_least_squares(normal, right, 0.0, 1.0)
        curves[:, GAZE] = eyes_to_gaze(flame.pose[:, 3 * LEFT_EYE :])[:, GAZE]
        return curves

    def report(self, curves: np.ndarray) -> SolveReport:
        """How well FLAME follows ``curves`` (T, 52), gaze and tongue left out."""
        curves = np.atleast_2d(np.asarray(curves, np.float64))
        flame = self.to_flame(curves)
        flame.pose[:, 3 * LEFT_EYE :] = 0
        wanted = np.tensordot(curves, self.shapes[:, self.face], axes=1)
        apart = np.linalg.norm(self.displacement(flame, self.face) - wanted, axis=2) * 1000
        moved = np.linalg.norm(wanted, axis=2) * 1000
        return SolveReport(
            float(np.sqrt((apart**2).mean())),
            float(np.quantile(apart, 0.95)),
            float(np.sqrt((moved**2).mean())),
            len(curves),
        )

    def report_shapes(self) -> dict[str, SolveReport]:
        """``report`` of each ARKit shape alone, at weight 1; those that move nothing are left out."""
        moving = np.abs(self.shapes[:, self.face]).max((1, 2)) > 1e-5
        eye = np.eye(len(ARKIT_NAMES))
        return {name: self.report(eye[i]) for i, name in enumerate(ARKIT_NAMES) if moving[i]}


def gaze_to_eyes(curves: np.ndarray) -> np.ndarray:
    """(T, 6) radians axis-angle of the left and right eyeball for curves (T, 52): pitch (down > 0), yaw (to its
    left > 0)."""

    def of(name: str) -> np.ndarray:
        side = "Left" if name.endswith("Left") else "Right"
        return curves[:, ARKIT_INDEX[f"eyeLook{name}"]] * GAZE_ANGLE[name.removesuffix(side)]

    result = np.zeros((len(curves), 6))
    result[:, 0], result[:, 1] = of("DownLeft") - of("UpLeft"), of("OutLeft") - of("InLeft")
    result[:, 3], result[:, 4] = of("DownRight") - of("UpRight"), of("InRight") - of("OutRight")
    return result


def eyes_to_gaze(pose: np.ndarray) -> np.ndarray:
    """(T, 52) curves, eyeLook alone, for eyeballs ``pose`` (T, 6); see ``gaze_to_eyes``."""
    curves = np.zeros((len(pose), len(ARKIT_NAMES)))
    for side, pitch, yaw in (("Left", 0, 1), ("Right", 3, 4)):
        outward = pose[:, yaw] if side == "Left" else -pose[:, yaw]
        for name, value in (
            ("Down", pose[:, pitch]),
            ("Up", -pose[:, pitch]),
            ("Out", outward),
            ("In", -outward),
        ):
            curves[:, ARKIT_INDEX[f"eyeLook{name}{side}"]] = np.clip(value / GAZE_ANGLE[name], 0, 1)
    return curves
