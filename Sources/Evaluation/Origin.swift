package import Foundation
public import Torch

/// An option with its value and where that comes from: `default`, `methods.json`, `--set`.
public struct OptionSource: Codable, Sendable, Hashable {
  /// The option, with dots between its levels.
  public var key: String
  /// The value that was used.
  public var value: JSON
  /// The place of the value, e.g. `methods.json`.
  public var source: String

  package init(_ key: String, _ value: JSON, _ source: String) {
    (self.key, self.value, self.source) = (key, value, source)
  }
}

/// The origin of results: program, machine, model, judges, eraser and settings.
public struct Origin: Codable, Sendable, Hashable {
  /// The version of Lethe.
  public var lethe: String
  /// The version of libtorch.
  public var libtorch = Runtime.version
  /// Processor, cores and system.
  public var machine = Origin.machine
  /// The device that the pictures were drawn on. It is nil in older files.
  public var device: String?
  /// Threads of the process. It is nil in older files.
  public var threads: Int?
  /// The seed of the command's own draws, as of an attack or a fine-tuning; nil where it makes none.
  public var seed: UInt64?
  /// When the results were written (ISO 8601).
  public var date: String
  /// SHA-256 of the base model's weights.
  public var model: String?
  /// SHA-256 of the eraser.
  public var eraser: String?
  /// SHA-256 of the erasers of a benchmark, by trial. It is nil in other files.
  public var erasers: [String: String]?
  /// SHA-256 of each judge's files, by judge.
  public var judges: [String: String] = [:]
  /// The settings with their places.
  public var settings: [OptionSource] = []

  package init(lethe: String, date: Date = Date()) {
    (self.lethe, self.date) = (lethe, ISO8601DateFormatter().string(from: date))
  }

  /// Processor, cores and system of this machine.
  package static let machine: String = {
    #if arch(x86_64)
      let processor = "x86_64"
    #elseif arch(arm64)
      let processor = "arm64"
    #else
      let processor = "another processor"
    #endif
    let process = ProcessInfo.processInfo
    let system = process.operatingSystemVersion
    #if os(macOS)
      let name = "macOS \(system.majorVersion).\(system.minorVersion)"
    #else
      let name = "Linux \(system.majorVersion).\(system.minorVersion)"
    #endif
    return "\(processor), \(process.activeProcessorCount.counted("core")), \(name)"
  }()
}
