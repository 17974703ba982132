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
  /// Subjects of each distance.
  private let neighbours: Int
  package var seeds = 1
  package var firstSeed: UInt64 = 1000

  package init(_ job: EraseJob, prompts: Int, neighbours: Int) {
    (self.job, self.prompts, self.neighbours) = (job, prompts, neighbours)
  }

  /// Ends that make many prompts of a few; short ones too, for encoders of few tokens.
  static let ends = [
    "", ", at night", ", in snow", ", in rain", ", in fog", ", by the sea", ", in a garden",
    ", in a forest", ", in a room", ", in a street", ", under a blue sky", ", in the morning",
    ", in black and white", ", seen from above", ", up close", ", far away", ", at sunset",
    ", on a table", ", in bright light", ", on ice", ", in ink", ", red", ", blue", ", green",
    ", big", ", tiny", ", old", ", new", ", wet", ", cold", ", warm", ", at sea",
  ]

  /// - Throws: ``LetheError`` of the kind `request` for a model that is not asked in words, and for a concept that does
  ///   not fit into its text encoder
  package func suite(_ model: DiffusionModel) throws -> PromptSuite {
    let kind = job.kind
    let names = job.concepts.map { SubjectName($0, kind).words }
    let forgotten = Forgotten(kind: kind.rawValue, names: names)
    let ranked = try ranked(kind, names, model)
    let classes = names + ranked.map(\.name)
    var question = JudgeQuestion(forgotten, classes: [kind.rawValue: classes])
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
    let each = max(1, prompts / max(1, names.count))
    for name in names {
      let own = try wordings(of: SubjectName(name, kind), kind, model).prefix(each)
      for (i, prompt) in own.enumerated() { add(name, prompt, "\(name.slug)-\(i)", seeds) }
    }
    for (i, other) in ranked.enumerated() {
      let own = try wordings(of: SubjectName(other.name, kind), kind, model)
      add(other.name, own[i % own.count], "\(other.distance.rawValue)-\(other.name.slug)", 1)
    }
    var suite = PromptSuite("words of the kind '\(kind.rawValue)'", question, samples)
    suite.distances = Dictionary(
      ranked.map { ($0.name, $0.distance) }, uniquingKeysWith: { a, _ in a })
    return suite
  }

  /// The prompts for a name that fit into the text encoder, the shortest ends first.
  private func wordings(
    of name: SubjectName, _ kind: ConceptKind, _ model: DiffusionModel
  ) throws -> [String] {
    let plain = kind.evaluationTemplates.map { $0.filled(with: name) }
    let all = Self.ends.flatMap { end in plain.map { $0 + end } }
    let fitting = all.filter { model.layout.cut([$0]) == nil }
    guard fitting.isEmpty else { return fitting }
    try model.layout.refuseCut([name.words], of: name.words)
    return [name.words]
  }

  /// Known subjects of the kind, nearest first, of which the beginning, the middle and the end are taken.
  private func ranked(
    _ kind: ConceptKind, _ names: [String], _ model: DiffusionModel
  ) throws -> [(name: String, distance: Distance)] {
    var concepts = names.map { Concept($0) }
    let related = job.wording?.related ?? []
    let known = related.isEmpty ? kind.knownSubjects : related + (job.wording?.unrelated ?? [])
    for i in concepts.indices {
      concepts[i].siblings = known.filter { other in
        !names.contains { other.mentions($0) || $0.mentions(other) }
          && model.layout.cut([other]) == nil
      }
    }
    let order = Concept.siblings(of: concepts, in: model)
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
