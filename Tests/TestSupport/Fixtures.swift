package import Foundation
package import Torch

/// Files beside the tests, made by the scripts in `scripts/golden`.
package enum Fixtures {
  package static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")
  package static let package = folder.deletingLastPathComponent().deletingLastPathComponent()
  /// The embedded model, whose text is 256 wide with 16 positions.
  package static let emoji = package.appendingPathComponent("Models/emoji")

  package static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  package static func tensors(_ name: String) throws -> [String: Tensor] {
    try SafeTensors.load(url(name))
  }

  /// The device of tests about GPUs: the one that rehearses a GPU, or a real one that LETHE_TEST_DEVICE names,
  /// `cuda:0`.
  package static func gpu() throws -> Device {
    try Device(parsing: ProcessInfo.processInfo.environment["LETHE_TEST_DEVICE"] ?? "rehearsal")
  }

  /// The place of temporary folders: memory where the system has a disk of it with 4 GB free. Each of thousands of
  /// written files otherwise waits for the disk, because it is written to last.
  package static let scratch: URL = {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let space = try? FileManager.default.attributesOfFileSystem(forPath: memory.path)
    let free = (space?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    return free > 4 << 30 && FileManager.default.isWritableFile(atPath: memory.path)
      ? memory : FileManager.default.temporaryDirectory
  }()

  /// A folder that is removed when `body` ends.
  package static func temporaryFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = scratch.appendingPathComponent("lethe-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

extension Tensor {
  /// Largest absolute difference; infinite when the shapes differ.
  package func distance(to other: Tensor) -> Double {
    guard shape == other.shape else { return .infinity }
    guard count > 0 else { return 0 }
    let d = (to(.float64) - other.to(.float64)).abs().flattened()
    return d.isFinite ? d.max(0).item : .infinity
  }
}
