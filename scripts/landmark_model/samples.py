"""Random people drawn by our renderer as a camera sees them, and what the landmarker makes of each picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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

SIZE = 288  # pixels a side
EACH = 40  # pictures of one colouring, light and lens


@dataclass(frozen=True)
class Sample:
    """One picture: what is true and what was seen."""

    weights: np.ndarray  # (D,) identity
    view: View
    points: np.ndarray  # (478, 2) pixels
    scores: np.ndarray  # (52,)


def samples(space: IdentitySpace, count: int, seed: int) -> Iterator[Sample]:
    """``count`` pictures of different people, looks, lights, lenses and expressions."""
    rng = np.random.default_rng(seed)
    landmarker = Landmarker(threads=1)
    done = 0
    while done < count:
        for sample in _of_one_look(space, landmarker, rng):
            yield sample
            done += 1
            if done == count:
                return


def _of_one_look(space: IdentitySpace, landmarker: Landmarker, rng: np.random.Generator) -> Iterator[Sample]:
    body = random_look(space.base, rng)
    distance = rng.uniform(0.35, 2.0)
    focal = SIZE * rng.uniform(0.9, 1.1) * distance / 0.30
    # The whole scene is turned before the camera, so that the light comes from elsewhere.
    back = np.array([np.sin(azimuth := rng.uniform(-1, 1)), rng.uniform(-0.2, 0.3), np.cos(azimuth)])
    back /= np.linalg.norm(back)
    camera = Camera(tuple(back.tolist()), (0.0, 0.0, 0.0), 2 * atan(SIZE / 2 / focal), (SIZE, SIZE))
    ground = Background(tuple(rng.integers(20, 230, 3).tolist()), bool(rng.random() < 0.5))
    renderer = make_renderer(body, camera, ground)
    try:
        for _ in range(EACH):
            weights = random_weights(rng, space.names, random_person(rng))
            head = space.head(weights)
            view = _random_view(rng, focal, distance)
            world = view.place(view.shape(head)) @ camera.axes + np.array(camera.position)
            vertices = world.astype(np.float32)
            picture = np.ascontiguousarray(renderer.draw(vertices, head.smooth_normals(vertices))[..., :3])
            found = landmarker.faces(picture)
            face = landmarker.follow(picture, found[0]) if found else None
            if face is not None:
                yield Sample(weights, view, face.points.astype(np.float64), face.scores)
    finally:
        renderer.close()


def _random_view(rng: np.random.Generator, focal: float, distance: float) -> View:
    angles = rng.normal(0, [0.15, 0.2, 0.1])
    place = np.array([rng.normal(0, 0.01), rng.normal(0.02, 0.01), -distance])
    return View((SIZE, SIZE), focal, rotation_matrix(angles), place, random_expression(rng))


def random_expression(rng: np.random.Generator) -> np.ndarray:
    """(52,) weights: a calm face, or a few shapes at once, both sides alike; smiles and open mouths more often."""
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    if rng.random() < 0.4:
        return weights
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(ARKIT_NAMES):
        sided = name.endswith(("Left", "Right")) and not name.startswith(("jaw", "mouthLeft", "mouthRight"))
        groups.setdefault(name.removesuffix("Left").removesuffix("Right") if sided else name, []).append(i)
    names = [name for name in groups if name not in ("mouthClose", "tongueOut")]
    for name in rng.choice(names, rng.integers(1, 6), replace=False):
        weights[groups[name]] = np.clip(rng.beta(1.2, 1.6) + rng.normal(0, 0.08, len(groups[name])), 0, 1)
    if rng.random() < 0.4:
        weights[groups["mouthSmile"]] = np.clip(rng.beta(1.2, 1.5) + rng.normal(0, 0.06, 2), 0, 1)
    if rng.random() < 0.35:
        weights[ARKIT_INDEX["jawOpen"]] = rng.beta(1.2, 2.5)
    if rng.random() < 0.3:
        weights[ARKIT_INDEX["mouthClose"]] = weights[ARKIT_INDEX["jawOpen"]] * rng.random()
    return weights


def random_look(head: Head, rng: np.random.Generator) -> Head:
    """The head with another skin and hair colour; sometimes without brows, sometimes all clay."""
    colour = (head.albedo[..., :3].astype(np.float32) / 255) ** 2.2
    colour *= rng.uniform(0.25, 1.1) * np.array([1, rng.uniform(0.85, 1.08), rng.uniform(0.75, 1.15)])
    if rng.random() < 0.2:
        colour[:] = colour.mean(axis=(0, 1)) * 0.8
    pixels = (np.clip(colour * rng.uniform(0.7, 1.3), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    head = replace(head, albedo=np.dstack([pixels, head.albedo[..., 3:]]))
    if rng.random() < 0.15:
        head = replace(head, parts=tuple(part for part in head.parts if part.name != "brows"))
    return head
