package import Editing
package import Evaluation
package import Foundation
package import Torch
package import Training

/// A folder in which commands keep a job and what came of it.
package struct RunFolder: Sendable, Hashable {
  package let url: URL

  package init(_ path: String) { url = URL(fileURLWithPath: path) }
  package init(_ url: URL) { self.url = url }

  package var path: String { url.path }
  package func file(_ name: String) -> URL { url.appendingPathComponent(name) }
  package func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(name).path)
  }

  // MARK: - The erasure

  /// The file that `lethe erase` writes its eraser to; version 0.1 called it `increment.safetensors`.
  package var eraserFile: URL {
    has("eraser.safetensors") || !has("increment.safetensors")
      ? file("eraser.safetensors") : file("increment.safetensors")
  }
  package var hasEraser: Bool { FileManager.default.fileExists(atPath: eraserFile.path) }

  package func eraser() throws -> Eraser { try Eraser(contentsOf: eraserFile) }

  /// The eraser in a file, or in a run's folder.
  package static func eraser(at path: String) throws -> Eraser {
    try Eraser(contentsOf: eraserFile(at: path))
  }

  /// The file of an eraser that is named by itself, or by its run's folder.
  package static func eraserFile(at path: String) -> URL {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && isFolder.boolValue
      ? RunFolder(path).eraserFile : URL(fileURLWithPath: path)
  }

  /// The job that the folder belongs to.
  /// - Throws: ``LetheError`` of the kind `model` where there is none, or it cannot be read
  package func job() throws -> EraseJob {
    let file = file("job.json")
    guard has("job.json") else {
      throw LetheError.unreadable(
        file, "\(path) is no run of `lethe erase`, which writes job.json there")
    }
    do { return try JSON(contentsOf: file).decoded() } catch is DecodingError {
      throw LetheError.malformed(file, "it is no job of `lethe erase`")
    }
  }

  /// Whether the eraser is the whole of its training. Version 0.1 kept that in its log alone.
  package func verdict() throws -> Verdict {
    if has("verdict.json") {
      do {
        return try JSONDecoder().decode(Verdict.self, from: Data(contentsOf: file("verdict.json")))
      } catch {
        throw LetheError.malformed(file("verdict.json"), "it is no verdict of `lethe erase`")
      }
    }
    let checks = try Run(url).events().filter { $0["stage"]?.string == "guard" }
    guard checks.contains(where: { $0["collapsed"]?.bool == true }) else { return .keptWhole }
    let drifts = checks.filter { $0["limit"] != nil }
    return .stopped(
      .init(
        step: drifts.last?["step"]?.int ?? 0, kept: drifts.dropLast().last?["step"]?.int ?? 0,
        drift: drifts.last?["drift"]?.number ?? .nan, limit: drifts.last?["limit"]?.number ?? 0))
  }

  package func provenance() -> Provenance? {
    try? JSON(contentsOf: file("provenance.json")).decoded()
  }

  // MARK: - Results

  package func results() throws -> Results {
    let file = file("results.json")
    do { return try JSON(contentsOf: file).decoded() } catch is DecodingError {
      throw LetheError.malformed(file, "it has no rows of results")
    }
  }

  /// Writes `value` as JSON, whole or not at all.
  package func write(_ value: some Encodable, to name: String) throws {
    try AtomicFile.write(Data(try JSON(encoding: value).pretty.utf8), to: file(name))
  }

  package func write(text: String, to name: String) throws {
    try AtomicFile.write(Data(text.utf8), to: file(name))
  }

  /// Claims the file `name` for `identity`, which says what the results beside it depend on. A file of an older
  /// version may say less.
  /// - Parameter noun: the command that the results come from, for the message
  /// - Throws: ``LetheError`` of the kind `request` when the file has another identity
  package func claim(_ name: String, for identity: JSON, _ noun: String) throws {
    let old = has(name) ? try JSON(contentsOf: file(name)).members ?? [:] : [:]
    let own = try JSON(encoding: identity)
    guard old.allSatisfy({ own[$0] == $1 }) else {
      throw LetheError.badValue(
        noun,
        "\(file(name).path) is of another model or eraser, or of other options, seeds or sampling; remove \(path)"
      )
    }
    try write(text: identity.pretty, to: name)
  }
}

extension Run {
  package var runFolder: RunFolder { RunFolder(folder) }
}
