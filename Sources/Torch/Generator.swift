internal import CTorch

/// A source of random numbers on the CPU.
///
/// The same seed gives the numbers of Python's `torch.Generator().manual_seed(seed)`, because it is
/// the same generator of the same library.
public final class Generator {
  let handle: OpaquePointer

  /// A generator at the beginning of the numbers of a seed.
  public init(seed: UInt64) { handle = ct_generator_new(seed) }

  deinit { ct_generator_free(handle) }

  /// The seed that the generator began with.
  public var seed: UInt64 { ct_generator_seed(handle) }

  /// The whole state, [5056] bytes, for resuming.
  package var state: Tensor {
    get {
      unfailing { () throws(Fault) in
        var result: OpaquePointer?
        try Fault.check(ct_generator_state(handle, &result), "generator state")
        return Tensor(owning: result)
      }
    }
    set {
      unfailing { () throws(Fault) in
        try Fault.check(ct_generator_set_state(handle, newValue.handle), "generator state")
      }
    }
  }

  /// An independent generator whose seed is the next draw of this one.
  public func split() -> Generator {
    Generator(seed: UInt64(Tensor.randint(below: Int(Int32.max), [1], self).item))
  }
}
