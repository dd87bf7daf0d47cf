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

UNIT = 1 if sys.platform == "darwin" else 1024  # bytes that ru_maxrss counts in


def own_peak() -> int:
    """Bytes; on Linux not by ru_maxrss, which also counts what the parent held when it started us."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


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
    peak = own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * UNIT
    sys.stdout.write(json.dumps({"files": seen, "child_left": left, "peak_bytes": peak}))
