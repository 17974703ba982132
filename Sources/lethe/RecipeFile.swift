import Foundation
import Torch
import YAML

/// A request or a recipe in a file: JSON, or YAML by the file's name.
struct RecipeFile {
  let url: URL
  let json: JSON
  private let yaml: YAMLText?

  /// - Throws: ``LetheError`` of the kind `model` for a file that cannot be read as what its name says
  /// - Parameter option: the option that names it, for the message
  init(_ path: String, _ option: String) throws {
    try NamedPlace.requireFile(path, option, "a file in JSON or YAML")
    url = Place(argument: path).url
    yaml = try YAMLText.isNamed(url) ? YAMLText(contentsOf: url) : nil
    json = try yaml?.json ?? JSON(contentsOf: url)
  }

  /// A recipe whose options are laid over the defaults.
  func laid<T: Codable>(over defaults: T) throws -> T {
    try Self.reading(self) {
      // An empty object stands for the configuration of a network, which is read where that one is built.
      for (key, usual) in try JSON(encoding: defaults).members ?? [:] where usual == [:] {
        guard let given = json[key], given.members == nil else { continue }
        throw LetheError.badValue(
          url.path, key: key,
          "'\(key)' is \(given.shown); accepted: an object, the configuration of a network")
      }
      return try json.laid(over: defaults, in: url.path)
    }
  }

  /// Errors about a file of YAML name the line as well as the key.
  static func reading<T>(_ file: RecipeFile?, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as LetheError {
      throw file?.yaml?.located(error) ?? error
    }
  }
}
