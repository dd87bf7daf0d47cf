"""A head without speech into the files other programs read: ours, or rigged with an idle loop."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadInput, Unsupported
from ..face.head import Head
from ..face.head_file import save_head
from . import USD
from .glb import write_avatar
from .idle import idle_motion
from .usd import write_usd
from .vrm import write_vrm

FACES = (".npz", ".glb", ".vrm", *USD)


def check_face_output(path: Path) -> None:
    """Raise before any work when ``path`` could not be written in the end."""
    if path.suffix.lower() not in FACES:
        raise Unsupported(
            f"cannot write a head as {path.name}; the extension must be one of {', '.join(FACES)}"
        )
    if not path.parent.is_dir():
        raise BadInput(f"the folder {path.parent} does not exist; create it or choose another output path")


def write_face(path: Path, head: Head, seed: int = 0) -> None:
    """Write ``head``: .npz for ``load_head``; .glb, .vrm and USD rigged, with an idle loop that ``seed`` varies.

    Raises Unsupported for another extension, BadInput for an unwritable folder, NotReady for USD without usd-core.
    """
    check_face_output(path)
    kind = path.suffix.lower()
    if kind == ".npz":
        save_head(path, head)
    elif kind == ".glb":
        write_avatar(path, head, idle_motion(head, seed))
    elif kind == ".vrm":
        write_vrm(path, head, idle_motion(head, seed))
    else:
        write_usd(path, idle_motion(head, seed), head)
