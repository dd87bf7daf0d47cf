"""What a file may weigh before we open it."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadInput, LimitExceeded

MAX_FILE_BYTES = 1 << 30  # motion of eight hours; more is a mistake or an attack


def read_limited(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file of at most ``limit`` bytes.

    Raises BadInput when it is missing, unreadable or no regular file, LimitExceeded when it is larger.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{path} is not a file; give the path of a motion file")
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise LimitExceeded(
            f"{path} is larger than {limit >> 20} MB, the most that is read; cut it into takes"
        )
    return data
