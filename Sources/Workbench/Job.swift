internal import Foundation
package import Torch

package enum Version { package static let current = "0.1.0" }

/// The request of an erasure, as `job.json` keeps it.
package struct EraseJob: Codable, Sendable, Hashable {
  package var model = ""
  package var method = ""
  /// The method's options as resolved.
  package var options = JSON.object([:])
  package var concepts: [String] = []
  package var replacement: String?
  package var preserve: [String] = []
  package var forgetImages: String?
  package var retainImages: String?
  package var seed: UInt64 = 0
  package var command: [String] = []
  package init() {}

  /// A request of a benchmark: one concept, everything else preserved.
  package init(
    _ model: ModelFolder, _ method: String, _ concept: String, preserve: [String] = ["others"],
    seed: UInt64, command: [String]
  ) {
    (self.model, self.method, concepts) = (model.path, method, [concept])
    (self.preserve, self.seed, self.command) = (preserve, seed, command)
  }

  package var folder: ModelFolder { ModelFolder(model) }

  /// How the manifest of the erased model's pictures names the eraser.
  var pictured: [String] { [method] + concepts + ["\(seed)"] }

  /// The concepts as results call them.
  package var subject: String { concepts.joined(separator: " + ") }
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
