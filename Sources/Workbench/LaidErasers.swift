// The erasers that are in the weights of a written model: `erased.json` beside a folder's weights, the header's `lethe`
// in a single file.
package import Editing
package import Foundation
internal import Torch
internal import TorchNN

/// An eraser as it was added to a model's weights.
package struct LaidEraser: Codable, Hashable {
  package let card: Eraser.Card
  /// The factor of its differences.
  package let strength: Double

  package init(card: Eraser.Card, strength: Double = 1) {
    (self.card, self.strength) = (card, strength)
  }

  /// The eraser in words, e.g. `fox by uce, seed 0`.
  package var words: String {
    "\(card.concepts.joined(separator: ", ")) by \(card.method), seed \(card.seed)"
      + (strength == 1 ? "" : ", strength \(strength)")
  }
}

/// All erasers of a model, in the order in which they were added.
package struct LaidErasers: Codable, Hashable {
  private static let name = "erased.json"
  /// The key of a safetensors file's header.
  package static let key = "lethe"

  package var erasers: [LaidEraser]

  package init(_ erasers: [LaidEraser]) { self.erasers = erasers }

  /// Those of a model's folder or single file; none where it says nothing of any.
  /// - Throws: ``LetheError`` of the kind `model` for a file that names them in another form
  package init(of place: URL) throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    let file = place.appendingPathComponent(Self.name)
    if isThere, !isFolder.boolValue {
      let text = try SafeTensors(contentsOf: place).metadata[Self.key]
      try self.init(text: text, place)
    } else if FileManager.default.fileExists(atPath: file.path) {
      self = try Checked(contentsOf: file).decoded()
    } else {
      self.init([])
    }
  }

  /// - Parameter text: a list of erasers, or of cards as LoRA files have it; nil for none
  package init(text: String?, _ file: URL) throws {
    let value = text.flatMap { try? JSONText.value(Data($0.utf8)) }
    erasers = try (value?.array ?? []).map { entry in
      let checked = Checked(
        entry["card"] == nil ? ["card": entry, "strength": 1] : entry, file.path)
      return try checked.decoded()
    }
  }

  package var text: String {
    get throws { try JSON.array(erasers.map { try JSON(encoding: $0) }).compact }
  }

  /// Writes them beside the weights. Without any, those of a model before go.
  package func write(to folder: URL) throws {
    let file = folder.appendingPathComponent(Self.name)
    guard !erasers.isEmpty else {
      try? FileManager.default.removeItem(at: file)
      return
    }
    try AtomicFile.write(Data(try JSON(encoding: self).pretty.utf8), to: file)
  }
}
