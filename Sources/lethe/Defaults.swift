import Diffusion
import Foundation
import Processes
import Torch

/// The variables of the environment that the program reads: values of options, `LETHE_DEVICE` for `--device` and so on,
/// where the command line wins, and some others.
enum Defaults {
  /// The variables, each with its option, if it has one, and a check of its value that opens nothing.
  private static let checks: [(name: String, option: String?, check: @Sendable () throws -> Void)] =
    [
      ("LETHE_DEVICE", "--device", { try checkDevice() }),
      ("LETHE_THREADS", "--threads", { _ = try whole("LETHE_THREADS", threads) }),
      ("LETHE_BATCH", "--batch", { _ = try batch() }),
      ("LETHE_DTYPE", "--dtype", { _ = try type() }),
      ("LETHE_QUIET", "--quiet", { _ = try flag("LETHE_QUIET") }),
      (
        "LETHE_JUDGE", "--judge",
        { _ = try read("LETHE_JUDGE", for: "--judge", JudgingOptions.spec) }
      ),
      (
        "LETHE_JUDGES", "--judges",
        { _ = try read("LETHE_JUDGES", for: "--judges", ListCommand.judgesFolder) }
      ),
      (graphs, nil, { _ = try flag(graphs) }),
      // The ranks of a command read both.
      (
        RankEnvironment.patienceKey, nil,
        { _ = try whole(RankEnvironment.patienceKey, .whole(RankEnvironment.patience)) }
      ),
      (RankBackend.key, nil, { _ = try RankBackend.named(text(RankBackend.key)) }),
      // The process that started this one, which ends with it.
      (
        RankEnvironment.parentKey, nil,
        { _ = try whole(RankEnvironment.parentKey, .whole(1...Int(Int32.max))) }
      ),
      // The file in which this process leaves the reason of its failure.
      (RankFailures.key, nil, {}),
      // The compiler's flags, which `lethe env` prints for programs of others and nothing here reads.
      ("LETHE_SWIFT_FLAGS", nil, {}),
    ]

  /// The variables that the program reads.
  static var names: [String] { checks.map(\.name) }

  /// The variable that turns CUDA graphs off.
  static let graphs = "LETHE_CUDA_GRAPHS"

  /// Checks every variable, but for one whose option the command line gives, whether the command reads it or not.
  /// - Throws: ``LetheError`` of the kind `request` that names the variable
  static func check(beside words: [String]) throws {
    func isGiven(_ option: String) -> Bool {
      words.contains { $0 == option || $0.hasPrefix(option + "=") }
    }
    for (_, option, check) in checks where option.map(isGiven) != true { try check() }
  }

  /// A sentence on each variable with the program's prefix that nothing reads, with the nearest that is read.
  static func strange(_ environment: [String: String]) -> [String] {
    let (known, prefix) = (checks.map(\.name), "LETHE_")
    // Those that people set.
    let told = known.filter {
      ![RankEnvironment.parentKey, RankFailures.key, "LETHE_SWIFT_FLAGS"].contains($0)
    }
    return environment.keys.sorted().filter {
      $0.hasPrefix(prefix) && !known.contains($0)
    }.map { name in
      let near = known.map { String($0.dropFirst(prefix.count)) }
        .nearest(to: String(name.dropFirst(prefix.count))).map { "; did you mean \(prefix)\($0)?" }
      return "\(name) is set and has no effect"
        + (near ?? "; variables that are read: \(told.joined(separator: ", "))")
    }
  }

  static let threads = Bound.whole(0...Runtime.mostThreads)
  static let batches = Bound.whole(0...65_536)

  /// The pictures at a time; 0 for as many as fit into memory.
  static func batch() throws -> Int? {
    text("LETHE_BATCH") == "auto" ? 0 : try whole("LETHE_BATCH", batches)
  }

  static func type() throws -> FloatType? {
    try text("LETHE_DTYPE").map { text in
      guard let type = FloatType(rawValue: text) else {
        throw LetheError.badValue(
          "LETHE_DTYPE",
          "'\(text)'; accepted: \(FloatType.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return type
    }
  }

  /// Devices are opened by the command that computes; a word that names none is refused here.
  private static func checkDevice() throws {
    guard let device = text("LETHE_DEVICE"), !["cpu", "mps"].contains(device),
      !device.isDeviceOfCUDA
    else { return }
    _ = try read("LETHE_DEVICE", for: "--device", Device.init(parsing:))
  }

  static func text(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// - Throws: ``LetheError`` of the kind `request` for text that is no whole number within the bound
  static func whole(_ name: String, _ bound: Bound) throws -> Int? {
    guard let text = text(name) else { return nil }
    guard let number = Int(text) else {
      throw LetheError.badValue(name, "'\(text)'; accepted: \(bound.accepted)")
    }
    try accept(name, number, bound)
    return number
  }

  /// Reads a value as that of an option.
  /// - Throws: ``LetheError`` that names the variable in the place of the option
  static func read<T>(
    _ name: String, for option: String, _ value: (String) throws -> T
  ) throws -> T? {
    guard let text = text(name) else { return nil }
    do { return try value(text) } catch let error as LetheError {
      throw LetheError(
        error.kind, in: name, error.place == option ? error.fault : error.sentence)
    }
  }

  /// - Throws: ``LetheError`` of the kind `request` for text other than 1, true, yes, 0, false and no
  static func flag(_ name: String, unset: Bool = false) throws -> Bool {
    switch text(name)?.lowercased() {
    case nil: return unset
    case "0", "false", "no": return false
    case "1", "true", "yes": return true
    case let other?:
      throw LetheError.badValue(
        name, "'\(other)'; accepted: 1, true or yes, and 0, false or no")
    }
  }
}

extension String {
  /// Whether it is `cuda` or `cuda:` and a number.
  fileprivate var isDeviceOfCUDA: Bool {
    self == "cuda" || hasPrefix("cuda:") && Int(dropFirst(5)).map((0..<1024).contains) == true
  }
}
