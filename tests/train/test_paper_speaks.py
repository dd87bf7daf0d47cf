"""``speak --model`` with a network of the FLAME space: parameters as they are, or curves through a FLAME head."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="a model is made here: make test-train")

from onnx import TensorProto, helper, numpy_helper

from dxtalker import pipeline
from dxtalker.cli import main
from dxtalker.errors import BadInput
from dxtalker.export import read_motion
from dxtalker.export.flame_codes import read_flame_codes
from dxtalker.face.bodies.flame import JAW
from dxtalker.face.bodies.flame_head import FlameHead
from dxtalker.face.bodies.solve import FlameCurves
from dxtalker.face.head_file import load_head
from dxtalker.files import asset
from dxtalker.motion.paper import PARAMETERS
from dxtalker.motion.paper_model import FORMAT, PaperGenerator
from dxtalker.motion.sampler import Generator
from dxtalker.pipeline import Settings, Speaker, open_generator, speak
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

pytestmark = pytest.mark.train
DEMO = asset("demo.flac")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as ``model export`` writes one, which hears by the packaged encoder; its network is one random layer."""
    place = {
        "noisy": PARAMETERS,
        "content": (1, 512),
        "emotion": (1, 512),
        "envelope": 640,
        "past": PARAMETERS,
        "known": 1,
    }
    shapes = {name: [1, "frames", *np.atleast_1d(width).tolist()] for name, width in place.items()}
    shapes |= {"time": [1], "reference": [1, PARAMETERS], "heard": [1, 3]}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in shapes.items()]
    output = helper.make_tensor_value_info("velocity", TensorProto.FLOAT, [1, "frames", PARAMETERS])
    layer = 0.3 * np.random.default_rng(0).standard_normal((640, PARAMETERS)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["envelope", "layer"], ["heard_of"]),
        helper.make_node("Sub", ["heard_of", "noisy"], ["velocity"]),
    ]
    graph = helper.make_graph(nodes, "paper", inputs, [output], [numpy_helper.from_array(layer, "layer")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    facts = {
        "format": FORMAT, "space": "flame", "name": "tiny", "version": "0", "lip": 1.0, "every": 25,
        "mean": [0.0] * PARAMETERS, "std": [0.1] * PARAMETERS,
        "content": "packaged-block4", "emotion": "packaged-block2",
    }  # fmt: skip
    helper.set_model_props(made, {"dxtalker": json.dumps(facts)})
    path = tmp_path_factory.mktemp("paper") / "paper.onnx"
    path.write_bytes(made.SerializeToString())
    return path


class JawOnly:
    """A solver, see ``FlameSolver``, that knows the jaw alone; the real one is tested in tests/face/bodies."""

    def to_curves(self, flame: FlameCurves) -> np.ndarray:
        curves = np.zeros((len(flame), len(ARKIT_NAMES)), np.float32)
        curves[:, ARKIT_INDEX["jawOpen"]] = flame.pose[:, 3 * JAW] / 0.5
        return curves


@pytest.fixture(scope="module")
def flame() -> FlameHead:
    return FlameHead(**vars(load_head()), solver=JawOnly())  # type: ignore[arg-type]


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1
    return said


def test_each_model_is_opened_as_its_space_says(model: Path) -> None:
    assert isinstance(open_generator(model), PaperGenerator)
    assert isinstance(open_generator(None), Generator) and isinstance(
        open_generator(asset("generator.onnx")), Generator
    )


def test_parameters_need_no_flame_file(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(
        [
            "speak",
            str(DEMO),
            "--model",
            str(model),
            "-o",
            str(tmp_path / "x.flame.npz"),
            "--takes",
            "2",
            "--steps",
            "2",
        ]
    )
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / f"x-{n}.flame.npz") for n in (1, 2)]
    first, second = (read_flame_codes(tmp_path / f"x-{n}.flame.npz") for n in (1, 2))
    assert len(first) == len(second) == 151 and np.abs(first.values - second.values).max() > 0.01
    with pytest.raises(
        BadInput, match="this model moves FLAME's face: for curves and pictures give your own"
    ):
        Speaker(Settings(model=model)).takes(pipeline.load_audio(DEMO), [0])


def test_what_cannot_be_is_said_in_a_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = "speak", DEMO, "--model", model, "-o"
    said = refused(capsys, *talk, tmp_path / "x.mp4")
    assert "for x.mp4 give your own FLAME file with --face, as in: --face flame2023.pkl" in said
    said = refused(capsys, *talk, tmp_path / "x.flame.npz", "--fps", "30")
    assert "x.flame.npz holds the model's own 25 frames a second; leave out --fps" in said
    assert list(tmp_path.iterdir()) == []


def test_a_flame_head_is_moved(
    model: Path, flame: FlameHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "whose_head", lambda _: (flame, ()))
    settings = Settings(model=model)
    settings = replace(settings, flame_sampling=replace(settings.flame_sampling, steps=2))
    motion = speak(DEMO, [tmp_path / "x.npz", tmp_path / "x.flame.npz"], settings)
    assert (
        len(motion)
        == len(read_motion(tmp_path / "x.npz"))
        == len(read_flame_codes(tmp_path / "x.flame.npz"))
        == 151
    )
    jaw = motion.curves[:, ARKIT_INDEX["jawOpen"]]
    assert motion.curves.min() >= 0 and motion.curves.max() <= 1 and np.ptp(jaw) > 0.05
