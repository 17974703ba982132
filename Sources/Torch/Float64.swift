// float64 where a device has it, and on the CPU where it has not, as Apple's GPUs.

extension Device {
  /// Whether the device computes in `float64`.
  public var hasFloat64: Bool { kind != .mps }
}

extension Tensor {
  /// The same numbers in `float64`, on the CPU where the tensor's device has no `float64`.
  public func inFloat64() -> Tensor {
    device.hasFloat64 ? to(.float64) : to(.cpu).to(.float64)
  }

  /// The same numbers with the element type of `other`, on its device.
  package func like(_ other: Tensor) -> Tensor { to(other.dtype).to(other.device) }
}
