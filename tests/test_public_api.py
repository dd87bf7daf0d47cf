from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import dxtalker

HEAVY = ("torch", "onnxruntime", "matplotlib", "ray", "mediapipe", "onnx", "PIL", "moderngl", "tqdm")
LOOK = """
import json, sys, time
began = time.process_time()
import dxtalker
print(json.dumps([time.process_time() - began, sorted(sys.modules)]))
"""


def test_every_public_name_is_there() -> None:
    for name in dxtalker.__all__:
        assert getattr(dxtalker, name) is not None
        assert name in dir(dxtalker)
    assert len(dxtalker.__all__) == len(set(dxtalker.__all__))


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sing'"):
        dxtalker.sing  # noqa: B018


def test_the_version_is_that_of_the_package() -> None:
    assert dxtalker.__version__ == version("dxtalker")


def test_import_is_quick_and_light() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    seconds, modules = json.loads(done.stdout)
    assert seconds < 0.5
    assert not set(HEAVY) & set(modules)


def test_speaking_imports_no_training_library() -> None:
    code = "import sys, dxtalker; [getattr(dxtalker, n) for n in dxtalker.__all__]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "ray", "mediapipe", "matplotlib", "onnx", "scipy"} & set(done.stdout.split())
