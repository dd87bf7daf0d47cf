"""Files on disk: what is given is checked before it is opened; results are written under a temporary name
beside the target and renamed when whole."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from .errors import BadInput, DxtalkerError, LimitExceeded, NotReady


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of errors, and give operating-system errors a sentence."""
    shown = repr(path.name or str(path))  # quoted: a name may hold a line break
    try:
        yield
    except DxtalkerError as error:
        raise type(error)(f"{shown}: {error}") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"{shown}: cannot be read ({reason}); check the file and its permissions") from error


def check_file(path: Path, expected: str) -> None:
    """Raise BadInput unless ``path`` leads to a regular file with something in it. Opens nothing.

    ``expected`` says in an error what should have been given, for example "audio or video file".
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BadInput("there is no such file; check the path") from None
    except ValueError:  # a NUL in the name
        raise BadInput("this cannot be the name of a file; check the path") from None
    if stat.S_ISDIR(status.st_mode):
        raise BadInput(f"it is a folder; expected one {expected}")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("it is a pipe, socket or device; expected a regular file: save what it gives first")
    if status.st_size == 0:
        raise BadInput(f"it is empty (0 bytes); expected one {expected}")


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text in UTF-8."""
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head) or head.startswith(b"#!AMR"):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 0 and error.start >= len(head) - 3  # a character cut in two at the end
    return True


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


def read_at_most(path: Path, limit: int, advice: str = "") -> bytes:
    """The bytes of a file of at most ``limit`` bytes; no more than one over it is ever held.

    Raises BadInput when it cannot be read, LimitExceeded, followed by ``advice``, when it is larger.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise LimitExceeded(f"{path} is larger than {limit >> 20} MB{advice}")
    return data


def asset(name: str) -> Path:
    """Path of a file that ships in ``dxtalker/assets``. Raises NotReady when it is missing."""
    with as_file(files("dxtalker") / "assets" / name) as path:
        if not path.is_file():
            raise NotReady(
                f"the packaged file assets/{name} is missing; reinstall with: pip install --force-reinstall dxtalker"
            )
        return path
