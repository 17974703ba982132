// Numbers of a tensor, in and out.
internal import CTorch

/// Swift's number types that a tensor can be made of.
public protocol Element {
  static var dtype: DType { get }
}
extension Float: Element { public static var dtype: DType { .float32 } }
extension Double: Element { public static var dtype: DType { .float64 } }
extension Int64: Element { public static var dtype: DType { .int64 } }
extension Int32: Element { public static var dtype: DType { .int32 } }
extension UInt8: Element { public static var dtype: DType { .uint8 } }

extension Tensor {
  /// A CPU tensor with a copy of `elements` in row-major order.
  public convenience init<E: Element>(_ elements: [E], _ shape: [Int]? = nil) {
    let shape = shape ?? [elements.count]
    precondition(
      shape.reduce(1, *) == elements.count, "\(elements.count) elements for shape \(shape)")
    let tensor = elements.withUnsafeBytes { bytes in
      unfailing { () throws(Fault) in try Tensor.copying(bytes, shape, E.dtype) }
    }
    self.init(owning: tensor)
  }

  /// An `int64` tensor of indices or counts.
  public convenience init(_ elements: [Int], _ shape: [Int]? = nil) {
    self.init(elements.map(Int64.init), shape)
  }

  /// A CPU tensor with a copy of `bytes`.
  package convenience init(bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType)
    throws(Fault)
  {
    self.init(owning: try Tensor.copying(bytes, shape, dtype))
  }

  private static func copying(
    _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType
  ) throws(Fault) -> OpaquePointer? {
    var result: OpaquePointer?
    let sizes = shape.map(Int64.init)
    try Fault.check(
      ct_tensor_from_bytes(
        bytes.baseAddress, Int64(bytes.count), sizes, Int64(sizes.count), dtype.rawValue, &result),
      "tensor", "\(dtype)\(shape)")
    return result
  }

  /// A CPU tensor over memory that `owner` keeps alive; nothing is copied.
  convenience init(
    over memory: UnsafeMutableRawPointer, _ shape: [Int], _ dtype: DType, keeping owner: AnyObject
  ) throws(Fault) {
    var result: OpaquePointer?
    let sizes = shape.map(Int64.init)
    let retained = Unmanaged.passRetained(owner)
    do throws(Fault) {
      try Fault.check(
        ct_tensor_over_memory(
          memory, sizes, Int64(sizes.count), dtype.rawValue, retained.toOpaque(),
          { owner in if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, &result),
        "tensor", "\(dtype)\(shape)")
    } catch {
      retained.release()
      throw error
    }
    self.init(owning: result)
  }

  /// The only element, as a number.
  public var item: Double {
    unfailing { () throws(Fault) in
      var result = 0.0
      try Fault.check(ct_tensor_item(handle, &result), "item", "\(shape)")
      return result
    }
  }

  /// The bytes of all elements in row-major order.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      let size = byteCount
      unfailing { () throws(Fault) in
        try Fault.check(ct_tensor_copy_out(handle, buffer.baseAddress, Int64(size)), "bytes")
      }
      count = size
    }
  }

  private func elements<E: Element>(as type: E.Type) -> [E] {
    // Converted on the CPU, which has every type.
    let source = dtype == E.dtype ? self : to(.cpu).to(E.dtype)
    return [E](unsafeUninitializedCapacity: count) { buffer, count in
      unfailing { () throws(Fault) in
        try Fault.check(
          ct_tensor_copy_out(source.handle, buffer.baseAddress, Int64(source.byteCount)), "elements"
        )
      }
      count = source.count
    }
  }

  /// All elements as `Float`, the last dimension innermost, copied to the CPU.
  public var floats: [Float] { elements(as: Float.self) }
  /// All elements as `Double`, the last dimension innermost, copied to the CPU.
  public var doubles: [Double] { elements(as: Double.self) }
  /// All elements as `Int`, the last dimension innermost, copied to the CPU; fractions are cut off.
  public var ints: [Int] { elements(as: Int64.self).map(Int.init) }

  /// The tensor, or a copy of it where its memory begins at no multiple of 16 bytes. On a CPU the product of a single
  /// row with a matrix adds in an order that depends on that.
  package func aligned() -> Tensor {
    guard device == .cpu, isContiguous else { return self }
    return withBytes { Int(bitPattern: $0.baseAddress) % 16 == 0 } ? self : cloned()
  }

  /// Calls `body` with the memory of a contiguous CPU tensor.
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let source = device == .cpu && isContiguous ? self : detached().to(.cpu).contiguous()
    defer { withExtendedLifetime(source) {} }
    return try body(UnsafeRawBufferPointer(start: ct_tensor_data(source.handle), count: byteCount))
  }
}
