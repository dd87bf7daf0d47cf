"""Run in a process of its own: load every file of a folder; print what came of each, and the memory, as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio
from dxtalker.errors import DxtalkerError


def outcome(path: Path) -> dict[str, object]:
    begin, spent = time.monotonic(), time.process_time()
    try:
        heard = load_audio(path)
        sound = bool(np.isfinite(heard.samples).all()) and float(np.abs(heard.samples).max()) <= 1
        said = "sound" if sound else "BROKEN: not within -1..1"
    except DxtalkerError as error:
        said = str(error) if "\n" not in str(error) else "BROKEN: more than one line"
    except BaseException as error:
        said = f"BROKEN: {error!r}"
    return {
        "name": path.name, "said": said,
        "wall": time.monotonic() - begin, "cpu": time.process_time() - spent,
    }  # fmt: skip


if __name__ == "__main__":
    seen = [outcome(path) for path in sorted(Path(sys.argv[1]).iterdir())]
    try:
        os.waitpid(-1, os.WNOHANG)
        left = True
    except ChildProcessError:
        left = False
    unit = 1 if sys.platform == "darwin" else 1024  # bytes that ru_maxrss counts in
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = sum(resource.getrusage(w).ru_maxrss * unit for w in who)
    sys.stdout.write(json.dumps({"files": seen, "child_left": left, "peak_bytes": peak}))
