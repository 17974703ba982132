// Refusals of an erasure before it begins, for `--dry-run` and for the erasure itself.
internal import Diffusion
internal import Editing
public import Foundation
public import Torch
internal import Training
internal import Unlearning
package import Workbench

extension Erase {
  /// Finds what this erasure would be refused for, without training: model, prompts, pictures, parameters, folder.
  /// - Parameter out: the folder of the run, where one is named
  /// - Throws: ``LetheError``, as the erasure would
  public func check(_ out: URL?, on device: Device) throws {
    let erasure = try erasure()
    if let out { try job.folder.refuseOverwriting(by: out, "--out", isModel: false) }
    let model = try job.folder.model(on: device)
    try model.check(erasure.forget.flatMap(\.prompts) + erasure.preserve)
    var fitting = erasure
    fitting.forget = try erasure.forget.fitting(model.layout)
    try refuseCut(fitting, model)
    try refuse(fitting, model)
    try refusePictures()
    // A folder that is another run's says so; one that is nobody's stays as it is.
    guard let out, RunFolder(out).has("identity.json") else { return }
    _ = try claim(RunFolder(out), erasure, base: model.hash())
  }

  /// The method's own refusals, and those of a batch that does not fit.
  func refuse(_ erasure: Erasure, _ model: DiffusionModel) throws {
    try method.check(erasure, of: model)
    try (method as? any TrainedMethod)?.requireMemory(of: model)
  }

  /// Folders of pictures are read before anything is drawn.
  func refusePictures() throws {
    for folder in Set([job.pictures.forget, job.pictures.retain].compactMap(\.self)) {
      _ = try CaptionedImages(folder: folder)
    }
  }

  func refuseCut(_ erasure: Erasure, _ model: DiffusionModel) throws {
    for concept in erasure.forget {
      try model.layout.refuseCut(
        concept.phrases.flatMap { [$0.prompt, $0.anchor] }, of: concept.name)
    }
  }

  /// Sentences on concepts that the model does not list, where it lists any, and on strange entries of `methods.json`.
  package func notes() throws -> [String] {
    let named = job.preserve.isEmpty ? try nothingPreserved.map { "\($0)\(waysToPreserve)" } : nil
    return try readings + freeWordsNotes()
      + [named, untrained, job.folder.strangeMethods(in: catalogs.methods)].compactMap(\.self)
  }

  /// A sentence on a training of no step, the control of trainings; nil for others.
  private var untrained: String? {
    guard let steps = (try? JSON(encoding: method))?["training"]?["steps"]?.int, steps == 0 else {
      return nil
    }
    return "training.steps is 0: nothing is trained, and the eraser has the weights of before it"
  }

  /// A sentence where the erasure keeps nothing beside what it forgets; nil elsewhere.
  package var nothingPreserved: String? {
    get throws {
      switch method.preserves {
      case .own: return nil
      case .nothing(let option):
        return "nothing is preserved (\(option)): other subjects may be lost"
      case .asked:
        guard job.pictures.retain == nil, try erasure().preserve.isEmpty else { return nil }
        return "nothing is preserved: other subjects may be lost"
      }
    }
  }

  /// The options that preserve something, and the one that says that nothing is meant.
  private var waysToPreserve: String {
    guard case .asked = method.preserves else { return "" }
    let isListed = (try? job.folder.listedThemes()) != nil
    return "; "
      + (isListed
        ? "--preserve others keeps every other subject that the model lists"
        : "--preserve 'a prompt' keeps a prompt, --prompts FILE those of a table, --kind those of a kind")
      + ", --preserve none keeps nothing without this note"
  }

  private func freeWordsNotes() throws -> [String] {
    guard let themes = try job.folder.listedThemes() else {
      return job.concepts.compactMap(KnownSubjects.spellingNote) + [kindNote].compactMap(\.self)
    }
    if let kind = job.wording?.kind {
      return job.concepts.compactMap { themes.kindNote($0, kind) }
    }
    guard job.wording == nil else { return [] }
    return job.concepts.compactMap { themes.freeWordsNote($0, in: job.model) }
  }

  /// A sentence on words of the user's own that are taken for an object, as nothing says otherwise.
  private var kindNote: String? {
    guard job.forgetImages == nil, let concept = job.concepts.first,
      job.wording?.kind == nil, job.wording?.prompts.isEmpty != false
    else { return nil }
    let others = ConceptKind.allCases.filter { $0 != .object }.map(\.rawValue)
    return
      "no --kind: '\(concept)' is taken for an object, and its name is the only prompt; --kind object brings prompts and subjects to keep, --kind \(others.joined(separator: ", ")) those of other kinds"
  }
}

extension EraseJob {
  /// A sentence where an eraser of this record was made without anything to preserve; nil elsewhere, and where that is
  /// not known.
  package func nothingPreserved(_ catalogs: Catalogs) -> String? {
    guard let sum else { return (try? Erase(recorded: self, catalogs).nothingPreserved) ?? nil }
    let bare = sum.filter { $0.preservesNothing == true }.map(\.eraser)
    return bare.isEmpty
      ? nil
      : "nothing was preserved when \(bare.joined(separator: " and ")) "
        + "\(bare.count == 1 ? "was" : "were") made: other subjects may be lost"
  }
}
