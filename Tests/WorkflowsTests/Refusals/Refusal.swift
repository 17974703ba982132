// An input that a reader has to refuse, and the folder that it lies in.
import Foundation
import TestSupport
import Torch

@testable import Workbench
@testable import Workflows

/// One refused input: its name, and the reading.
struct Refusal {
  let name: String
  let read: (RefusalPlace) throws -> Void

  init(_ name: String, _ read: @escaping (RefusalPlace) throws -> Void) {
    (self.name, self.read) = (name, read)
  }

  /// The name of a case about one value of a key.
  static func title(_ file: String, _ key: String, _ value: JSON) -> String {
    "\(file) \(key)=\(value.compact.prefix(40))"
  }

  /// A text file with one fault.
  static func text(
    _ file: String, _ fault: String, _ text: String, _ read: @escaping (URL) throws -> Void
  ) -> Refusal {
    Refusal("\(file) \(fault)") { try read($0.write(text, file)) }
  }
}

/// A folder with files of a refused input, and a copy of the tiny model where a reading asks for one.
final class RefusalPlace {
  let folder: URL
  private let original: ModelFolder
  private var copy: ModelFolder?

  init(folder: URL, original: ModelFolder) { (self.folder, self.original) = (folder, original) }

  var model: ModelFolder {
    get throws {
      if let copy { return copy }
      let own = ModelFolder(folder.appendingPathComponent("model"))
      try FileManager.default.copyItem(at: original.url, to: own.url)
      copy = own
      return own
    }
  }

  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// A copy of a fixture's folder.
  func fixture(_ name: String) throws -> URL {
    try FileManager.default.copyItem(at: Fixtures.url(name), to: url(name))
    return url(name)
  }

  /// Sets one value of a JSON file. Keys are parted by bars.
  func set(_ file: URL, _ path: String, _ value: JSON?) throws {
    let changed = try JSON(contentsOf: file).with(path.components(separatedBy: "|")[...], value)
    try Data(changed.pretty.utf8).write(to: file)
  }

  @discardableResult
  func write(_ data: Data, _ name: String) throws -> URL {
    let file = url(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    return file
  }

  @discardableResult
  func write(_ text: String, _ name: String) throws -> URL { try write(Data(text.utf8), name) }
}

extension JSON {
  /// This value with another at a path of keys, or without it for nil; a number stands for a place of a list.
  func with(_ path: ArraySlice<String>, _ value: JSON?) -> JSON {
    guard let first = path.first else { return value ?? .null }
    let rest = path.dropFirst()
    if let i = Int(first), var list = array {
      list[i] = list[i].with(rest, value)
      return .array(list)
    }
    var copy = members ?? [:]
    copy[first] = rest.isEmpty ? value : (copy[first] ?? [:]).with(rest, value)
    return .object(copy)
  }
}
