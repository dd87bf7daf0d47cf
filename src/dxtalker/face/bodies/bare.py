"""A face as some program made it -> a Head: centred on the eyes, in metres, its landmarks found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import BadInput
from ...records import ARKIT_NAMES
from ..head import Head, Part
from .marks import Marks, find_marks

# How each kind of surface is drawn: roughness, specular, blend. The order is the order of drawing.
LOOKS: dict[str, tuple[float, float, bool]] = {
    "skin": (0.55, 0.22, False),
    "hair": (0.68, 0.10, False),
    "clothes": (0.9, 0.05, False),
    "eyes": (0.12, 0.70, False),
    "teeth": (0.22, 0.50, False),
    "tongue": (0.38, 0.35, False),
    "mouth": (0.45, 0.30, False),
    "brows": (0.75, 0.08, True),
    "lashes": (0.70, 0.10, True),
    "strands": (0.60, 0.12, True),
}
SIDES = ("Left", "Right")


@dataclass(frozen=True)
class Bare:
    """A rigged surface before it is a Head; axes as ours (+Y up, +Z to the viewer), any origin, metres."""

    name: str
    vertices: np.ndarray  # (V, 3)
    triangles: np.ndarray  # (F, 3), counter-clockwise from outside
    kinds: tuple[str, ...]  # per entry of kind_of, one of LOOKS
    kind_of: np.ndarray  # (F,) into kinds
    uv: np.ndarray  # (V, 2) 0..1, origin at the picture's top left
    albedo: np.ndarray  # (H, W, 4) uint8
    deltas: np.ndarray  # (52, V, 3) metres
    weld: np.ndarray | None = None  # (V,); None: vertices at one place that move alike are one point
    head_weight: np.ndarray | None = None  # (V,); None: from how high a vertex stands
    pivot: np.ndarray | None = None  # (3,); None: below the ears' height
    eyes: np.ndarray | None = None  # (2, 3) left and right; None: from the part "eyes" or the lids
    marks: Marks | None = None  # None: found in the geometry
    extras: dict[str, np.ndarray] = field(default_factory=dict)  # name to (V, 3)
    centred: bool = False  # True: the origin is right already


def to_head(bare: Bare) -> Head:
    """The Head that renders and exports like any other. Raises BadInput when it has no mouth that opens."""
    if bare.eyes is None:
        bare = replace(bare, eyes=eye_centres(bare))
    eyes = np.asarray(bare.eyes, np.float64)
    shift = np.zeros(3) if bare.centred else -eyes.mean(0)
    vertices = bare.vertices + shift
    eyes = eyes + shift
    triangles, parts = _sorted_parts(bare)
    weld = bare.weld if bare.weld is not None else weld_points(bare.vertices, bare.deltas)
    skin = part_vertices(triangles, parts, ("skin",))
    marks = bare.marks or find_marks(vertices, skin, bare.deltas, eyes)
    pivot = _pivot(vertices, eyes) if bare.pivot is None else bare.pivot + shift
    weight = bare.head_weight
    if weight is None:
        weight = _height_weight(vertices, pivot, float(vertices[marks.landmarks["chin"], 1]))
    return Head(
        name=bare.name,
        vertices=vertices.astype(np.float32),
        triangles=triangles.astype(np.int32),
        uv=np.clip(bare.uv, 0, 1).astype(np.float32),
        weld=weld.astype(np.int32),
        deltas=bare.deltas.astype(np.float32),
        head_weight=np.clip(weight, 0, 1).astype(np.float32),
        pivot=np.asarray(pivot, np.float32),
        lip_pairs=marks.lip_pairs.astype(np.int32),
        landmarks=marks.landmarks,
        parts=parts,
        albedo=bare.albedo,
        eyes=eyes.astype(np.float32),
        extras={name: delta.astype(np.float32) for name, delta in bare.extras.items()},
    )


def weld_points(vertices: np.ndarray, deltas: np.ndarray) -> np.ndarray:
    """(V,) int64: one number for vertices within 1e-6 m of each other whose jaw moves alike.

    Lips that touch at rest are two points, so the shapes that part them are looked at too.
    """
    moves = [deltas[ARKIT_NAMES.index(name)] for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")]
    table = np.concatenate([vertices, *moves], axis=1)
    cells = np.round(table / 2e-6).astype(np.int64)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)


def part_vertices(triangles: np.ndarray, parts: tuple[Part, ...], names: tuple[str, ...]) -> np.ndarray:
    """Sorted indices of the vertices that the parts of these names use."""
    runs = [triangles[p.first : p.first + p.count].ravel() for p in parts if p.name in names]
    return np.unique(np.concatenate(runs)) if runs else np.empty(0, np.int64)


def _sorted_parts(bare: Bare) -> tuple[np.ndarray, tuple[Part, ...]]:
    """Triangles in drawing order, and the runs of one kind."""
    order = list(LOOKS)
    rank = np.array([order.index(kind) for kind in bare.kinds])[bare.kind_of]
    by = np.argsort(rank, kind="stable")
    parts, first = [], 0
    for number, kind in enumerate(order):
        count = int((rank == number).sum())
        if count:
            parts.append(Part(kind, first, count, *LOOKS[kind]))
            first += count
    return bare.triangles[by], tuple(parts)


def eye_centres(bare: Bare) -> np.ndarray:
    """(2, 3) metres, left and right: of the part "eyes", else behind the lids that the blinks move."""
    eyes = [i for i, kind in enumerate(bare.kinds) if kind == "eyes"]
    used = np.unique(bare.triangles[np.isin(bare.kind_of, eyes)]) if eyes else np.empty(0, np.int64)
    if len(used):
        middle = np.median(bare.vertices[used, 0])
        sides = [used[bare.vertices[used, 0] > middle], used[bare.vertices[used, 0] <= middle]]
        if all(len(side) >= 4 for side in sides):
            return np.stack([_sphere_centre(bare.vertices[side]) for side in sides])
    lids = sum(np.linalg.norm(bare.deltas[ARKIT_NAMES.index(f"eyeBlink{side}")], axis=1) for side in SIDES)
    if np.max(lids) < 1e-5:
        raise BadInput(f"{bare.name}: its eyes were not found; it has neither eyeballs nor eyeBlink shapes")
    across = bare.vertices[:, 0] - np.average(bare.vertices[:, 0], weights=lids)
    halves = [np.where(across * side > 0, lids, 0) for side in (1, -1)]
    if min(half.max() for half in halves) <= 0:
        raise BadInput(f"{bare.name}: its eyes were not found; the blinks move one side alone")
    # A lid stands a little above and before the eye's middle.
    return np.stack([np.average(bare.vertices, axis=0, weights=half) for half in halves]) - (0, 0.002, 0.012)


def _sphere_centre(points: np.ndarray) -> np.ndarray:
    """Least-squares centre of a sphere through ``points`` (N, 3); their mean where that is ill-posed."""
    mean = points.mean(0)
    local = points - mean
    system = np.concatenate([2 * local, np.ones((len(local), 1))], axis=1)
    solution = np.linalg.lstsq(system, (local * local).sum(1), rcond=None)[0][:3]
    return mean + solution if np.linalg.norm(solution) < np.ptp(local, axis=0).max() else mean


def _pivot(vertices: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """Where a head turns when no joint says so: as in the open head, scaled by the eyes' distance."""
    scale = np.linalg.norm(eyes[0] - eyes[1]) / 0.0574
    return eyes.mean(0) + np.array([0.0, -0.0358, -0.0724]) * scale


def _height_weight(vertices: np.ndarray, pivot: np.ndarray, chin: float) -> np.ndarray:
    """(V,) 1 from a little below the chin upwards, 0 at the lower end of the neck."""
    lowest = float(vertices[:, 1].min())
    behind = np.clip((pivot[2] + 0.02 - vertices[:, 2]) / 0.05, 0, 1)  # the nape bends higher than the throat
    top = chin - 0.015 + behind * max(pivot[1] - 0.02 - chin, 0)
    low = max(lowest, chin - 0.11)
    share = np.clip((vertices[:, 1] - low) / np.maximum(top - low, 1e-3), 0, 1)
    return share * share * (3 - 2 * share)
