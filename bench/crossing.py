"""How often lips cross: real triangles, many strangers, every shape, viseme and spoken frame.

    python bench/crossing.py [--people 100] [--speech 20]

For each head and each pose, vertices and edge midpoints of one lip are held against the triangles of the other:
how far they stand behind its surface, measured upright. Prints one line a kind of pose: how many poses are deeper
than TOUCH, and the deepest one in millimetres.
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

TOUCH = 0.0005  # metres: lips that rest on each other touch
THICK = 0.004  # metres: what is deeper lies beyond the lip, not in it
CORNER = 2  # edge vertices at either end, 2 mm, that are left out: there the skin of both lips is one fold
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
        inner = (lips.at > CORNER) & (lips.at < len(lips.upper) - 1 - CORNER)
        upper[lips.near[inner & (lips.up > 0.25)]] = True
        lower[lips.near[inner & (lips.down > 0.25)]] = True
        upper, lower = upper & ~lower, lower & ~upper
        self.upper = head.triangles[upper[head.triangles].all(1)]
        self.lower = head.triangles[lower[head.triangles].all(1)]

    def crossing(self, vertices: np.ndarray) -> float:
        """Metres by which one lip stands in the other, measured upright; 0: none."""
        under = _deepest(vertices, self.upper, self.lower, 1.0)
        return max(under, _deepest(vertices, self.lower, self.upper, -1.0))


def _deepest(vertices: np.ndarray, upper: np.ndarray, lower: np.ndarray, sign: float) -> float:
    """Metres that points of ``upper`` stand below faces of ``lower`` that look up (``sign`` -1: the reverse)."""
    corners = vertices[upper]
    points = np.concatenate(
        [vertices[np.unique(upper)], (corners + np.roll(corners, 1, axis=1)).reshape(-1, 3) / 2]
    )
    a, b, c = (vertices[lower[:, k]] for k in range(3))
    area = (b[:, 2] - a[:, 2]) * (c[:, 0] - a[:, 0]) - (b[:, 0] - a[:, 0]) * (c[:, 2] - a[:, 2])
    facing = sign * area > 1e-9
    a, b, c, area = a[facing], b[facing], c[facing], area[facing]
    x, z = (points[:, None, k] - a[:, k] for k in (0, 2))
    v = (z * (c - a)[:, 0] - x * (c - a)[:, 2]) / area
    w = (x * (b - a)[:, 2] - z * (b - a)[:, 0]) / area
    depth = sign * (a[:, 1] + v * (b - a)[:, 1] + w * (c - a)[:, 1] - points[:, None, 1])
    hit = (v >= 0) & (w >= 0) & (v + w <= 1) & (depth > 0) & (depth < THICK)
    return float(depth[hit].max()) if hit.any() else 0.0


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
