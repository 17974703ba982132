// ONNX's operators on shapes and places. Shapes are int64 tensors there.
internal import Torch

extension ONNXOperators {
  static let shaped: [String: ONNXFunction] = [
    "Shape": { call in
      let shape = try call.x().shape
      let first = max(
        0, min(shape.count, call.int("start", 0) + (call.int("start", 0) < 0 ? shape.count : 0)))
      let end = call.int("end", shape.count)
      let last = max(first, min(shape.count, end < 0 ? end + shape.count : end))
      return [Tensor(Array(shape.dropFirst(first).prefix(last - first)))]
    },
    "Size": { [Tensor([try $0.x().count], [])] },
    "Cast": { call in
      guard let dtype = ONNXGraph.dtype(call.int("to", 0)) else {
        throw call.wrong("the element type \(call.int("to", 0))")
      }
      return [try call.x().to(dtype)]
    },
    "Constant": { call in
      let attributes = call.node.attributes
      if case .tensor(let value) = attributes["value"] { return [value] }
      if case .number(let value) = attributes["value_float"] {
        return [Tensor.full([], value, .float32)]
      }
      if case .int(let value) = attributes["value_int"] { return [Tensor([value], [])] }
      if case .numbers(let values) = attributes["value_floats"] {
        return [Tensor(values).to(.float32)]
      }
      if case .ints(let values) = attributes["value_ints"] { return [Tensor(values)] }
      throw call.wrong("a constant without a number")
    },
    "ConstantOfShape": { call in
      let shape = try call.bounded(call.integers(0) ?? [])
      guard case .tensor(let value) = call.node.attributes["value"] else {
        return [Tensor.zeros(shape)]
      }
      return [try call.aten("expand", "", call.aten("reshape", "", value, [Int]()), shape)]
    },
    "Range": { call in
      let bounds = try (0..<3).map { i -> Double in
        let x = try call.x(i)
        guard x.count == 1 else { throw call.wrong("a number is needed, \(x.shape) is given") }
        return x.item
      }
      guard let start = bounds.first, let step = bounds.last, step != 0,
        bounds.allSatisfy(\.isFinite),
        case let end = bounds.dropFirst().first ?? start, abs((end - start) / step) < 1e8
      else { throw call.wrong("the range \(bounds)") }
      return [
        try call.aten("arange", "start_step", start, end, step, DType.float64).to(call.x().dtype)
      ]
    },
    "Reshape": { call in
      let x = try call.x()
      let asked = call.integers(1) ?? call.ints("shape") ?? []
      let shape = try asked.enumerated().map { i, length in
        guard length == 0, call.int("allowzero", 0) == 0 else { return length }
        guard i < x.rank else { throw call.wrong("the shape \(asked) for \(x.shape)") }
        return x.size(i)
      }
      return [try call.aten("reshape", "", x, shape)]
    },
    "Flatten": { call in
      let x = try call.x()
      let axis = call.int("axis", 1)
      let first = axis < 0 ? axis + x.rank : axis
      guard (0...x.rank).contains(first) else { throw call.wrong("the axis \(axis)") }
      return [
        try call.aten(
          "reshape", "", x,
          [x.shape.prefix(first).reduce(1, *), x.shape.dropFirst(first).reduce(1, *)])
      ]
    },
    "Squeeze": { call in
      let x = try call.x()
      let named = call.axes(1)
      let axes =
        try named?.map { try call.axis($0, x.rank) } ?? x.shape.indices.filter { x.size($0) == 1 }
      let gone = Set(axes)
      guard gone.allSatisfy({ x.size($0) == 1 }) else {
        throw call.wrong("the axes \(axes) of \(x.shape)")
      }
      return [
        try call.aten(
          "reshape", "", x, x.shape.indices.filter { !gone.contains($0) }.map { x.size($0) })
      ]
    },
    "Unsqueeze": { call in
      let x = try call.x()
      let named = call.axes(1) ?? []
      let axes = Set(try named.map { try call.axis($0, x.rank + named.count) })
      var rest = x.shape.makeIterator()
      let shape = (0..<(x.rank + axes.count)).map { axes.contains($0) ? 1 : rest.next() ?? 1 }
      return [try call.aten("reshape", "", x, shape)]
    },
    "Transpose": { call in
      let x = try call.x()
      return [try call.aten("permute", "", x, call.ints("perm") ?? Array((0..<x.rank).reversed()))]
    },
    "Expand": { call in
      let x = try call.x()
      let shape = try call.broadcast(x.shape, call.integers(1) ?? [])
      return [try call.aten("expand", "", x, shape)]
    },
    "Tile": { call in
      let (x, times) = (try call.x(), call.integers(1) ?? [])
      guard times.count == x.rank else { throw call.wrong("the repeats \(times) of \(x.shape)") }
      try call.bounded(times)
      try call.bounded(
        zip(x.shape, times).map { length, count in
          let (product, overflow) = length.multipliedReportingOverflow(by: count)
          return overflow ? Int.max : product
        })
      return [try call.aten("repeat", "", x, times)]
    },
  ]

  static let indexed: [String: ONNXFunction] = [
    "Concat": { call in
      let parts = call.inputs.compactMap(\.self)
      let axis = try call.axis(call.int("axis", 0), call.x().rank)
      return [try call.aten("cat", "", parts, axis)]
    },
    "Split": { call in
      let x = try call.x()
      let axis = try call.axis(call.int("axis", 0), x.rank)
      let count = max(1, call.int("num_outputs", call.node.outputs.count))
      let each = (x.size(axis) + count - 1) / count
      let even = (0..<count).map { max(0, min(each, x.size(axis) - $0 * each)) }
      let sizes = call.integers(1) ?? call.ints("split") ?? even
      return try Operator.find("aten::split_with_sizes").call([x, sizes, axis]).compactMap(\.self)
    },
    "Slice": { call in
      var x = try call.x()
      let starts = call.integers(1) ?? call.ints("starts") ?? []
      let ends = call.integers(2) ?? call.ints("ends") ?? []
      let axes = call.integers(3) ?? call.ints("axes") ?? Array(starts.indices)
      let steps = call.integers(4) ?? Array(repeating: 1, count: starts.count)
      guard [ends, axes, steps].allSatisfy({ $0.count == starts.count }) else {
        throw call.wrong("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes")
      }
      for ((start, end), (axis, step)) in zip(zip(starts, ends), zip(axes, steps)) {
        let axis = try call.axis(axis, x.rank)
        guard step < 0 else {
          x = try call.aten("slice", "Tensor", x, axis, start, end, step)
          continue
        }
        guard step > -(1 << 30) else { throw call.wrong("the step \(step)") }
        let n = x.size(axis)
        let first = min(start < 0 ? start + n : start, n - 1)
        let last = max(end < -n ? -1 : end < 0 ? end + n : end, -1)
        let picks = Array(stride(from: first, to: last, by: step))
        x = try call.aten("index_select", "", x, axis, Tensor(picks))
      }
      return [x]
    },
    "Gather": { call in
      let (x, indices) = (try call.x(), try call.x(1).to(.int64))
      let axis = try call.axis(call.int("axis", 0), x.rank)
      let n = Double(x.size(axis))
      let flat = indices.flattened()
      let wrapped = flat.isLess(than: 0).select(flat + Tensor([x.size(axis)]), else: flat)
      guard wrapped.count == 0 || (wrapped.min(0).item >= 0 && wrapped.max(0).item < n) else {
        throw call.wrong("an index is outside of 0 to \(x.size(axis) - 1)")
      }
      let shape = x.shape.prefix(axis) + indices.shape + x.shape.dropFirst(axis + 1)
      try call.bounded(Array(shape))
      return [try call.aten("index_select", "", x, axis, wrapped).reshaped(Array(shape))]
    },
  ]
}
