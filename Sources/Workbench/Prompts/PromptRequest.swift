internal import Diffusion
internal import Editing
package import Evaluation
package import Foundation
package import Torch
internal import Training

/// The prompts that a command is to draw, as its options name them.
package struct PromptRequest: Sendable, Hashable {
  /// CSV files, or names of built-in suites: of prompts that a column `forget`, or the concept's words, divide; of the concept's; of others.
  package var file: String?
  package var forget: String?
  package var retain: String?
  /// Distinct prompts for a concept in words of the user's own, and subjects of each distance.
  package var prompts = 80
  package var neighbours = 12

  package init() {}

  package var hasFiles: Bool { file != nil || forget != nil || retain != nil }

  /// The suite: of files, else of the subjects that the model lists, else of the concept's words.
  /// - Throws: ``LetheError`` for files that cannot be read, and for several concepts of different kinds
  package func suite(
    of job: EraseJob, _ options: EvaluationOptions, on device: Device
  ) throws -> PromptSuite {
    let themes = try job.folder.listedThemes()
    if !hasFiles, let themes, job.concepts.allSatisfy({ themes.find($0) != nil }) {
      return try .themed(job, options)
    }
    let model = try job.folder.model(on: device)
    var words = FreeWords(job, prompts: prompts, neighbours: neighbours)
    words.seeds = options.quick ? 1 : options.seeds
    words.firstSeed = options.firstSeed
    let own = try words.suite(model)
    return try hasFiles ? fromFiles(own) : own
  }

  /// The prompts of files, with the classes and distances of `own`.
  private func fromFiles(_ own: PromptSuite) throws -> PromptSuite {
    let forgotten = own.forgotten
    let names = own.question.classes[forgotten.kind] ?? []
    func samples(_ path: String?, _ isForget: Bool?) throws -> [SampleSet.Sample] {
      guard let path else { return [] }
      let rows =
        try NamedPrompts.named(path)?.rows
        ?? PromptTable(contentsOf: URL(fileURLWithPath: path)).rows
      return rows.map { row in
        let named = names.first { row.prompt.mentions($0) }
        let gone = forgotten.names.first { row.prompt.mentions($0) }
        let forgets = isForget ?? row.forgets ?? (gone != nil)
        var sample = SampleSet.Sample(
          (forgets ? "forget-" : "retain-") + row.caseNumber, 0, prompt: row.prompt,
          seed: row.seed)
        (sample.guidance, sample.width, sample.height) = (row.guidance, row.width, row.height)
        sample.subjects[forgotten.kind] =
          forgets ? gone ?? forgotten.names.first : gone == nil ? named : nil
        return sample
      }
    }
    let both = try samples(file, nil)
    let all = try samples(forget, true) + both + samples(retain, false)
    let ours = all.filter { forgotten.contains($0.subjects) }
    let rest = all.filter { !forgotten.contains($0.subjects) }
    guard !ours.isEmpty else {
      throw LetheError.badValue(
        "--prompts",
        "no prompt mentions '\(forgotten.names.joined(separator: "', '"))'; accepted: prompts that do, a column 'forget' "
          + "with yes and no, or --forget-prompts")
    }
    var suite = own
    suite.name = [file, forget, retain].compactMap(\.self)
      .map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: ", ")
    // Without prompts to keep, the built-in neighbours are drawn.
    suite.samples = ours + (rest.isEmpty ? own.others : rest)
    return suite
  }
}
