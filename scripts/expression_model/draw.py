"""Random people drawn with many expressions each, and what the landmarker makes of every picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan

import numpy as np

from dxtalker.face.head import Head, rotation_matrix
from dxtalker.face.identity import IdentitySpace
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.view import View
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES
from dxtalker.render.camera import Camera
from dxtalker.render.look import Background
from dxtalker.render.renderer import make_renderer
from landmark_model.samples import random_expression, random_look

SIZE = 288  # pixels a side
CALM = 5  # pictures of a person at rest, in poses of their own
MOVED = 27  # pictures of a person with an expression
# What talking faces do, each with its chance and its usual strength; both sides alike or nearly so.
TALK = {
    "jawOpen": (0.7, 0.22), "mouthClose": (0.3, 0.0), "mouthFunnel": (0.35, 0.35), "mouthPucker": (0.35, 0.4),
    "mouthLowerDown": (0.4, 0.35), "mouthUpperUp": (0.35, 0.25), "mouthStretch": (0.3, 0.3),
    "mouthSmile": (0.35, 0.3), "mouthPress": (0.25, 0.4), "mouthRollLower": (0.25, 0.4),
    "mouthRollUpper": (0.25, 0.35), "mouthShrugLower": (0.25, 0.35), "mouthShrugUpper": (0.2, 0.3),
    "mouthFrown": (0.2, 0.3), "mouthDimple": (0.2, 0.3), "cheekPuff": (0.1, 0.3), "mouthLeft": (0.1, 0.2),
    "mouthRight": (0.1, 0.2), "jawForward": (0.15, 0.3), "jawLeft": (0.08, 0.2), "jawRight": (0.08, 0.2),
    "browInnerUp": (0.35, 0.4), "browOuterUp": (0.3, 0.4), "browDown": (0.3, 0.4), "cheekSquint": (0.25, 0.4),
    "noseSneer": (0.2, 0.35), "eyeBlink": (0.4, 0.5), "eyeSquint": (0.3, 0.4), "eyeWide": (0.2, 0.4),
    "eyeLookDown": (0.2, 0.4), "eyeLookUp": (0.15, 0.3),
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One person in many pictures; the first CALM of them at rest."""

    points: np.ndarray  # (F, 478, 3) pixels, x right, y down, depth away
    scores: np.ndarray  # (F, 52)
    expression: np.ndarray  # (F, 52) true weights
    rotation: np.ndarray  # (F, 3, 3) true, head to camera


def people(space: IdentitySpace, count: int, seed: int) -> Iterator[Shown]:
    """``count`` people, each with a look, light and lens of their own."""
    rng = np.random.default_rng(seed)
    landmarker = Landmarker(threads=1)
    done = 0
    while done < count:
        shown = _person(space, landmarker, rng)
        if shown is not None:
            done += 1
            yield shown


def _person(space: IdentitySpace, landmarker: Landmarker, rng: np.random.Generator) -> Shown | None:
    weights = random_weights(rng, space.names, random_person(rng))
    head = space.head(weights)
    distance = rng.uniform(0.35, 2.0)
    focal = SIZE * rng.uniform(0.9, 1.1) * distance / 0.30
    renderer, camera = _renderer(random_look(head, rng), rng, focal)
    usual = rng.normal(0, [0.1, 0.15, 0.06])
    taken = []
    try:
        for number in range(CALM + MOVED):
            expression = calm(rng) if number < CALM else moved(rng)
            angles = usual + rng.normal(0, [0.1, 0.15, 0.06])
            place = np.array([rng.normal(0, 0.01), rng.normal(0.02, 0.01), -distance])
            view = View((SIZE, SIZE), focal, rotation_matrix(angles), place, expression)
            picture = _draw(head, view, renderer, camera)
            found = landmarker.faces(picture)
            face = landmarker.follow(picture, found[0]) if found else None
            if face is None:
                if number < CALM:
                    return None
                continue
            taken.append((np.column_stack([face.points, face.depth]), face.scores, view))
    finally:
        renderer.close()
    expression = np.stack([view.expression for _, _, view in taken])
    return Shown(
        np.stack([points for points, _, _ in taken]).astype(np.float32),
        np.stack([scores for _, scores, _ in taken]).astype(np.float32),
        expression,
        np.stack([view.rotation for _, _, view in taken]),
    )


def _renderer(body: Head, rng: np.random.Generator, focal: float):
    """The whole scene is turned before the camera, so that the light comes from elsewhere."""
    back = np.array([np.sin(azimuth := rng.uniform(-1, 1)), rng.uniform(-0.2, 0.3), np.cos(azimuth)])
    back /= np.linalg.norm(back)
    camera = Camera(tuple(back.tolist()), (0.0, 0.0, 0.0), 2 * atan(SIZE / 2 / focal), (SIZE, SIZE))
    ground = Background(tuple(rng.integers(20, 230, 3).tolist()), bool(rng.random() < 0.5))
    return make_renderer(body, camera, ground), camera


def _draw(head: Head, view: View, renderer, camera: Camera) -> np.ndarray:
    world = view.place(view.shape(head)) @ camera.axes + np.array(camera.position)
    vertices = world.astype(np.float32)
    return np.ascontiguousarray(renderer.draw(vertices, head.smooth_normals(vertices))[..., :3])


def calm(rng: np.random.Generator) -> np.ndarray:
    """(52,) a face at rest; now and then it looks elsewhere."""
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    if rng.random() < 0.3:
        for name in ("eyeLookDownLeft", "eyeLookDownRight"):
            weights[ARKIT_INDEX[name]] = rng.uniform(0, 0.3)
    return weights


def moved(rng: np.random.Generator) -> np.ndarray:
    """(52,) half of them a few shapes of any strength, half what talking faces do."""
    if rng.random() < 0.5:
        while not (weights := random_expression(rng)).any():
            pass
        return weights
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    for stem, (chance, strength) in TALK.items():
        if rng.random() > chance:
            continue
        names = [name for name in (stem, f"{stem}Left", f"{stem}Right") if name in ARKIT_INDEX]
        value = rng.gamma(2.0, strength / 2)
        for name in names:
            weights[ARKIT_INDEX[name]] = np.clip(value * rng.normal(1, 0.1), 0, 1)
    jaw = weights[ARKIT_INDEX["jawOpen"]]
    weights[ARKIT_INDEX["mouthClose"]] = jaw * rng.uniform(0.3, 1) if rng.random() < 0.3 else 0
    return weights
