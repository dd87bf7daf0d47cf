"""How often lips cross: real triangles, many strangers, every shape, viseme and spoken frame.

    python bench/crossing.py [--people 100] [--speech 20]

For each head and each pose the upper lip's triangles are tested against the lower lip's (Möller 1997, A fast
triangle-triangle intersection test, in the form of edges against triangles); a pair counts when an edge stands
deeper than TOUCH through the other lip. Prints one line a kind of pose: how many poses have such a pair, and
the deepest one in millimetres.
"""

from __future__ import annotations

import argparse

import numpy as np

from dxtalker.face.head import Head
from dxtalker.face.identity import load_identity_space
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.visemes import OCULUS, composed
from dxtalker.files import asset
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

TOUCH = 0.0002  # metres: lips that rest on each other touch
PAIRS = (
    ("PP", "aa"),
    ("PP", "U"),
    ("FF", "I"),
    ("U", "I"),
    ("O", "SS"),
    ("DD", "E"),
    ("nn", "PP"),
    ("CH", "E"),
)


class Lips:
    """Triangles of both lips near the seam."""

    def __init__(self, head: Head) -> None:
        assert head.lips is not None
        lips = head.lips
        upper = np.zeros(len(head.vertices), bool)
        lower = np.zeros(len(head.vertices), bool)
        upper[lips.near[lips.up > 0.25]] = True
        lower[lips.near[lips.down > 0.25]] = True
        self.upper = head.triangles[upper[head.triangles].all(1)]
        self.lower = head.triangles[lower[head.triangles].all(1)]

    def crossing(self, vertices: np.ndarray) -> float:
        """Metres by which the deepest edge of one lip stands through a triangle of the other; 0: none."""
        return max(_deepest(vertices, self.upper, self.lower), _deepest(vertices, self.lower, self.upper))


def _deepest(vertices: np.ndarray, edges_of: np.ndarray, faces: np.ndarray) -> float:
    edges = np.unique(
        np.sort(np.concatenate([edges_of[:, [0, 1]], edges_of[:, [1, 2]], edges_of[:, [2, 0]]]), axis=1),
        axis=0,
    )
    start, end = vertices[edges[:, 0]], vertices[edges[:, 1]]
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    low, high = np.minimum(start, end), np.maximum(start, end)
    face_low, face_high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    close = ((low[:, None] <= face_high) & (high[:, None] >= face_low)).all(2)
    e, f = np.nonzero(close)
    if not len(e):
        return 0.0
    normal = np.cross(b[f] - a[f], c[f] - a[f])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    one, two = ((p[e] - a[f]) * normal for p in (start, end))
    one, two = one.sum(1), two.sum(1)
    share = one / np.where(np.abs(one - two) < 1e-12, 1e-12, one - two)
    hit = start[e] + share[:, None] * (end[e] - start[e])
    inside = one * two < 0
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(q[f] - p[f], hit - p[f]) * normal).sum(1) >= 0
    depth = np.minimum(np.abs(one), np.abs(two))[inside]
    return float(depth.max()) if depth.size else 0.0


def speech_curves() -> np.ndarray:
    """(T, 52): the packaged generator's motion for the demo."""
    from dxtalker import Speaker, load_audio

    return Speaker().animate(load_audio(asset("demo.flac"))).curves


def report(name: str, depths: list[float]) -> None:
    deep = np.array(depths)
    print(
        f"{name:28s} {len(deep):7d} poses  {100 * (deep > TOUCH).mean():6.2f} % cross  deepest {1000 * deep.max():5.2f} mm"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--speech", type=int, default=20, help="people who say the demo's sentence")
    given = parser.parse_args()
    space = load_identity_space()
    lips, rng = Lips(space.base), np.random.default_rng(7)
    mouth = [
        n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw", "cheek", "tongue")) and n != "mouthClose"
    ]
    found: dict[str, list[float]] = {
        kind: [] for kind in ("rest", "shapes", "closed jaw", "visemes", "pairs", "speech")
    }
    single: dict[str, float] = {}
    curves = speech_curves() if given.speech else np.zeros((0, 52))
    for person in range(given.people):
        head = space.head(random_weights(rng, space.names, random_person(rng)))
        rest = head.vertices
        found["rest"].append(lips.crossing(rest))
        for name in mouth:
            depth = lips.crossing(rest + head.deltas[ARKIT_INDEX[name]])
            found["shapes"].append(depth)
            single[name] = max(single.get(name, 0.0), depth)
        both = head.deltas[ARKIT_INDEX["jawOpen"]] + head.deltas[ARKIT_INDEX["mouthClose"]]
        found["closed jaw"] += [lips.crossing(rest + np.float32(a) * both) for a in (0.2, 0.5, 1.0)]
        visemes = {name: composed(head, name) for name in OCULUS}
        found["visemes"] += [lips.crossing(rest + delta) for delta in visemes.values()]
        for name, delta in visemes.items():
            single[name] = max(single.get(name, 0.0), lips.crossing(rest + delta))
        found["pairs"] += [lips.crossing(rest + (visemes[a] + visemes[b]) / 2) for a, b in PAIRS]
        if person < given.speech:
            found["speech"] += [lips.crossing(head.shape(frame)) for frame in curves]
    for kind, depths in found.items():
        if depths:
            report(kind, depths)
    worst = sorted(single.items(), key=lambda item: -item[1])[:8]
    print("deepest shapes:", ", ".join(f"{name} {1000 * depth:.2f} mm" for name, depth in worst))


if __name__ == "__main__":
    main()
