public import Diffusion
public import Editing
internal import Foundation
public import Torch
internal import Training
public import Unlearning

extension ModelFolder {
  /// Erases concepts and keeps nothing on disk. Everything else that the model lists stays.
  /// - Parameters:
  ///   - concepts: names that `themes.json` lists, or words
  ///   - method: a method with its options as properties
  ///   - preserving: prompts whose pictures should stay; nil takes those of every other listed subject
  /// - Returns: a model that shares every unchanged tensor with the original, and the eraser
  /// - Throws: ``LetheError``, as `lethe erase` does
  public func erasing(
    _ concepts: String..., by method: some UnlearningMethod = ESD(), preserving: [String]? = nil,
    seed: UInt64 = 0, on device: Device = .cpu
  ) throws -> (erased: DiffusionModel, eraser: Eraser) {
    let (original, themes) = (try model(on: device), try listedThemes())
    let names = concepts.map { Concept.name(of: $0, in: themes) }
    guard !names.isEmpty, !names.contains("") else {
      throw LetheError.request("no concept is named that could be forgotten")
    }
    try names.forEach { try themes?.refuseMisspelling($0, "concept", escape: "a Concept") }
    let others = themes.map { Erasure.others(than: names, in: $0) } ?? []
    let erasure = Erasure(
      forget: names.map { Concept.resolve($0, in: themes) }, preserve: preserving ?? others)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "lethe-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let erased = try method.erase(erasure, from: original, Run(folder, seed: seed))
    var card = Eraser.Card()
    (card.concepts, card.seed, card.base) = (names, seed, original.hash())
    (card.method, card.version) = (type(of: method).name, Version.current)
    card.options = try JSON(encoding: method)
    let eraser = Eraser(card, erased.vector)
    return (try original.applying([eraser]), eraser)
  }
}
