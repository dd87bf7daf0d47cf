"""A tflite network -> the same network as onnx, for the float operators of the Face Landmarker.

Weights keep their float16 and are cast in the graph; onnxruntime folds the casts when it loads the file.
tflite holds images as (1, height, width, channels), onnx convolves (1, channels, height, width): a tensor is
kept in the order it was made in and turned only where an operator needs the other one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .tflite_file import Network, Operator

OPSET = 18
LAST, FIRST = "channels last", "channels first"
TO_FIRST, TO_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
SAME, VALID = 0, 1
NO_ACTIVATION, RELU = 0, 1
SIMPLE = {"SUB": "Sub", "MUL": "Mul", "DIV": "Div", "ADD": "Add"}
ONE_TO_ONE = {"RELU": "Relu", "LOGISTIC": "Sigmoid", "SQRT": "Sqrt", "NEG": "Neg"}


class Converter:
    """Writes the nodes of one network, operator by operator."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.values: dict[tuple[int, str], str] = {}  # (tensor, order) -> onnx name
        self.constants = dict(network.constants)
        self.known: dict[tuple, str] = {}  # constants written already
        self.writers: dict[str, Callable[[Operator], None]] = {
            "DEQUANTIZE": self.dequantize,
            "CONV_2D": self.convolve,
            "DEPTHWISE_CONV_2D": self.convolve,
            "MAX_POOL_2D": self.pool,
            "PRELU": self.prelu,
            "PAD": self.pad,
            "RESHAPE": self.reshape,
            "CONCATENATION": self.concatenate,
            "MEAN": self.reduce,
            "SUM": self.reduce,
            "TRANSPOSE": self.transpose,
            "SQUARED_DIFFERENCE": self.squared_difference,
            "RSQRT": self.inverse_root,
            "STRIDED_SLICE": self.whole_slice,
        }
        self.writers |= {kind: self.binary for kind in SIMPLE} | {kind: self.unary for kind in ONE_TO_ONE}

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, array: np.ndarray) -> str:
        """The name of ``array`` in the graph: float16 is stored as such and cast to float32."""
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            name = f"w_{len(self.weights)}"
            self.weights.append(numpy_helper.from_array(array, name))
            self.known[key] = (
                self.op("Cast", name, to=TensorProto.FLOAT) if array.dtype == np.float16 else name
            )
        return self.known[key]

    def order(self, tensor: int) -> str:
        return FIRST if (tensor, FIRST) in self.values else LAST

    def value(self, tensor: int, order: str = LAST) -> str:
        """The onnx name of ``tensor`` in ``order``; turned once when it is there in the other order only."""
        if tensor in self.constants:
            array = self.constants[tensor]
            return self.constant(array.transpose(TO_FIRST) if order == FIRST and array.ndim == 4 else array)
        if (tensor, order) not in self.values:
            other = self.values[tensor, LAST if order == FIRST else FIRST]
            self.values[tensor, order] = self.op(
                "Transpose", other, perm=TO_FIRST if order == FIRST else TO_LAST
            )
        return self.values[tensor, order]

    def set(self, operator: Operator, name: str, order: str = LAST) -> None:
        activation = operator.options.get("FusedActivationFunction", NO_ACTIVATION)
        if activation not in (NO_ACTIVATION, RELU):
            raise SystemExit(
                f"{operator.kind} has the fused activation {activation}, which is not written yet"
            )
        self.values[operator.outputs[0], order] = self.op("Relu", name) if activation == RELU else name

    def dequantize(self, operator: Operator) -> None:
        self.constants[operator.outputs[0]] = self.constants[operator.inputs[0]]

    def window(self, operator: Operator, kernel: tuple[int, int]) -> dict[str, list[int]]:
        """onnx's strides and pads; tflite's SAME puts the odd pixel of padding at the end."""
        strides = [operator.options["StrideH"], operator.options["StrideW"]]
        pads = [0, 0, 0, 0]
        if operator.options["Padding"] == SAME:
            height, width = self.network.shapes[operator.inputs[0]][1:3]
            for axis, (length, size, stride) in enumerate(zip((height, width), kernel, strides, strict=True)):
                total = max((-(-length // stride) - 1) * stride + size - length, 0)
                pads[axis], pads[axis + 2] = total // 2, total - total // 2
        return {"strides": strides, "pads": pads, "kernel_shape": list(kernel)}

    def convolve(self, operator: Operator) -> None:
        data, weight_number, bias_number = operator.inputs
        if (operator.options["DilationHFactor"], operator.options["DilationWFactor"]) != (1, 1):
            raise SystemExit("a dilated convolution is not written yet")
        weight, bias = self.constants[weight_number], self.constants[bias_number]
        one_row = weight.shape[1:3] == (1, 1) and self.network.shapes[data][1] == 1
        if operator.kind == "CONV_2D" and one_row and self.order(data) == LAST:
            # The mixer of the scores: a matrix product over points, nothing to turn.
            product = self.op("MatMul", self.value(data), self.constant(weight[:, 0, 0].T))
            self.set(operator, self.op("Add", product, self.constant(bias)))
            return
        groups = 1
        if operator.kind == "DEPTHWISE_CONV_2D":
            weight, groups = weight.transpose(3, 1, 2, 0), weight.shape[3]  # (C, H, W, 1)
        window = self.window(operator, weight.shape[1:3])
        turned = self.constant(weight.transpose(TO_FIRST))
        output = self.op("Conv", self.value(data, FIRST), turned, self.constant(bias), group=groups, **window)
        self.set(operator, output, FIRST)

    def pool(self, operator: Operator) -> None:
        kernel = (operator.options["FilterHeight"], operator.options["FilterWidth"])
        pooled = self.op("MaxPool", self.value(operator.inputs[0], FIRST), **self.window(operator, kernel))
        self.set(operator, pooled, FIRST)

    def prelu(self, operator: Operator) -> None:
        """max(x, 0) (1 - slope) + x slope, the products as 1 x 1 convolutions.

        onnxruntime's own PRelu keeps its fast layout of images from being used: so the network takes half the time.
        """
        data, number = operator.inputs
        slopes = self.constants[number].reshape(-1, 1, 1, 1)
        slope = self.constant(slopes)
        rest = self.op("Sub", self.constant(np.ones(1, np.float32)), slope)
        image = self.value(data, FIRST)
        kept = self.op("Conv", self.op("Relu", image), rest, group=len(slopes))
        leaked = self.op("Conv", image, slope, group=len(slopes))
        self.set(operator, self.op("Add", leaked, kept), FIRST)

    def pad(self, operator: Operator) -> None:
        data, amounts = operator.inputs
        order = self.order(data)
        pads = self.constants[amounts][TO_FIRST if order == FIRST else [0, 1, 2, 3]]
        padded = self.op("Pad", self.value(data, order), self.constant(pads.T.reshape(-1).astype(np.int64)))
        self.set(operator, padded, order)

    def binary(self, operator: Operator) -> None:
        order = FIRST if any(self.order(i) == FIRST for i in operator.inputs) else LAST
        names = [self.value(i, order) for i in operator.inputs]
        self.set(operator, self.op(SIMPLE[operator.kind], *names), order)

    def unary(self, operator: Operator) -> None:
        order = self.order(operator.inputs[0])
        self.set(operator, self.op(ONE_TO_ONE[operator.kind], self.value(operator.inputs[0], order)), order)

    def reshape(self, operator: Operator) -> None:
        shape = self.constant(np.array(self.network.shapes[operator.outputs[0]], np.int64))
        self.set(operator, self.op("Reshape", self.value(operator.inputs[0]), shape))

    def concatenate(self, operator: Operator) -> None:
        names = [self.value(i) for i in operator.inputs]
        self.set(operator, self.op("Concat", *names, axis=operator.options["Axis"]))

    def reduce(self, operator: Operator) -> None:
        data, axes = operator.inputs
        kind = {"MEAN": "ReduceMean", "SUM": "ReduceSum"}[operator.kind]
        axis = self.constant(self.constants[axes].reshape(-1).astype(np.int64))
        self.set(operator, self.op(kind, self.value(data), axis, keepdims=operator.options["KeepDims"]))

    def transpose(self, operator: Operator) -> None:
        data, axes = operator.inputs
        self.set(operator, self.op("Transpose", self.value(data), perm=self.constants[axes].tolist()))

    def squared_difference(self, operator: Operator) -> None:
        difference = self.op("Sub", *(self.value(i) for i in operator.inputs))
        self.set(operator, self.op("Mul", difference, difference))

    def inverse_root(self, operator: Operator) -> None:
        self.set(operator, self.op("Reciprocal", self.op("Sqrt", self.value(operator.inputs[0]))))

    def whole_slice(self, operator: Operator) -> None:
        """A slice with steps of one, written where it changes something."""
        data, begin, end, step = operator.inputs
        options, rank = operator.options, len(self.network.shapes[data])
        masks = [options[name] for name in ("EllipsisMask", "NewAxisMask")]
        if any(masks) or set(self.constants[step].tolist()) != {1}:
            raise SystemExit("this form of STRIDED_SLICE is not written yet")
        first = np.where([options["BeginMask"] >> i & 1 for i in range(rank)], 0, self.constants[begin])
        last = np.where([options["EndMask"] >> i & 1 for i in range(rank)], 2**31 - 1, self.constants[end])
        shrunk = [i for i in range(rank) if options["ShrinkAxisMask"] >> i & 1]
        last = np.array([first[i] + 1 if i in shrunk else last[i] for i in range(rank)])
        bounds = [self.constant(b.astype(np.int64)) for b in (first, last, np.arange(rank))]
        name = self.op("Slice", self.value(data), *bounds)
        if shrunk:
            name = self.op("Squeeze", name, self.constant(np.array(shrunk, np.int64)))
        self.set(operator, name)

    def write(self, operator: Operator) -> None:
        if operator.kind not in self.writers:
            raise SystemExit(f"the operator {operator.kind} is not written yet")
        self.writers[operator.kind](operator)


def convert(
    network: Network, title: str, inputs: list[str], outputs: dict[str, int], maps: dict[str, tuple[int, ...]]
) -> onnx.ModelProto:
    """``network`` as onnx: ``inputs`` name its inputs, ``outputs`` the output tensors to keep, by position.

    ``maps`` are inner images to be given out as well, channels first: the last one of each shape (1, C, H, W).
    """
    converter = Converter(network)
    entries = []
    for number, name in zip(network.inputs, inputs, strict=True):
        converter.values[number, LAST] = name
        entries.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, network.shapes[number]))
    for operator in network.operators:
        converter.write(operator)
    exits = []
    for name, position in outputs.items():
        number = network.outputs[position]
        converter.nodes.append(helper.make_node("Identity", [converter.value(number)], [name]))
        exits.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, network.shapes[number]))
    for name, (one, channels, height, width) in maps.items():
        alike = [
            n
            for op in network.operators
            for n in op.outputs
            if network.shapes[n] == (one, height, width, channels)
        ]
        converter.nodes.append(helper.make_node("Identity", [converter.value(alike[-1], FIRST)], [name]))
        exits.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, (one, channels, height, width)))
    body = helper.make_graph(converter.nodes, title, entries, exits, converter.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
