"""Files on disk: results are written under a temporary name beside the target and renamed when whole."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from .errors import BadInput, NotReady


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path with the target's extension; rename it to ``target`` if the block succeeds.

    Works for a file or a folder. On any exception, an interrupt included, the temporary one is removed.
    Raises BadInput when the target's folder does not exist or cannot be written.
    """
    target = Path(target)
    if not target.parent.is_dir():
        raise BadInput(f"the folder {target.parent} does not exist; create it or choose another output path")
    temporary = target.parent / f".{target.stem[:40]}.{uuid.uuid4().hex[:8]}{target.suffix}"
    try:
        yield temporary
        if target.is_dir() and temporary.is_dir():
            shutil.rmtree(target)
        temporary.replace(target)
    except PermissionError as error:
        raise BadInput(
            f"cannot write {target}: {error.strerror}; choose a folder you may write to"
        ) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Write ``data`` to ``target`` so that a reader sees the old file or the whole new one."""
    with atomic_path(target) as temporary, temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def asset(name: str) -> Path:
    """Path of a file that ships in ``dxtalker/assets``. Raises NotReady when it is missing."""
    with as_file(files("dxtalker") / "assets" / name) as path:
        if not path.is_file():
            raise NotReady(
                f"the packaged file assets/{name} is missing; reinstall with: pip install --force-reinstall dxtalker"
            )
        return path
