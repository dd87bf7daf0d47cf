"""What a file may weigh before we open it."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadInput
from ..files import read_at_most

MAX_FILE_BYTES = 1 << 30  # motion of eight hours; more is a mistake or an attack


def read_limited(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file of at most ``limit`` bytes.

    Raises BadInput when it is missing, unreadable or no regular file, LimitExceeded when it is larger.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{path} is not a file; give the path of a motion file")
    return read_at_most(path, limit, ", the most that is read; cut it into takes")
