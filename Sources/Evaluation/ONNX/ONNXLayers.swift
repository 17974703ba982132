// ONNX's layers with weights, pooling, padding and resizing.
internal import Torch

extension ONNXOperators {
  static let layers: [String: ONNXFunction] = [
    "Conv": { call in
      let (x, w) = (try call.x(), try call.x(1))
      guard x.rank == w.rank, x.rank > 2 else {
        throw call.wrong("pictures \(x.shape) and weights \(w.shape)")
      }
      let window = try Window(call, x, kernel: Array(w.shape.dropFirst(2)))
      let (padded, padding) = try window.padded(x, with: 0, call)
      return [
        try call.aten(
          "convolution", "", padded, w, call.optional(2), window.strides, padding,
          window.dilations, false, Array(repeating: 0, count: window.kernel.count),
          call.int("group", 1))
      ]
    },
    "MatMul": { call in
      let (a, b) = (try call.x(), try call.x(1))
      if a.rank > 1, b.rank > 1 {
        try call.bounded(
          call.broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
            + [a.shape.dropLast().last ?? 1, b.shape.last ?? 1])
      }
      return [try call.aten("matmul", "", a, b)]
    },
    "Gemm": { call in
      let a = call.int("transA", 0) == 1 ? try call.aten("t", "", call.x()) : try call.x()
      let b = call.int("transB", 0) == 1 ? try call.aten("t", "", call.x(1)) : try call.x(1)
      let product = try call.aten("mm", "", a, b) * call.number("alpha", 1)
      guard let c = call.optional(2) else { return [product] }
      return [try call.aten("add", "Tensor", product, c * call.number("beta", 1))]
    },
    "BatchNormalization": { call in
      [
        try call.aten(
          "batch_norm", "", call.x(), call.x(1), call.x(2), call.x(3), call.x(4), false, 0.0,
          call.number("epsilon", 1e-5), false)
      ]
    },
    "InstanceNormalization": { call in
      [
        try call.aten(
          "instance_norm", "", call.x(), call.x(1), call.x(2), Tensor?.none, Tensor?.none, true,
          0.0, call.number("epsilon", 1e-5), false)
      ]
    },
    "LayerNormalization": { call in
      let x = try call.x()
      let axis = try call.axis(call.int("axis", -1), x.rank)
      return [
        try call.aten(
          "layer_norm", "", x, Array(x.shape.dropFirst(axis)), call.x(1), call.optional(2),
          call.number("epsilon", 1e-5), false)
      ]
    },
  ]

  static let pooled: [String: ONNXFunction] = [
    "MaxPool": { call in
      let (x, window) = try picture(call)
      let (padded, padding) = try window.padded(x, with: -.infinity, call, atMost: 2)
      return [
        try call.aten(
          "max_pool2d", "", padded, window.kernel, window.strides, padding, window.dilations,
          call.int("ceil_mode", 0) == 1)
      ]
    },
    "AveragePool": { call in
      let (x, window) = try picture(call)
      func pool(_ x: Tensor, _ padding: [Int]) throws -> Tensor {
        try call.aten(
          "avg_pool2d", "", x, window.kernel, window.strides, padding,
          call.int("ceil_mode", 0) == 1, true)
      }
      let (padded, padding) = try window.padded(x, with: 0, call, atMost: 0)
      let mean = try pool(padded, padding)
      guard call.int("count_include_pad", 0) == 0, window.pads.contains(where: { $0 > 0 }) else {
        return [mean]
      }
      // The share of each window that lies in the picture.
      let share = try pool(window.padded(Tensor.ones(like: x), with: 0, call, atMost: 0).0, padding)
      return [mean / share]
    },
    "Pad": { call in
      let x = try call.x()
      let asked = call.integers(1) ?? call.ints("pads") ?? []
      let named = try call.integers(3)?.map { try call.axis($0, x.rank) } ?? Array(0..<x.rank)
      guard asked.count == 2 * named.count else {
        throw call.wrong("the pads \(asked) of \(x.shape)")
      }
      var pads = Array(repeating: (0, 0), count: x.rank)
      for (axis, pad) in zip(named, zip(asked, asked.dropFirst(named.count))) { pads[axis] = pad }
      try call.bounded(
        zip(x.shape, pads).map { $0.addingReportingOverflow($1.0 &+ $1.1).partialValue })
      let value =
        call.optional(2).flatMap { $0.count == 1 ? $0.item : nil } ?? call.number("value", 0)
      let amounts = pads.reversed().flatMap { [$0.0, $0.1] }
      switch call.text("mode", "constant") {
      case "constant": return [try call.aten("constant_pad_nd", "", x, amounts, value)]
      case "reflect", "edge":
        let edges = Array(amounts.prefix(2 * max(0, x.rank - 2)))
        let mode = call.text("mode", "") == "edge" ? "replicate" : "reflect"
        guard amounts.dropFirst(edges.count).allSatisfy({ $0 == 0 }) else {
          throw call.wrong("the pads \(asked) of other axes than a picture's")
        }
        return [try call.aten("pad", "", x, edges, mode)]
      case let mode: throw call.wrong("the mode '\(mode)'")
      }
    },
    "Resize": { try resized($0, scales: $0.opset < 11 ? 1 : 2) },
    "Upsample": { try resized($0, scales: 1) },
  ]

  private static func picture(_ call: ONNXCall) throws -> (Tensor, Window) {
    let x = try call.x()
    guard x.rank == 4, let kernel = call.ints("kernel_shape"), kernel.count == 2 else {
      throw call.wrong("a picture [N, C, H, W] and two lengths are needed, \(x.shape) is given")
    }
    return (x, try Window(call, x, kernel: kernel))
  }

  private static func resized(_ call: ONNXCall, scales place: Int) throws -> [Tensor] {
    let x = try call.x()
    let given = call.optional(place).map { $0.to(.float64).flattened().doubles }
    let scales = given.flatMap { $0.isEmpty ? nil : $0 }
    let sizes =
      call.integers(3)
      ?? scales.map {
        zip(x.shape, $0).map { Int(bounded: (Double($0) * $1).rounded(.down), 0...1 << 28) }
      }
    guard x.rank == 4, let sizes, sizes.count == 4, sizes.prefix(2) == x.shape.prefix(2) else {
      throw call.wrong("rows and columns of [N, C, H, W] are resized, \(x.shape) is given")
    }
    try call.bounded(sizes)
    let size = Array(sizes.suffix(2))
    let factors: [Double?] = scales.map { $0.suffix(2).map(Optional.some) } ?? [nil, nil]
    let place = call.text(
      "coordinate_transformation_mode", call.opset < 11 ? "asymmetric" : "half_pixel")
    let (mode, nearest) = (
      call.text("mode", "nearest"), call.text("nearest_mode", "round_prefer_floor")
    )
    let isAntialiased = call.int("antialias", 0) == 1
    let (h, w) = (factors.first ?? nil, factors.last ?? nil)
    switch (mode, place) {
    case ("nearest", "asymmetric") where nearest == "floor" || call.opset < 11:
      return [try call.aten("upsample_nearest2d", "", x, size, h, w)]
    case ("nearest", "half_pixel") where nearest == "round_prefer_floor":
      return [try call.aten("_upsample_nearest_exact2d", "", x, size, h, w)]
    case ("linear", "half_pixel"), ("linear", "pytorch_half_pixel"), ("linear", "align_corners"):
      let name = isAntialiased ? "_upsample_bilinear2d_aa" : "upsample_bilinear2d"
      return [try call.aten(name, "", x, size, place == "align_corners", h, w)]
    case ("cubic", "half_pixel"), ("cubic", "pytorch_half_pixel"), ("cubic", "align_corners"):
      guard isAntialiased || abs(call.number("cubic_coeff_a", -0.75) + 0.75) < 1e-6 else { break }
      let name = isAntialiased ? "_upsample_bicubic2d_aa" : "upsample_bicubic2d"
      return [try call.aten(name, "", x, size, place == "align_corners", h, w)]
    default: break
    }
    throw call.wrong("resizing by '\(mode)', '\(place)', '\(nearest)'")
  }
}
