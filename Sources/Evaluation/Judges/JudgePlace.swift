// The file or folder that `--judge` names: whether it is there, and whether another scheme takes it.
internal import Foundation
internal import Torch

extension JudgeSpec {
  /// - Throws: ``LetheError`` of the kind `request` for a place where nothing is, a file in the place of a folder or
  ///   the other way round, and the folder of another scheme's judge
  func requirePlace(_ judge: any Judge.Type) throws {
    // A profile may follow the file after the last @.
    let end = FileManager.default.fileExists(atPath: argument) ? nil : argument.lastIndex(of: "@")
    let place = end.map { String(argument[..<$0]) } ?? argument
    switch judge.argument {
    case .none: break
    case .file: try NamedPlace.requireFile(place, "--judge", judge.usage)
    case .folder:
      try NamedPlace.requireFolder(place, option: "--judge", judge.usage)
      if let other = Self.kind(of: place), other.scheme != scheme, Self.ofFolders.contains(scheme) {
        throw LetheError.badValue(
          "--judge", "\(place) is \(other.words); accepted: \(other.scheme):\(place)")
      }
    }
  }

  /// The schemes of folders, of which each takes folders of its own kind alone.
  private static let ofFolders = ["clip", "classifier", "own"]

  /// The scheme that takes a folder, with what the folder is; nil where its files do not tell.
  package static func kind(of folder: String) -> (scheme: String, words: String)? {
    func file(_ name: String) -> URL {
      folder.filePlace.appendingPathComponent(name)
    }
    let config = try? JSON(contentsOf: file("config.json"))
    if config?["model_type"] == "clip" { return ("clip", "a CLIPModel of transformers") }
    if let name = config?["architectures"]?.array?.first?.string,
      name.hasSuffix("ForImageClassification")
    {
      return ("classifier", "a classifier of transformers (\(name))")
    }
    let isOwn = FileManager.default.fileExists(atPath: file("judge.safetensors").path)
    return isOwn && config == nil ? ("own", "a judge of `lethe train`") : nil
  }
}

extension JudgeDescription {
  /// The `judge.json` of a judge's folder, where there is one.
  static func settings(in folder: URL) throws -> JSON? {
    let file = folder.appendingPathComponent("judge.json")
    return FileManager.default.fileExists(atPath: file.path) ? try JSON(contentsOf: file) : nil
  }
}
