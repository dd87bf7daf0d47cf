"""A FLAME model -> a Head that renders and exports like any other, and the solver that its curves go through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...records import ARKIT_INDEX, ARKIT_NAMES
from ..head import Head
from .bare import Bare, to_head
from .carry import Carrier, jaw_normals, open_head, open_landmarks, open_sitter, vertex_colours
from .flame import JAW, JOINTS, LEFT_EYE, NECK, RIGHT_EYE, FlameModel, read_flame
from .marks import find_marks
from .match import Sitter, shared_points
from .paint import paint
from .solve import FlameCurves, FlameSolver

OPEN_JAW = 0.25  # radians, when FLAME is looked at with its mouth open
REACH = 0.03  # metres from the carried face at which motion has faded out
ATLAS = 1024  # pixels a side
Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class FlameHead(Head):
    """A Head made from FLAME: its deltas are FLAME's own surface at weight 1 of each shape, made linear."""

    solver: FlameSolver | None = (
        None  # curves to FLAME parameters and back; None never, but a default is needed
    )
    shape_code: np.ndarray | None = None  # (S,) FLAME shape that was asked for
    shift: np.ndarray | None = None  # (3,) metres, added to FLAME's coordinates to put the eyes at the origin


def flame_face(path: Path, shape: np.ndarray | None = None, pairs: Pairs | None = None) -> FlameHead:
    """The Head of a FLAME file, of the mean face or of ``shape`` (<= 300,).

    ``pairs`` are the same places on the open head and on FLAME's template, (N, 3) and (N, 3) metres; without
    them they are found by looking at both. Raises as ``read_flame`` does.
    """
    return flame_head(read_flame(path), shape, pairs)


def flame_head(model: FlameModel, shape: np.ndarray | None = None, pairs: Pairs | None = None) -> FlameHead:
    """As ``flame_face``, of a model in memory."""
    code = np.zeros(0) if shape is None else np.asarray(shape, np.float64)
    person = model.shaped(code)
    ours, theirs = pairs or correspondences(person)
    surface = jaw_normals(person.template, person.faces, person.weights[:, JAW])
    carrier = Carrier(surface, ours, theirs, REACH)
    balls = np.concatenate(person.eyeballs)
    shapes = np.stack([carrier.motion(delta) for delta in open_head().deltas])
    shapes[:, balls] = 0
    solver = FlameSolver(person, shapes)
    colours = carrier.colours(vertex_colours(open_head()))
    head = to_head(_bare(person, solver, colours))
    return FlameHead(
        **{name: getattr(head, name) for name in Head.__dataclass_fields__},
        solver=solver,
        shape_code=code,
        shift=-person.joints[[LEFT_EYE, RIGHT_EYE]].mean(0),
    )


def correspondences(model: FlameModel) -> Pairs:
    """The same places on the open head and on FLAME's template: landmarks seen in pictures of both, and the
    eyes; where no face is seen, the lips, nose, chin and eyes that geometry finds."""
    head = open_head()
    eyes = head.eyes.astype(np.float64), model.joints[[LEFT_EYE, RIGHT_EYE]]
    found = shared_points(open_sitter(), _sitter(model), open_landmarks())
    if found is None:
        found = _marked(head), _marked_flame(model)
    return np.concatenate([found[0], eyes[0]]), np.concatenate([found[1], eyes[1]])


def _sitter(model: FlameModel) -> Sitter:
    pose = np.zeros((1, JOINTS * 3))
    pose[0, 3 * JAW] = OPEN_JAW
    ball = np.zeros(len(model.template), bool)
    ball[np.concatenate(model.eyeballs)] = True
    return Sitter(
        vertices=model.template,
        opened=model.vertices(np.zeros((1, 1)), pose)[0],
        triangles=model.faces,
        eyes=model.joints[[LEFT_EYE, RIGHT_EYE]],
        eye_triangle=np.asarray(ball[model.faces].all(1)),
    )


def _marked(head: Head) -> np.ndarray:
    """(8, 3) metres: corners of the eyes and the mouth, nose tip, chin."""
    return head.vertices[[head.landmarks[name] for name in _NAMES]].astype(np.float64)


_NAMES = (
    "eye_outer_left", "eye_inner_left", "eye_outer_right", "eye_inner_right",
    "mouth_left", "mouth_right", "nose_tip", "chin",
)  # fmt: skip


def _marked_flame(model: FlameModel) -> np.ndarray:
    marks = find_marks(model.template, _skin(model), _jaw_only(model), model.joints[[LEFT_EYE, RIGHT_EYE]])
    return model.template[[marks.landmarks[name] for name in _NAMES]]


def _skin(model: FlameModel) -> np.ndarray:
    return np.setdiff1d(np.arange(len(model.template)), np.concatenate(model.eyeballs))


def _jaw_only(model: FlameModel) -> np.ndarray:
    """(52, V, 3) metres of which jawOpen alone moves: FLAME's jaw, half open."""
    deltas = np.zeros((len(ARKIT_NAMES), *model.template.shape))
    pose = np.zeros((1, JOINTS * 3))
    pose[0, 3 * JAW] = OPEN_JAW
    deltas[ARKIT_INDEX["jawOpen"]] = model.vertices(np.zeros((1, 1)), pose)[0] - model.template
    return deltas


def _bare(model: FlameModel, solver: FlameSolver, colours: np.ndarray) -> Bare:
    """FLAME's surface with what each shape does to it."""
    one = np.eye(len(ARKIT_NAMES))
    curves = solver.to_flame(one)
    deltas = solver.displacement(FlameCurves(curves.expression, curves.pose))
    uv, copies, triangles = unwrapped(model)
    ball = np.zeros(len(model.template), bool)
    ball[np.concatenate(model.eyeballs)] = True
    joints = model.joints
    bare = Bare(
        name=model.name,
        vertices=model.template[copies],
        triangles=triangles,
        kinds=("skin", "eyes"),
        kind_of=np.asarray(ball[model.faces].all(1)).astype(np.int64),
        uv=uv,
        albedo=np.zeros((1, 1, 4), np.uint8),
        deltas=deltas[:, copies],
        weld=copies,
        head_weight=model.weights[copies, NECK:].sum(1),
        pivot=joints[NECK],
        eyes=joints[[LEFT_EYE, RIGHT_EYE]],
        marks=find_marks(model.template, _skin(model), deltas, joints[[LEFT_EYE, RIGHT_EYE]]),
    )
    place = bare.vertices - bare.vertices.mean(0)
    outward = np.hypot(place[:, 0], place[:, 2])  # the face lies over the mouth's lining
    shown = np.where(ball[copies, None], np.nan, colours[copies])
    return replace(bare, albedo=paint(bare, ATLAS, shown, outward))


def unwrapped(model: FlameModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A plain texture map, as FLAME's file has none: round the head's vertical axis, eyeballs by the angle
    from their front, in squares of their own. Returns uv (R, 2), the vertex that each of R render vertices copies, and
    triangles (F, 3) of render vertices; those that cross the seam at the back have copies.
    """
    place = model.template
    ball = np.zeros(len(place), bool)
    ball[np.concatenate(model.eyeballs)] = True
    centre = place.mean(0)
    angle = np.arctan2(place[:, 0] - centre[0], place[:, 2] - centre[2]) / (2 * np.pi) + 0.5  # seam behind
    low, high = place[:, 1].min(), place[:, 1].max()
    uv = np.stack([angle, (high - place[:, 1]) / (high - low)], axis=1)
    corner = angle[model.faces]
    crossing = (np.ptp(corner, axis=1) > 0.5) & ~ball[model.faces].any(1)
    moved = (corner < 0.5) & crossing[:, None]
    extra, inverse = np.unique(model.faces[moved], return_inverse=True)
    triangles = model.faces.copy()
    triangles[moved] = len(place) + inverse
    copies = np.concatenate([np.arange(len(place)), extra])
    uv = np.concatenate([uv, uv[extra] + (1, 0)])
    uv = 0.01 + 0.76 * uv * (0.8, 1.0)
    for number, eye in enumerate(model.eyeballs):
        if len(eye):
            around = place[eye] - place[eye].mean(0)
            away = np.arctan2(np.hypot(around[:, 0], around[:, 1]), around[:, 2]) / (2 * np.pi)  # 0 in front
            round_it = np.arctan2(around[:, 1], around[:, 0])
            flat = 0.5 + 0.9 * away[:, None] * np.stack([np.cos(round_it), -np.sin(round_it)], axis=1)
            uv[eye] = 0.01 + flat * 0.18 + (0.2 * number, 0.79)
    return uv, copies, triangles
