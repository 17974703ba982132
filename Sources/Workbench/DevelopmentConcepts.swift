// Development concepts: those on which the options beside a model were chosen, by trying several. A benchmark does not
// count them as test concepts.
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training

extension ModelFolder {
  /// The key of `methods.json` and `attacks.json` with the names of development concepts.
  static let developmentKey = "development"

  /// The development concepts that the files beside the model list, as the model names them.
  /// - Throws: ``LetheError`` of the kind `model` for an entry that is no list of names, or names a concept that a
  ///   model with a list of subjects does not list
  package func developmentConcepts() throws -> [String] {
    let themes = try listedThemes()
    return try [OptionsFile.methods, .attacks].flatMap { name -> [String] in
      let url = file(name.rawValue)
      guard FileManager.default.fileExists(atPath: url.path),
        let entry = try JSON(contentsOf: url)[Self.developmentKey]
      else { return [] }
      guard let list = entry.array, case let names = list.compactMap(\.string),
        names.count == list.count
      else {
        throw LetheError.malformed(
          url, "'\(Self.developmentKey)' is \(entry.compact); accepted: a list of concepts' names")
      }
      guard let themes else { return names }
      return try names.map { name in
        if let known = themes.find(name) { return known.name }
        let near = (themes.objects + themes.styles).nearest(to: name)
        throw LetheError.malformed(
          url,
          "'\(Self.developmentKey)' names '\(name)', which the model does not list"
            + (near.map { "; did you mean '\($0)'?" } ?? ""))
      }
    }.unique
  }
}
