// Several erasers as one run, measured in the form in which they are shipped.
internal import Diffusion
package import Editing
internal import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench

/// A run of the sum of several erasers, or of a set's, which `evaluate`, `attack` and `relearn` treat like one of
/// `lethe erase`.
package struct CombinedRun {
  private let reference: ModelReference
  private let concepts: [String]
  private let command: [String]
  private let catalogs: Catalogs

  /// - Parameters:
  ///   - concepts: those to measure, in words of the erasers; empty takes all
  ///   - catalogs: the catalogs in which the erasers' methods are looked up
  package init(
    _ reference: ModelReference, concepts: [String], command: [String] = [],
    catalogs: Catalogs = .builtIn
  ) {
    (self.reference, self.concepts, self.command) = (reference, concepts, command)
    self.catalogs = catalogs
  }

  /// Writes `job.json` and the summed eraser, or finds that they are there.
  /// - Throws: ``LetheError`` of the kind `request` for erasers of another model, for none, and for a concept that none
  ///   of them erases
  package func callAsFunction(in run: Run, on device: Device) throws -> (
    job: EraseJob, eraser: Eraser
  ) {
    var job = EraseJob()
    job.folder = ModelFolder(reference.folder, reference.additions ?? ModelAdditions())
    let model = try job.folder.model(on: device)
    let base = model.hash()
    let laid = try erasers()
    guard !laid.isEmpty else {
      let reason = try reference.eraserSet()?.reasonNothingIsOn
      throw LetheError.badValue(
        "--with, --erasers",
        "\(reason ?? "no eraser is on"), and the model would be as it was; accepted: --with RUN, or a set with an eraser that is on"
      )
    }
    let erased = laid.flatMap(\.card.concepts).unique
    for name in concepts where !erased.contains(name) {
      throw LetheError.unknown("concept", name, known: erased, in: "--concept")
    }
    var card = Eraser.Card()
    card.method = laid.map(\.card.method).unique.joined(separator: "+")
    (card.concepts, card.base, card.version) = (erased, base, Version.current)
    let hashes = try laid.map { try $0.hash() }
    card.options = ["erasers": .array(hashes.map(JSON.string))]
    let eraser = Eraser(card, try model.sum(of: laid, base: base))
    (job.method, job.options, job.command) = (card.method, card.options, command)
    job.sum = try addends(laid)
    job.concepts = concepts.isEmpty ? erased : concepts
    job.wording = try wording(of: job.concepts)
    _ = try run.runFolder.claim(
      RunIdentity(
        "evaluate --with",
        [
          "base": .string(base), "erasers": .array(hashes.sorted().map(JSON.string)),
          "concepts": .array(job.concepts.map(JSON.string)),
        ]))
    try run.runFolder.write(job, to: "job.json")
    if !run.runFolder.hasEraser { try eraser.write(to: run.runFolder.eraserFile) }
    return (job, try run.runFolder.eraser())
  }

  /// The erasers with the commands that made them. One that is a sum itself is told by its own erasers before.
  private func addends(_ laid: [Eraser]) throws -> [EraseJob.Addend] {
    func words(_ card: Eraser.Card) -> String {
      "\(card.method) of \(card.concepts.joined(separator: ", "))"
    }
    if let set = reference.set {
      let names = laid.flatMap(\.card.concepts).unique.joined(separator: ", ")
      return [EraseJob.Addend(set, "a set of erasers with \(names) on")]
    }
    return try zip(reference.erasers, laid).flatMap { path, eraser in
      let folder = RunFolder(try Weighted.parse(path, "--with").file)
      guard folder.has("job.json") else { return [EraseJob.Addend(path, words(eraser.card))] }
      let job = try folder.job()
      return (job.sum ?? []) + [
        EraseJob.Addend(
          path, words(eraser.card), command: job.command,
          preservesNothing: job.sum == nil ? job.nothingPreserved(catalogs) != nil : nil)
      ]
    }.unique
  }

  private func erasers() throws -> [Eraser] {
    guard reference.set == nil || reference.erasers.isEmpty else {
      throw LetheError.badValue(
        "--with", "it cannot be used together with --erasers; give one of them")
    }
    guard let set = try reference.eraserSet() else {
      return try reference.erasers.map(RunFolder.eraser(at:))
    }
    return try set.active(reference.active).map(set.eraser)
  }

  /// The words of the runs that erase the measured concepts, where they agree; a set and an eraser's file have none.
  /// - Throws: ``LetheError`` of the kind `request` for words of two kinds, which no prompts are made for at once
  private func wording(of concepts: [String]) throws -> ConceptWording? {
    let jobs = try reference.erasers.compactMap { path -> EraseJob? in
      let folder = RunFolder(try Weighted.parse(path, "--with").file)
      return folder.has("job.json") ? try folder.job() : nil
    }
    let known = jobs.filter { job in job.concepts.contains(where: concepts.contains) }
      .compactMap(\.wording)
    let kinds = known.compactMap(\.kind).unique
    guard kinds.count < 2 else {
      throw LetheError.badValue(
        "--with",
        "the erasers' concepts are of the kinds \(kinds.map(\.rawValue).joined(separator: " and ")), in words of your own; "
          + "accepted: --concept with those of one kind, and a folder for each")
    }
    return known.unique.count == 1 ? known[0] : nil
  }
}
