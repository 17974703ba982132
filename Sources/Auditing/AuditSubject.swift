internal import Diffusion
package import Editing
internal import Foundation
package import Torch
internal import TorchNN
package import Workbench

/// Where an erasure comes from: a run or the file of an eraser, or a model that was erased elsewhere.
package struct AuditSource: Sendable, Hashable {
  package var path: String
  package var isModel: Bool
  package init(_ path: String, isModel: Bool) { (self.path, self.isModel) = (path, isModel) }
}

/// The subject of an audit: an erasure by Lethe, or a model that was erased elsewhere.
package struct AuditSubject {
  package let job: EraseJob
  package let eraser: Eraser
  /// The eraser's file or run, or the model erased elsewhere.
  package let source: AuditSource
  /// A sentence on concepts that the eraser's card does not name, which are the request's own; nil elsewhere.
  package var strangeConcepts: String? {
    let strange = job.concepts.filter { !eraser.card.concepts.contains($0) }
    guard !strange.isEmpty, !eraser.card.concepts.isEmpty else { return nil }
    return "--concept \(strange.joined(separator: ", ")): the eraser's own record says "
      + eraser.card.concepts.joined(separator: ", ")
  }

  /// - Parameters:
  ///   - model: the original's folder, or the erased model's where `original` is given
  ///   - additions: LoRA files, textual inversions and a VAE of both models
  ///   - with: an eraser's file, or a run's folder
  /// - Throws: ``LetheError`` of the kind `request` for neither or both of `with` and `original`, and for an unknown
  ///   kind
  package init(
    _ model: String, _ additions: ModelAdditions = ModelAdditions(), with: String?,
    original: String?, concepts: [String], kind: String?, on device: Device
  ) throws {
    guard (with == nil) != (original == nil) else {
      throw LetheError.badValue(
        "audit",
        "give --with RUN or --erasers SET for an erasure of Lethe's, or --original BASE for a model erased elsewhere"
      )
    }
    let named = try kind.map { kind in
      guard let found = ConceptKind(rawValue: kind) else {
        throw LetheError.unknown(
          "kind", kind, known: ConceptKind.allCases.map(\.rawValue), in: "--kind")
      }
      return found
    }
    var job = EraseJob()
    if let with {
      eraser = try RunFolder.eraser(at: with)
      let folder = RunFolder(try Weighted.parse(with, "--with").file)
      if folder.has("job.json") { job = try folder.job() }
      (job.method, job.seed) = (eraser.card.method, eraser.card.seed)
      job.concepts = concepts.isEmpty ? eraser.card.concepts : concepts
      // A run knows the additions of its model.
      if additions != ModelAdditions() || !folder.has("job.json") {
        job.folder = ModelFolder(model, additions)
      }
      job.model = model
    } else {
      guard !concepts.isEmpty else {
        throw LetheError.badValue(
          "--concept", "a model that was erased elsewhere does not say what it forgot; name it")
      }
      job.folder = ModelFolder(original ?? model, additions)
      // Rows of the method `original` are those of the model before the erasure.
      let name = ModelFolder(model).name
      (job.concepts, job.method) = (concepts, name == "original" ? "original erased" : name)
      let base = try job.folder.model(on: device)
      let other = try ModelFolder(model, additions).model(on: device)
      var card = Eraser.Card()
      (card.method, card.concepts, card.base) = (job.method, concepts, base.hash())
      eraser = Eraser(card, try Self.vector(base, other, of: model))
    }
    if let named {
      var wording = job.wording ?? ConceptWording()
      wording.kind = named
      job.wording = wording
    }
    self.job = job
    source = AuditSource(with ?? model, isModel: with == nil)
  }

  /// The changes to a model that was erased elsewhere.
  private static func vector(
    _ base: DiffusionModel, _ other: DiffusionModel, of name: String
  ) throws -> ParameterVector {
    var changed: [ParameterPath: Tensor] = [:]
    for (path, tensor) in base.parameters.tensors {
      guard let new = other.parameters[path], new.shape == tensor.shape else {
        throw LetheError.badValue(
          "--original",
          "'\(path)' is of another shape in the two models, which are therefore no pair")
      }
      if !new.isIdentical(to: tensor) { changed[path] = new - tensor }
    }
    return ParameterVector(changed)
  }
}
