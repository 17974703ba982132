internal import Foundation
public import Torch

public enum Version { package static let current = "0.1.0" }

/// The request of an erasure, as `job.json` keeps it.
public struct EraseJob: Codable, Sendable, Hashable {
  public var model = ""
  public var method = ""
  /// The method's options as resolved.
  public var options = JSON.object([:])
  public var concepts: [String] = []
  public var replacement: String?
  public var preserve: [String] = []
  public var forgetImages: String?
  public var retainImages: String?
  public var seed: UInt64 = 0
  public var command: [String] = []
  public init() {}

  /// A request of a benchmark: one concept, everything else preserved.
  public init(
    _ model: ModelFolder, _ method: String, _ concept: String, preserve: [String] = ["others"],
    seed: UInt64, command: [String]
  ) {
    (self.model, self.method, concepts) = (model.path, method, [concept])
    (self.preserve, self.seed, self.command) = (preserve, seed, command)
  }

  public var folder: ModelFolder { ModelFolder(model) }

  /// The concepts as results call them.
  public var subject: String { concepts.joined(separator: " + ") }
}

/// The origin of a result: versions, machine, base model, cost.
package struct Provenance: Codable, Sendable {
  package var lethe = Version.current
  package var libtorch = Runtime.version
  package var threads = Runtime.threads
  package var device: String
  /// The hash of the base model.
  package var base: String
  package var seconds: Double
  /// Bytes.
  package var peakMemory: Int
  package var date: String

  init(base: String, seconds: Double, device: Device) {
    (self.base, self.seconds, self.device) = (base, seconds, device.description)
    peakMemory = device.peakMemory
    date = ISO8601DateFormatter().string(from: Date())
  }
}
