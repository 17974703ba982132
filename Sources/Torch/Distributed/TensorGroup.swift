internal import CTorch

/// Ranks that add and exchange tensors (c10d). Every rank calls the same functions in the same order. Tensors of a GPU go
/// through the memory of the machine (Gloo), until the ranks agree on NCCL.
package final class TensorGroup: Sendable {
  nonisolated(unsafe) private let handle: OpaquePointer
  private let store: SharedStore

  /// - Parameters:
  ///   - interface: the network interface to use, e.g. eth0; nil takes that of `host`
  ///   - host: an address of this machine; nil takes that of its name
  ///   - seconds: the time for which a rank waits for the others
  package init(
    _ store: SharedStore, interface: String?, host: String?, rank: Int, count: Int, seconds: Double
  ) throws(Fault) {
    var result: OpaquePointer?
    try Fault.check(
      ct_group_open(
        store.handle, interface, host, Int32(rank), Int32(count), seconds, &result), "group")
    guard let result else { throw Fault(operation: "group", text: "no group", arguments: "") }
    (handle, self.store) = (result, store)
  }

  deinit { ct_group_close(handle) }

  /// Whether the CUDA half of libtorch is loaded and has NCCL.
  package static var hasNCCL: Bool { ct_nccl_is_there() }

  /// From now on tensors of NVIDIA's GPUs go from GPU to GPU. All ranks call it at the same place.
  package func useNCCL() throws(Fault) { try Fault.check(ct_group_use_nccl(handle), "NCCL") }

  /// Ends that, when all ranks have done their last exchange.
  package func leaveNCCL() throws(Fault) { try Fault.check(ct_group_leave_nccl(handle), "NCCL") }

  /// The sum over the ranks, in place.
  package func sum(_ tensor: Tensor) throws(Fault) {
    try Fault.check(ct_group_sum(handle, tensor.handle), "sum over ranks", "\(tensor.shape)")
  }

  /// The tensor of rank `root`, in place.
  package func broadcast(_ tensor: Tensor, from root: Int) throws(Fault) {
    try Fault.check(
      ct_group_broadcast(handle, tensor.handle, Int32(root)), "broadcast", "\(tensor.shape)")
  }

  /// The tensors [B, ...] of all ranks, one after another [ranks B, ...], without a graph.
  package func gather(_ tensor: Tensor) throws(Fault) -> Tensor {
    var result: OpaquePointer?
    try Fault.check(ct_group_gather(handle, tensor.handle, &result), "gather", "\(tensor.shape)")
    return Tensor(owning: result)
  }

  package func barrier() throws(Fault) { try Fault.check(ct_group_barrier(handle), "barrier") }

  /// The mean over the ranks of d(sum of `y`) / d(`xs`). Sums go on in buckets while the backward pass does.
  package func gradients(of y: Tensor, with xs: [Tensor]) throws(Fault) -> [Tensor] {
    try overlappedGradients(of: y, with: xs).gradients
  }

  /// As above, with the number of buckets whose sum began before the backward pass had the last gradient.
  package func overlappedGradients(
    of y: Tensor, with xs: [Tensor], bucketBytes: Int = 25 << 20
  ) throws(Fault) -> (gradients: [Tensor], overlapping: Int) {
    let root = y.rank == 0 ? y : y.sum()
    var results = [OpaquePointer?](repeating: nil, count: xs.count)
    var overlapping: Int64 = 0
    try Fault.check(
      ct_group_gradients(
        handle, root.handle, xs.map { $0.handle }, Int64(xs.count), Int64(bucketBytes), &results,
        &overlapping),
      "gradients over ranks", "of \(y.shape) with \(xs.count) tensors")
    return (results.map { Tensor(owning: $0) }, Int(overlapping))
  }
}

extension Tensor {
  /// Whether a gradient can be asked of it.
  package var hasGraph: Bool { ct_tensor_has_graph(handle) }
}
