"""Run in a process of its own: load every picture of a folder; print what came of each, and the memory, as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from door import own_peak

from dxtalker.errors import DxtalkerError
from dxtalker.face.photo import load_photo


def outcome(path: Path) -> dict[str, object]:
    begin = time.monotonic()
    try:
        load_photo(path)
        said = "picture"
    except DxtalkerError as error:
        said = str(error) if "\n" not in str(error) else "BROKEN: more than one line"
    except BaseException as error:
        said = f"BROKEN: {error!r}"
    return {"name": path.name, "said": said, "wall": time.monotonic() - begin}


if __name__ == "__main__":
    seen = [outcome(path) for path in sorted(Path(sys.argv[1]).iterdir())]
    sys.stdout.write(json.dumps({"files": seen, "peak_bytes": own_peak()}))
