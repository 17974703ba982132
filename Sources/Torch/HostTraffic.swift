internal import Synchronization

/// Transfers between the memory of the machine and a device. Each makes the program wait for the device.
package final class HostTraffic: Sendable {
  /// The count that this thread's transfers are added to; nil counts none.
  @TaskLocal package static var watched: HostTraffic?

  private let read = Atomic(0)
  private let sent = Atomic(0)

  package init() {}

  /// Tensors of a device whose numbers the program looked at.
  package var reads: Int { read.load(ordering: .relaxed) }
  /// Tensors that went to a device.
  package var uploads: Int { sent.load(ordering: .relaxed) }

  static func read(from device: Device) {
    guard device.kind != .cpu else { return }
    watched?.read.add(1, ordering: .relaxed)
  }

  static func moved(from: Device, to: Device) {
    guard from != to else { return }
    if from.kind == .cpu { watched?.sent.add(1, ordering: .relaxed) } else { read(from: from) }
  }
}
