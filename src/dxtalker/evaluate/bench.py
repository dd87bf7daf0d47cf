"""``dxtalker bench``: what each stage costs for a second of speech, and the memory it takes.

Each length runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..errors import DxtalkerError
from ..face.head_file import load_head
from ..files import asset, write_atomically
from ..motion.finish import finish
from ..motion.perform import Performer, generate
from ..records import SAMPLE_RATE, Motion, Waveform, join_motion
from ..render.camera import portrait
from ..render.frames import draw_motion
from ..render.renderer import available_renderers, make_renderer
from ..render.video import write_video
from ..speech import Listener, join, listen

LENGTHS = (10, 60, 600)  # seconds of speech
BLOCK = 10 * SAMPLE_RATE  # samples listened to at a time
SIZE = (512, 512)
DRAWN = {"gl": 250, "numpy": 75}  # frames drawn for the renderers' figures


def run_bench(quick: bool, output: Path | None, say: Callable[[str], None]) -> str:
    """The report as text; also as JSON in ``output``."""
    lengths = LENGTHS[:1] if quick else LENGTHS
    found = {"machine": machine(), "curves": [], "pictures": []}
    for seconds in lengths:
        say(f"curves for {seconds} s of speech")
        found["curves"].append(_in_child("curves", str(seconds)))
    for name, device in available_renderers().items():
        if name in ("gl", "numpy") and not _missing(name):
            say(f"pictures by {name}")
            found["pictures"].append({**_in_child("pictures", name), "device": device})
    if output is not None:
        write_atomically(output, json.dumps(found, indent=1).encode())
    return _as_text(found)


def machine() -> dict[str, object]:
    """The machine's size."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30, 1),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _missing(renderer: str) -> bool:
    try:
        head = load_head()
        make_renderer(head, portrait(head, (64, 64)), kind=renderer).close()  # type: ignore[arg-type]
    except DxtalkerError:
        return True
    return False


def _in_child(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "dxtalker.evaluate.bench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DxtalkerError(f"the benchmark of {' '.join(arguments)} failed: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


class Stopwatch:
    """Wall seconds by stage, added up."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = dict.fromkeys(("load", "features", "motion", "finish"), 0.0)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.spent[stage] += time.perf_counter() - begin


def bench_curves(seconds: int) -> dict[str, float]:
    """Wall seconds of each stage and peak memory, in MB, for ``seconds`` of the demo's voice said again and again.

    The stages run block by block, as in the pipeline, so that the peak is that of ``speak``.
    """
    voice = load_audio(asset("demo.flac")).samples
    wave = Waveform(np.resize(voice, seconds * SAMPLE_RATE))
    watch, heard, moved = Stopwatch(), [], []
    with watch.time("load"):
        head, listener, performer = load_head(), Listener(), Performer()
    before = _peak_mb()
    for at in range(0, len(wave.samples), BLOCK):
        with watch.time("features"):
            parts = listener.feed(wave.samples[at : at + BLOCK])
            parts += listener.close() if at + BLOCK >= len(wave.samples) else []
        with watch.time("motion"):
            moved += [performer.feed(features) for features in parts]
        heard += [replace(features, content=np.zeros((len(features), 0), np.float32)) for features in parts]
    with watch.time("motion"):
        raw = join_motion([*moved, performer.close()])
    with watch.time("finish"):
        done = finish(raw, join(heard), head.lip_gap)
    curves = sum(array.nbytes for array in (done.curves, done.rotation, done.translation))
    return {
        "seconds": seconds,
        **watch.spent,
        "peak_mb": _peak_mb(),
        "before_mb": before,
        "samples_and_curves_mb": (wave.samples.nbytes + curves) / 2**20,
    }


def bench_pictures(kind: str) -> dict[str, float | str]:
    """Frames a second drawn at 512 x 512, and encoded, for the demo's voice."""
    head, wave = load_head(), load_audio(asset("demo.flac"))
    features = listen(wave)
    raw = generate(features)
    motion = finish(raw, features, head.lip_gap)
    longer = _repeat(motion, DRAWN[kind])
    renderer = make_renderer(head, portrait(head, SIZE), kind=kind)  # type: ignore[arg-type]
    frames = list(islice(draw_motion(head, longer, renderer), 3))  # warmed up
    begin = time.perf_counter()
    drawn = sum(1 for _ in draw_motion(head, longer, renderer))
    drawing = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        write_video((frames[i % 3] for i in range(250)), Path(folder) / "x.mp4", motion.fps, SIZE, wave)
        encoding = time.perf_counter() - begin
        begin = time.perf_counter()
        write_video(draw_motion(head, longer, renderer), Path(folder) / "y.mp4", motion.fps, SIZE, wave)
        both = time.perf_counter() - begin
    renderer.close()
    return {
        "renderer": kind,
        "draw_fps": drawn / drawing,
        "encode_fps": 250 / encoding,
        "video_fps": drawn / both,
        "peak_mb": _peak_mb(),
    }


def _repeat(motion: Motion, frames: int) -> Motion:
    index = np.arange(frames) % len(motion)
    return Motion(motion.curves[index], motion.rotation[index], motion.translation[index], motion.fps)


def _peak_mb() -> float:
    import resource

    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _as_text(found: dict) -> str:
    m = found["machine"]
    lines = [
        f"Machine: {m['cores']} cores, {m['memory_gb']} GB, {m['processor']}, Python {m['python']}, load {m['load']}\n",
        "| speech | features s/s | motion s/s | finishing s/s | faster than real time | peak MB | samples and curves MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["curves"]:
        n = row["seconds"]
        whole = row["features"] + row["motion"] + row["finish"]
        lines.append(
            f"| {n} s | {row['features'] / n:.4f} | {row['motion'] / n:.4f} | {row['finish'] / n:.4f} | "
            f"{n / whole:.1f} x | {row['peak_mb']:.0f} | {row['samples_and_curves_mb']:.1f} |"
        )
    lines += [
        "",
        "| renderer | device | draw fps | encode fps | video fps | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["pictures"]:
        lines.append(
            f"| {row['renderer']} | {row['device']} | {row['draw_fps']:.1f} | {row['encode_fps']:.0f} | "
            f"{row['video_fps']:.1f} | {row['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    kind, argument = sys.argv[1:]
    result = bench_curves(int(argument)) if kind == "curves" else bench_pictures(argument)
    sys.stdout.write(json.dumps(result) + "\n")
