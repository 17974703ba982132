// Requests and recipes in YAML, as the JSON that they stand for. The file may be a stranger's: its bytes, values, depth
// and aliases have limits, and plain words on which YAML 1.1 and 1.2 differ are refused, because a recipe must not mean
// two things.
package import Foundation
package import Torch
internal import Yams

/// A YAML file that holds one mapping.
package struct YAMLText: Sendable {
  package let json: JSON
  private let file: URL
  /// The line of each value, from 1, by the keys that lead to it, e.g. `options.training.steps`.
  private let lines: [String: Int]

  /// The longest recipe of a model has 4 kB.
  private static let bytes = Limit(64 << 10, "bytes of YAML")
  /// Copies of copies grow with the power of the aliases.
  private static let aliases = Limit(8, "aliases")

  /// Whether a file is read as YAML, by its name.
  package static func isNamed(_ file: URL) -> Bool {
    ["yaml", "yml"].contains(file.pathExtension.lowercased())
  }

  /// - Throws: ``LetheError`` of the kind `model` for a file that cannot be read, is no YAML, or holds no mapping
  package init(contentsOf file: URL) throws {
    self.file = file
    let data = try InputFile.data(file, Self.bytes)
    try Self.aliases.check(Self.aliases(in: data), file)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw LetheError.wrong(file, "it is no UTF-8 text")
    }
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let root = try parser.singleRoot(), case .mapping = root else {
        throw YAMLFault(1, "it is no mapping; accepted: lines of KEY: VALUE")
      }
      var tree = YAMLTree()
      json = try tree.value(root)
      lines = tree.lines
    } catch let fault as YAMLFault {
      throw LetheError.wrong(file, fault.description)
    } catch let error as YamlError {
      throw LetheError.wrong(file, YAMLFault(error).description)
    }
  }

  /// An error about this file with the line of the key that it names.
  package func located(_ error: LetheError) -> LetheError {
    guard error.place == file.path, let key = error.key,
      let line = lines[key] ?? lines["options.\(key)"]
    else { return error }
    var located = error
    located.place = "\(file.path), line \(line)"
    return located
  }

  /// Stars that may begin an alias, where the text has what may be an anchor. Without anchors an alias stands for
  /// nothing.
  private static func aliases(in data: Data) -> Int {
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: false
      }
    }
    func count(_ mark: UInt8) -> Int {
      var (found, before) = (0, UInt8(ascii: " "))
      for (byte, next) in zip(data, data.dropFirst()) {
        let isName = isWord(next) || next == UInt8(ascii: "_") || next == UInt8(ascii: "-")
        if byte == mark, !isWord(before), isName { found += 1 }
        before = byte
      }
      return found
    }
    return count(UInt8(ascii: "&")) == 0 ? 0 : count(UInt8(ascii: "*"))
  }
}
