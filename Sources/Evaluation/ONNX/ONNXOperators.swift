// ONNX's operators by name. A new one is a line in the table of its sort.
internal import Torch

enum ONNXOperators {
  static let all: [String: ONNXFunction] =
    [elementwise, compared, shaped, indexed, layers, pooled, reduced].reduce(into: [:]) {
      all, part in
      all.merge(part) { old, _ in old }
    }

  /// A function of one tensor, element by element, by ATen's name.
  private static func each(_ name: String) -> ONNXFunction { { [try $0.aten(name, "", $0.x())] } }

  /// A function of two tensors that are broadcast.
  private static func pair(_ name: String, _ overload: String = "Tensor") -> ONNXFunction {
    { call in
      let (a, b) = (try call.x(), try call.x(1))
      try call.broadcast(a.shape, b.shape)
      return [try call.aten(name, overload, a, b)]
    }
  }

  /// A function of two or more tensors, folded from the left.
  private static func folded(_ name: String) -> ONNXFunction {
    { call in
      try [
        call.inputs.dropFirst().reduce(call.x()) { a, b in
          guard let b else { throw call.wrong("an input is missing") }
          try call.broadcast(a.shape, b.shape)
          return try call.aten(name, name == "add" ? "Tensor" : "", a, b)
        }
      ]
    }
  }

  private static let elementwise: [String: ONNXFunction] = [
    "Abs": each("abs"), "Ceil": each("ceil"), "Cos": each("cos"), "Erf": each("erf"),
    "Exp": each("exp"), "Floor": each("floor"), "HardSwish": each("hardswish"), "Log": each("log"),
    "Mish": each("mish"), "Neg": each("neg"), "Reciprocal": each("reciprocal"),
    "Relu": each("relu"), "Round": each("round"), "Sigmoid": each("sigmoid"), "Sign": each("sign"),
    "Sin": each("sin"), "Softplus": each("softplus"), "Sqrt": each("sqrt"), "Tanh": each("tanh"),
    "Add": pair("add"), "Sub": pair("sub"), "Mul": pair("mul"),
    "Pow": pair("pow", "Tensor_Tensor"), "PRelu": pair("prelu", ""),
    "Max": folded("maximum"), "Min": folded("minimum"), "Sum": folded("add"),
    "Identity": { [try $0.x()] }, "Dropout": { [try $0.x(), Tensor.ones(like: try $0.x())] },
    "Div": { call in
      let (a, b) = (try call.x(), try call.x(1))
      try call.broadcast(a.shape, b.shape)
      // Whole numbers are cut towards zero.
      return a.dtype.isFloatingPoint
        ? [try call.aten("div", "Tensor", a, b)]
        : [try call.aten("div", "Tensor_mode", a, b, "trunc")]
    },
    "Mod": { call in
      let name = call.int("fmod", 0) == 1 ? "fmod" : "remainder"
      try call.broadcast(call.x().shape, call.x(1).shape)
      return [try call.aten(name, "Tensor", call.x(), call.x(1))]
    },
    "Clip": { call in
      // Attributes until version 10.
      let (low, high) = (call.number("min", -.infinity), call.number("max", .infinity))
      let x = try call.x()
      let bounds = [call.optional(1), call.optional(2)]
      guard call.opset < 11, low > -.infinity || high < .infinity else {
        return bounds.contains { $0 != nil }
          ? [try call.aten("clamp", "Tensor", x, bounds.first ?? nil, bounds.last ?? nil)] : [x]
      }
      let bottom: Double? = low > -.infinity ? low : nil
      let top: Double? = high < .infinity ? high : nil
      return [try call.aten("clamp", "", x, bottom, top)]
    },
    "LeakyRelu": { [try $0.aten("leaky_relu", "", $0.x(), $0.number("alpha", 0.01))] },
    "Elu": { [try $0.aten("elu", "", $0.x(), $0.number("alpha", 1))] },
    "Gelu": { [try $0.aten("gelu", "", $0.x(), $0.text("approximate", "none"))] },
    "HardSigmoid": { call in
      let x = try call.x()
      return [(x * call.number("alpha", 0.2) + call.number("beta", 0.5)).clamped(0, 1)]
    },
  ]

  private static let compared: [String: ONNXFunction] = [
    "Equal": pair("eq"), "Greater": pair("gt"), "GreaterOrEqual": pair("ge"), "Less": pair("lt"),
    "LessOrEqual": pair("le"), "And": pair("logical_and", ""), "Or": pair("logical_or", ""),
    "Not": each("logical_not"), "IsNaN": each("isnan"),
    "Where": { call in
      let (yes, no) = (try call.x(1), try call.x(2))
      try call.broadcast(call.broadcast(try call.x().shape, yes.shape), no.shape)
      return [try call.aten("where", "self", call.x().to(.bool), yes, no)]
    },
  ]

  private static let reduced: [String: ONNXFunction] = [
    "ReduceMean": reduction("mean", "dim"), "ReduceSum": reduction("sum", "dim_IntList"),
    "ReduceMax": reduction("amax", ""), "ReduceMin": reduction("amin", ""),
    "GlobalAveragePool": { call in
      let x = try call.x()
      guard x.rank > 2 else { throw call.wrong("a picture is needed, \(x.shape) is given") }
      return [try call.aten("mean", "dim", x, Array(2..<x.rank), true)]
    },
    "GlobalMaxPool": { call in
      let x = try call.x()
      guard x.rank > 2 else { throw call.wrong("a picture is needed, \(x.shape) is given") }
      return [try call.aten("amax", "", x, Array(2..<x.rank), true)]
    },
    "ArgMax": { call in
      let x = try call.x()
      let axis = try call.axis(call.int("axis", 0), x.rank)
      return [try call.aten("argmax", "", x, axis, call.int("keepdims", 1) != 0)]
    },
    "Softmax": softmax("softmax"), "LogSoftmax": softmax("log_softmax"),
  ]

  private static func reduction(_ name: String, _ overload: String) -> ONNXFunction {
    { call in
      let x = try call.x()
      let named = call.axes(1) ?? []
      if named.isEmpty, call.int("noop_with_empty_axes", 0) == 1 { return [x] }
      let axes = try named.isEmpty ? Array(0..<x.rank) : named.map { try call.axis($0, x.rank) }
      return [try call.aten(name, overload, x, axes, call.int("keepdims", 1) != 0)]
    }
  }

  /// Before version 13 all axes from `axis` on are one.
  private static func softmax(_ name: String) -> ONNXFunction {
    { call in
      let x = try call.x()
      let axis = try call.axis(call.int("axis", call.opset < 13 ? 1 : -1), x.rank)
      guard call.opset < 13 else { return [try call.aten(name, "int", x, axis)] }
      let rows = x.shape.prefix(axis).reduce(1, *)
      let flat = try call.aten("reshape", "", x, [rows, x.shape.dropFirst(axis).reduce(1, *)])
      return [try call.aten(name, "int", flat, 1).reshaped(x.shape)]
    }
  }
}
