internal import CTorch
internal import Synchronization

/// Work on tensors that repeats with other numbers of the same shapes, such as a network's pass in a sampler's step. A
/// GPU of NVIDIA's is given it operator by operator at the first call; the second call records it as a CUDA graph,
/// which later calls start as a whole. Elsewhere every call does the work.
///
/// The work reads no numbers and brings none to the device. Tensors that it captures stay in place while this object
/// lives, so that weights may be changed in place between calls and not replaced. On ``Device/rehearsal`` later calls
/// take the way of a recording, with the work done again in the place of its replay, and numbers that come or go end
/// the process.
package final class RecordedWork {
  private let work: ([Tensor]) -> [Tensor]
  private var recording: Recording?
  /// The kind of the calls so far, all alike, and their number.
  private var seen: (inputs: [Kind], calls: Int) = ([], 0)

  /// A tensor but for its numbers.
  private struct Kind: Equatable {
    let shape: [Int]
    let dtype: DType
    let device: Device
  }

  /// The tensors that a recording reads and writes.
  private struct Recording {
    let graph: DeviceGraph?
    let inputs: [Tensor]
    let outputs: [Tensor]
  }

  /// - Parameter work: tensors of one device -> tensors of it; the same operators at each call
  package init(_ work: @escaping ([Tensor]) -> [Tensor]) { self.work = work }

  /// Whether later calls are replays.
  package var isRecorded: Bool { recording != nil }

  /// The work's tensors for others of the same shapes, types and device as before. Others begin anew.
  package func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
    guard let device = inputs.first?.device, device.recordsWork else { return work(inputs) }
    let kinds = inputs.map { Kind(shape: $0.shape, dtype: $0.dtype, device: $0.device) }
    if kinds != seen.inputs { (seen, recording) = ((kinds, 0), nil) }
    seen.calls += 1
    guard seen.calls > 1 else { return work(inputs) }
    guard let recording = recording ?? record(inputs, on: device) else {
      Runtime.recordsWork = false
      return work(inputs)
    }
    self.recording = recording
    withoutGradients {
      for (own, given) in zip(recording.inputs, inputs) { own.copy(from: given) }
    }
    guard let graph = recording.graph else { return rehearsed(recording) }
    graph.replay()
    return withoutGradients { recording.outputs.map { $0.cloned() } }
  }

  /// - Returns: nil where the driver refuses; the program goes on without recordings
  private func record(_ inputs: [Tensor], on device: Device) -> Recording? {
    let own = withoutGradients { inputs.map { $0.detached().cloned() } }
    guard device.kind == .cuda else { return Recording(graph: nil, inputs: own, outputs: []) }
    guard let graph = DeviceGraph(on: device) else { return nil }
    let outputs = work(own)
    guard graph.finish() else { return nil }
    return Recording(graph: graph, inputs: own, outputs: outputs)
  }

  private func rehearsed(_ recording: Recording) -> [Tensor] {
    let before = (HostCopies.reads, HostCopies.writes)
    let outputs = work(recording.inputs)
    precondition(
      before == (HostCopies.reads, HostCopies.writes),
      "work that is recorded copies numbers between the machine and the device")
    return outputs
  }
}

/// A CUDA graph.
private final class DeviceGraph {
  private var handle: OpaquePointer?

  /// Records what the thread gives to the device from now on; nil where that is refused.
  init?(on device: Device) {
    do throws(Fault) {
      try Fault.check(ct_graph_begin(device.kind.rawValue, Int32(device.index), &handle), "record")
    } catch { return nil }
  }

  /// Whether what was given could be recorded.
  func finish() -> Bool {
    do throws(Fault) {
      try Fault.check(ct_graph_end(handle), "end of a recording")
      return true
    } catch { return false }
  }

  func replay() {
    unfailing { () throws(Fault) in try Fault.check(ct_graph_replay(handle), "replay") }
  }

  deinit { if let handle { ct_graph_free(handle) } }
}

extension Runtime {
  private static let recording = Atomic(true)
  /// Whether repeated work of a GPU is recorded. The same operators run either way.
  public static var recordsWork: Bool {
    get { recording.load(ordering: .relaxed) }
    set { recording.store(newValue, ordering: .relaxed) }
  }
}

extension Device {
  fileprivate var recordsWork: Bool {
    guard Runtime.recordsWork else { return false }
    return kind == .rehearsal || (kind == .cuda && ct_graph_can_record(kind.rawValue))
  }
}
