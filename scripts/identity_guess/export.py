"""The trained network as onnx: weights in float16 that are cast when it is loaded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from dxtalker.face.landmarks.landmarker import CROP_SIDE
from dxtalker.files import write_atomically

from .network import GuessNet
from .training import INPUTS


def write_onnx(path: Path, net: GuessNet, precision: np.ndarray) -> None:
    """``net`` with its inputs by name, its output "code" and the constant output "precision" (K, K)."""
    like = (
        torch.zeros(1, CROP_SIDE, CROP_SIDE, 3, dtype=torch.uint8),
        torch.zeros(1, 128, 8, 8),
        torch.zeros(1, 128, 4, 4),
        torch.zeros(1, len(net.marks_mean)),
    )
    buffer = io.BytesIO()
    torch.onnx.export(
        net.eval(),
        like,
        buffer,
        input_names=list(INPUTS),
        output_names=["code"],
        opset_version=18,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    _halve(model.graph)
    model.graph.initializer.append(numpy_helper.from_array(precision.astype(np.float16), "precision_half"))
    model.graph.node.append(helper.make_node("Cast", ["precision_half"], ["precision"], to=TensorProto.FLOAT))
    model.graph.output.append(helper.make_tensor_value_info("precision", TensorProto.FLOAT, precision.shape))
    helper.set_model_props(
        model,
        {
            "source": "scripts/make_identity_guess.py, trained on people drawn from MakeHuman's targets (CC0)",
            "licence": "Apache-2.0",
        },
    )
    onnx.checker.check_model(model, full_check=True)
    write_atomically(path, model.SerializeToString(deterministic=True))


def _halve(graph: onnx.GraphProto) -> None:
    """Large float32 initializers become float16 with a cast behind them."""
    for weight in list(graph.initializer):
        array = numpy_helper.to_array(weight)
        if array.dtype != np.float32 or array.size < 1000:
            continue
        half = f"{weight.name}_half"
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(array.astype(np.float16), half))
        graph.node.insert(0, helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
