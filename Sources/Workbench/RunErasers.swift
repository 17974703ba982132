// Erasers as `--with` names them: a file, or the folder of a run.
public import Editing
package import Foundation
internal import Torch

extension RunFolder {
  /// The eraser of a file, or of a run's folder, at a strength that may follow: `runs/fox:0.5` is half of it.
  public static func eraser(at path: String) throws -> Eraser {
    let (place, strength) = try Weighted.parse(path, "--with")
    let file = eraserFile(at: place)
    try requireEraser(place, file)
    let eraser = try Eraser(contentsOf: file)
    return strength == 1 ? eraser : Eraser(eraser.card, strength * eraser.vector)
  }

  /// - Throws: ``LetheError`` of the kind `request` for a place with no eraser
  private static func requireEraser(_ place: String, _ file: URL) throws {
    let accepted = "an eraser's file, or the folder of a run of `lethe erase`"
    guard file.path != RunFolder(place).path else {
      return try NamedPlace.requireFile(place, "--with", accepted)
    }
    guard !FileManager.default.fileExists(atPath: file.path) else { return }
    let folder = RunFolder(place)
    let why =
      folder.has("job.json")
      ? "has no eraser yet; the command that began the run goes on with it"
      : "has no eraser.safetensors; accepted: \(accepted)"
    throw LetheError.badValue("--with", "\(place) \(why)")
  }

  /// The file of an eraser that is named by itself, or by its run's folder.
  package static func eraserFile(at path: String) -> URL {
    let file = RunFolder(path).url
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists, isFolder.boolValue { return RunFolder(path).eraserFile }
    // A command of version 0.1 names the file by the name that it had then.
    let isOldName = !exists && file.lastPathComponent == "increment.safetensors"
    return isOldName ? RunFolder(file.deletingLastPathComponent()).eraserFile : file
  }
}
