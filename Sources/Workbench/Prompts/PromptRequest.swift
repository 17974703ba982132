internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
package import Torch
internal import Training

/// The prompts that a command is to draw, as its options name them.
package struct PromptRequest: Sendable, Hashable {
  /// CSV files, or names of built-in suites: of prompts that a column `forget`, or the concept's words, divide; of the
  /// concept's prompts; of others.
  package var file: String?
  package var forget: String?
  package var retain: String?
  /// Prompts with a place for a name, `{concept}` or `{a}`, or with the concept's name in them, in the place of the
  /// built-in ones.
  package var templates: [String] = []
  /// Subjects near to the concept and far from it, in the place of the kind's.
  package var related: [String] = []
  package var unrelated: [String] = []
  /// Distinct prompts for a concept in words of the user's own.
  package var prompts = 80
  /// Subjects of each distance, and prompts for each of them.
  package var neighbours = 12
  package var wordings = 1
  /// Whether a listed concept is asked for in ``prompts`` wordings, beside few other subjects, and not once in each
  /// style beside all of them.
  package var asksOften = false

  package init() {}

  package var hasFiles: Bool { file != nil || forget != nil || retain != nil }
  /// Whether prompts are made for the concept and its neighbours alike.
  private var hasOwnWords: Bool { !templates.isEmpty || !related.isEmpty || !unrelated.isEmpty }

  /// The rows of a file, or of a suite by its name.
  /// - Parameter note: takes sentences on columns that a file lacks
  private static func rows(
    _ path: String?, note: (String?) -> Void = { _ in }
  ) throws -> [PromptTable.Row] {
    guard let path else { return [] }
    if let known = NamedPrompts.named(path)?.rows { return known }
    let table = try PromptTable(named: path)
    table.notes.forEach { note("\(path): \($0)") }
    try PromptTable.refuseErasers(in: table.rows, path)
    return table.rows
  }

  /// Refuses sizes of a file's rows that pictures of a model cannot have.
  private func refuseSizes(of model: DiffusionModel) throws {
    for path in [file, forget, retain].compactMap(\.self) where NamedPrompts.named(path) == nil {
      try PromptTable(named: path).refuseSizes(of: model)
    }
  }

  /// Whether all prompts are made of templates: such a suite can be halved, and lists of the field are taken whole.
  package func isMade() throws -> Bool {
    try [file, forget, retain].allSatisfy {
      try Self.rows($0).allSatisfy { ConceptTemplate.isTemplate($0.prompt) }
    }
  }

  /// The suite: of files, else of the subjects that the model lists, else of the concept's words.
  /// - Parameter note: takes sentences about prompts that are left out
  /// - Throws: ``LetheError`` for files that cannot be read, and for several concepts of different kinds
  package func suite(
    of job: EraseJob, _ options: EvaluationOptions, on device: Device,
    note: @escaping (String?) -> Void = { _ in }
  ) throws -> PromptSuite {
    let themes = try job.folder.listedThemes()
    if !hasFiles, !hasOwnWords, let themes, job.concepts.allSatisfy({ themes.find($0) != nil }) {
      return try asksOften ? .asking(job, self, options, on: device) : .themed(job, options)
    }
    let model = try job.folder.model(on: device)
    try refuseSizes(of: model)
    let given = try [file, forget].flatMap { try Self.rows($0, note: note) }.map(\.prompt)
      .filter(ConceptTemplate.isTemplate)
    var words = FreeWords(job, self, prompts: templates + given)
    words.seeds = options.quick ? 1 : options.seeds
    (words.firstSeed, words.note) = (options.firstSeed, note)
    let own = try words.suite(model)
    let listed = (job.kind == .style ? themes?.styles : themes?.objects) ?? []
    return try isMade() ? own : fromFiles(own, known: job.kind.knownSubjects, listed: listed)
  }

  /// The prompts of files, with the distances of `own`, and its classes beside the subjects that the prompts mention.
  /// - Parameters:
  ///   - known: subjects of the kind, which prompts may mention
  ///   - listed: subjects of the kind that the model lists: a polar bear is no bear where both are
  private func fromFiles(
    _ own: PromptSuite, known: [String], listed: [String]
  ) throws -> PromptSuite {
    let forgotten = own.forgotten
    func holdsConcept(_ name: String) -> Bool { forgotten.names.contains { name.mentions($0) } }
    let names =
      (forgotten.names + (own.question.classes[forgotten.kind] ?? [])
      + listed.filter(holdsConcept) + known.filter { !holdsConcept($0) }).unique
    func samples(_ path: String?, _ isForget: Bool?) throws -> [SampleSet.Sample] {
      let rows = try Self.rows(path).filter { !ConceptTemplate.isTemplate($0.prompt) }
      return rows.map { row in
        let told = row.subjects[forgotten.kind]
        let named = told ?? names.mentioned(in: row.prompt)
        let gone = named.flatMap { name in
          forgotten.names.first { $0 == name || told?.lowercased() == $0.lowercased() }
        }
        let forgets = isForget ?? row.forgets ?? (gone != nil)
        var sample = SampleSet.Sample(
          (forgets ? "forget-" : "retain-") + row.caseNumber, 0, prompt: row.prompt,
          seed: row.seed)
        (sample.guidance, sample.width, sample.height) = (row.guidance, row.width, row.height)
        sample.subjects = row.subjects
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
        "no prompt mentions '\(forgotten.names.joined(separator: "', '"))'; accepted: prompts that do, or a column "
          + "'forget' with yes and no; a list whose every prompt asks for it, as I2P, goes with --forget-prompts"
      )
    }
    var suite = own
    suite.name = [file, forget, retain].compactMap(\.self)
      .map(\.fileName).joined(separator: ", ")
    // The built-in neighbours are drawn beside the prompts to keep: near to the concept and far from it, damage differs.
    // A suite that names the subjects of its prompts is a protocol, and is drawn as it stands.
    let isProtocol = try [file, forget, retain].contains {
      try Self.rows($0).contains { !$0.subjects.isEmpty }
    }
    suite.samples = ours + rest + (isProtocol && !rest.isEmpty ? [] : own.others)
    for kind in Set(suite.samples.flatMap(\.subjects.keys)).union([forgotten.kind]) {
      let asked = suite.samples.compactMap { $0.subjects[kind] }
      suite.question.classes[kind] = ((own.question.classes[kind] ?? []) + asked).unique
    }
    return suite
  }
}
