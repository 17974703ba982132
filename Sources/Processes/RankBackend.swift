internal import Foundation
internal import Torch

/// The library that ranks exchange tensors by.
package enum RankBackend: String, Sendable, Hashable, CaseIterable {
  /// In the memory of the machine.
  case gloo
  /// From one GPU of NVIDIA's to another.
  case nccl

  /// The variable that asks for one.
  package static let key = "LETHE_BACKEND"

  /// - Throws: ``LetheError`` of the kind `request` for a word that is none of these
  package static func named(_ text: String?) throws -> RankBackend? {
    guard let text, !text.isEmpty else { return nil }
    guard let known = RankBackend(rawValue: text) else {
      throw LetheError.badValue(
        key, "'\(text)'; accepted: \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return known
  }

  /// A rank's device, as far as the choice needs it.
  package struct Place: Codable, Sendable, Hashable {
    package var machine: String
    /// The GPU's name on its machine; nil for a device that is no GPU of NVIDIA's.
    package var card: String?
    /// Whether libtorch has NCCL there.
    package var hasNCCL: Bool

    package init(machine: String, card: String?, hasNCCL: Bool) {
      (self.machine, self.card, self.hasNCCL) = (machine, card, hasNCCL)
    }

    /// - Parameter device: an open device of this machine
    init(of device: Device) {
      // The same in all containers of a machine, until it starts again.
      let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      self.init(
        machine: boot ?? ProcessInfo.processInfo.hostName, card: device.card,
        hasNCCL: TensorGroup.hasNCCL)
    }
  }

  /// The library for tensors of these devices: NCCL where each rank has a GPU of its own, else Gloo.
  /// - Parameters:
  ///   - asked: the library that the user asks for
  ///   - places: the devices, in the order of the ranks
  /// - Returns: the library, and a sentence where GPUs go without NCCL though nobody asked for it
  /// - Throws: ``LetheError`` of the kind `request` where NCCL is asked for and cannot be used
  package static func chosen(
    _ asked: RankBackend?, for places: [Place]
  ) throws -> (backend: RankBackend, note: String?) {
    guard asked != .gloo else { return (.gloo, nil) }
    guard let reason = refusal(places) else { return (.nccl, nil) }
    guard asked == nil else { throw LetheError.badValue(key, "nccl; \(reason); accepted: gloo") }
    return (.gloo, "tensors of GPUs take the way over the memory of the machine (Gloo): \(reason)")
  }

  /// The reason why NCCL cannot join these devices.
  private static func refusal(_ places: [Place]) -> String? {
    if let rank = places.firstIndex(where: { $0.card == nil }) {
      return "rank \(rank) computes on no NVIDIA GPU"
    }
    if let rank = places.firstIndex(where: { !$0.hasNCCL }) {
      return "the libtorch of rank \(rank) has no NCCL"
    }
    for (rank, place) in places.enumerated() {
      guard let first = places.firstIndex(of: place), first != rank else { continue }
      return "ranks \(first) and \(rank) share a GPU, which NCCL refuses"
    }
    return nil
  }
}
