internal import CTorch

/// An argument of an operator: tensors, numbers, lists of them, and `nil`.
package protocol Value {
  func push(to frame: inout Frame)
  static func push(_ list: [Self], to frame: inout Frame)
}

extension Value {
  package static func push(_ list: [Self], to frame: inout Frame) {
    preconditionFailure("no operator takes a list of \(Self.self)")
  }
}

/// The arguments of one boxed call, flattened so that no pointer needs to outlive the call.
package struct Frame {
  var values: [ct_value] = []
  var integers: [Int64] = []
  var tensors: [OpaquePointer?] = []

  mutating func append(
    _ kind: ct_kind, integer: Int64 = 0, number: Double = 0, at: Int = 0, count: Int = 0,
    generator: OpaquePointer? = nil
  ) {
    values.append(
      ct_value(
        kind: kind, integer: integer, number: number, at: Int64(at), count: Int64(count),
        generator: generator))
  }
}

extension Tensor: Value {
  package func push(to frame: inout Frame) {
    frame.append(CT_TENSOR, at: frame.tensors.count)
    frame.tensors.append(handle)
  }

  package static func push(_ list: [Tensor], to frame: inout Frame) {
    frame.append(CT_TENSORS, at: frame.tensors.count, count: list.count)
    frame.tensors.append(contentsOf: list.map { $0.handle })
  }
}

extension Int: Value {
  package static func push(_ list: [Int], to frame: inout Frame) {
    frame.append(CT_INTS, at: frame.integers.count, count: list.count)
    frame.integers.append(contentsOf: list.map { Int64($0) })
  }

  package func push(to frame: inout Frame) { frame.append(CT_INT, integer: Int64(self)) }
}

extension Double: Value {
  package static func push(_ list: [Double], to frame: inout Frame) {
    frame.append(CT_DOUBLES, at: frame.integers.count, count: list.count)
    frame.integers.append(contentsOf: list.map { Int64(bitPattern: $0.bitPattern) })
  }

  package func push(to frame: inout Frame) { frame.append(CT_DOUBLE, number: self) }
}

extension Bool: Value {
  package static func push(_ list: [Bool], to frame: inout Frame) {
    frame.append(CT_BOOLS, at: frame.integers.count, count: list.count)
    frame.integers.append(contentsOf: list.map { $0 ? 1 : 0 })
  }

  package func push(to frame: inout Frame) { frame.append(CT_BOOL, integer: self ? 1 : 0) }
}

extension String: Value {
  package func push(to frame: inout Frame) {
    frame.append(CT_STRING, at: frame.integers.count, count: utf8.count)
    frame.integers.append(contentsOf: utf8.map(Int64.init))
  }
}

extension DType: Value {
  package func push(to frame: inout Frame) { frame.append(CT_INT, integer: Int64(rawValue)) }
}

extension Device: Value {
  package func push(to frame: inout Frame) {
    frame.append(CT_DEVICE, integer: Int64(kind.rawValue), at: kind == .cuda ? index : -1)
  }
}

extension Generator: Value {
  package func push(to frame: inout Frame) { frame.append(CT_GENERATOR, generator: handle) }
}

extension Array: Value where Element: Value {
  package func push(to frame: inout Frame) { Element.push(self, to: &frame) }
}

extension Optional: Value where Wrapped: Value {
  package func push(to frame: inout Frame) {
    if let self { self.push(to: &frame) } else { frame.append(CT_NONE) }
  }

  package static func push(_ list: [Wrapped?], to frame: inout Frame) {
    frame.append(CT_TENSORS, at: frame.tensors.count, count: list.count)
    frame.tensors.append(contentsOf: list.map { ($0 as? Tensor)?.handle })
  }
}
