"""Whatever the user brings as a face -> a Head, told apart by what is in it and not by its name alone."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ...errors import BadInput
from ..head import Head
from ..head_file import load_head

ACCEPTED = "expected a head (.npz), a FLAME model (.pkl or .npz), ICT-FaceKit's folder of OBJ files, or a .glb, .gltf or .vrm"
PICKLES = (b"\x80", b"(", b"c", b"}", b"]")  # how a pickle begins, protocol 2 and later or text


def load_face(path: Path | None = None) -> Head:
    """The Head of a file or folder: our own .npz, FLAME, ICT-FaceKit, glTF or VRM; None: the packaged head.

    Raises BadInput for anything else, and for files of these kinds that are torn, hostile or without a face.
    """
    if path is None:
        return load_head()
    path = Path(path)
    if path.is_dir():
        from .ict import ict_identity, is_ict

        if is_ict(path):
            return ict_identity(path)
        raise BadInput(f"{path} is a folder without ICT-FaceKit's generic_neutral_mesh.obj; {ACCEPTED}")
    if not path.is_file():
        raise BadInput(f"{path} does not exist; {ACCEPTED}")
    start = _start(path)
    if start[:4] == b"glTF" or start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        from .gltf import gltf_face

        return gltf_face(path)
    if start[:2] == b"PK":
        return _from_npz(path)
    if start[:1] in PICKLES and (start[:1] == b"\x80" or path.suffix.lower() in (".pkl", ".pickle")):
        from .flame_head import flame_face

        return flame_face(path)
    raise BadInput(f"{path} is no face that can be read; {ACCEPTED}")


def _from_npz(path: Path) -> Head:
    """A head of ours, or FLAME's arrays under FLAME's names."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        names = set()
    if {"v_template.npy", "shapedirs.npy"} <= names:
        from .flame_head import flame_face

        return flame_face(path)
    if "expcode.npy" in names or "curves.npy" in names:
        raise BadInput(f"{path} holds motion, not a face; {ACCEPTED}")
    return load_head(path)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(256)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
