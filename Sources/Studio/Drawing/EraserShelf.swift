internal import Editing
internal import Foundation
internal import Torch
internal import Workbench

/// An eraser that can be switched on: that of a run, one of a set, or an uploaded file.
enum EraserPlace: Sendable, Hashable {
  case file(URL)
  case entry(set: URL, String)

  func load() throws -> Eraser {
    switch self {
    case .file(let file): try Eraser(contentsOf: file)
    case .entry(let folder, let name): try EraserSet(folder).eraser(name)
    }
  }

  /// The file whose change makes another eraser of it.
  var stamp: String {
    let file =
      switch self {
      case .file(let file): file
      case .entry(let folder, _): folder.appendingPathComponent("erasers.json")
      }
    let about = try? FileManager.default.attributesOfItem(atPath: file.path)
    return "\((about?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
  }
}

/// The erasers of the runs and sets in the folders, and those that were uploaded.
///
/// Names: `run:0/esd-fox`, `set:0/set/fox`, `file:NAME.safetensors`.
struct EraserShelf: Sendable {
  let places: Places
  let uploads: URL

  /// The largest file that is taken from a browser.
  static let largest = 64 << 20

  /// - Throws: ``Refusal`` for a name of nothing
  func place(_ name: String) throws -> EraserPlace {
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.dropFirst().first) {
    case ("run", let run?): return .file(try places.run(run).eraserFile)
    case ("set", let place?):
      var path = place.split(separator: "/").map(String.init)
      let entry = path.popLast() ?? ""
      return .entry(set: try places.place(path, "the set"), entry)
    case ("file", let file?): return .file(try uploads.inside(file, "the eraser", of: uploads))
    default:
      throw Refusal(
        .unknown,
        "there is no eraser '\(name.prefix(200))'; accepted: run:NAME, set:NAME, file:NAME")
    }
  }

  /// The erasers that a page may offer for a model.
  func list(_ model: String) -> [JSON] {
    func line(_ name: String, _ label: String, _ detail: String, model: String?) -> JSON {
      var line: JSON = ["name": .string(name), "label": .string(label), "detail": .string(detail)]
      if let model { line["model"] = .string(model) }
      return line
    }
    var found: [JSON] = []
    for name in places.runs() {
      guard let run = try? places.run(name), run.hasEraser, let job = try? run.job(),
        Places.isSame(job.model, model), job.additions == nil
      else { continue }
      found.append(
        line(
          "run:\(name)", job.subject, "\(job.method), \(run.url.lastPathComponent)",
          model: job.model))
    }
    for (name, set) in sets()
    where Places.isSame(set.card.model, model) && set.card.additions == nil {
      for entry in set.card.entries where entry.isTrained {
        found.append(
          line(
            "set:\(name)/\(entry.name)", entry.name, "of the set \(set.folder.lastPathComponent)",
            model: model))
      }
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: uploads.path)) ?? []
    for file in names.sorted() where file.hasSuffix(".safetensors") && !file.hasPrefix(".") {
      found.append(line("file:\(file)", file, "uploaded", model: nil))
    }
    return found
  }

  private func sets() -> [(name: String, set: EraserSet)] {
    places.folders.enumerated().flatMap { number, folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.sorted().compactMap { name -> (name: String, set: EraserSet)? in
        guard let place = try? folder.inside(name, "a set", of: folder),
          let set = try? EraserSet(place)
        else { return nil }
        return ("\(number)/\(name)", set)
      }
    }
  }

  /// Takes a file from a browser. It is read as a stranger's before it has its name.
  /// - Returns: its name among the erasers
  /// - Throws: ``LetheError`` for a name that is none of a file, or for bytes that are no eraser
  func take(_ data: Data, named name: String) throws -> JSON {
    try Folder.make(uploads)
    let place = try uploads.inside(name, "the name", of: uploads)
    guard name.hasSuffix(".safetensors"), !name.hasPrefix(".") else {
      throw LetheError.badValue(
        "name", "'\(name.prefix(100))'; accepted: a name that ends in .safetensors")
    }
    guard !FileManager.default.fileExists(atPath: place.path) else {
      throw Refusal(.conflict, "there is an eraser \(name) already; give the file another name")
    }
    // No other call sees it before it is found to be an eraser.
    let folder = uploads.appendingPathComponent(".\(Secret.random())")
    try Folder.make(folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try AtomicFile.write(data, to: file)
    let eraser = try Eraser(contentsOf: file)
    do { try FileManager.default.moveItem(at: file, to: place) } catch {
      throw LetheError.unwritable(place, "it cannot be moved there")
    }
    return [
      "name": .string("file:\(name)"), "method": .string(eraser.card.method),
      "concepts": .array(eraser.card.concepts.map(JSON.string)), "base": .string(eraser.card.base),
    ]
  }
}
