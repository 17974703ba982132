// The ground of an audit's verdict: its subject and settings, the hashes of all that it rests on, and the judges'
// answers.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

extension Audit {
  func describe(
    _ summary: inout AuditSummary, _ suite: PromptSuite, _ run: Run, _ eraser: Eraser,
    deciding: JudgeSpec?
  ) throws {
    var subject = AuditSummary.Subject()
    (subject.concept, subject.concepts, subject.kind) = (
      job.subject, job.concepts, suite.forgotten.kind
    )
    (subject.model, subject.method, subject.additions) = (job.model, job.method, job.additions)
    (subject.prompts, subject.eraser, subject.isErasedElsewhere) = (
      suite.name, source.path, source.isModel
    )
    summary.subject = subject
    summary.settings = AuditSummary.Settings(
      seed: seed, heldOut: suite.ofConcept.count, size: try JSON(encoding: size),
      place: place, lethe: Version.current, libtorch: Runtime.version)
    (summary.hashes.base, summary.hashes.eraser) = (eraser.card.base, try eraser.hash())
    summary.hashes.prompts = try JSON(encoding: suite).compact.sha256
    for spec in measures { summary.hashes.measures["\(spec)"] = try spec.hash() }
    for folder in ["original", "erased"] {
      let set = try SampleSet(run.place(folder))
      for sample in set.manifest.samples {
        summary.pictures["\(folder)/\(sample.file)"] = try set.url(sample).sha256()
      }
    }
    summary.files = try Dictionary(
      uniqueKeysWithValues: Self.logs(in: run.runFolder).map {
        ($0, try run.runFolder.own($0).sha256())
      })
    for spec in judges {
      let judge = try spec.open(asked: suite.question, on: .cpu, in: catalogs.judges)
      summary.hashes.judges["\(spec)"] = judge.about.hash
      guard spec == deciding, !judge.classes.isEmpty else { continue }
      let kind = suite.forgotten.kind
      var right: [String: Bool] = [:]
      for folder in ["original", "erased"] {
        let judged = try judge.judged(SampleSet(run.place(folder)), by: run.ranks)
        for (i, sample) in judged.samples.enumerated() {
          let (name, seen) = ("\(folder)/\(sample.file)", judged.seen.seen[i])
          summary.shown[name] = suite.forgotten.contains(seen)
          if let asked = sample.subjects[kind] { right[name] = seen[kind] == asked }
        }
      }
      summary.right = right
    }
  }

  /// The files of attacks and fine-tunings. Pages are made of them, and left out.
  static func logs(in folder: RunFolder) -> [String] {
    ["attack", "relearn"].flatMap { place in
      ((try? FileManager.default.subpathsOfDirectory(atPath: folder.file(place).path)) ?? [])
        .filter { name in ["json", "jsonl", "png"].contains { name.hasSuffix(".\($0)") } }
        .map { "\(place)/\($0)" }
    }.sorted()
  }
}
