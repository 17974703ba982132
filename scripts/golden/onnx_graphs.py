#!/usr/bin/env python3
"""Makes Tests/Fixtures/onnx: small graphs of ONNX with what onnxruntime computes by them.

    python scripts/golden/onnx_graphs.py Tests/Fixtures

It needs the packages onnx and onnxruntime.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures") / "onnx"
OUT.mkdir(parents=True, exist_ok=True)
g = np.random.default_rng(7)


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def weights(name, *shape):
    return constant(name, 0.4 * g.standard_normal(shape))


def node(operation, inputs, output, **attributes):
    outputs = output if isinstance(output, list) else [output]
    return helper.make_node(operation, inputs, outputs, name=f"{operation}-{outputs[0]}", **attributes)


def save(name, nodes, initializers, shape, opset):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, name, [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    helper.set_model_props(model, {"names": "{0: 'fox', 1: 'cat', 2: 'an owl'}"})
    onnx.save(model, OUT / f"{name}.onnx")
    given = g.standard_normal(shape).astype(np.float32)
    found = onnxruntime.InferenceSession(str(OUT / f"{name}.onnx")).run(None, {"x": given})[0]
    np.save(OUT / f"{name}-x.npy", given)
    np.save(OUT / f"{name}-y.npy", found.astype(np.float32))
    print(name, found.shape)


ints = np.int64
# A classifier of 8 x 8 pictures: layers, pooling with asymmetric pads, resizing, shapes that are computed.
save(
    "classifier",
    [
        node("Conv", ["x", "w1", "b1"], "c1", pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[3, 3]),
        node("BatchNormalization", ["c1", "s", "t", "m", "v"], "n1", epsilon=1e-3),
        node("Relu", ["n1"], "r1"),
        node("MaxPool", ["r1"], "p1", kernel_shape=[3, 3], strides=[1, 1], pads=[0, 0, 1, 1]),
        node("Resize", ["p1", "", "scales"], "z", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        node("Conv", ["z", "w2"], "c2", auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[2, 2], group=2),
        node("AveragePool", ["c2"], "a", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0]),
        node("HardSwish", ["a"], "h"),
        node("Shape", ["h"], "shape"),
        node("Gather", ["shape", "zero"], "batch", axis=0),
        node("Unsqueeze", ["batch", "axis0"], "rows"),
        node("Concat", ["rows", "minus"], "target", axis=0),
        node("Reshape", ["h", "target"], "flat"),
        node("Gemm", ["flat", "w3", "b3"], "logits", transB=1, alpha=0.5, beta=2.0),
        node("Softmax", ["logits"], "y", axis=1),
    ],
    [
        weights("w1", 4, 3, 3, 3), weights("b1", 4), weights("s", 4), weights("t", 4), weights("m", 4),
        constant("v", [0.5, 1, 2, 0.3]), constant("scales", [1, 1, 2, 2]), weights("w2", 4, 2, 2, 2),
        constant("zero", 0, ints), constant("axis0", [0], ints), constant("minus", [-1], ints),
        weights("w3", 3, 16), weights("b3", 3),
    ],
    [2, 3, 8, 8], 17,
)
# Shapes and places: slices from behind, splits, comparison, attention's softmax, counting.
save(
    "shapes",
    [
        node("Slice", ["x", "starts", "ends", "axes", "steps"], "back"),
        node("Split", ["back", "sizes"], ["a", "b"], axis=1),
        node("Transpose", ["b"], "bt", perm=[0, 2, 1]),
        node("MatMul", ["a", "bt"], "scores"),
        node("Softmax", ["scores"], "p", axis=-1),
        node("Greater", ["p", "half"], "large"),
        node("Where", ["large", "p", "half"], "picked"),
        node("ReduceMean", ["picked"], "mean", axes=[1], keepdims=1),
        node("Sub", ["picked", "mean"], "centred"),
        node("Pow", ["centred", "two"], "squares"),
        node("ReduceSum", ["squares", "last"], "sum", keepdims=0),
        node("Range", ["n0", "n3", "n1"], "count"),
        node("Cast", ["count"], "floats", to=TensorProto.FLOAT),
        node("Expand", ["floats", "grid"], "many"),
        node("Erf", ["sum"], "erf"),
        node("Clip", ["erf", "low", "high"], "clipped"),
        node("Unsqueeze", ["clipped", "last"], "column"),
        node("Mul", ["column", "many"], "product"),
        node("Pad", ["product", "pads", "half"], "padded"),
        node("Div", ["padded", "two"], "y"),
    ],
    [
        constant("starts", [-1, 5], ints), constant("ends", [-100, 0], ints), constant("axes", [2, 1], ints),
        constant("steps", [-1, -1], ints), constant("sizes", [2, 3], ints), constant("half", 0.3), constant("two", 2.0),
        constant("last", [-1], ints), constant("n0", 0, ints), constant("n3", 3, ints), constant("n1", 1, ints),
        constant("grid", [2, 1, 3], ints), constant("low", 0.01), constant("high", 0.02),
        constant("pads", [0, 0, 1, 0, 1, 0], ints),
    ],
    [2, 6, 4], 17,
)
# Version 9: Softmax over all that follows, Clip and Pad by attributes, channels last.
save(
    "old",
    [
        node("Transpose", ["x"], "t", perm=[0, 3, 1, 2]),
        node("Pad", ["t"], "p", mode="constant", pads=[0, 0, 0, 0, 0, 0, 1, 1], value=0.5),
        node("Clip", ["p"], "c", min=-0.5, max=1.0),
        node("Upsample", ["c", "scales"], "u", mode="nearest"),
        node("Softmax", ["u"], "s", axis=2),
        node("GlobalAveragePool", ["u"], "g"),
        node("Squeeze", ["g"], "q", axes=[2, 3]),
        node("ReduceMax", ["s"], "r", axes=[2, 3], keepdims=0),
        node("Unsqueeze", ["r"], "e", axes=[2]),
        node("Flatten", ["e"], "f", axis=1),
        node("Add", ["q", "f"], "y"),
    ],
    [constant("scales", [1, 1, 2, 2])],
    [2, 3, 3, 4], 9,
)
