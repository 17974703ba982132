import Foundation
import Torch

/// Values of options that the environment gives: `LETHE_DEVICE` for `--device`, and so on. The command line wins.
enum Defaults {
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
      let own = error.sentence.hasPrefix("\(option): ") ? option.count + 2 : 0
      throw LetheError(error.kind, "\(name): \(error.sentence.dropFirst(own))")
    }
  }

  /// - Throws: ``LetheError`` of the kind `request` for text other than 1, true, yes, 0, false and no
  static func flag(_ name: String) throws -> Bool {
    switch text(name)?.lowercased() {
    case nil, "0", "false", "no": return false
    case "1", "true", "yes": return true
    case let other?:
      throw LetheError.badValue(name, "'\(other)'; accepted: 1 or 0")
    }
  }
}
