internal import CTorch

/// An array of numbers with a shape, an element type and a device: one reference to an ATen tensor.
///
/// Not `Sendable`, on purpose: tensor code is synchronous and lives in one isolation.
public final class Tensor {
  private(set) var handle: OpaquePointer

  init(owning handle: OpaquePointer?) {
    guard let handle else { preconditionFailure("an operator returned no tensor") }
    self.handle = handle
  }

  /// Another reference to a tensor that the caller keeps.
  convenience init(retaining handle: OpaquePointer) { self.init(owning: ct_tensor_retain(handle)) }

  /// A reference for the other side of the boundary, which gives it back.
  func released() -> OpaquePointer { ct_tensor_retain(handle) }

  /// Takes the place of another tensor: all that hold this object see the other's numbers from now on. A graph that was
  /// recorded before keeps the former ones.
  package func become(_ other: Tensor) {
    let former = handle
    handle = other.released()
    ct_tensor_release(former)
  }

  /// Another reference to the same numbers, which stays when this object becomes another tensor.
  package var reference: Tensor { Tensor(retaining: handle) }

  deinit { ct_tensor_release(handle) }

  /// Number of dimensions.
  public var rank: Int { Int(ct_tensor_dim(handle)) }

  /// Number of elements.
  public var count: Int { Int(ct_tensor_count(handle)) }

  /// Sizes of the dimensions; empty for a single number.
  public var shape: [Int] { (0..<rank).map { Int(ct_tensor_size(handle, Int64($0))) } }

  /// Size of one dimension; negative ones count from the end.
  public func size(_ dimension: Int) -> Int {
    let d = dimension < 0 ? dimension + rank : dimension
    precondition(d >= 0 && d < rank, "dimension \(dimension) of a tensor of shape \(shape)")
    return Int(ct_tensor_size(handle, Int64(d)))
  }

  /// Type of the elements.
  public var dtype: DType {
    let raw = ct_tensor_dtype(handle)
    guard let dtype = DType(rawValue: raw) else { preconditionFailure("element type \(raw)") }
    return dtype
  }

  /// The device that holds the elements.
  public var device: Device {
    var type: Int32 = 0
    var index: Int32 = 0
    ct_tensor_device(handle, &type, &index)
    return Device(Device.Kind(rawValue: type) ?? .cpu, Swift.max(0, Int(index)))
  }

  /// Bytes of all elements.
  public var byteCount: Int { count * dtype.size }

  /// Whether the elements lie in memory one after another, the last dimension innermost.
  public var isContiguous: Bool { ct_tensor_is_contiguous(handle) }

  /// Whether gradients are recorded for this leaf.
  public var requiresGradient: Bool {
    get { ct_tensor_requires_grad(handle) }
    set {
      unfailing { () throws(Fault) in
        try Fault.check(ct_tensor_set_requires_grad(handle, newValue), "requires_grad")
      }
    }
  }

  /// Whether both tensors are views of the same memory.
  public func sharesMemory(with other: Tensor) -> Bool {
    ct_tensor_storage_id(handle) == ct_tensor_storage_id(other.handle)
  }
}

extension Tensor: CustomStringConvertible {
  /// Type, shape and the first eight elements.
  public var description: String {
    let shown = flattened().narrowed(0, 0, Swift.min(count, 8)).doubles.map { "\($0)" }
    return "\(dtype)\(shape) [\(shown.joined(separator: ", "))\(count > 8 ? ", ..." : "")]"
  }
}
