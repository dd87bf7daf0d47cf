"""How near one frontal picture brings a head to the person: synthetic people whose true shape is known.

    python bench/identity.py [--people 20] [--ict FaceXModel]

Our topology: people of eight strong local targets each, drawn evenly, which is not how the fit's prior was drawn.
--ict: people of ICT-FaceKit's first identity shapes. Errors are RMS after a similarity alignment (one picture tells no
size); the mean adult is the baseline. The leak is how far a fitted resting face moves when the person makes a
face, as a share of how far that expression moves the face.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from math import atan
from pathlib import Path

import numpy as np

from dxtalker.face.align import similarity
from dxtalker.face.bodies.ict import ict_identity
from dxtalker.face.find import find_face
from dxtalker.face.head import Head
from dxtalker.face.likeness import Sculptor
from dxtalker.face.people import macro_weights, random_person
from dxtalker.face.photo import Photo
from dxtalker.records import ARKIT_INDEX
from dxtalker.render.camera import Camera
from dxtalker.render.look import Background
from dxtalker.render.renderer import make_renderer

SIZE, DISTANCE = 512, 0.9  # pixels, metres
FACES = {
    "neutral": {},
    "smile": {"mouthSmile": 0.8, "cheekSquint": 0.4},
    "open": {"jawOpen": 0.5},
    "pucker": {"mouthPucker": 0.8},
    "frown": {"mouthFrown": 0.7, "browDown": 0.7},
}


def weights(face: dict[str, float]) -> np.ndarray:
    out = np.zeros(52, np.float32)
    for start, value in face.items():
        out[[i for name, i in ARKIT_INDEX.items() if name.startswith(start)]] = value
    return out


def photograph(head: Head, vertices: np.ndarray) -> Photo:
    """The head from the front, 0.9 m away."""
    middle = float(head.eyes[:, 1].mean()) - 0.03
    camera = Camera((0.0, middle, DISTANCE), (0.0, middle, 0.0), 2 * atan(0.15 / DISTANCE), (SIZE, SIZE))
    renderer = make_renderer(head, camera, Background((120, 125, 130), False))
    pixels = renderer.draw(vertices, head.smooth_normals(vertices))[..., :3]
    renderer.close()
    return Photo(np.ascontiguousarray(pixels), ())


def fitted(sculptor: Sculptor, photo: Photo) -> np.ndarray:
    """(V, 3) metres, the resting face that the picture gives, before lips are settled."""
    fit = sculptor.fitter.fit([sculptor.observation(find_face(photo, sculptor.landmarker))])
    return sculptor.space.raw_head(fit.weights).vertices


def aligned(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """``points`` moved, turned and scaled onto ``target``."""
    return similarity(points, target).apply(points)


def rms(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum(1).mean())) * 1000


def face_of(head: Head) -> np.ndarray:
    """Vertices of the face: brows to chin, ear to ear."""
    part = next(part for part in head.parts if part.name == "skin")
    ids = np.unique(head.triangles[part.first : part.first + part.count])
    x, y, z = head.vertices[ids].T
    return ids[(z > -0.01) & (y > -0.125) & (y < 0.07) & (np.abs(x) < 0.08)]


def nearest(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    return ((mesh**2).sum(1)[None] - 2 * points @ mesh.T).argmin(1)


def surface_error(points: np.ndarray, mesh: np.ndarray, normals: np.ndarray) -> float:
    """RMS mm from ``points`` to a surface, after alignment by iterated closest points."""
    at = points
    for _ in range(12):
        near = nearest(at, mesh)
        foot = at - ((at - mesh[near]) * normals[near]).sum(1, keepdims=True) * normals[near]
        at = aligned(points, foot)
    near = nearest(at, mesh)
    off = np.sort(np.abs(((at - mesh[near]) * normals[near]).sum(1)))[: int(0.97 * len(at))]
    return float(np.sqrt((off**2).mean())) * 1000


def own_people(sculptor: Sculptor, count: int) -> None:
    space, rng = sculptor.space, np.random.default_rng(11)
    face = face_of(space.base)
    mean = space.raw_head(space.mean).vertices[face]
    usual, near, seconds, leaks = [], [], [], {name: [] for name in list(FACES)[1:]}
    local = [i for i, name in enumerate(space.names) if not name.startswith(("macro", "ears", "neck"))]
    for _ in range(count):
        who = macro_weights(random_person(rng), space.names)
        who[rng.choice(local, 8, replace=False)] += rng.uniform(0.2, 0.6, 8)
        head = space.head(who)
        true = head.vertices[face]
        start = time.perf_counter()
        calm = fitted(sculptor, photograph(head, head.vertices))[face]
        seconds.append(time.perf_counter() - start)
        usual.append(rms(aligned(mean, true), true))
        near.append(rms(aligned(calm, true), true))
        for name in leaks:
            moved = head.shape(weights(FACES[name]))
            other = fitted(sculptor, photograph(head, moved))[face]
            leaks[name].append(rms(aligned(other, calm), calm) / rms(moved[face], true))
    report("our targets drawn another way", usual, near)
    print("  leak: " + ", ".join(f"{name} {np.mean(values):.2f}" for name, values in leaks.items()))
    print(f"  {np.mean(seconds):.2f} s to draw, find and fit one picture")


def ict_people(sculptor: Sculptor, folder: Path, count: int) -> None:
    space, rng = sculptor.space, np.random.default_rng(12)
    face, usual, near = face_of(space.base), [], []
    mean = space.raw_head(space.mean).vertices
    known = len(list(folder.glob("identity*.obj")))
    for _ in range(count):
        head = ict_identity(folder, rng.standard_normal(known))
        part = next(part for part in head.parts if part.name == "skin")
        ids = np.unique(head.triangles[part.first : part.first + part.count])
        x, y, z = head.vertices[ids].T
        true = head.vertices[ids[(z > -0.005) & (y > -0.11) & (y < 0.05) & (np.abs(x) < 0.07)]][::6]
        found = fitted(sculptor, photograph(head, head.vertices))
        for shape, errors in ((mean, usual), (found, near)):
            normals = replace(space.base, vertices=shape).smooth_normals(shape)
            errors.append(surface_error(true, shape[face], normals[face]))
    report("ICT-FaceKit people (to the surface)", usual, near)


def report(name: str, usual: list[float], near: list[float]) -> None:
    ratio = np.mean(near) / np.mean(usual)
    print(
        f"{name}: mean face {np.mean(usual):.2f} mm, fit {np.mean(near):.2f} mm, ratio {ratio:.2f} ({len(near)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--ict", type=Path)
    given = parser.parse_args()
    sculptor = Sculptor()
    own_people(sculptor, given.people)
    if given.ict:
        ict_people(sculptor, given.ict, given.people)


if __name__ == "__main__":
    main()
