// Files that go along with a model that is written anew: its subjects, its judge and the options that suit it.
internal import Editing
package import Foundation
internal import Torch
internal import Training

extension ModelFolder {
  /// The files of a judge that are read.
  private static let judgeFiles = ["judge.json", "judge.safetensors", "reference.safetensors"]

  /// Writes `methods.json`, `attacks.json` and `themes.json` beside an edited copy of the model, and copies the judge
  /// into it, so that the copy can be moved.
  /// - Throws: ``LetheError`` for files that cannot be read or written
  package func copyCompanions(to folder: URL) throws {
    for name in [OptionsFile.methods, .attacks].map(\.rawValue) where has(name) {
      try copy(file(name), to: folder.appendingPathComponent(name), .json)
    }
    guard var themes = try listedThemes() else { return }
    themes.judge = try copyJudge(of: themes, to: folder)
    try AtomicFile.write(
      Data(try JSON(encoding: themes).pretty.utf8),
      to: folder.appendingPathComponent("themes.json"))
  }

  /// The files that ``copyCompanions(to:)`` writes in the folder itself.
  package var companions: Set<String> {
    Set([OptionsFile.methods.rawValue, OptionsFile.attacks.rawValue, "themes.json"].filter(has))
  }

  private func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(name).path)
  }

  private func copy(_ source: URL, to place: URL, _ limit: Limit) throws {
    try AtomicFile.write(InputFile.data(source, limit), to: place)
  }

  /// - Returns: the judge's place as seen from the copy; its own place where no judge is there to be copied,
  ///   and none where the themes name none
  private func copyJudge(of themes: Themes, to folder: URL) throws -> String {
    guard let judge = judgeFolder(themes)?.standardizedFileURL else { return "" }
    let own = url.standardizedFileURL.path + "/"
    // A judge of the model's own keeps its place, one beside the model gets one.
    let name =
      judge.path.hasPrefix(own)
      ? String(judge.path.dropFirst(own.count)) : "judges/\(judge.lastPathComponent)"
    let files = Self.judgeFiles.filter {
      FileManager.default.fileExists(atPath: judge.appendingPathComponent($0).path)
    }
    guard files.contains(Self.judgeFiles[0]) else { return judge.path }
    let place = folder.appendingPathComponent(name)
    try Run.makeFolder(place)
    for file in files {
      try copy(judge.appendingPathComponent(file), to: place.appendingPathComponent(file), .array)
    }
    return name
  }
}
