"""A motion as a folder of Wavefront .obj, one a frame, with material, textures and sound: for whatever reads nothing
else. Every frame has the same points in the same order; texture seams do not split them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import BadInput, LimitExceeded
from ..face.head import Head
from ..files import atomic_path
from ..records import Motion, Waveform
from .pictures import Picture, make_pictures, picture_of
from .sound import wav_bytes

MAX_BYTES = 16 << 30  # of a folder: five minutes of the packaged head at 25 frames a second
MATERIALS, SOUND = "head.mtl", "speech.wav"
_OURS = re.compile(r"\d{6}\.obj|head\.mtl|speech\.wav|(opaque|translucent|normal)\.(jpg|png)")
_SUFFIX = {"jpeg": "jpg", "png": "png"}


def write_obj_sequence(folder: Path, motion: Motion, head: Head, wave: Waveform | None = None) -> None:
    """Write 000000.obj, 000001.obj … (metres, +Y up, to a millionth), head.mtl, the textures and, if ``wave`` is
    given, speech.wav into ``folder``, which appears only when it is whole; an earlier sequence is replaced.

    Raises LimitExceeded before anything is written when the folder would take more than 16 GB; BadInput when
    ``folder`` holds anything else or cannot be written, and for a motion without frames.
    """
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and all(_OURS.fullmatch(f.name) for f in folder.iterdir())):
        raise BadInput(f"{folder} exists and holds other things than an .obj sequence; choose a new folder")
    if len(motion) == 0:
        raise BadInput("the motion has no frames; there is nothing to write")
    pictures = make_pictures(head)
    writer = _Writer(head, pictures)
    needed = len(motion) * len(writer.frame(head.vertices, ""))
    if needed > MAX_BYTES:
        raise LimitExceeded(
            f"{len(motion)} frames as .obj would take {needed / 2**30:.0f} GB; at most {MAX_BYTES >> 30} GB are "
            "written: cut the motion, lower its frame rate, or write .glb or .usdc"
        )
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        (temporary / MATERIALS).write_text(_materials(head, pictures), encoding="utf-8")
        for picture in pictures.values():
            (temporary / f"{picture.name}.{_SUFFIX[picture.kind]}").write_bytes(picture.data)
        if wave is not None:
            (temporary / SOUND).write_bytes(wav_bytes(wave))
        for number, vertices in enumerate(_frames(motion, head)):
            remark = f"frame {number} of {len(motion)} at {motion.fps} fps, {motion.times[number]:.6f} s"
            (temporary / f"{number:06d}.obj").write_bytes(writer.frame(vertices, remark))


def _frames(motion: Motion, head: Head) -> Iterator[np.ndarray]:
    for curves, rotation, translation in zip(motion.curves, motion.rotation, motion.translation, strict=True):
        yield head.pose(head.shape(curves), rotation, translation)


class _Writer:
    """What stays the same from frame to frame is made once: texture coordinates and faces."""

    def __init__(self, head: Head, pictures: dict[str, Picture]) -> None:
        self.head = head
        _, self.first, point = np.unique(head.weld, return_index=True, return_inverse=True)
        coordinates, faces = [], []
        count = 0
        for part in head.parts:
            corners = head.triangles[part.first : part.first + part.count]
            used, index = np.unique(corners, return_inverse=True)
            coordinates.append(pictures[picture_of(part)].uv(head.uv[used]))
            texture = index.reshape(-1, 3) + count + 1
            place = point[corners] + 1
            rows = np.stack([place, texture, place], axis=2).reshape(-1, 9)
            faces.append(
                f"g {part.name}\nusemtl {part.name}\n" + _lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", rows)
            )
            count += len(used)
        uv = np.concatenate(coordinates)
        uv[:, 1] = 1 - uv[:, 1]  # an .obj's texture begins at the bottom
        self.middle = _lines("vt %.6f %.6f\n", uv)
        self.end = "".join(faces).encode()

    def frame(self, vertices: np.ndarray, remark: str) -> bytes:
        """One file for vertices (V, 3) metres."""
        normals = self.head.smooth_normals(vertices)
        text = (
            f"# dxtalker: {self.head.name}, {remark}\nmtllib {MATERIALS}\no head\n"
            + _lines("v %.6f %.6f %.6f\n", vertices[self.first])
            + self.middle
            + _lines("vn %.4f %.4f %.4f\n", normals[self.first])
        )
        return text.encode() + self.end


def _lines(form: str, rows: np.ndarray) -> str:
    return (form * len(rows)) % tuple(rows.ravel().tolist())


def _materials(head: Head, pictures: dict[str, Picture]) -> str:
    text = []
    for part in head.parts:
        picture = pictures[picture_of(part)]
        file = f"{picture.name}.{_SUFFIX[picture.kind]}"
        shine = 2 / max(part.roughness, 0.05) ** 4 - 2  # Blinn's exponent for that roughness
        text.append(
            f"newmtl {part.name}\nKd 1 1 1\nKs {part.specular * 0.16:.4f} {part.specular * 0.16:.4f} "
            f"{part.specular * 0.16:.4f}\nNs {min(shine, 1000):.2f}\nillum 2\nmap_Kd {file}\n"
        )
        if part.blend:
            text.append(f"map_d -imfchan m {file}\n")
        elif "normal" in pictures:
            text.append(f"norm normal.{_SUFFIX[pictures['normal'].kind]}\n")
    return "".join(text)
