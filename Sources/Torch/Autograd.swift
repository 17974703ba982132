internal import CTorch

/// d(sum of `y`) / d(`xs`), one gradient for each of `xs`; zeros where `y` does not depend on it.
/// - Parameter createGraph: records the gradients themselves, so that they can be differentiated.
public func gradients(
  of y: Tensor, with xs: [Tensor], createGraph: Bool = false, keepGraph: Bool = false
) -> [Tensor] {
  sparseGradients(of: y, with: xs, createGraph: createGraph, keepGraph: keepGraph)
    .enumerated().map { $1 ?? Tensor.zeros(like: xs[$0]) }
}

/// As ``gradients(of:with:createGraph:keepGraph:)``, with `nil` where `y` does not depend on an `x`.
package func sparseGradients(
  of y: Tensor, with xs: [Tensor], createGraph: Bool = false, keepGraph: Bool = false
) -> [Tensor?] {
  let root = y.rank == 0 ? y : y.sum()
  var results = [OpaquePointer?](repeating: nil, count: xs.count)
  unfailing { () throws(Fault) in
    try Fault.check(
      ct_gradients(
        [root.handle], nil, 1, xs.map { $0.handle }, Int64(xs.count), keepGraph, createGraph,
        &results),
      "gradients", "of \(y.shape) with \(xs.count) tensors")
  }
  return results.map { $0.map { Tensor(owning: $0) } }
}

/// d(sum over i of `ys`[i] . `weights`[i]) / d(`xs`); `nil` where nothing depends on an x.
func sparseGradients(of ys: [Tensor], weighted weights: [Tensor], with xs: [Tensor]) -> [Tensor?] {
  var results = [OpaquePointer?](repeating: nil, count: xs.count)
  // A part that hands a tensor through unchanged, or one that nothing trained reaches, has no graph.
  let reached = zip(ys, weights).filter { ct_tensor_has_graph($0.0.handle) }
  guard !reached.isEmpty else { return results.map { _ in nil } }
  unfailing { () throws(Fault) in
    try Fault.check(
      ct_gradients(
        reached.map { $0.0.handle }, reached.map { $0.1.handle }, Int64(reached.count),
        xs.map { $0.handle }, Int64(xs.count), false, false, &results),
      "gradients", "of \(ys.count) tensors with \(xs.count) tensors")
  }
  return results.map { $0.map { Tensor(owning: $0) } }
}

/// Runs `body` without recording. Never `async`: grad mode belongs to the thread.
public func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
  let before = ct_grad_mode()
  ct_set_grad_mode(false)
  defer { ct_set_grad_mode(before) }
  return try body()
}

/// Runs `body` with recording on, whatever surrounds it.
public func withGradients<R>(_ body: () throws -> R) rethrows -> R {
  let before = ct_grad_mode()
  ct_set_grad_mode(true)
  defer { ct_set_grad_mode(before) }
  return try body()
}

/// Runs `body` without fused attention kernels, whose gradients cannot be differentiated. Never `async`: the
/// choice belongs to the thread.
package func withTwiceDifferentiableAttention<R>(_ body: () throws -> R) rethrows -> R {
  let before = ct_fused_attention()
  ct_set_fused_attention(false)
  defer { ct_set_fused_attention(before) }
  return try body()
}

package var recordsGradients: Bool { ct_grad_mode() }

/// Runs `body` with matrix products and convolutions in `dtype` where ATen deems it safe;
/// `nil` runs it as it is.
package func autocast<R>(_ dtype: DType?, on device: Device, _ body: () throws -> R) rethrows -> R {
  guard let dtype else { return try body() }
  let before = ct_autocast(device.kind.rawValue, true, dtype.rawValue)
  defer { if !before { _ = ct_autocast(device.kind.rawValue, false, dtype.rawValue) } }
  return try body()
}
