"""A tflite file as plain records: operators with their options, constants as arrays. Reads what float networks need."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tflite

KINDS = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
ARRAY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
# Operator -> the table its options are in, and the fields that are read from it.
OPTIONS = {
    "CONV_2D": (
        tflite.Conv2DOptions,
        ("Padding", "StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "FusedActivationFunction"),
    ),
    "DEPTHWISE_CONV_2D": (
        tflite.DepthwiseConv2DOptions,
        ("Padding", "StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "FusedActivationFunction"),
    ),
    "MAX_POOL_2D": (
        tflite.Pool2DOptions,
        ("Padding", "StrideH", "StrideW", "FilterHeight", "FilterWidth", "FusedActivationFunction"),
    ),
    "ADD": (tflite.AddOptions, ("FusedActivationFunction",)),
    "SUB": (tflite.SubOptions, ("FusedActivationFunction",)),
    "MUL": (tflite.MulOptions, ("FusedActivationFunction",)),
    "DIV": (tflite.DivOptions, ("FusedActivationFunction",)),
    "MEAN": (tflite.ReducerOptions, ("KeepDims",)),
    "SUM": (tflite.ReducerOptions, ("KeepDims",)),
    "CONCATENATION": (tflite.ConcatenationOptions, ("Axis", "FusedActivationFunction")),
    "STRIDED_SLICE": (
        tflite.StridedSliceOptions,
        ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask"),
    ),
}


@dataclass(frozen=True)
class Operator:
    kind: str
    inputs: tuple[int, ...]  # tensor numbers
    outputs: tuple[int, ...]
    options: dict[str, int]


@dataclass(frozen=True)
class Network:
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]
    shapes: dict[int, tuple[int, ...]]  # tensor number -> shape, images as (1, height, width, channels)
    names: dict[int, str]
    constants: dict[int, np.ndarray] = field(repr=False)  # tensor number -> value


def read_network(data: bytes) -> Network:
    """The only subgraph of a tflite file. Exits on a tensor type that is not float or int32."""
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    shapes, names, constants = {}, {}, {}
    for number in range(graph.TensorsLength()):
        tensor = graph.Tensors(number)
        names[number] = tensor.Name().decode()
        shapes[number] = tuple(int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength()))
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            if tensor.Type() not in ARRAY_TYPES:
                raise SystemExit(f"{names[number]} has tensor type {tensor.Type()}; expected float or int32")
            flat = buffer.DataAsNumpy().view(ARRAY_TYPES[tensor.Type()])
            constants[number] = flat.reshape(shapes[number])
    operators = tuple(_operator(model, graph.Operators(i)) for i in range(graph.OperatorsLength()))
    return Network(
        tuple(int(i) for i in graph.InputsAsNumpy()),
        tuple(int(i) for i in graph.OutputsAsNumpy()),
        operators,
        shapes,
        names,
        constants,
    )


def _operator(model: tflite.Model, operator: tflite.Operator) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    kind = KINDS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    options = {}
    if kind in OPTIONS:
        table, fields = OPTIONS[kind]
        opened = table()
        opened.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        options = {name: int(getattr(opened, name)()) for name in fields}
    return Operator(
        kind,
        tuple(int(i) for i in operator.InputsAsNumpy()),
        tuple(int(i) for i in operator.OutputsAsNumpy()),
        options,
    )


def read_file(path: Path) -> Network:
    return read_network(path.read_bytes())
