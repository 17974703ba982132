internal import Foundation
internal import Torch
internal import Workbench

/// The folders that the studio shows. Names that come from a browser become paths here and nowhere else.
struct Places: Sendable {
  let folders: [URL]
  /// Models that were named beside the folders.
  let models: [String]

  /// A run by its name: the number of a folder, and the path inside it, e.g. `0/esd-fox`.
  /// - Throws: ``Refusal`` for a name that leads elsewhere, or to no run
  func run(_ name: String) throws -> RunFolder {
    let folder = RunFolder(try place(name.split(separator: "/").map(String.init), "run"))
    guard Self.isRun(folder) else {
      throw Refusal(.unknown, "there is no run '\(name.prefix(200))'")
    }
    return folder
  }

  /// The place of parts of a path: the number of a folder, then names inside it.
  /// - Throws: ``Refusal`` of the status `unknown` for a number without a folder, and ``LetheError`` for a path that
  ///   leads out of it
  func place(_ parts: [String], _ key: String) throws -> URL {
    guard let number = parts.first.flatMap({ Int($0) }), folders.indices.contains(number) else {
      throw Refusal(
        .unknown,
        "\(key) is '\(parts.joined(separator: "/").prefix(200))'; accepted: a folder's number, 0 to \(folders.count - 1), and a path inside it"
      )
    }
    let folder = folders[number]
    let rest = parts.dropFirst()
    guard !rest.isEmpty else { return folder }
    // A part with a slash of its own, which a percent sign can hide, is refused with the others.
    for part in rest where part.contains("/") || part == ".." || part == "." || part.isEmpty {
      throw Refusal(.request, "\(key) has '\(part.prefix(100))', which is no name of a file")
    }
    return try folder.inside(rest.joined(separator: "/"), key, of: folder, isNested: true)
  }

  /// The name of a run that lies in one of the folders; nil for others.
  func name(of run: URL) -> String? {
    let path = run.standardizedFileURL.path
    for (number, folder) in folders.enumerated() {
      let own = folder.standardizedFileURL.path
      if path == own { return "\(number)" }
      if path.hasPrefix(own + "/") { return "\(number)/\(path.dropFirst(own.count + 1))" }
    }
    return nil
  }

  /// Whether two paths name one folder; `./m` and `m` do.
  static func isSame(_ a: String, _ b: String) -> Bool {
    a == b
      || a.filePlace.standardizedFileURL.path
        == b.filePlace.standardizedFileURL.path
  }

  static func isRun(_ folder: RunFolder) -> Bool {
    ["job.json", "results.json", "identity.json"].contains(where: folder.has)
  }

  // MARK: - Looking for runs

  /// Folders inside a run that hold its parts.
  private static let parts: Set<String> = [
    "original", "erased", "attack", "relearn", "model", "tensorboard", "training-samples",
  ]
  private static let (deepest, most) = (3, 2000)

  /// The names of all runs, those of a folder in the order of their names.
  func runs() -> [String] {
    var found: [String] = []
    func look(_ folder: URL, _ name: String, _ depth: Int) {
      guard found.count < Self.most else { return }
      let run = RunFolder(folder)
      if Self.isRun(run) { found.append(name) }
      guard depth < Self.deepest, !run.has("model_index.json") else { return }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for part in names.sorted() where !part.hasPrefix(".") && !Self.parts.contains(part) {
        guard let place = try? folder.inside(part, "run", of: folder), place.isFolder else {
          continue
        }
        look(place, "\(name)/\(part)", depth + 1)
      }
    }
    for (number, folder) in folders.enumerated() { look(folder, "\(number)", 0) }
    return found
  }
}

extension URL {
  /// Whether the path leads to a folder.
  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
