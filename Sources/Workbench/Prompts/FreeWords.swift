package import Diffusion
package import Editing
package import Evaluation
internal import Torch
internal import Training

/// Prompts for concepts in words of the user's own, with neighbours near to them and far from them in the model's text
/// encoder.
package struct FreeWords {
  private let job: EraseJob
  /// Distinct prompts for the concepts.
  private let prompts: Int
  /// Subjects of each distance, and prompts for each of them.
  private let neighbours: Int
  private let wordings: Int
  /// Prompts of the user's in the place of the kind's.
  private let own: [String]
  /// Subjects of the user's in the place of the kind's.
  private let subjects: [String]
  package var seeds = 1
  package var firstSeed: UInt64 = 1000
  /// Takes sentences about what is left out.
  package var note: (String?) -> Void = { _ in }

  /// - Parameter prompts: prompts with a place for a name, or with a concept's name in them
  package init(_ job: EraseJob, _ request: PromptRequest, prompts own: [String]) {
    (self.job, prompts, neighbours) = (job, request.prompts, request.neighbours)
    (wordings, self.own) = (request.wordings, own)
    let named = request.related + request.unrelated
    subjects =
      named.isEmpty ? (job.wording?.related ?? []) + (job.wording?.unrelated ?? []) : named
  }

  /// Ends that make many prompts of a few; short ones too, for encoders of few tokens.
  static let ends = [
    "", ", at night", ", in snow", ", in rain", ", in fog", ", by the sea", ", in a garden",
    ", in a forest", ", in a room", ", in a street", ", under a blue sky", ", in the morning",
    ", in black and white", ", seen from above", ", up close", ", far away", ", at sunset",
    ", on a table", ", in bright light", ", on ice", ", in ink", ", red", ", blue", ", green",
    ", big", ", tiny", ", old", ", new", ", wet", ", cold", ", warm", ", at sea",
  ]

  /// - Throws: ``LetheError`` of the kind `request` for a model that is not asked in words, for a concept that does not
  ///   fit into its text encoder, and for prompts of the user's that ask for no concept
  package func suite(_ model: DiffusionModel) throws -> PromptSuite {
    let kind = job.kind
    let names = job.concepts.map { SubjectName($0, kind) }
    let forgotten = Forgotten(kind: kind.rawValue, names: names.map(\.words))
    let templates = try templates(names)
    let ranked = try ranked(kind, names.map(\.words), model)
    var question = JudgeQuestion(
      forgotten, classes: [kind.rawValue: forgotten.names + ranked.map(\.name)])
    question.plurals = kind.knownSubjects.filter { SubjectName($0, kind).withArticle == $0 }
    var samples: [SampleSet.Sample] = []
    func add(_ name: String, _ prompt: String, _ number: String, _ count: Int) {
      for k in 0..<count {
        samples.append(
          .init(
            number, k, prompt: prompt, seed: UInt64(samples.count) &+ firstSeed,
            subjects: [kind.rawValue: name]))
      }
    }
    var cut: [(name: String, why: String)] = []
    func asking(for name: SubjectName) throws -> [String] {
      let (fitting, why) = try self.asking(for: name, templates, model)
      if let why { cut.append((name.words, why)) }
      return fitting
    }
    for (name, prompts) in zip(names, try prompts(names, asking)) {
      for (i, prompt) in prompts.enumerated() {
        add(name.words, prompt, "\(name.words.slug)-\(i)", seeds)
      }
    }
    for distance in Distance.allCases {
      for (i, other) in ranked.filter({ $0.distance == distance }).enumerated() {
        let all = try asking(for: SubjectName(other.name, kind))
        for k in 0..<min(wordings, all.count) {
          let number = "\(distance.rawValue)-\(other.name.slug)"
          add(
            other.name, all[(i * wordings + k) % all.count],
            k == 0 ? number : "\(number)-\(k)", 1)
        }
      }
    }
    note(Self.sentence(onCut: cut))
    let from = own.isEmpty ? "words of the kind '\(kind.rawValue)'" : "the request's prompts"
    var suite = PromptSuite(from, question, samples)
    suite.distances = Dictionary(
      ranked.map { ($0.name, $0.distance) }, uniquingKeysWith: { a, _ in a })
    return suite
  }

  /// Distinct prompts for each concept that no erasure trains on.
  /// - Throws: ``LetheError`` as ``suite(_:)``
  package func prompts(in model: DiffusionModel) throws -> [[String]] {
    let names = job.concepts.map { SubjectName($0, job.kind) }
    let templates = try templates(names)
    return try prompts(names) { try asking(for: $0, templates, model).fitting }
  }

  private func prompts(
    _ names: [SubjectName], _ asking: (SubjectName) throws -> [String]
  ) throws -> [[String]] {
    let each = max(1, prompts / max(1, names.count))
    let trained = Set(try job.forgotten(in: nil).flatMap(\.prompts))
    return try names.map { name in
      let all = try asking(name)
      let unseen = all.filter { !trained.contains($0) }
      if unseen.isEmpty {
        note("every prompt for '\(name.words)' is one that the erasure trained on")
      }
      return Array((unseen.isEmpty ? all : unseen).prefix(each))
    }
  }

  /// The prompts with a place for a name: the user's, else those of the kind.
  private func templates(_ names: [SubjectName]) throws -> [ConceptTemplate] {
    guard !own.isEmpty else { return job.kind.evaluationTemplates }
    return try own.map { prompt in
      guard !ConceptTemplate.isTemplate(prompt) else { return ConceptTemplate(parsing: prompt) }
      guard let name = names.first(where: { prompt.mentions($0.words) }) else {
        throw LetheError.badValue(
          "--prompt",
          "'\(prompt)' does not mention '\(names.map(\.words).joined(separator: "', '"))'; accepted: prompts that do, or "
            + "with a place for the name, as in 'a photo of a {concept}'")
      }
      return ConceptTemplate(prompt, naming: name)
    }
  }

  /// One sentence on the subjects some of whose prompts are left out, with the reason of the first.
  static func sentence(onCut cut: [(name: String, why: String)]) -> String? {
    guard let first = cut.first else { return nil }
    let (names, more) = (cut.prefix(3).map { "'\($0.name)'" }, cut.count - 3)
    return "some prompts for \(names.joined(separator: ", "))"
      + (more > 0 ? " and \(more) more subjects" : "") + " are left out: \(first.why)"
  }

  /// The prompts for a name that fit into the text encoder: the templates as they stand, then with the ends. And why
  /// some templates do not; nil where all do.
  private func asking(
    for name: SubjectName, _ templates: [ConceptTemplate], _ model: DiffusionModel
  ) throws -> (fitting: [String], why: String?) {
    let plain = templates.map { $0.filled(with: name) }
    let all = Self.ends.flatMap { end in plain.map { $0 + end } }.unique
    let fitting = all.filter { model.layout.cut([$0]) == nil }
    guard fitting.isEmpty else {
      return (fitting, model.layout.cut(plain)?.note)
    }
    try model.layout.refuseCut([name.words], of: name.words)
    return ([name.words], nil)
  }

  /// Other subjects than the concepts, in no order of nearness.
  package func others(in model: DiffusionModel) throws -> [String] {
    try others(job.kind, job.concepts.map { SubjectName($0, job.kind).words }, model)
  }

  /// Other subjects: those that the user names, else those of the kind's list for which the text encoder has words of
  /// their own. A model hardly draws others.
  private func others(
    _ kind: ConceptKind, _ names: [String], _ model: DiffusionModel
  ) throws -> [String] {
    let known = (subjects.isEmpty ? kind.knownSubjects : subjects).filter { other in
      !names.contains { other.mentions($0) || $0.mentions(other) }
        && model.layout.cut([other]) == nil
    }
    guard subjects.isEmpty else { return known }
    let whole = try model.tokenizer(for: "a prompt").encoders[0]
    let separate = known.filter(whole.hasWhole)
    guard separate.count < 2 * Distance.allCases.count else { return separate }
    note(
      "the text encoder has own words for \(separate.count) of \(known.count) known subjects of the kind "
        + "'\(kind.rawValue)', so the model may not draw them; --related names subjects that it draws"
    )
    return known
  }

  /// Other subjects, nearest first, of which the beginning, the middle and the end are taken.
  private func ranked(
    _ kind: ConceptKind, _ names: [String], _ model: DiffusionModel
  ) throws -> [(name: String, distance: Distance)] {
    var concepts = names.map { Concept($0) }
    let others = try others(kind, names, model)
    for i in concepts.indices { concepts[i].siblings = others }
    let order = Concept.siblings(of: concepts, in: model)
    // All subjects of the user's are drawn, a third at each distance.
    guard subjects.isEmpty else {
      return order.enumerated().map { ($1, Distance.allCases[3 * $0 / order.count]) }
    }
    let count = min(neighbours, order.count / 3)
    guard count > 0 else { return order.map { ($0, .near) } }
    let middle = (order.count - count) / 2
    return order.prefix(count).map { ($0, .near) }
      + order[middle..<(middle + count)].map { ($0, .middle) }
      + order.suffix(count).map { ($0, .far) }
  }
}

extension EraseJob {
  /// The kind of the concepts: as the request says, else an object.
  package var kind: ConceptKind { wording?.kind ?? .object }
}
