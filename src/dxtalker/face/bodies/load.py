"""Whatever the user brings as a face -> a Head, told apart by what is in it and not by its name alone."""

from __future__ import annotations

from pathlib import Path

from ...errors import BadInput
from ..head import Head
from ..head_file import load_head

ACCEPTED = "expected a head (.npz), a FLAME model (.pkl or .npz), ICT-FaceKit's folder of OBJ files, or a .glb, .gltf or .vrm"


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
        return load_head(path)
    raise BadInput(f"{path} is no face that can be read; {ACCEPTED}")


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(256)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
