"""Pictures of random people as the networks see them, and who they are; kept in files so that drawing can go on later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan
from pathlib import Path
from unittest.mock import patch

import numpy as np

from dxtalker.face.fit import CODES, Fitter, load_landmark_model
from dxtalker.face.guess import describe
from dxtalker.face.head import rotation_matrix
from dxtalker.face.identity import IdentitySpace, load_identity_space
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.view import View
from dxtalker.files import atomic_path
from dxtalker.render import glsl
from dxtalker.render.camera import Camera
from dxtalker.render.gl import GlRenderer
from dxtalker.render.look import Background
from landmark_model.samples import random_expression

from .people import random_light, random_shape, recoloured
from .photography import photographed

SIZE = 288  # pixels a side of a picture
PEOPLE, PICTURES = 14, 3  # people of one colouring and light; pictures of each
ARRAYS = ("crop", "fine", "coarse", "marks", "weights", "person")


@dataclass(frozen=True)
class Samples:
    """N pictures."""

    crop: np.ndarray  # (N, 96, 96, 3) uint8
    fine: np.ndarray  # (N, 128, 8, 8) float16
    coarse: np.ndarray  # (N, 128, 4, 4) float16
    marks: np.ndarray  # (N, 1489) float16, as ``face.guess.describe`` gives them
    weights: np.ndarray  # (N, D) float32 identity
    person: np.ndarray  # (N,) int: pictures of one person have the same number
    look: np.ndarray  # (N,) int: pictures of one colouring and light have the same number


def draw(folder: Path, looks: range) -> None:
    """A file in ``folder`` for each of ``looks``; those that are there already are left as they are."""
    space = load_identity_space()
    mean = Fitter(space, load_landmark_model()).mean
    landmarker = Landmarker(threads=1)
    for look in looks:
        path = folder / f"{look:05d}.npz"
        if path.exists():
            continue
        rows = list(_of_one_look(space, landmarker, mean, np.random.default_rng([7, look])))
        arrays = {name: np.stack([row[name] for row in rows]) for name in ARRAYS}
        with atomic_path(path) as temporary:
            np.savez(temporary, **arrays)
        print(f"look {look}: {len(rows)} pictures", flush=True)


def _of_one_look(
    space: IdentitySpace, landmarker: Landmarker, mean: np.ndarray, rng: np.random.Generator
) -> Iterator[dict[str, np.ndarray]]:
    body = recoloured(space.base, rng)
    distance = rng.uniform(0.35, 2.0)
    focal = SIZE * rng.uniform(0.85, 1.1) * distance / 0.30
    camera = Camera((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 2 * atan(SIZE / 2 / focal), (SIZE, SIZE))
    with patch.multiple(glsl, **random_light(rng)):  # pyright: ignore[reportArgumentType]
        renderer = GlRenderer(body, camera, Background(None, False))
    try:
        for person in range(PEOPLE):
            weights = random_shape(rng, space.names)
            head = space.head(weights)
            for _ in range(PICTURES):
                view = _random_view(rng, focal, distance)
                placed = view.place(view.shape(head)) @ camera.axes + np.array(camera.position)
                vertices = placed.astype(np.float32)
                picture = photographed(renderer.draw(vertices, head.smooth_normals(vertices)), rng)
                found = landmarker.faces(picture)
                face = landmarker.follow(picture, found[0]) if found else None
                if face is None:
                    continue
                seen = landmarker.appearance(picture, face)
                yield {
                    "crop": seen.crop,
                    "fine": seen.fine.astype(np.float16),
                    "coarse": seen.coarse.astype(np.float16),
                    "marks": describe(face, (SIZE, SIZE), mean).astype(np.float16),
                    "weights": weights.astype(np.float32),
                    "person": np.array(person),
                }
    finally:
        renderer.close()


def _random_view(rng: np.random.Generator, focal: float, distance: float) -> View:
    turn = rotation_matrix(rng.normal(0, [0.15, 0.22, 0.1]))
    place = np.array([rng.normal(0, 0.01), rng.normal(0.02, 0.01), -distance])
    return View((SIZE, SIZE), focal, turn, place, random_expression(rng))


def read(folder: Path) -> Samples:
    """Everything in ``folder``. Looks are numbered as their files are."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (*ARRAYS, "look")}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as data:
            for name in ARRAYS:
                parts[name].append(data[name])
        look = int(path.stem)
        parts["person"][-1] = parts["person"][-1] + look * PEOPLE
        parts["look"].append(np.full(len(parts["person"][-1]), look))
    if not parts["look"]:
        raise SystemExit(f"{folder} holds no samples")
    return Samples(**{name: np.concatenate(rows) for name, rows in parts.items()})


def targets(space: IdentitySpace) -> tuple[np.ndarray, np.ndarray]:
    """What (D, P) identity weights and (CODES, P) codes do to the face, mm, in P coordinates that keep distances.

    A length there is the RMS distance over the face once the part that is a similarity of the whole (which a
    picture does not show) has been taken out.
    """
    points = _face(space)[::6]
    moved = np.stack(
        [space.displacement(space.baked + row)[points].ravel() for row in np.eye(len(space.names))]
    )
    shape = space.raw_head(space.mean).vertices[points].astype(np.float64)
    shape -= shape.mean(axis=0)
    whole = [np.tile(axis, (len(points), 1)) for axis in np.eye(3)]
    whole += [np.cross(axis, shape) for axis in np.eye(3)] + [shape]
    basis = np.linalg.qr(np.stack([field.ravel() for field in whole], axis=1))[0]
    moved = moved.astype(np.float64) * 1000 / np.sqrt(len(points))
    moved -= (moved @ basis) @ basis.T
    axes = np.linalg.svd(moved, full_matrices=False)[2][:200].T
    weights = moved @ axes
    return weights, space.basis[:CODES] @ weights


def _face(space: IdentitySpace) -> np.ndarray:
    """Vertices (N,) of the skin from the brows to the chin, ear to ear."""
    head = space.base
    part = next(part for part in head.parts if part.name == "skin")
    ids = np.unique(head.triangles[part.first : part.first + part.count])
    x, y, z = head.vertices[ids].T
    return ids[(z > -0.01) & (y > -0.125) & (y < 0.07) & (np.abs(x) < 0.08)]
